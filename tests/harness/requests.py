"""Read what a recorded request to Plex does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.emulators.plex_http import RequestRecord

_IMAGE_PATH = re.compile(r"/library/metadata/(\d+)/(?:posters?|arts?)")


def is_item_edit(record: RequestRecord) -> bool:
    """Return True for a PUT that edits the fields of items."""
    return record.method == "PUT" and "/all?" in record.target


def is_image_upload(record: RequestRecord) -> bool:
    """Return True for a request that uploads or selects an image."""
    return record.method != "GET" and _IMAGE_PATH.match(record.path) is not None


def is_of_kind(record: RequestRecord, kind: str) -> bool:
    """Return True when a request is an "edit", an "image" upload, any "write" or a "read"."""
    if kind == "edit":
        return is_item_edit(record)
    if kind == "image":
        return is_image_upload(record)
    return (record.method == "GET") == (kind == "read")


def edited_item(record: RequestRecord) -> int | None:
    """Return the only item that an edit names; None when it names several or none."""
    key = arguments(record).get("id", "")
    return int(key) if key.isdigit() else None


def written_items(records: Iterable[RequestRecord]) -> set[int]:
    """Return the rating keys that these requests write to."""
    keys: set[int] = set()
    for record in records:
        image = _IMAGE_PATH.match(record.path)
        if image is not None:
            keys.add(int(image[1]))
        for part in arguments(record).get("id", "").split(","):
            if part:
                keys.add(int(part))
    return keys


def arguments(record: RequestRecord) -> dict[str, str]:
    """Return the arguments of a request, decoded once."""
    return dict(parse_qsl(urlsplit(record.target).query, keep_blank_values=True))


def sent_names(record: RequestRecord, kind: str) -> list[str]:
    """Return the names a PUT adds, in the order of their numbers."""
    names = {
        int(name[len(kind) + 1 :].partition("]")[0]): value
        for name, value in arguments(record).items()
        if name.startswith(f"{kind}[") and name.endswith(".tag.tag")
    }
    return [names[number] for number in sorted(names)]


def removed_names(record: RequestRecord, kind: str) -> list[str]:
    """Return the names a PUT removes."""
    text = arguments(record).get(f"{kind}[].tag.tag-", "")
    return [unquote(part) for part in text.split(",")] if text else []
