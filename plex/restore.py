"""Decides how an item gets back what it showed before PlexSync's first write.

Pure: the originals, a snapshot of the item and its records go in, changes come out. What the user
edited by hand since then stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.field_values import FieldValue, digests, is_empty, same_value
from core.fields import BY_NAME, EDIT_FIELDS, ClearRule, Field, Kind
from core.original import AUTOMATIC, Original
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.field_state import CLEARED
from plex.names import name_key, name_keys, names_of
from plex.plan import Change
from plex.role_texts import restore_roles

_UPLOADED = "upload://"


@dataclass(frozen=True, slots=True)
class Restoration:
    """What to write, and the names of fields that were edited since and therefore stay."""

    changes: tuple[Change, ...]
    edited: tuple[str, ...]


def image_to_restore(original: Original, available: Sequence[tuple[str, bool]]) -> str:
    """Return the name of the image that the item showed before; "" for none.

    Of an image that Plex chose by itself, the first of `available`, its (name, selected) pairs,
    that was not uploaded.

    Examples:
        >>> available = [("upload://posters/1", True), ("media://2", False)]
        >>> image_to_restore(Original(AUTOMATIC, locked=False), available)
        'media://2'
    """
    if original.value is not AUTOMATIC:
        return str(original.value)
    return next((name for name, _ in available if not name.startswith(_UPLOADED)), "")


def originals(
    changes: Iterable[Change], intended: Mapping[str, FieldRecord], item: PlexItem
) -> dict[str, Original]:
    """Return what the changes are about to overwrite; `intended` comes from
    `plan.intended_records`.
    """
    kept = {}
    for change in changes:
        field, known = change.field, intended[change.field.name]
        kept[field.name] = Original(
            value=item.values.get(field.name),
            locked=field.plex in item.locked,
            written_digests=_marks(known),
            added=known.names,
            removed=change.remove,
        )
    return kept


def plan_restoration(
    kept: Mapping[str, Original], item: PlexItem, records: Iterable[SyncRecord]
) -> Restoration:
    """Return what must be written so that `item` shows its originals.

    `records` are all of this item's.
    """
    written = list(records)
    changes: list[Change] = []
    edited = []
    for field in (field for field in EDIT_FIELDS if field.name in kept):
        original = replace(kept[field.name], locked=_was_locked(field, kept))
        present = item.values.get(field.name)
        known = [record.fields[field.name] for record in written if field.name in record.fields]
        marks = {*original.written_digests, *(mark for one in known for mark in _marks(one))}
        is_ours = not marks.isdisjoint(digest or CLEARED for digest in digests(field.kind, present))
        if field.kind is Kind.ROLES:
            change = _restore_roles(field, original, item, known, changes)
            changes += [] if change is None else [change]
            continue
        if field.kind is Kind.NAMES:
            change = _restore_names(field, original, present, known)
        else:
            change = Change(field, original.value, lock=original.locked) if is_ours else None
            if change is None and not same_value(field.kind, original.value, present):
                edited.append(field.name)
        if change is None and is_ours:
            change = Change(field, present, lock=original.locked)
        if change is not None and _is_needed(change, item):
            changes.append(change)
    return Restoration(tuple(changes), tuple(edited))


def _was_locked(field: Field, kept: Mapping[str, Original]) -> bool:
    """Return True if the field was locked before PlexSync wrote any that shares its lock."""
    sharing = (BY_NAME[name].plex == field.plex for name in kept)
    return all(
        original.locked for original, shares in zip(kept.values(), sharing, strict=True) if shares
    )


def _marks(known: FieldRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (known.pushed, known.verified, known.intended))))


def _is_needed(change: Change, item: PlexItem) -> bool:
    """Whether the change makes a difference; an item is never left without a title."""
    if change.field.clear_rule is ClearRule.NEVER and is_empty(change.value):
        return False
    is_same = same_value(change.field.kind, change.value, item.values.get(change.field.name))
    return not is_same or change.lock != (change.field.plex in item.locked)


def _restore_names(
    field: Field, original: Original, present: FieldValue, known: Iterable[FieldRecord]
) -> Change | None:
    """Take off what PlexSync put there, put back what it took off; names of others stay."""
    before, now = _by_key(original.value), _by_key(present)
    ours = _by_key((*original.added, *(name for one in known for name in one.names)))
    taken = _by_key(original.removed)
    remove = tuple(
        name for name in _unique(present) if name_key(name) in ours and name_key(name) not in before
    )
    back = {key: name for key, name in before.items() if key in taken and key not in now}
    if not remove and not back:
        return None
    staying = {key: name for key, name in now.items() if name not in remove}
    in_order = {
        key: staying.get(key, name) for key, name in before.items() if key in staying or key in back
    }
    return Change(field, tuple({**in_order, **staying}.values()), remove, original.locked)


def _restore_roles(
    field: Field,
    original: Original,
    item: PlexItem,
    known: Iterable[FieldRecord],
    changes: Sequence[Change],
) -> Change | None:
    """Give roles the texts they had, beside the names that are restored with them."""
    names = next((one for one in changes if one.field.name == field.texts_of), None)
    present = item.values.get(field.texts_of)
    actors = names_of(names.value if names else present)
    edit = restore_roles(
        original.value,
        item.values.get(field.name),
        (*original.added, *(entry for one in known for entry in one.names)),
        actors,
        name_keys(actors) - name_keys(present),
    )
    has_other_lock = original.locked != (field.plex in item.locked)
    if names is None and not has_other_lock and (edit is None or edit.keeps):
        return None
    if edit is None:
        # The change of the names, if there is one, takes the lock off.
        return None if names else Change(field, actors, lock=original.locked)
    return Change(field, edit.entries, lock=original.locked)


def _by_key(value: FieldValue) -> dict[str, str]:
    """Names by the form in which they are compared, each in the spelling that comes first."""
    names: dict[str, str] = {}
    for name in _unique(value):
        names.setdefault(name_key(name), name)
    names.pop("", None)
    return names


def _unique(value: FieldValue) -> tuple[str, ...]:
    """Every spelling of every name."""
    return tuple(dict.fromkeys(value)) if isinstance(value, tuple) else ()
