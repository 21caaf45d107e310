"""What Stash reads of a request's headers: which form of answer is wanted, and where it comes from.

GraphQL answers as gqlgen 0.17.73 makes them, the headers for other origins as go-chi/cors 1.2.1 with
everything allowed: both as in Stash v0.31.0.
"""

from __future__ import annotations

from email.message import Message

PLAIN = "application/json"
NEWER = "application/graphql-response+json"
FORM = "multipart/form-data"
_ASKS_FOR = {"*/*": NEWER, "application/*": NEWER, NEWER: NEWER, PLAIN: PLAIN}
_METHODS = "HEAD, GET, POST, PUT, PATCH, DELETE"


def answer_type(accept: str | None) -> str:
    """Return the content type of a GraphQL answer: that of the first form that is known."""
    for part in (accept or "").split(","):
        kind = _media_type(part)
        if kind in _ASKS_FOR:
            return _ASKS_FOR[kind]
    return PLAIN


def refusal_status(accept: str | None) -> int:
    """Return the status for a query that cannot be parsed or does not fit the schema."""
    return 400 if answer_type(accept) == NEWER else 422


def is_json(content_type: str | None) -> bool:
    """Return True if a posted body is taken for a query."""
    return _media_type(content_type or "") == PLAIN


def is_form(content_type: str | None) -> bool:
    """Return True if a posted body is a form, the only way to send a file with a query."""
    return _media_type(content_type or "") == FORM


def origin_headers(origin: str | None) -> dict[str, str]:
    """Return what lets a page of any origin read the answer."""
    headers = {"Vary": "Origin", "X-Content-Type-Options": "nosniff"}
    if origin:
        headers["Access-Control-Allow-Origin"] = "*"
    return headers


def preflight_headers(headers: Message) -> dict[str, str] | None:
    """Return the answer to a browser that asks before it sends; None for any other request."""
    method = headers.get("Access-Control-Request-Method")
    if not method:
        return None
    answer = {"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}
    if headers.get("Origin") and method.upper() in _METHODS.split(", "):
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Allow-Methods"] = method.upper()
        wanted = headers.get("Access-Control-Request-Headers")
        if wanted:
            answer["Access-Control-Allow-Headers"] = wanted
    return answer


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()
