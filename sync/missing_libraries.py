"""Decide about scenes that may be in a library which is configured, but missing in Plex."""

from collections.abc import Iterable

from core.errors import LibraryMissing
from core.record import SyncRecord
from plex.finder import Finder
from sync.batch_records import BatchRecords


def library_missing(names: Iterable[str]) -> LibraryMissing:
    """Return the error of a scene that waits for these libraries."""
    return LibraryMissing(f"Plex has no movie library named {', '.join(names)}")


def settle_records(
    records: BatchRecords, scene_id: int, items: Iterable[int], finder: Finder
) -> None:
    """Remove the scene's records on items other than these; it is no longer matched with them.

    Raises:
        LibraryMissing: a record is in a library that may be the missing one. Nothing was removed.
    """
    recorded = records.of_scene(scene_id)
    check_libraries(recorded, finder)
    if finder.missing_libraries:
        return
    kept = frozenset(items)
    for record in recorded:
        if record.item not in kept:
            records.forget_item(scene_id, record.item)


def check_libraries(records: Iterable[SyncRecord], finder: Finder) -> None:
    """Check that no record is in a library that may be a missing one.

    Raises:
        LibraryMissing: one may be.
    """
    if not finder.missing_libraries:
        return
    known = {section.uuid for section in finder.sections}
    if any(_is_elsewhere(record, known) for record in records):
        raise library_missing(finder.missing_libraries)


def _is_elsewhere(record: SyncRecord, sections: Iterable[str]) -> bool:
    return bool(record.section) and record.section not in sections
