"""Stash's HTTP side: who may ask, what is where, and which status says what."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import PurePosixPath
from threading import Condition, Timer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.emulators.light_http import LightHandler
from tests.emulators.page_site import page_answer
from tests.emulators.stash_access import Access
from tests.emulators.stash_answer import Answer, json_answer
from tests.emulators.stash_assets import plugin_file
from tests.emulators.stash_core import StashCore
from tests.emulators.stash_faults import Fault
from tests.emulators.stash_images import Image, cover_image, portrait
from tests.emulators.stash_mutations import SceneMutations
from tests.emulators.stash_named import NamedMutations
from tests.emulators.stash_negotiation import (
    answer_type,
    is_form,
    is_json,
    origin_headers,
    preflight_headers,
    refusal_status,
)
from tests.emulators.stash_process import Cancellation
from tests.emulators.stash_request import RequestContext
from tests.emulators.stash_requests import RequestLog, RequestRecord
from tests.emulators.stash_runner import Caller
from tests.emulators.stash_schema import GraphqlAnswer, GraphqlEngine, GraphqlRequest
from tests.emulators.stash_sessions import Session
from tests.emulators.stash_upload import read_multipart
from tests.emulators.stash_watch import ConnectionWatch

_COMPRESSED = ("application/json", "text/", "image/svg+xml")  # Stash leaves the newer form as it is


@dataclass
class Site:
    """What all requests share."""

    core: StashCore
    engine: GraphqlEngine
    book: RequestLog
    has_page: bool = False


@dataclass
class Described:
    """What a request is about, known before it is answered."""

    kind: str
    graphql: GraphqlRequest | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self.graphql.names if self.graphql else ()

    def fits(self, fault: Fault) -> bool:
        title = self.graphql.title if self.graphql else ""
        return fault.kind in ("", self.kind) and fault.name in ("", title, *self.names)


class StashHttpServer(ThreadingHTTPServer):
    daemon_threads = True
    # A burst of hooks opens many connections together; the default backlog of five drops some.
    request_queue_size = 128

    def __init__(self, port: int, site: Site, tls: ssl.SSLContext | None) -> None:
        self.site = site
        self._busy = Condition()
        self._running = 0
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), StashHandler)
        if tls is not None:
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else is a fault of the emulator and is
        shown.
        """
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)

    def connected(self, connection: socket.socket) -> None:
        with self._busy:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        with self._busy:
            self._connections.discard(connection)
            self._busy.notify_all()

    def begin(self) -> None:
        with self._busy:
            self._running += 1

    def end(self) -> None:
        with self._busy:
            self._running -= 1
            self._busy.notify_all()

    def wait_until_idle(self, timeout: float) -> None:
        with self._busy:
            self._busy.wait_for(lambda: self._running == 0, timeout)

    def cut_connections(self, timeout: float = 5.0) -> None:
        """Close every open connection and wait until their threads have let go."""
        with self._busy:
            for connection in list(self._connections):
                cut(connection)
            self._busy.wait_for(lambda: not self._connections, timeout)


def cut(connection: socket.socket) -> None:
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass  # already closed from the other side


class StashHandler(LightHandler):
    protocol_version = "HTTP/1.1"
    server: StashHttpServer
    # Answers are small; without this each one waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connected(self.request)

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            pass  # flushing to a client that has gone
        finally:
            self.server.disconnected(self.request)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are recorded, not printed."""

    def do_GET(self) -> None:  # noqa: N802
        self._serve()

    def do_HEAD(self) -> None:  # noqa: N802
        self._serve()

    def do_POST(self) -> None:  # noqa: N802
        self._serve()

    def do_OPTIONS(self) -> None:  # noqa: N802
        self._serve()

    def _serve(self) -> None:
        self.server.begin()
        try:
            self._answer()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True
        finally:
            self.server.end()

    def _answer(self) -> None:
        site = self.server.site
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        query = {
            key: values[0] for key, values in parse_qs(target.query, keep_blank_values=True).items()
        }
        described = self._described(target.path, body, query)
        fault = site.core.faults.take(described.fits)
        answer = (
            self._faulty(fault)
            or self._preflight()
            or self._allowed(target.path, query, described, body, fault)
        )
        self._compress(answer)
        operation = described.graphql.kind if described.graphql else ""
        record = (self.command, self.path, described.kind, operation, described.names)
        # Before it is sent, so that a test that has the answer finds the record.
        site.book.add(RequestRecord(*record, answer.status, len(body), len(answer.body)))
        self._send(answer, fault)

    def _described(self, path: str, body: bytes, query: Mapping[str, str]) -> Described:
        if path != "/graphql" or not self._is_query():
            return Described(_kind(path))
        try:
            content = self._posted(body) if self.command == "POST" else _from_url(query)
        except ValueError:
            return Described("graphql")
        if not isinstance(content, dict):
            return Described("graphql")
        return Described("graphql", self.server.site.engine.read(content))

    def _is_query(self) -> bool:
        """Return True for a method and a content type that GraphQL is read from."""
        if self.command == "POST":
            kind = self.headers.get("Content-Type")
            return is_json(kind) or is_form(kind)
        return self.command == "GET"

    def _posted(self, body: bytes) -> Any:
        kind = self.headers.get("Content-Type")
        return read_multipart(str(kind), body) if is_form(kind) else json.loads(body)

    def _preflight(self) -> Answer | None:
        if self.command != "OPTIONS":
            return None
        headers = preflight_headers(self.headers)
        return Answer(200, headers={"Allow": "OPTIONS, GET, POST"} if headers is None else headers)

    def _faulty(self, fault: Fault | None) -> Answer | None:
        if fault is None:
            return None
        if fault.hold is not None:
            fault.hold.wait()
        if fault.delay:
            time.sleep(fault.delay)
        if fault.drop:
            cut(self.request)
            raise ConnectionResetError
        if fault.graphql_error is not None:
            self.server.site.core.log.add("Error", fault.graphql_error)
            return self._json(200, {"errors": [{"message": fault.graphql_error}], "data": None})
        if fault.refused:
            error = {
                "message": fault.refused,
                "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
            }
            status = refusal_status(self.headers.get("Accept"))
            return self._json(status, {"errors": [error], "data": None})
        return (
            None if fault.status is None else Answer(fault.status, fault.body, fault.content_type)
        )

    def _allowed(
        self,
        path: str,
        query: Mapping[str, str],
        described: Described,
        body: bytes,
        fault: Fault | None,
    ) -> Answer:
        access = Access(self.server.site.core)
        if described.kind == "healthz":
            return Answer(200, b".")
        if described.kind == "login":
            return access.login(self.command, query, body)
        if described.kind == "logout":
            return access.logout()
        granted = access.admit(
            self.path, query, self.headers.get("Cookie"), self.headers.get("ApiKey")
        )
        if isinstance(granted, Answer):
            return granted
        if described.kind == "graphql":
            answer = self._graphql(described.graphql, granted.session, fault)
        else:
            answer = self._file(path, query)
        if granted.set_cookie is not None:
            answer.headers["Set-Cookie"] = granted.set_cookie
        return answer

    # -- what is answered
    # -----------------------------------------------------------------------------

    def _graphql(
        self, request: GraphqlRequest | None, session: Session, fault: Fault | None
    ) -> Answer:
        if not self._is_query():
            return self._refusal(400, "transport not supported")
        if request is None:
            return self._refusal(400, "json request body could not be decoded")
        if self.command == "GET" and request.kind == "mutation":
            return self._refusal(406, "GET requests only allow query operations")
        core = self.server.site.core
        cancel = Cancellation()
        caller = Caller(cancel, session.user, session.visits)
        context = RequestContext(
            core, SceneMutations(core), NamedMutations(core), caller, self._base_url()
        )
        if request.kind != "mutation":
            return self._executed(self.server.site.engine.execute(request, context), cancel)
        timer = Timer(fault.cut_after, cut, [self.request]) if fault and fault.cut_after else None
        if timer:
            timer.start()
        with ConnectionWatch(self.request, cancel):
            result = self.server.site.engine.execute(request, context)
        if timer:
            timer.cancel()
        return self._executed(result, cancel)

    def _executed(self, result: GraphqlAnswer, cancel: Cancellation) -> Answer:
        for error in result.errors if result.status == 200 and not cancel.cancelled else ():
            self.server.site.core.log.add("Error", error)
        is_refused = result.status != 200
        status = refusal_status(self.headers.get("Accept")) if is_refused else 200
        return self._json(status, result.body)

    def _refusal(self, status: int, text: str) -> Answer:
        return self._json(status, {"errors": [{"message": text}], "data": None})

    def _json(self, status: int, content: Mapping[str, Any]) -> Answer:
        answer = json_answer(status, content)
        answer.content_type = answer_type(self.headers.get("Accept"))
        return answer

    def _base_url(self) -> str:
        core = self.server.site.core
        if core.options.external_host:
            return core.options.external_host
        prefix = self.headers.get("X-Forwarded-Prefix") or ""
        return f"{core.connection.scheme}://{self.headers.get('Host')}{prefix}"

    def _file(self, path: str, query: Mapping[str, str]) -> Answer:
        parts = [unquote(each) for each in path.split("/")[1:]]
        if self.command == "HEAD" and parts[0] in ("plugin", *_IMAGE_TABLES):
            # Stash's router knows these addresses for GET alone.
            return Answer(405)
        if parts[0] == "plugin" and len(parts) >= 3:
            return self._plugin(parts[1], parts[2], "/" + "/".join(parts[3:]))
        if parts[0] == "plugin":
            # Stash's server owns the prefix, so no page is behind it.
            return Answer(404)
        if len(parts) == 3 and parts[0] in _IMAGE_TABLES:
            return self._image(parts[0], parts[1], query)
        if path.startswith("/") and self.server.site.has_page:
            return page_answer(path)
        if path.startswith("/"):
            page = b"<!DOCTYPE html><html><body>Stash</body></html>"
            return (
                Answer(404)
                if PurePosixPath(path).suffix
                else Answer(200, page, "text/html; charset=utf-8")
            )
        return Answer(404)

    def _image(self, kind: str, raw_id: str, query: Mapping[str, str]) -> Answer:
        if not raw_id.isdigit():
            return Answer(400, b"Bad Request")
        if self.server.site.core.system_status != "OK":
            return Answer(500)
        library = self.server.site.core.library
        table: Mapping[int, Any] = getattr(library, _IMAGE_TABLES[kind])
        owner = table.get(int(raw_id))
        if owner is None:
            return Answer(404, b"Not Found")
        image = cover_image(owner.cover) if kind == "scene" else portrait(owner.image)
        return self._image_answer(image, lasting="t" in query)

    def _image_answer(self, image: Image, *, lasting: bool) -> Answer:
        cache = "private, max-age=31536000, immutable" if lasting else "no-cache"
        headers = {"ETag": image.etag, "Cache-Control": cache}
        asked = {
            each.strip().removeprefix("W/")
            for each in (self.headers.get("If-None-Match") or "").split(",")
        }
        if image.etag in asked or "*" in asked:
            return Answer(304, headers=headers)
        return Answer(200, image.content, image.content_type, headers)

    def _plugin(self, plugin_id: str, kind: str, rest: str) -> Answer:
        core = self.server.site.core
        plugin = core.plugins.find(plugin_id)
        if plugin is None:
            return Answer(404, b"Not Found")
        if plugin_id in core.plugins.disabled:
            return Answer(400, b"Bad Request")
        found = plugin_file(plugin, kind, rest, self.headers.get("If-None-Match") or "")
        return Answer(found.status, found.body, found.content_type, found.headers)

    # -- sending
    # --------------------------------------------------------------------------------------

    def _compress(self, answer: Answer) -> None:
        wants_gzip = "gzip" in (self.headers.get("Accept-Encoding") or "")
        if wants_gzip and answer.body and answer.content_type.startswith(_COMPRESSED):
            answer.body = gzip.compress(answer.body, compresslevel=1)
            answer.headers["Content-Encoding"] = "gzip"

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        self.send_response(answer.status)
        headers = {
            **origin_headers(self.headers.get("Origin")),
            "Content-Type": answer.content_type,
            **answer.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD" or answer.status == 304:
            return
        if fault is not None and fault.truncate is not None:
            self.wfile.write(answer.body[: fault.truncate])
            self.close_connection = True
            return
        self.wfile.write(answer.body)


_IMAGE_TABLES = {
    "scene": "scenes",
    "performer": "performers",
    "tag": "tags",
    "studio": "studios",
    "group": "groups",
}


def _kind(path: str) -> str:
    parts = path.split("/")
    if path in ("/graphql", "/healthz", "/login", "/logout"):
        return path[1:]
    if parts[1] == "plugin":
        return "plugin"
    if len(parts) == 4 and parts[1] in _IMAGE_TABLES:
        return "screenshot" if parts[3] == "screenshot" else "image"
    return "other"


def _from_url(query: Mapping[str, str]) -> dict[str, Any]:
    variables = json.loads(query.get("variables") or "{}")
    return {
        "query": query.get("query"),
        "operationName": query.get("operationName"),
        "variables": variables,
    }
