"""Posters and backgrounds: uploads are filed by their digest, the newest is selected, the item's
path changes.
"""

from __future__ import annotations

import hashlib

from tests.emulators.plex_model import GENERATED_FRAME, Entry, Image

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def is_image(data: bytes) -> bool:
    """Whether the server can read this as JPEG, PNG or WebP."""
    return data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def generated_poster(rating_key: int) -> Image:
    """The frame that an item shows before an image is uploaded."""
    name = f"{rating_key:040x}"
    key = f"media://{name[0]}/{name[1:]}.bundle/Contents/Thumbnails/thumb1.jpg"
    return Image(key, GENERATED_FRAME, "com.plexapp.agents.localmedia", selected=True)


def upload(entry: Entry, kind: str, data: bytes, now: int, *, dedupe: bool) -> None:
    """Store an image and select it."""
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    key = f"upload://{'posters' if kind == 'posters' else 'art'}/{digest}"
    available = images(entry, kind)
    known = (
        next((image for image in available if image.rating_key == key), None) if dedupe else None
    )
    if known is None:
        known = Image(key, data)
        available.insert(0, known)
    choose(entry, kind, known, now)
    entry.locked = entry.locked | {field(kind)}


def choose(entry: Entry, kind: str, chosen: Image | None, now: int) -> None:
    """Select one image, or none; the path of the item's picture changes with every choice."""
    for image in images(entry, kind):
        image.selected = image is chosen
    name = field(kind)
    old = getattr(entry, name)
    stamp = max(now, int(old.rpartition("/")[2]) + 1 if old else 0)
    setattr(entry, name, f"/library/metadata/{entry.rating_key}/{name}/{stamp}" if chosen else None)
    entry.updated_at = now


def images(entry: Entry, kind: str) -> list[Image]:
    """The images of one kind."""
    return entry.posters if kind == "posters" else entry.arts


def field(kind: str) -> str:
    """The attribute, and the name of the lock, that goes with a kind of image."""
    return "thumb" if kind == "posters" else "art"
