"""Read answers of HTTP servers: the usual ones directly, every other one with `http.client`.

An answer is usual if its headers arrive as they are written today and tell how long it is.
`http.client` hands the headers of each answer to the parser of e-mails, which takes longer than
sending the request.
"""

import http.client
import io
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from requests.structures import CaseInsensitiveDict

_CHUNK_BYTES = 65_536
_MAX_HEAD_BYTES = 65_536
_START = b"HTTP/1.1 "
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9]{2})(?: ([^\r\n\0]*))?")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the body; of a header that came several times the values are joined."""

    status: int
    reason: str
    headers: CaseInsensitiveDict[str]


class AnswerReader:
    """Reads one answer from a connected socket: `head`, then `body`.

    The errors are those of the socket and of `http.client`.
    """

    def __init__(self, opened: socket.socket, method: str) -> None:
        """Read nothing."""
        self._socket = opened
        self._method = method
        self._read = bytearray()
        self._length = 0
        self._other: http.client.HTTPResponse | None = None
        self._is_closing = False

    def head(self) -> Head:
        """Read up to the body.

        Raises:
            OSError, http.client.HTTPException: no head came.
        """
        text = self._head_text()
        head = _usual_head(text) if text else None
        length = None if head is None else _length_of(head, self._method)
        if head is None or length is None:
            return self._unusual_head()
        self._length = length
        self._is_closing = "close" in head.headers.get("Connection", "").lower()
        del self._read[: len(text) + 4]
        return head

    def body(self) -> bytes:
        """Read the body, after the head.

        Raises:
            OSError, http.client.HTTPException: it did not come whole.
        """
        if self._other is not None:
            return self._other.read()
        while len(self._read) < self._length:
            more = self._socket.recv(_CHUNK_BYTES)
            if not more:
                missing = self._length - len(self._read)
                raise http.client.IncompleteRead(bytes(self._read), missing)
            self._read += more
        # A connection on which more has come than the answer cannot be used again.
        self._is_closing = self._is_closing or len(self._read) > self._length
        return bytes(self._read[: self._length])

    @property
    def is_kept(self) -> bool:
        """Return True if another request may follow on this connection."""
        return not (self._other.will_close if self._other is not None else self._is_closing)

    def _head_text(self) -> str:
        """Read until the head is whole; "" if it is not a usual one."""
        while len(self._read) < _MAX_HEAD_BYTES:
            more = self._socket.recv(_CHUNK_BYTES)
            self._read += more
            start = self._read[: len(_START)]
            if not more or start != _START[: len(start)]:
                return ""
            end = _HEAD_END.search(self._read)
            if end is not None:
                return self._read[: end.start()].decode("latin-1") if len(end[0]) == 4 else ""
        return ""

    def _unusual_head(self) -> Head:
        """Let `http.client` read the answer, from its beginning."""
        replayed = cast("socket.socket", _Replayed(bytes(self._read), self._socket))
        self._other = http.client.HTTPResponse(replayed, method=self._method)
        self._other.begin()
        headers = _joined(self._other.headers.items())
        return Head(self._other.status, self._other.reason, headers)


class _Replayed(io.RawIOBase):
    """Reads what was read already, then what the socket still gets."""

    def __init__(self, read: bytes, opened: socket.socket) -> None:
        self._first = read
        self._socket = opened

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the stream, as a socket does."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._first:
            return self._socket.recv_into(buffer)
        part = self._first[: len(buffer)]
        self._first = self._first[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def _usual_head(text: str) -> Head | None:
    """Return the parsed head; None if a line of it is unusual."""
    first, *lines = text.split("\r\n")
    status = _STATUS.fullmatch(first)
    pairs = [pair for pair in map(_header, lines) if pair is not None]
    if status is None or len(pairs) < len(lines):
        return None
    return Head(int(status[1]), (status[2] or "").strip(), _joined(pairs))


# Most headers are the same in each answer.
@lru_cache(maxsize=256)
def _header(line: str) -> tuple[str, str] | None:
    """Return the name and the value; None for an unusual line."""
    found = _HEADER.fullmatch(line)
    return (found[1], found[2].rstrip(" \t")) if found is not None else None


def _length_of(head: Head, method: str) -> int | None:
    """Return how many bytes the body has; None if only its end shows it."""
    if "Transfer-Encoding" in head.headers:
        return None
    if method == "HEAD" or head.status in _WITHOUT_BODY:
        return 0
    length = head.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _joined(headers: Iterable[tuple[str, str]]) -> CaseInsensitiveDict[str]:
    joined: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = (name, f"{joined[key][1]}, {value}" if key in joined else value)
    return CaseInsensitiveDict(joined.values())
