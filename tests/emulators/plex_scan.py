"""What a scan does: new files become items, missing ones go to the trash, found ones come back."""

from __future__ import annotations

import uuid
from typing import Protocol

from tests.emulators.plex_model import Item, Scan, Section, is_below
from tests.emulators.plex_switches import PlexSwitches

Disk = dict[str, int]
_VIDEO = (".mp4", ".mkv", ".avi", ".m4v", ".mov", ".wmv", ".webm", ".mpg", ".ts", ".flv")


class Scannable(Protocol):
    """What a scan needs of the library."""

    disk: Disk
    switches: PlexSwitches

    @property
    def now(self) -> int:
        """The server's time."""

    def add_scanned(self, section: Section, path: str) -> int:
        """Add an item for a file."""

    def remove_item(self, rating_key: int) -> None:
        """Remove an item."""


def start_scan(section: Section, path: str | None, ends_at: float) -> None:
    """Note a scan that runs; for a file its folder is scanned, for a foreign folder nothing
    happens.
    """
    if path is not None:
        if path.lower().endswith(_VIDEO):
            path = (
                path.replace("\\", "/").rpartition("/")[0]
                if "/" in path
                else path.rpartition("\\")[0]
            )
        if not section.holds(path):
            return
    section.scans.append(Scan(str(uuid.uuid4()), ends_at, path))


def finish_scan(library: Scannable, section: Section, path: str | None) -> list[int]:
    """Bring the section in line with the disk; the keys of new items are returned."""
    now = library.now
    section.scanned_at = now
    for item in list(section.items.values()):
        _check_files(library, section, item, path, now)
    known = {part.file for item in section.items.values() for part in item.parts}
    fresh = [
        file
        for file in library.disk
        if file not in known and section.holds(file) and (path is None or is_below(file, path))
    ]
    return [library.add_scanned(section, file) for file in fresh]


def _check_files(
    library: Scannable, section: Section, item: Item, path: str | None, now: int
) -> None:
    if path is not None and not any(is_below(part.file, path) for part in item.parts):
        return
    changed = False
    for part in item.parts:
        exists = part.file in library.disk
        changed = changed or exists != part.exists
        part.exists = exists
    if changed:
        gone = not any(part.exists for part in item.parts)
        item.deleted_at = now if gone else None
        section.content_changed_at += 1
    if item.deleted_at is not None and library.switches.auto_empty_trash:
        library.remove_item(item.rating_key)
