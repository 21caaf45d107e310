"""Serve the emulated page of Stash: its index for every address, its own files, and its headers.

The page itself is in `ui/emulator`; `node ui/build.mjs --emulator` builds it.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path, PurePosixPath

from tests.emulators.stash_answer import Answer

FOLDER = Path(__file__).resolve().parent.parent.parent / "ui" / "emulator"
BUILT = FOLDER / "built"
ASSETS = "/assets/"
# What Stash sends with its page.
SECURITY_POLICY = "; ".join(
    [
        "default-src data: 'self' 'unsafe-inline'",
        "connect-src data: 'self' ws: wss:",
        "img-src data: *",
        "script-src 'self' http://www.gstatic.com https://www.gstatic.com"
        " 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "media-src blob: 'self'",
        "worker-src blob:",
        "child-src 'none'",
        "object-src 'none'",
        "form-action 'self'",
    ]
)


def page_answer(path: str) -> Answer:
    """Return the page for any address, or one of its files; 404 for another file."""
    if path.startswith(ASSETS):
        return _asset(path.removeprefix(ASSETS))
    if PurePosixPath(path).suffix:
        return Answer(404)
    index = (FOLDER / "index.html").read_bytes()
    headers = {
        "Content-Security-Policy": SECURITY_POLICY,
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
    return Answer(200, index, "text/html; charset=utf-8", headers)


def _asset(name: str) -> Answer:
    file = (BUILT / name).resolve()
    if not file.is_relative_to(BUILT) or not file.is_file():
        return Answer(404)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Answer(200, file.read_bytes(), kind)
