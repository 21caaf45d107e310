"""A plugin's browser files: scripts and styles in one piece each, and its published folders."""

from __future__ import annotations

import hashlib
import html
import mimetypes
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from tests.emulators.stash_plugins import Plugin

_TYPES = {"javascript": "text/javascript", "css": "text/css"}


@dataclass
class PluginFile:
    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def plugin_file(plugin: Plugin, kind: str, rest: str, known_etags: str) -> PluginFile:
    if kind in _TYPES:
        return _joined(plugin, kind, known_etags)
    return _asset(plugin, rest) if kind == "assets" else PluginFile(404)


def _joined(plugin: Plugin, kind: str, known_etags: str) -> PluginFile:
    entries = plugin.ui.javascript if kind == "javascript" else plugin.ui.css
    local = [each for each in entries if not each.startswith(("http://", "https://"))]
    try:
        body = b"".join((plugin.folder / each).read_bytes() + b"\n" for each in local)
    except OSError as error:
        return PluginFile(500, str(error).encode())
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in known_etags:
        return PluginFile(304, headers=headers)
    return PluginFile(200, body, _TYPES[kind], headers)


def _asset(plugin: Plugin, rest: str) -> PluginFile:
    """The longest fitting prefix wins and `/` is the fallback; prefixes are compared as plain text."""
    prefixes = [each for each in plugin.ui.assets if each.startswith("/") and rest.startswith(each)]
    if not prefixes:
        return PluginFile(404)
    prefix = max(prefixes, key=len)
    folder = (plugin.folder / plugin.ui.assets[prefix]).resolve()
    desired = (folder / rest[len(prefix) :].lstrip("/")).resolve()
    if not desired.is_relative_to(folder) or not desired.exists():
        return PluginFile(404, b"404 page not found")
    return _listing(desired) if desired.is_dir() else _content(desired)


def _listing(folder: Path) -> PluginFile:
    names = sorted(each.name + ("/" if each.is_dir() else "") for each in folder.iterdir())
    lines = [f'<a href="{html.escape(each)}">{html.escape(each)}</a>' for each in names]
    return PluginFile(
        200, "\n".join(["<pre>", *lines, "</pre>"]).encode(), "text/html; charset=utf-8"
    )


def _content(path: Path) -> PluginFile:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    changed = formatdate(path.stat().st_mtime, usegmt=True)
    return PluginFile(200, path.read_bytes(), kind, {"Last-Modified": changed})
