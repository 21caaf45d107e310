"""Read the head of a usual request directly: the parser of e-mails takes longer than an answer."""

from __future__ import annotations

import re
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any

from requests.structures import CaseInsensitiveDict

_END = b"\r\n\r\n"
_REQUEST = re.compile(r"([A-Z]+) (/(?!/)[^ \r\n]*) HTTP/1\.1\r\n")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)")


class LightHandler(BaseHTTPRequestHandler):
    """Serves one connection; what is not usual is read as the standard library reads it."""

    raw_requestline: bytes

    def handle(self) -> None:
        """Serve the connection in its thread, which coverage does not measure."""
        sys.settrace(None)
        super().handle()

    def parse_request(self) -> bool:
        """Read the head, of which the first line was read; return False after an error's answer."""
        first = _REQUEST.fullmatch(str(self.raw_requestline, "latin-1"))
        # What has arrived, without taking it.
        rest: bytes = self.rfile.peek()  # type: ignore[attr-defined]
        head, end, _ = rest.partition(_END)
        headers = _headers(head.decode("latin-1")) if first and end else None
        if first is None or headers is None:
            return super().parse_request()
        self.rfile.read(len(head) + len(_END))
        self.requestline = first[0].rstrip("\r\n")
        self.command, self.path = first[1], first[2]
        self.request_version = "HTTP/1.1"
        self.headers = headers
        self.close_connection = headers.get("Connection", "").lower() == "close"
        return True


def _headers(text: str) -> Any:
    """Return the headers, whose names have no case; None if one of them is unusual."""
    found = [_HEADER.fullmatch(line) for line in text.split("\r\n")]
    pairs = [(each[1], each[2]) for each in found if each is not None]
    headers = CaseInsensitiveDict(pairs)
    is_usual = len(pairs) == len(found) == len(headers) and "Expect" not in headers
    return headers if is_usual else None
