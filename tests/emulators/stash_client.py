"""A small GraphQL client for tests: no redirects, no proxies, nothing kept between calls."""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class GraphqlFailure(Exception):
    """Anything but a clean answer; `status` and `errors` say what came."""

    def __init__(self, status: int, errors: list[Any], data: Any) -> None:
        super().__init__(f"{status}: {errors}")
        self.status = status
        self.errors = errors
        self.data = data


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def open_connection(url: str, timeout: float = 60.0) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    # The emulator's certificate is made on the spot and signed by no authority.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)


def fetch(
    url: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> HttpAnswer:
    connection = open_connection(url, timeout)
    try:
        sent = dict(headers or {})
        if body is not None and path == "/graphql":
            sent.setdefault("Content-Type", "application/json")
        connection.request("GET" if body is None else "POST", path, body, sent)
        answer = connection.getresponse()
        content = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return HttpAnswer(answer.status, dict(answer.getheaders()), content)
    finally:
        connection.close()


def graphql(
    url: str,
    query: str,
    variables: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> dict[str, Any]:
    """The `data` of a clean answer; GraphqlFailure for everything else."""
    body = json.dumps({"query": query, "variables": dict(variables or {})}).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    return _data(fetch(url, "/graphql", body, sent, timeout))


def upload(
    url: str,
    query: str,
    variables: Mapping[str, Any],
    place: str,
    content: bytes,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The same for a query with a file, which stands in the variables at `place`, as `input.file`."""
    parts = {
        "operations": json.dumps({"query": query, "variables": dict(variables)}).encode(),
        "map": json.dumps({"0": [f"variables.{place}"]}).encode(),
        "0": content,
    }
    boundary = "a-line-that-no-file-holds"
    body = b""
    for name, part in parts.items():
        file_name = '; filename="import.zip"' if name == "0" else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n'
        body += head.encode() + b"Content-Transfer-Encoding: binary\r\n\r\n" + part + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    sent = {"Content-Type": f"multipart/form-data; boundary={boundary}", **(headers or {})}
    return _data(fetch(url, "/graphql", body, sent))


def _data(answer: HttpAnswer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except ValueError:
        raise GraphqlFailure(answer.status, [answer.body.decode(errors="replace")], None) from None
    if answer.status != 200 or content.get("errors"):
        raise GraphqlFailure(answer.status, content.get("errors") or [], content.get("data"))
    data: dict[str, Any] = content["data"]
    return data
