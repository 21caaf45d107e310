"""Recognize a restored database of Plex, and copy what is known to its new identifier.

Plex gets another identifier when it is installed again, although the restored database has the
same libraries and items. What was written, and what Plex showed before, would be orphaned. A clone
of a server looks the same, so nothing is taken from the old identifier.
"""

from collections.abc import Sequence

from core.log import EventLog
from plex.client import PlexClient
from plex.paths import same_path
from sync_queue.records import RecordPlace, Records

MAX_CHECKED = 1_000
MIN_SHARE = 0.95


def recognize_server(plex: PlexClient, records: Records, log: EventLog) -> bool:
    """Copy the records of the same library under another identifier, once; True if it copied some.

    Sends nothing unless there are records of another server.

    Raises:
        PlexError: Plex failed; nothing was copied.
    """
    server = plex.machine_identifier()
    has_copied = False
    others = records.unchecked_servers(server)
    sections = {section.uuid: section.key for section in plex.sections()} if others else {}
    for old in others:
        # A record of a match override has no path, so it proves nothing.
        places = [place for place in records.places(old) if place.path]
        sample = sample_places([place for place in places if place.section in sections])
        is_same = _shows_same_files(plex, sections, sample)
        copied = records.copy_server(old, server, sections if is_same else {})
        if is_same:
            has_copied = True
            log.warning(
                "server.recognized",
                before=old,
                records=copied.records,
                originals=copied.originals,
            )
    records.mark_checked(server)
    return has_copied


def sample_places(places: Sequence[RecordPlace]) -> list[RecordPlace]:
    """Return all places, or MAX_CHECKED of them that are spread evenly. Pure.

    Examples:
        >>> places = [RecordPlace(7, item, "uuid", "/a.mp4") for item in range(2_500)]
        >>> [place.item for place in sample_places(places)[:3]], len(sample_places(places))
        ([0, 2, 5], 1000)
    """
    ordered = sorted(places, key=lambda place: (place.item, place.scene_id))
    count = min(len(ordered), MAX_CHECKED)
    return [ordered[number * len(ordered) // count] for number in range(count)]


def is_same_library(shown: int, checked: int) -> bool:
    """Return True if enough of the checked items play the file on record. Pure.

    Examples:
        >>> is_same_library(19, 20), is_same_library(18, 20), is_same_library(0, 0)
        (True, False, False)
    """
    return checked > 0 and shown >= MIN_SHARE * checked


def _shows_same_files(
    plex: PlexClient, sections: dict[str, int], sample: Sequence[RecordPlace]
) -> bool:
    shown = 0
    for uuid, key in sections.items():
        here = [place for place in sample if place.section == uuid]
        items = plex.items(key, sorted({place.item for place in here})) if here else {}
        for place in here:
            item = items.get(place.item)
            shown += item is not None and any(same_path(place.path, path) for path in item.files)
    return is_same_library(shown, len(sample))
