"""Send requests to one server with little work: no cookies, redirects, proxies or credentials.

requests spends more processor time on merging settings that PlexSync never uses than on the
request itself, and a sync of a library sends two or three requests for each scene.
"""

import json
from collections.abc import Mapping
from typing import Any

import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.utils import get_encoding_from_headers

from network.exchange import Answer, Exchange, PlainRequest
from network.kept_connections import KeptConnections, server_of

# A request with anything else is left to requests.
_PLAIN_OPTIONS = frozenset({"headers", "timeout", "data", "hooks", "allow_redirects", "params"})


class PlainSession(requests.Session):
    """Sends requests as `requests.Session` does, but sends no cookies and follows no redirect.

    Several threads may send at the same time. Requests over TLS, and those with more than headers
    and bytes, take the way of requests, which keeps `pool_size` connections.
    """

    def __init__(self, pool_size: int) -> None:
        """Send nothing."""
        super().__init__()
        # Neither a proxy nor a .netrc file of the system may see what is sent.
        self.trust_env = False
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(pool_maxsize=pool_size))
        self._connections = KeptConnections()

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Response:
        """Send a request and return its answer.

        Raises:
            requests.RequestException: no whole answer came.
        """
        request = None if args else self._plain_request(method, url, options)
        if request is None:
            return super().request(method, url, *args, **{**options, "allow_redirects": False})
        answer = self._connections.send(request, options["timeout"])
        return _response(request, answer, options)

    def begin(self, method: str, url: str, **options: Any) -> Exchange | None:
        """Begin what `request` does, without waiting; `finish` the exchange later.

        Returns:
            The exchange; None where only `request` can send it, or where it has to connect first.

        Raises:
            requests.exceptions.InvalidHeader, UnicodeEncodeError: a header may not be sent.
        """
        request = self._plain_request(method, url, options)
        return self._connections.begin(request, options["timeout"]) if request else None

    def finish(self, exchange: Exchange, **options: Any) -> Response:
        """Return the answer of an exchange; of the options of `request`, hooks are looked at.

        Raises:
            requests.RequestException: no whole answer came.
        """
        return _response(exchange.request, self._connections.finish(exchange), options)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()
        super().close()

    def _plain_request(
        self, method: str, url: object, options: Mapping[str, Any]
    ) -> PlainRequest | None:
        """Return the request; None if it is left to requests."""
        plain = _with_bytes(options)
        if not isinstance(url, str) or not _are_plain(plain):
            return None
        server = server_of(url)
        if not server:
            return None
        headers = self._headers(plain.get("headers") or {})
        if _has_json(options) and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        return PlainRequest(method, url, server, headers, plain.get("data") or None)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the session's headers with these; a name is sent once, however it is spelled."""
        merged: dict[str, Any] = {**self.headers, **more}
        if len({name.lower() for name in merged}) < len(merged):
            named = {name.lower(): (name, value) for name, value in merged.items()}
            merged = dict(named.values())
        return merged


def _with_bytes(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options with a JSON value as the bytes that requests sends for it."""
    others = {name: option for name, option in options.items() if name != "json"}
    if not _has_json(options):
        return others
    try:
        return {**others, "data": json.dumps(options["json"], allow_nan=False).encode()}
    except ValueError:
        return options  # requests says what is wrong with it


def _has_json(options: Mapping[str, Any]) -> bool:
    """Return True if the body is a JSON value: `Session.post` passes None for no value."""
    return options.get("json") is not None and not options.get("data")


def _are_plain(options: Mapping[str, Any]) -> bool:
    has_more = not options.keys() <= _PLAIN_OPTIONS or options.get("params")
    has_text = options.get("data") and not isinstance(options["data"], bytes)
    return not (has_more or has_text) and isinstance(options.get("timeout"), tuple)


def _response(request: PlainRequest, answer: Answer, options: Mapping[str, Any]) -> Response:
    """Return the answer as requests has it, after the hook of the options has seen it."""
    response = Response()
    response.status_code = answer.status
    response.reason = answer.reason
    response.headers = answer.headers
    response.encoding = get_encoding_from_headers(answer.headers)
    response.url = request.url
    response.request = PreparedRequest()
    headers: Any = request.headers
    response.request.headers = headers
    response._content = answer.content
    on_response = (options.get("hooks") or {}).get("response")
    if on_response is not None:
        on_response(response)
    return response
