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
_USUAL_END = b"\r\n\r\n"
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9]{2})(?: ([^\r\n\0]*))?")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_WITHOUT_BODY = frozenset({204, 304})
_FIRST_FINAL = 200
# Python refuses to read numbers of thousands of digits.
_MAX_LENGTH_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the body; of a header that came several times the values are joined."""

    status: int
    reason: str
    headers: CaseInsensitiveDict[str]


class AnswerReader:
    """Reads one answer from a connected socket: `head`, then `body`.

    Before that, `read_some` may read what has come. The errors are those of the socket and of
    `http.client`.
    """

    def __init__(self, opened: socket.socket, method: str) -> None:
        """Read nothing."""
        self._socket = opened
        self._method = method
        self._read = bytearray()
        self._head: Head | None = None
        self._length = 0
        self._is_unusual = False
        self._other: http.client.HTTPResponse | None = None
        self._is_closing = False

    @property
    def has_head(self) -> bool:
        """Return True if the head has come."""
        return self._head is not None

    @property
    def is_whole(self) -> bool:
        """Return True if `head` and `body` have nothing left to wait for."""
        return self._head is not None and len(self._read) >= self._length

    @property
    def is_unusual(self) -> bool:
        """Return True for an answer that `read_some` cannot read further."""
        return self._is_unusual

    def read_some(self) -> None:
        """Receive once; do this while the answer is neither whole nor unusual.

        Raises:
            OSError, http.client.HTTPException: the answer does not come whole.
        """
        if self._head is None:
            self._receive_head()
        else:
            self._receive_body()

    def head(self) -> Head:
        """Read up to the body.

        Raises:
            OSError, http.client.HTTPException: no head came.
        """
        while self._head is None:
            if self._is_unusual:
                return self._unusual_head()
            self._receive_head()
        return self._head

    def body(self) -> bytes:
        """Read the body, after the head.

        Raises:
            OSError, http.client.HTTPException: it did not come whole.
        """
        if self._other is not None:
            return self._other.read()
        while not self.is_whole:
            self._receive_body()
        # A connection on which more has come than the answer cannot be used again.
        self._is_closing = self._is_closing or len(self._read) > self._length
        return bytes(self._read[: self._length])

    @property
    def is_kept(self) -> bool:
        """Return True if another request may follow on this connection."""
        if self._other is None:
            return not self._is_closing
        # What follows a 102 or 103 would be taken for the answer to the next request.
        return self._other.status >= _FIRST_FINAL and not self._other.will_close

    def close(self) -> None:
        """Let go of what has read an unusual answer; the socket stays open."""
        if self._other is not None:
            self._other.close()

    def _receive_head(self) -> None:
        more = self._socket.recv(_CHUNK_BYTES)
        self._read += more
        start = self._read[: len(_START)]
        is_begun = bool(more) and start == _START[: len(start)]
        end = _HEAD_END.search(self._read) if is_begun else None
        if end is not None and len(end[0]) == len(_USUAL_END):
            self._parse_head(end.start())
        elif end is not None or not is_begun or len(self._read) >= _MAX_HEAD_BYTES:
            self._is_unusual = True

    def _parse_head(self, size: int) -> None:
        head = _usual_head(self._read[:size].decode("latin-1"))
        length = None if head is None else _length_of(head, self._method)
        if head is None or length is None:
            self._is_unusual = True
            return
        self._head, self._length = head, length
        self._is_closing = "close" in head.headers.get("Connection", "").lower()
        del self._read[: size + len(_USUAL_END)]

    def _receive_body(self) -> None:
        more = self._socket.recv(_CHUNK_BYTES)
        if not more:
            raise http.client.IncompleteRead(bytes(self._read), self._length - len(self._read))
        self._read += more

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
    is_number = length.isascii() and length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS
    return int(length) if is_number else None


def _joined(headers: Iterable[tuple[str, str]]) -> CaseInsensitiveDict[str]:
    joined: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = (name, f"{joined[key][1]}, {value}" if key in joined else value)
    return CaseInsensitiveDict(joined.values())
