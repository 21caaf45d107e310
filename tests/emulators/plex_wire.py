"""Requests and answers as values, so that routes can be written without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, unquote_plus

XML_TYPE = "text/xml;charset=utf-8"
HTML_TYPE = "text/html"


@dataclass
class Response:
    """An answer, ready to be sent."""

    status: int = 200
    body: bytes = b""
    content_type: str = HTML_TYPE
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request that ends with an error status."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class Query:
    """The arguments of a request in the order they came, decoded once."""

    def __init__(self, raw: str) -> None:
        self.pairs = [_pair(chunk) for chunk in raw.split("&") if chunk]

    def get(self, name: str) -> str | None:
        """The last value of an argument."""
        return next((value for key, value in reversed(self.pairs) if key == name), None)

    def flag(self, name: str) -> bool:
        """Whether a yes-or-no argument says yes."""
        return self.get(name) == "1"

    def names(self, name: str) -> frozenset[str]:
        """The members of a list argument."""
        return frozenset((self.get(name) or "").split(",")) - {""}


def _pair(chunk: str) -> tuple[str, str]:
    name, _, value = chunk.partition("=")
    if value.startswith("=") and "." not in name:
        # The operators `==` and `!==`, written raw: the second sign belongs to the name.
        name, value = name + "=", value[1:]
    return unquote_plus(name), unquote_plus(value)


@dataclass
class Request:
    """One request; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    path: str = field(init=False)
    query: Query = field(init=False)

    def __post_init__(self) -> None:
        path, _, raw = self.target.partition("?")
        self.path = unquote(path)
        self.query = Query(raw)

    def argument(self, name: str) -> str | None:
        """An `X-Plex-...` value, which may come in the query or as a header."""
        value = self.query.get(name)
        return self.headers.get(name.lower()) if value is None else value

    def paging(self) -> tuple[int, int | None]:
        """Offset and page size; the size is None when none was sent."""
        start = number(self.argument("X-Plex-Container-Start") or "0")
        size = self.argument("X-Plex-Container-Size")
        return max(start, 0), None if size is None else max(number(size), 0)


def number(text: str) -> int:
    """An integer argument; anything else is a bad request."""
    try:
        return int(text)
    except ValueError as error:
        raise RefusedError(400, f"not a number: {text[:40]}") from error


def phrase(status: int) -> str:
    """The words that go with a status, also for codes outside the standard."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def html_error(status: int) -> Response:
    """The short page that the server sends with most errors."""
    title = phrase(status)
    page = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Response(status, page.encode())
