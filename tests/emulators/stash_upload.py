"""Reads a query that comes with a file: `multipart/form-data` with `operations`, `map` and the file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any


@dataclass(frozen=True)
class Upload:
    """A file that came with a query."""

    content: bytes = field(repr=False)


def read_multipart(content_type: str, body: bytes) -> Any:
    """Return the query as JSON would have brought it, an `Upload` in each place that `map` names.

    ValueError where the form is not such a one.
    """
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts: dict[str, bytes] = {}
    for part in message_from_bytes(head + body, policy=HTTP).iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        parts[str(name)] = content if isinstance(content, bytes) else b""
    if not {"operations", "map"} <= parts.keys():
        raise ValueError("no operations")
    query = json.loads(parts["operations"])
    for name, places in json.loads(parts["map"]).items():
        for place in places:
            *above, last = place.split(".")
            owner = query
            for key in above:
                owner = owner[key]
            owner[last] = Upload(parts[name])
    return query
