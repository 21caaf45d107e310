"""What the demo shows: one scene, what Stash holds, what Plex held and what Plex holds now."""

from __future__ import annotations

import hashlib
import shutil
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence

from tests.emulators.plex_model import GENERATED_FRAME, Item
from tests.emulators.stash_model import SceneView

NOTHING = "-"
_LABEL_CHARS = 12
_WIDEST = 132

Values = Mapping[str, str]
"""What one side holds of a scene, by the label a user reads, in one spelling for both sides."""


def stash_values(scene: SceneView) -> dict[str, str]:
    """What Stash holds, in the words in which Plex should hold it."""
    return {
        "title": scene.title or NOTHING,
        "studio": scene.studio or NOTHING,
        "summary": scene.details or NOTHING,
        "date": scene.date or NOTHING,
        "actors": _names(scene.performers),
        "genres": _names(scene.tags),
        "collection": scene.studio or NOTHING,
        "poster": _picture(scene.cover),
    }


def plex_values(item: Item | None) -> dict[str, str]:
    """What Plex holds; nothing at all while no item plays the file."""
    if item is None:
        return {}
    return {
        "title": item.title,
        "studio": item.studio or NOTHING,
        "summary": item.summary or NOTHING,
        "date": item.date or NOTHING,
        "actors": _names(item.roles),
        "genres": _names(item.genres),
        "collection": _names(item.collections),
        "poster": _picture(item.poster_bytes),
    }


class Screen:
    """Prints to a terminal or a file, always the plain text."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._width = min(_WIDEST, max(80, shutil.get_terminal_size((100, 24)).columns))
        self._is_bold = sys.stdout.isatty()

    def show(self, text: str = "") -> None:
        """A line or several, wrapped at words."""
        for line in text.splitlines() or [""]:
            print(textwrap.fill(line, self._width) if line else "", flush=True)

    def heading(self, number: int, title: str) -> None:
        """The heading of one step."""
        self.show()
        head = f"--- {number}. {title} "
        rule = head + "-" * (self._width - len(head))
        print(f"\033[1m{rule}\033[0m" if self._is_bold else rule, flush=True)

    def timed(self, text: str, since: float) -> None:
        """A line that ends a wait: how long it took, and how long the demo has been running."""
        now = time.monotonic()
        self.show(
            f"{text} after {now - since:.1f} s   [{now - self._started:.0f} s since the start]"
        )

    def scene(self, head: str, stash: Values, before: Values, now: Values) -> None:
        """The three columns of one scene; a row that moved in Plex is marked."""
        self.show()
        self.show(head)
        self._row("", "Stash holds", "Plex held", "Plex holds now")
        for label, value in stash.items():
            held, holds = before.get(label, "(no item)"), now.get(label, "(no item)")
            mark = "*" if held != holds else " "
            self._row(f"{mark} {label}", value, held, holds)

    def log_lines(self, lines: Sequence[str]) -> None:
        """Lines of a log, indented."""
        for line in lines:
            print(
                textwrap.fill(line, self._width, initial_indent="  | ", subsequent_indent="  |   "),
                flush=True,
            )

    def _row(self, label: str, *cells: str) -> None:
        room = (self._width - _LABEL_CHARS - 3 * 2) // 3
        shown = [_cut(cell, room).ljust(room) for cell in cells]
        print("  ".join([label.ljust(_LABEL_CHARS), *shown]).rstrip(), flush=True)


def _names(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or NOTHING


def _picture(data: bytes | None) -> str:
    if data is None:
        return NOTHING
    if data == GENERATED_FRAME:
        return "a frame of the video"
    return "picture " + hashlib.sha1(data, usedforsecurity=False).hexdigest()[:8]


def _cut(text: str, room: int) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= room else one_line[: room - 3] + "..."
