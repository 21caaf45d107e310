"""Send one HTTP request over a connection and read its answer, with the errors of requests.

A thread may do that in one go (`finish`), or as far as is possible without waiting (`advance`), so
that it can look after several exchanges.
"""

import http.client
import io
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.response import HTTPResponse

from network.answers import AnswerReader, Head

_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_EXPECTED = frozenset({200, 201, 204, 304})
_PAGE_TYPE = "text/html"
_NO_WAIT_S = 0.0


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """What is sent: a method, a URL below `server`, headers and bytes; `body` None for none.

    `server` is the scheme, host and port of the URL.
    """

    method: str
    url: str
    server: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Of a header that came several times the values are joined."""

    status: int
    reason: str
    headers: CaseInsensitiveDict[str]
    content: bytes


class Exchange:
    """One request on a connection that nothing else uses meanwhile, and its answer.

    Attributes:
        request: what is sent.
        connection: the connection.
        begun_at: when this was made, in seconds of `time.perf_counter`.
    """

    def __init__(
        self, connection: HTTPConnection, request: PlainRequest, written: bytes, timeout_s: float
    ) -> None:
        """Send nothing.

        Args:
            connection: the connection, which is connected.
            request: what is sent.
            written: the same as bytes, see `written_out`.
            timeout_s: how long the server may take for the next bytes.
        """
        self.request = request
        self.connection = connection
        self.begun_at = time.perf_counter()
        self._socket: socket.socket = connection.sock
        self._timeout_s = timeout_s
        self._unsent = memoryview(written)
        self._reader = AnswerReader(self._socket, request.method)
        self._error: Exception | None = None
        self._moved_at = self.begun_at

    def fileno(self) -> int:
        """Return the number of the socket that the exchange waits for."""
        return self._socket.fileno()

    @property
    def is_sending(self) -> bool:
        """Return True while the socket has not taken the whole request."""
        return bool(self._unsent)

    @property
    def is_whole(self) -> bool:
        """Return True if the answer is there, so that `finish` waits for nothing."""
        return self._reader.is_whole

    @property
    def is_quick(self) -> bool:
        """Return True if the answer is there, and neither a failure nor a web page.

        After those the client may ask the server what is wrong, or log in.
        """
        if not self.is_whole:
            return False
        head = self._reader.head()
        kind = head.headers.get("Content-Type", _PAGE_TYPE)
        # Plex calls its empty answer to an edit a page.
        is_page = kind.startswith(_PAGE_TYPE) and head.headers.get("Content-Length", "0") != "0"
        return head.status in _EXPECTED and not is_page

    @property
    def has_stopped(self) -> bool:
        """Return True if only `finish` can do the rest: read it, wait for it or raise."""
        return self.is_whole or self._reader.is_unusual or self._error is not None

    @property
    def remaining_s(self) -> float:
        """Return how many seconds the server still has for its next bytes; 0.0 for none."""
        return max(0.0, self._moved_at + self._timeout_s - time.perf_counter())

    @property
    def is_kept(self) -> bool:
        """Return True if the connection may be used again, after `finish`."""
        return self._reader.is_kept

    def advance(self) -> None:
        """Send or receive once what is possible without waiting. An error is left to `finish`."""
        try:
            self._limit_waits(_NO_WAIT_S)
            if self.is_sending:
                self._send_some()
            else:
                self._reader.read_some()
        except BlockingIOError:
            return
        except (OSError, http.client.HTTPException) as error:
            self._error = error
        self._moved_at = time.perf_counter()

    def expire(self) -> None:
        """Give up, because the server took too long."""
        self._error = TimeoutError("timed out")

    def finish(self) -> Answer:
        """Send and read the rest, however long it takes, and return the answer.

        Raises:
            requests.RequestException: no whole answer came; its arguments say what urllib3 or the
                system said.
        """
        try:
            head = self._head()
            content = self._body()
        finally:
            self._reader.close()
        return Answer(head.status, head.reason, head.headers, _decoded(head, content))

    def _head(self) -> Head:
        try:
            if not self._reader.has_head:
                self._raise_error()
            if not self.is_whole:
                self._limit_waits(self._timeout_s)
            while self.is_sending:
                self._send_some()
            return self._reader.head()
        except TimeoutError as error:
            raise requests.ReadTimeout(self._late()) from error
        except (OSError, http.client.HTTPException) as error:
            raise requests.ConnectionError(ProtocolError("Connection aborted.", error)) from error

    def _body(self) -> bytes:
        try:
            self._raise_error()
            return self._reader.body()
        except TimeoutError as error:
            raise requests.ConnectionError(self._late()) from error
        except (OSError, http.client.HTTPException) as error:
            broken = ProtocolError(f"Connection broken: {error!r}", error)
            raise requests.exceptions.ChunkedEncodingError(broken) from error

    def _raise_error(self) -> None:
        """Raise what ended the exchange while it advanced."""
        if self._error is not None:
            raise self._error

    def _send_some(self) -> None:
        try:
            count = self._socket.send(self._unsent)
        except (BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            # The server may have answered before it had read a large body, and closed the
            # connection.
            count = len(self._unsent)
        self._unsent = self._unsent[count:]

    def _limit_waits(self, seconds: float) -> None:
        # Setting it costs a call of the system, even if it does not change.
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)

    def _late(self) -> ReadTimeoutError:
        # The error names no connection pool, because there is none.
        where: Any = self.request.server
        text = f"Read timed out. (read timeout={self._timeout_s})"
        return ReadTimeoutError(where, self.request.url, text)


def _decoded(head: Head, content: bytes) -> bytes:
    """Return the body without its compression.

    Raises:
        requests.RequestException: it is broken.
    """
    encoding = head.headers.get("Content-Encoding", "")
    if not encoding or not content:
        return content
    compressed = HTTPResponse(
        io.BytesIO(content),
        {"Content-Encoding": encoding},
        head.status,
        preload_content=False,
    )
    whole = requests.Response()
    whole.raw = compressed
    return whole.content or b""


def written_out(request: PlainRequest) -> bytes:
    """Return the request line, the headers and the body.

    Raises:
        requests.exceptions.InvalidHeader: a header holds what may not be sent.
        UnicodeEncodeError: it holds other characters than those of Latin-1.
    """
    target, host = request.url[len(request.server) :], request.server.removeprefix("http://")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}"]
    if request.body or request.method not in _WITHOUT_BODY:
        lines.append(f"Content-Length: {len(request.body or b'')}")
    lines += [_header_line(name, value) for name, value in request.headers.items()]
    head = "\r\n".join((*lines, "", "")).encode("latin-1")
    return head + request.body if request.body else head


# Most headers are the same in each request.
@lru_cache(maxsize=256)
def _header_line(name: str, value: str) -> str:
    check_header_validity((name, value))
    return f"{name}: {value}"
