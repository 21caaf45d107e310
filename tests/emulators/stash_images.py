"""Covers and portraits as Stash serves them: sniffed type, MD5 as ETag, a drawing where there is no
cover.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass

PLACEHOLDER = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720"><rect width="1280" height="720"/></svg>'
_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}


@dataclass(frozen=True)
class Image:
    content: bytes
    content_type: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


def cover_image(content: bytes | None) -> Image:
    return (
        Image(PLACEHOLDER, "image/svg+xml") if content is None else Image(content, sniffed(content))
    )


def portrait(content: bytes | None) -> Image:
    """A missing portrait looks like a real one; only its URL says that it is not."""
    made = png() if content is None else content
    return Image(made, sniffed(made))


def sniffed(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    known = (kind for start, kind in _SIGNATURES.items() if content.startswith(start))
    return next(known, "application/octet-stream")


def png(grey: int = 128) -> bytes:
    """A real picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(bytes([0, grey]))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    )
