"""An answer is read as `http.client` reads it, in whichever pieces it arrives."""

import http.client
import socket
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from network.answers import AnswerReader

METHODS = st.sampled_from(["GET", "PUT", "HEAD"])
FIRST_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200",
        b"HTTP/1.1 304 Not Modified",
        b"HTTP/1.1 404  two  blanks ",
        b"HTTP/1.1 204 No Content",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 999 Odd",
        b"HTTP/1.1 100 Continue",
        b"HTTP/2 200 OK",
        b"ICY 200 OK",
        b"",
    ]
)
HEADERS = st.sampled_from(
    [
        b"Content-Length: 4",
        b"content-length:4",
        b"Content-Length: 2",
        b"Content-Length: many",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Set-Cookie: a=1",
        b"Set-Cookie: session=\xe9; Path=/",
        b'ETag: "0"',
        b"X-Empty:",
        b" folded",
        b"no colon",
        b"blank before : colon",
    ]
)
LINE_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])
BODIES = st.sampled_from([b"body", b"", b"bo", b"body and more", b"4\r\nbody\r\n0\r\n\r\n"])


def read_with_http_client(opened: socket.socket, method: str) -> tuple[object, ...]:
    with closing(http.client.HTTPResponse(opened, method=method)) as response:
        response.begin()
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return response.status, response.reason, headers, response.read()


def read_here(opened: socket.socket, method: str) -> tuple[object, ...]:
    reader = AnswerReader(opened, method)
    head = reader.head()
    headers = {name.lower(): value for name, value in head.headers.items()}
    return head.status, head.reason, headers, reader.body()


def outcome_of(read: object, pieces: Sequence[bytes], method: str) -> object:
    """Return what reading these pieces gives, or the error it ends with."""
    server, client = socket.socketpair()
    with server, client:
        for piece in pieces:
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)
        try:
            return read(client, method)  # type: ignore[operator]
        except (OSError, http.client.HTTPException) as error:
            return type(error)


@given(METHODS, FIRST_LINES, st.lists(HEADERS, max_size=4), LINE_ENDS, BODIES)
@example("GET", b"HTTP/1.1 200 OK", [b"Content-Length: 4"] * 120, b"\r\n", b"body")
def test_an_answer_is_read_as_by_the_standard_library(
    method: str, first: bytes, headers: list[bytes], line_end: bytes, body: bytes
) -> None:
    answer = line_end.join([first, *headers, b"", b""]) + body

    expected = outcome_of(read_with_http_client, [answer], method)

    assert outcome_of(read_here, [answer], method) == expected


class Pieces(socket.socket):
    """A socket that receives these pieces, one at a time."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._pieces = [piece for piece in pieces if piece]

    def recv(self, size: int, flags: int = 0) -> bytes:
        return self._pieces.pop(0)


@given(st.lists(st.integers(0, 60), max_size=5))
def test_an_answer_may_arrive_in_pieces(cuts: list[int]) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: 1\r\n\r\nbody"
    places = [0, *sorted(cuts), len(answer)]
    pieces = [answer[start:end] for start, end in pairwise(places)]
    with Pieces(pieces) as opened:
        reader = AnswerReader(opened, "GET")
        head = reader.head()

        assert (head.status, dict(head.headers)) == (200, {"Content-Length": "4", "ETag": "1"})
        assert reader.body() == b"body"
        assert reader.is_kept


def test_a_connection_with_more_than_the_answer_is_not_kept() -> None:
    server, client = socket.socketpair()
    with server, client:
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500\r\n\r\n")
        reader = AnswerReader(client, "GET")
        reader.head()

        assert reader.body() == b"ok"
        assert not reader.is_kept


def test_a_connection_after_an_interim_answer_is_not_kept() -> None:
    """The answer proper would be taken for that to the next request."""
    server, client = socket.socketpair()
    with server, client:
        server.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        reader = AnswerReader(client, "GET")
        head = reader.head()

        assert (head.status, reader.body()) == (103, b"")
        assert not reader.is_kept


def test_a_length_of_too_many_digits_is_read_elsewhere() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\nbody" % (b"9" * 5_000)

    expected = outcome_of(read_with_http_client, [answer], "GET")

    assert outcome_of(read_here, [answer], "GET") == expected
