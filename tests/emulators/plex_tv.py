"""plex.tv in memory: signing in by PIN, and the servers of accounts.

`PlexTvEmulator` listens on loopback. A test signs the user in with `sign_in`, names servers with
`add_server`, and makes it misbehave with `expire`, `fail` and `down`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.emulators.light_http import LightHandler
from tests.emulators.plex_server import PlexEmulator

ACCOUNT_TOKEN = "account-t0ken"
LIFETIME_S = 1_800


@dataclass
class Pin:
    """One sign-in. `token` is None until the user has signed in."""

    number: int
    code: str
    client: str
    expires_at: float
    token: str | None = None


@dataclass(frozen=True)
class TvRequest:
    """One request as it came, and the status of its answer."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    status: int


@dataclass
class _State:
    pins: dict[int, Pin] = field(default_factory=dict)
    accounts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    requests: list[TvRequest] = field(default_factory=list)
    planned: list[tuple[int, Any]] = field(default_factory=list)


class PlexTvEmulator:
    """The emulated plex.tv: start it, sign in, and ask what was requested.

    `expires_with_404`: an expired PIN is unknown; without it, it is known and has no token.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.expires_with_404 = True
        self.lifetime_s = LIFETIME_S
        self.state = _State()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.port = 0

    def __enter__(self) -> PlexTvEmulator:
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[TvRequest]:
        """Every request so far."""
        return list(self.state.requests)

    @property
    def is_up(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = _Server(self.port, self)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def sign_in(self, code: str, token: str = ACCOUNT_TOKEN) -> None:
        """The user enters the code at the sign-in page."""
        pin = next(pin for pin in self.state.pins.values() if pin.code == code)
        pin.token = token
        self.state.accounts.setdefault(token, [])

    def expire(self) -> None:
        """Let every PIN expire."""
        for pin in self.state.pins.values():
            pin.expires_at = 0.0

    def fail(self, *statuses: int) -> None:
        """Answer the next requests with these statuses."""
        for status in statuses:
            self.plan(status, {"errors": [{"message": "planned"}]})

    def plan(self, status: int, document: Any) -> None:
        """Answer one further request like this."""
        self.state.planned.append((status, document))

    def add_server(
        self,
        plex: PlexEmulator,
        *,
        name: str = "attic",
        owned: bool = True,
        token: str | None = None,
        account: str = ACCOUNT_TOKEN,
        uris: Iterable[str] = (),
    ) -> None:
        """Let an account have a server: at its own address, and at further ones."""
        parts = urlsplit(plex.url)
        own = _connection(str(parts.hostname), int(parts.port or 0), plex.url, local=True)
        others = [_connection("", 0, uri, local=False, relay="relay" in uri) for uri in uris]
        self.state.accounts.setdefault(account, []).append(
            {
                "name": name,
                "product": "Plex Media Server",
                "provides": "server",
                "clientIdentifier": plex.machine_identifier,
                "owned": owned,
                "accessToken": plex.token if token is None else token,
                "httpsRequired": False,
                "dnsRebindingProtection": False,
                "presence": True,
                "connections": [own, *others],
            }
        )

    def add_player(self, account: str = ACCOUNT_TOKEN) -> None:
        """Let an account have a device that is no server."""
        self.state.accounts.setdefault(account, []).append(
            {"name": "Phone", "provides": "client,player", "clientIdentifier": "phone"}
        )

    # -- what is answered -----------------------------------------------------------------------

    def answer(
        self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str]
    ) -> tuple[int, Any]:
        """Return status and document; the client must name itself, and take JSON."""
        if self.state.planned:
            return self.state.planned.pop(0)
        client = headers.get("x-plex-client-identifier", "")
        if not client or headers.get("accept") != "application/json":
            return 400, {"errors": [{"message": "X-Plex-Client-Identifier is missing"}]}
        if (method, path) == ("POST", "/api/v2/pins"):
            return 201, self._document(self._create(client))
        if method == "GET" and path.startswith("/api/v2/pins/"):
            return self._pin(path.rpartition("/")[2], client)
        if (method, path) == ("GET", "/api/v2/resources"):
            found = self.state.accounts.get(headers.get("x-plex-token", ""))
            return (401, {"errors": []}) if found is None else (200, found)
        return 404, {"errors": []}

    def _create(self, client: str) -> Pin:
        number = 4_700_000 + len(self.state.pins)
        pin = Pin(number, f"c0de{number}x", client, self.clock() + self.lifetime_s)
        self.state.pins[number] = pin
        return pin

    def _pin(self, number: str, client: str) -> tuple[int, Any]:
        pin = self.state.pins.get(int(number)) if number.isdigit() else None
        if pin is None or pin.client != client:
            return 404, {"errors": []}
        if self.clock() >= pin.expires_at:
            return (
                (404, {"errors": []})
                if self.expires_with_404
                else (
                    200,
                    {**self._document(pin), "authToken": None},
                )
            )
        return 200, self._document(pin)

    def _document(self, pin: Pin) -> dict[str, Any]:
        return {
            "id": pin.number,
            "code": pin.code,
            "product": "PlexSync",
            "clientIdentifier": pin.client,
            "expiresIn": self.lifetime_s,
            "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(pin.expires_at)),
            "authToken": pin.token,
        }


def _connection(
    address: str, port: int, uri: str, *, local: bool, relay: bool = False
) -> dict[str, Any]:
    return {
        "protocol": uri.partition(":")[0],
        "address": address,
        "port": port,
        "uri": uri,
        "local": local,
        "relay": relay,
        "IPv6": False,
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, emulator: PlexTvEmulator) -> None:
        self.emulator = emulator
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(LightHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Keep quiet: the log is in memory."""

    def do_GET(self) -> None:  # noqa: N802
        """Answer."""
        emulator = self.server.emulator
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, document = emulator.answer(self.command, parts.path, query, headers)
        emulator.state.requests.append(TvRequest(self.command, parts.path, query, headers, status))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET  # noqa: N815
