"""The sockets: HTTP/1.1 with keep-alive, a log of every request, and the faults that need a
connection to happen.
"""

from __future__ import annotations

import itertools
import socket
import ssl
import sys
import threading
import traceback
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Protocol

from tests.emulators.light_http import LightHandler
from tests.emulators.plex_faults import Fault, FaultPlan, spoil
from tests.emulators.plex_routes import answer, template_of
from tests.emulators.plex_site import Site
from tests.emulators.plex_wire import XML_TYPE, Request, Response, phrase

CONTROL_PATH = "/__control__"
_MOMENTS = itertools.count(1)


@dataclass
class RequestRecord:
    """One request as it came; `status` is 0 while, and if, there is no answer.

    `began` and `ended` number the beginnings and ends of all requests in their order; `ended` is 0
    while, and if, there is no answer.
    """

    method: str
    target: str
    route: str
    path: str
    headers: dict[str, str]
    body_length: int
    connection: int
    status: int = 0
    began: int = field(default_factory=lambda: next(_MOMENTS))
    ended: int = 0


class Backend(Protocol):
    """What the sockets need of the emulator."""

    site: Site
    faults: FaultPlan
    stopping: threading.Event

    def note(self, record: RequestRecord) -> None:
        """Add to the log."""

    def control(self, body: bytes) -> Response:
        """Carry out an order that came over HTTP."""


class PlexHttpServer(ThreadingHTTPServer):
    """Listens on loopback and knows its open connections, so that it can close them all together."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, port: int, backend: Backend, tls: ssl.SSLContext | None) -> None:
        self.backend = backend
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._closing = False
        super().__init__(("127.0.0.1", port), PlexHandler)

    def get_request(self) -> tuple[Any, Any]:
        """Take a connection; a TLS handshake is left to the thread that serves it."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._guard:
            self._open.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._guard:
            self._open.discard(request)
        super().close_request(request)

    def close_connections(self) -> None:
        """Break every open connection."""
        with self._guard:
            for connection in self._open:
                hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are normal here; anything else is a fault of the emulator and must be
        seen.
        """
        if not isinstance(sys.exc_info()[1], OSError):
            self.backend.site.violations.append(f"error in the emulator: {traceback.format_exc()}")


def hang_up(connection: socket.socket) -> None:
    """Close both directions immediately."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side was faster.
        pass


class PlexHandler(LightHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: PlexHttpServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Keep quiet: the log is in memory."""

    def do_GET(self) -> None:  # noqa: N802
        """Read something."""
        self._serve()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def _serve(self) -> None:
        backend = self.server.backend
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == CONTROL_PATH:
            self._send(backend.control(body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        template = template_of(request.method, request.path)
        port = int(self.client_address[1])
        record = RequestRecord(
            request.method,
            request.target,
            template,
            request.path,
            dict(self.headers.items()),
            len(body),
            port,
        )
        backend.note(record)
        if backend.site.switches.latency_s:
            backend.stopping.wait(backend.site.switches.latency_s)
        fault = backend.faults.take(request.method, template, request.path)
        if fault is None:
            self._send(self._answer(request), record)
        else:
            self._misbehave(fault, request, record)

    def _answer(self, request: Request) -> Response:
        return answer(self.server.backend.site, request)

    def _misbehave(self, fault: Fault, request: Request, record: RequestRecord) -> None:
        backend = self.server.backend
        if fault.kind in ("status", "html_200"):
            fault.struck.set()
            self._send(fault.response(), record)
        elif fault.kind == "slow":
            fault.struck.set()
            backend.faults.released.wait(fault.delay_s)
            self._send(self._answer(request), record)
        elif fault.kind in ("refuse", "stall"):
            self._fall_silent(fault)
        elif fault.kind in ("cut", "truncated_xml", "control_chars"):
            spoiled = spoil(self._answer(request), fault.kind)
            fault.struck.set()
            self._send(spoiled, record, cut=fault.kind == "cut")
        else:
            applied = self._answer(request)
            if fault.kind == "apply_then_status":
                fault.struck.set()
                self._send(fault.response() if applied.status == 200 else applied, record)
            else:
                self._fall_silent(fault)

    def _fall_silent(self, fault: Fault) -> None:
        """No answer: immediately, or after the other side has waited."""
        fault.struck.set()
        if fault.kind in ("stall", "apply_then_stall"):
            self.server.backend.faults.released.wait(fault.delay_s)
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        hang_up(self.connection)

    def _send(
        self, response: Response, record: RequestRecord | None = None, *, cut: bool = False
    ) -> None:
        if record is not None:
            record.status, record.ended = response.status, next(_MOMENTS)
        body = (response.body or b"lost") if cut else response.body
        lines = [f"HTTP/1.1 {response.status} {phrase(response.status)}"]
        content_type = response.content_type
        if content_type == XML_TYPE:
            content_type = self.server.backend.site.switches.xml_type
        headers = {
            "X-Plex-Protocol": "1.0",
            "Cache-Control": "no-cache",
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            **response.headers,
        }
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if self.command == "HEAD" or response.status in (204, 304):
            body = b""
        self.wfile.write(head + (body[: len(body) // 2] if cut else body))
        if cut:
            self._hang_up()
