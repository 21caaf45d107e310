"""From a request to an answer: start-up phase, token, devices, route. No sockets here."""

from __future__ import annotations

from tests.emulators import (
    plex_collection_routes,
    plex_item_routes,
    plex_section_routes,
    plex_server_routes,
)
from tests.emulators.plex_site import Account, Call, Device, Route, Site
from tests.emulators.plex_wire import XML_TYPE, RefusedError, Request, Response, html_error

_ROUTES: tuple[Route, ...] = (
    *plex_server_routes.ROUTES,
    *plex_section_routes.ROUTES,
    *plex_item_routes.ROUTES,
    *plex_collection_routes.ROUTES,
)
UNKNOWN_ROUTE = "unknown"
_MIGRATION = '<Response code="503" title="Maintenance" status="Plex Media Server is currently running database migrations."/>'
_LOADING = "Plex Media Server is still starting up. Please retry later."
_ANONYMOUS = Account("anonymous", owner=False, sections=frozenset())


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The first route that fits, with the parts of the path that fill its places."""
    for route in _ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groups()
    return None


def template_of(method: str, path: str) -> str:
    """The name under which requests of this kind are counted."""
    found = find_route(method, path)
    return found[0].template if found else UNKNOWN_ROUTE


def answer(site: Site, request: Request) -> Response:
    """Answer one request; every refusal becomes the server's error page."""
    try:
        with site.library.lock:
            return _answer(site, request)
    except RefusedError as refused:
        return html_error(refused.status)


def _answer(site: Site, request: Request) -> Response:
    if starting := _starting(site, request.path):
        return starting
    site.library.settle()
    account = _ANONYMOUS if request.path == "/identity" else _account(site, request)
    if len(request.target) > site.switches.max_target_length:
        raise RefusedError(400, "too long")
    found = find_route(request.method, request.path)
    if found is None:
        raise RefusedError(404)
    route, parts = found
    if route.owner_only and not account.owner:
        raise RefusedError(site.switches.non_owner_edit_status)
    return route.handler(Call(site, request, account, parts))


def _starting(site: Site, path: str) -> Response | None:
    if site.maintenance_until is None or site.clock() >= site.maintenance_until:
        return None
    if path == "/identity" and site.switches.identity_during_startup == 200:
        return None
    if site.maintenance_phase == "loading":
        return Response(503, _LOADING.encode(), "text/plain")
    return Response(503, _MIGRATION.encode(), XML_TYPE)


def _account(site: Site, request: Request) -> Account:
    token = request.argument("X-Plex-Token")
    account = site.accounts.get(token or "")
    if account is None:
        if not site.switches.allow_without_token:
            raise RefusedError(site.switches.unknown_token_status if token else 401)
        account = next(iter(site.accounts.values()))
    _note_device(site, request)
    return account


def _note_device(site: Site, request: Request) -> None:
    known = request.argument("X-Plex-Client-Identifier")
    identifier = known or f"anonymous-{len(site.devices) + 1}"
    device = site.devices.get(identifier)
    if device is None:
        device = Device(
            identifier,
            request.argument("X-Plex-Device-Name") or "",
            request.argument("X-Plex-Product") or "",
            request.argument("X-Plex-Platform") or "",
            request.argument("X-Plex-Version") or "",
            site.library.now,
        )
        site.devices[identifier] = device
    device.requests += 1
