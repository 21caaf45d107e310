"""Decide which scene owns an item that several scenes match."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.paths import same_path
from stash.client import StashClient
from sync.batch_records import BatchRecords
from sync_queue.records import UNASSIGNED

_SCENES_PER_QUERY = 100


@dataclass(slots=True)
class Ownership:
    """What decides who owns an item, besides the records.

    Attributes:
        overrides: the user's match overrides, rating key by scene id.
        claims: the scene that matched an item without a record first, by rating key.
        existing: scenes that Stash was seen to have.
        deleted: scenes that Stash no longer has, although a record of theirs is kept.
    """

    overrides: Mapping[int, int]
    claims: dict[int, int] = field(default_factory=dict)
    existing: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)


def owner_of(
    scene_id: int, item: PlexItem, records: BatchRecords, ownership: Ownership
) -> int | None:
    """Return the other scene that owns the item; None when this one does. Pure.

    A match override decides; else the scene that a record names, as long as Stash has it; else the
    scene that claimed the item.
    """
    pinned = _pinned_scenes(item, ownership)
    if pinned:
        return None if scene_id in pinned else min(pinned)
    recorded = _recorded_scenes(item, records)
    if scene_id in recorded:
        return None
    for owner in recorded:
        if owner not in ownership.deleted:
            return owner
    claimed_by = ownership.claims.get(item.rating_key, scene_id)
    return claimed_by if claimed_by < scene_id else None


def unchecked_owners(
    scene_id: int, item: PlexItem, records: BatchRecords, ownership: Ownership
) -> set[int]:
    """Return the scenes whose existence decides who owns the item and is not known yet. Pure."""
    recorded = _recorded_scenes(item, records)
    if scene_id in recorded or _pinned_scenes(item, ownership):
        return set()
    return set(recorded) - ownership.existing - ownership.deleted


def check_owners(stash: StashClient, ownership: Ownership, scene_ids: Iterable[int]) -> None:
    """Ask Stash which of these scenes exist, a hundred in one request.

    A record outlives its scene where no hook reported the deletion.

    Raises:
        StashUnavailable: Stash did not answer.
    """
    unknown = sorted(scene_ids)
    for start in range(0, len(unknown), _SCENES_PER_QUERY):
        answers = stash.scenes(unknown[start : start + _SCENES_PER_QUERY])
        for scene_id, answer in answers.items():
            (ownership.deleted if answer is None else ownership.existing).add(scene_id)


def records_of_played_files(item: PlexItem, records: BatchRecords) -> list[SyncRecord]:
    """Return the records of files that the item still plays, lowest scene id first."""
    return [
        record
        for record in records.of_item(item.rating_key)
        if record.scene_id != UNASSIGNED
        and any(same_path(record.path, path) for path in item.files)
    ]


def _pinned_scenes(item: PlexItem, ownership: Ownership) -> list[int]:
    return [scene for scene, key in ownership.overrides.items() if key == item.rating_key]


def _recorded_scenes(item: PlexItem, records: BatchRecords) -> list[int]:
    return [record.scene_id for record in records_of_played_files(item, records)]
