"""Ask plex.tv: the sign-in by PIN, and the servers of an account.

The PIN's id, the account's token and the servers' tokens are secrets: no error text holds one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import requests
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import PlexSyncError, reason_of

PLEX_TV = "https://plex.tv"
SIGN_IN_PAGE = "https://app.plex.tv/auth#?"
TIMEOUT_S = (5.0, 10.0)
# Plex documents 900 and was seen to send 1800; another number is not believed.
MIN_LIFETIME_S, MAX_LIFETIME_S = 60.0, 3_600.0
# Every address is tried at the same time, in a thread of its own.
MAX_SERVERS = 10
MAX_ADDRESSES = 8
_SERVERS = "/api/v2/resources?includeHttps=1&includeRelay=1&includeIPv6=1"


class PlexTvError(PlexSyncError):
    """plex.tv did not do what was asked. Try again, or enter the URL and the token by hand."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A sign-in that plex.tv knows. `token` is the account's, "" until the user has signed in."""

    id: int = field(repr=False)
    code: str
    lifetime_s: float
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a server: in the same network as the server, or through Plex's relay."""

    url: str
    is_local: bool
    is_relay: bool

    @property
    def is_tls(self) -> bool:
        """Return True for an encrypted one."""
        return self.url.startswith("https:")


@dataclass(frozen=True, slots=True)
class AccountServer:
    """One server of an account. `id` is its machine identifier; `token` is for this server only."""

    id: str
    name: str
    is_owned: bool
    token: str = field(repr=False)
    addresses: tuple[Address, ...]


class _PinAnswer(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    id: int
    code: str
    expiresIn: float = 900.0  # noqa: N815 - plex.tv's name
    authToken: str | None = None  # noqa: N815 - plex.tv's name


class _Connection(BaseModel):
    protocol: str = "http"
    address: str = ""
    port: int = 0
    uri: str = ""
    local: bool = False
    relay: bool = False


class _Resource(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    name: str = ""
    provides: str = ""
    clientIdentifier: str = ""  # noqa: N815 - plex.tv's name
    owned: bool = False
    accessToken: str | None = None  # noqa: N815 - plex.tv's name
    connections: list[_Connection] = Field(default_factory=list)


_RESOURCES = TypeAdapter(list[_Resource])


class PlexTv:
    """The requests to plex.tv. All raise `PlexTvError` and nothing else."""

    def __init__(self, identity: Mapping[str, str], base_url: str = PLEX_TV) -> None:
        """Send nothing. `identity` names this device; it must be the same for the whole sign-in."""
        self._base_url = base_url.rstrip("/")
        self._identity = dict(identity)
        self._session = requests.Session()
        # A proxy of the environment is used, because plex.tv is in the internet, but no .netrc.
        self._session.auth = _keep_request
        self._session.headers.update({**identity, "Accept": "application/json"})

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def create_pin(self) -> Pin:
        """Begin a sign-in. No key is sent along: with one the token would expire after a week."""
        return _read_pin(self._send("POST", "/api/v2/pins?strong=true"))

    def read_pin(self, pin_id: int) -> Pin | None:
        """Return how far a sign-in is; None if it has expired."""
        answer = self._send("GET", f"/api/v2/pins/{int(pin_id)}", accepts_404=True)
        return None if answer is None else _read_pin(answer)

    def servers(self, token: str) -> tuple[AccountServer, ...]:
        """Return the servers of the account that this token belongs to, its own ones first."""
        answer = self._send("GET", _SERVERS, {"X-Plex-Token": token})
        try:
            resources = _RESOURCES.validate_python(answer)
        except ValidationError as error:
            raise PlexTvError("plex.tv answered something else than a list of servers") from error
        found = [_server(one) for one in resources if "server" in one.provides.split(",")]
        usable = [server for server in found if server.id and server.token]
        return tuple(sorted(usable, key=lambda server: not server.is_owned)[:MAX_SERVERS])

    def sign_in_url(self, code: str) -> str:
        """Return the page at which the user signs in.

        Examples:
            >>> PlexTv({"X-Plex-Client-Identifier": "id"}).sign_in_url("c0de")
            'https://app.plex.tv/auth#?clientID=id&code=c0de&context%5Bdevice%5D%5Bproduct%5D=PlexSync'
        """
        values = {
            "clientID": self._identity.get("X-Plex-Client-Identifier", ""),
            "code": code,
            "context[device][product]": "PlexSync",
        }
        return SIGN_IN_PAGE + urlencode(values, quote_via=quote)

    def _send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        accepts_404: bool = False,
    ) -> Any:
        """Return the JSON of an answer; None for a 404 that is expected."""
        try:
            response = self._session.request(
                method,
                self._base_url + target,
                headers=headers,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
            if response.status_code == 404 and accepts_404:
                return None
            if response.status_code not in (200, 201):
                raise PlexTvError(_status_text(response.status_code))
            return response.json()
        except (requests.RequestException, ValueError) as error:
            raise PlexTvError(f"plex.tv cannot be reached ({reason_of(error)})") from error


def _keep_request(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _status_text(status: int) -> str:
    if status == 429:
        return "plex.tv answered 429: too many attempts; wait a few minutes"
    if status in (401, 403, 498):
        return f"plex.tv answered {status}: it does not accept this sign-in"
    return f"plex.tv answered {status}"


def _read_pin(answer: Any) -> Pin:
    try:
        pin = _PinAnswer.model_validate(answer)
    except ValidationError as error:
        raise PlexTvError("plex.tv answered something else than a sign-in") from error
    lifetime_s = min(max(pin.expiresIn, MIN_LIFETIME_S), MAX_LIFETIME_S)
    return Pin(pin.id, pin.code, lifetime_s, pin.authToken or "")


def _server(resource: _Resource) -> AccountServer:
    return AccountServer(
        id=resource.clientIdentifier,
        name=resource.name,
        is_owned=resource.owned,
        token=resource.accessToken or "",
        addresses=tuple(dict.fromkeys(_addresses(resource.connections)))[:MAX_ADDRESSES],
    )


def _addresses(connections: list[_Connection]) -> list[Address]:
    """What plex.tv names, and each server's plain address: its network may have no TLS name."""
    named = [Address(one.uri, one.local, one.relay) for one in connections if one.uri]
    plain = [
        Address(f"http://{_host(one.address)}:{one.port}", one.local, is_relay=False)
        for one in connections
        if one.address and one.port and not one.relay
    ]
    return sorted([*named, *plain], key=lambda one: (one.is_relay, not one.is_local))


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
