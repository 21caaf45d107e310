"""Compare what Plex shows after a write with what was written. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from core.field_values import FieldValue, digest, is_empty, same_value
from core.fields import EDIT_FIELDS, Field, Kind
from core.plex_item import PlexItem
from core.record import FieldRecord
from plex.names import names_without
from plex.plan import Change
from plex.role_texts import lost_texts


def verify(
    record_fields: Mapping[str, FieldRecord],
    desired: Mapping[str, FieldValue],
    item_after: PlexItem,
    removed: Mapping[str, tuple[str, ...]],
) -> tuple[dict[str, FieldRecord], tuple[str, ...]]:
    """Return the records with what Plex shows now, and the fields that Plex did not keep.

    `removed` are the names that were taken off, by field.
    """
    records, lost = dict(record_fields), []
    for field in EDIT_FIELDS:
        name = field.name
        if name not in records or name not in desired:
            continue
        present = item_after.values.get(name)
        is_kept = _is_kept(field, desired[name], item_after, removed.get(name, ()))
        known = records[name]
        records[name] = replace(
            known,
            verified=digest(field.kind, present),
            history=known.history.verified(is_kept=is_kept),
        )
        if not is_kept:
            lost.append(name)
    return records, tuple(lost)


def written_values(
    desired: Mapping[str, FieldValue], changes: Iterable[Change]
) -> dict[str, FieldValue]:
    """Return what an item shows once the changes are written, as far as it is desired.

    Texts of roles that a user has entered in Plex may stay, so they are what the change has.
    """
    roles = {one.field.name: one.value for one in changes if one.field.kind is Kind.ROLES}
    return {**desired, **roles}


def _is_kept(field: Field, desired: FieldValue, item: PlexItem, removed: tuple[str, ...]) -> bool:
    present = item.values.get(field.name)
    if field.derived_from and is_empty(desired):
        return True  # Plex shows the value that it derives
    if field.kind is Kind.ROLES:
        return not lost_texts(desired, present, item.values.get(field.texts_of))
    if field.kind is not Kind.NAMES:
        return same_value(field.kind, desired, present)
    # A name that was taken off and is still there would be taken off for ever.
    is_gone = len(names_without(removed, present)) == len(set(removed))
    return is_gone and not names_without(desired, present)
