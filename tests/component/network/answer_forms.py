"""The forms in which an answer may come, and the ways in which none comes."""

import gzip
from typing import Any

import pytest
import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError

LARGE = b"image" * 3_200_000

FORMS: tuple[Any, ...] = (
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", id="usual"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", b"ok", id="closed"
    ),
    pytest.param(b"HTTP/1.0 200 OK\r\n\r\nok", b"ok", id="old"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"ok",
        id="chunked",
    ),
    pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", id="unchanged"),
    pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="empty"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
        + gzip.compress(b"ok"),
        b"ok",
        id="compressed",
    ),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LARGE) + LARGE, LARGE, id="large"
    ),
)
"""The bytes that come, and the body that they hold."""

FAILURES: tuple[Any, ...] = (
    pytest.param(b"", True, requests.ReadTimeout, id="silence"),
    pytest.param(b"", False, requests.ConnectionError, id="hung-up"),
    pytest.param(b"no HTTP\r\n\r\n", False, requests.ConnectionError, id="no-http"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        True,
        requests.ConnectionError,
        id="late-body",
    ),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        False,
        ChunkedEncodingError,
        id="half-a-body",
    ),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
        True,
        ContentDecodingError,
        id="broken-compression",
    ),
)
"""The bytes that come, whether the connection stays open, and the error of requests."""
