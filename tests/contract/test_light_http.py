"""A request that is read directly is read as the standard library reads it."""

from __future__ import annotations

import io
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.emulators.light_http import LightHandler

USUAL = b"Host: 127.0.0.1:9999\r\nAccept: */*\r\nX-Plex-Token:t0ken \r\nEmpty:\r\n"
REQUESTS = [
    b"GET /a?b=1 HTTP/1.1\r\n" + USUAL + b"\r\n",
    b"PUT /a HTTP/1.1\r\n" + USUAL + b"Content-Length: 2\r\nConnection: close\r\n\r\nab",
    b"POST /a HTTP/1.1\r\nConnection: Keep-Alive\r\n\r\n",
    b"GET //a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a HTTP/1.0\r\nHost: x\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: x\r\nHOST: y\r\n\r\n",
    b"GET /a HTTP/1.1\nHost: x\n\n",
    b"GET /a HTTP/1.1\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
]


def read(handler: type[BaseHTTPRequestHandler], request: bytes) -> tuple[Any, ...]:
    """Return what a handler makes of a request: parsed or not, its parts, the answer, the rest."""
    # The base class serves in its initializer, and here there is no connection.
    reading: Any = handler.__new__(handler)
    reading.rfile, reading.wfile = io.BufferedReader(io.BytesIO(request)), io.BytesIO()
    reading.client_address = ("127.0.0.1", 1)
    reading.protocol_version = "HTTP/1.1"
    reading.log_message = lambda *_: None
    reading.date_time_string = lambda: "now"
    reading.raw_requestline = reading.rfile.readline()
    is_parsed = reading.parse_request()
    parts = (reading.command, getattr(reading, "path", ""), reading.close_connection)
    headers = sorted(
        (name.lower(), value) for name, value in getattr(reading, "headers", {}).items()
    )
    return is_parsed, parts, headers, reading.wfile.getvalue(), reading.rfile.read()


@pytest.mark.parametrize("request_bytes", REQUESTS)
def test_both_readers_give_the_same_request(request_bytes: bytes) -> None:
    assert read(LightHandler, request_bytes) == read(BaseHTTPRequestHandler, request_bytes)
