"""Decide which locks of PlexSync are taken off again, and what is recorded of them. Pure.

Plex does not say who locked a field. A lock counts as PlexSync's if the field was unlocked before
the first write and PlexSync has not left it unlocked since. It is taken off with the next edit of
the item; no request is sent for that alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.fields import EDIT_FIELDS, Field, LockRule
from core.original import Original
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.plan import Change, WriteRules, should_lock

_RELEASABLE = tuple(field for field in EDIT_FIELDS if field.lock_rule is LockRule.LOCK_COLLECTIONS)


def own_locks(item: PlexItem, record: SyncRecord | None, rules: WriteRules) -> tuple[Field, ...]:
    """Return the locked fields that the settings leave unlocked and PlexSync may have locked.

    The originals decide; reading them costs a statement, so ask here first. A record of version 1.1
    does not say what was sent.
    """
    known = record.fields if record else {}
    return tuple(
        field
        for field in _RELEASABLE
        if field.plex in item.locked
        and not should_lock(field, rules)
        and field.name in known
        and known[field.name].locked is not False
    )


def release_locks(
    changes: Sequence[Change], locks: Collection[Field], kept: Mapping[str, Original]
) -> tuple[Change, ...]:
    """Return the changes with the removal of these locks, where the original was unlocked.

    `changes` must not be empty; a field that is not among them is unlocked with the first one.
    """
    released = {field for field in locks if field.name in kept and not kept[field.name].locked}
    if not released:
        return tuple(changes)
    unlocked = [
        replace(change, lock=False) if change.field in released else change for change in changes
    ]
    others = released - {change.field for change in changes}
    unlocked[0] = replace(unlocked[0], unlocks=tuple(sorted(others, key=lambda field: field.name)))
    return tuple(unlocked)


def with_locks(
    fields: Mapping[str, FieldRecord], changes: Collection[Change], stored: SyncRecord | None
) -> dict[str, FieldRecord]:
    """Return the records after a write, with the lock that each releasable field has been sent."""
    before = stored.fields if stored else {}
    sent = {change.field: change.lock for change in changes}
    sent.update({field: False for change in changes for field in change.unlocks})
    records = dict(fields)
    for field in _RELEASABLE:
        known = records.get(field.name, before.get(field.name))
        if known is None:
            continue
        earlier = before[field.name].locked if field.name in before else None
        locked = sent.get(field, earlier)
        if locked != known.locked:
            records[field.name] = replace(known, locked=locked)
    return records
