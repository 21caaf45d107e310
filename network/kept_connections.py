"""Send HTTP requests over kept connections without TLS, with the errors of requests.

The connections and the errors of connecting are urllib3's, `answers.py` reads what comes back. What
is left out is the work that both libraries spend on settings which PlexSync never uses.
"""

import http.client
import io
import re
import socket
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.response import HTTPResponse

from network.answers import AnswerReader, Head

# Everything else has to be encoded first.
_TARGET = re.compile(r"/[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]*")
_SERVER = re.compile(r"http://[a-z0-9.-]+:([0-9]{1,5})(?=/)")
_MAX_PORT = 65_535
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """What is sent: a method, a URL that `is_plain`, headers and bytes; `body` None for none."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Of a header that came several times the values are joined."""

    status: int
    reason: str
    headers: CaseInsensitiveDict[str]
    content: bytes


class KeptConnections:
    """The connections to servers that are reached by http. Several threads may send."""

    def __init__(self) -> None:
        """Connect to nothing."""
        self._idle: dict[str, deque[HTTPConnection]] = {}
        # As those of requests, they are closed with the last reference to them.
        weakref.finalize(self, _close, self._idle)

    def send(self, request: PlainRequest, timeout_s: tuple[float, float]) -> Answer:
        """Send the request and return its answer; time-outs to connect and to read in seconds.

        Raises:
            requests.RequestException: no whole answer came; its arguments say what urllib3 or the
                system said.
        """
        head = _head(request)
        server = server_of(request.url)
        idle = self._idle.setdefault(server, deque())
        connection = _connected(idle) or _connect(server, timeout_s[0])
        try:
            answer, is_kept = _exchange(connection, request, head, timeout_s[1])
        except BaseException:
            connection.close()
            raise
        if is_kept:
            idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        _close(self._idle)


def _close(connections: Mapping[str, deque[HTTPConnection]]) -> None:
    for idle in connections.values():
        while idle:
            idle.popleft().close()


def is_plain(url: str) -> bool:
    """Return True for a URL without TLS, with a port and a target that may be sent as it is."""
    server = server_of(url)
    return bool(server) and _TARGET.fullmatch(url, len(server)) is not None


def server_of(url: str) -> str:
    """Return the scheme, host and port; "" for a URL that is not plain.

    Examples:
        >>> server_of("http://plex:32400/identity"), server_of("https://plex:32400/identity")
        ('http://plex:32400', '')
    """
    found = _SERVER.match(url)
    return found.group() if found and int(found.group(1)) <= _MAX_PORT else ""


def _connected(idle: deque[HTTPConnection]) -> HTTPConnection | None:
    """Return a connection that the server has not closed meanwhile; None for none."""
    while idle:
        connection = idle.pop()
        if connection.is_connected:
            return connection
        connection.close()
    return None


def _connect(server: str, timeout_s: float) -> HTTPConnection:
    host, _, port = server.removeprefix("http://").rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=timeout_s)
    try:
        connection.connect()
    except LocationValueError as error:
        raise requests.exceptions.InvalidURL(error) from error
    except NewConnectionError as error:
        raise requests.ConnectionError(error) from error
    except ConnectTimeoutError as error:
        raise requests.ConnectTimeout(error) from error
    except OSError as error:
        raise requests.ConnectionError(ProtocolError("Connection aborted.", error)) from error
    return connection


def _exchange(
    connection: HTTPConnection, request: PlainRequest, head: bytes, timeout_s: float
) -> tuple[Answer, bool]:
    """Return the answer, and whether the connection may be used again."""
    opened: socket.socket = connection.sock
    opened.settimeout(timeout_s)
    # The error names no connection pool, because there is none.
    where: Any = server_of(request.url)
    late = ReadTimeoutError(where, request.url, f"Read timed out. (read timeout={timeout_s})")
    reader = AnswerReader(opened, request.method)
    try:
        _send(opened, head + request.body if request.body else head)
        answered = reader.head()
    except TimeoutError as error:
        raise requests.ReadTimeout(late) from error
    except (OSError, http.client.HTTPException) as error:
        raise requests.ConnectionError(ProtocolError("Connection aborted.", error)) from error
    content = _decoded(answered, _body(reader, late))
    answer = Answer(answered.status, answered.reason, answered.headers, content)
    return answer, reader.is_kept


def _body(reader: AnswerReader, late: ReadTimeoutError) -> bytes:
    try:
        return reader.body()
    except TimeoutError as error:
        raise requests.ConnectionError(late) from error
    except (OSError, http.client.HTTPException) as error:
        broken = ProtocolError(f"Connection broken: {error!r}", error)
        raise requests.exceptions.ChunkedEncodingError(broken) from error


def _send(opened: socket.socket, data: bytes) -> None:
    try:
        opened.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        # The server may have answered before it had read a large body, and closed the connection.
        return


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


def _head(request: PlainRequest) -> bytes:
    """Return the request line and the headers.

    Raises:
        requests.exceptions.InvalidHeader: a header holds what may not be sent.
        UnicodeEncodeError: it holds other characters than those of Latin-1.
    """
    server = server_of(request.url)
    target, host = request.url[len(server) :], server.removeprefix("http://")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}"]
    if request.body or request.method not in _WITHOUT_BODY:
        lines.append(f"Content-Length: {len(request.body or b'')}")
    lines += [_header_line(name, value) for name, value in request.headers.items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1")


# Most headers are the same in each request.
@lru_cache(maxsize=256)
def _header_line(name: str, value: str) -> str:
    check_header_validity((name, value))
    return f"{name}: {value}"
