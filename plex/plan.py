"""Decides what must be written so that an item shows its scene, and what to record of it.

Pure: desired values, a snapshot of the item and its record go in, changes come out. The record
separates PlexSync's own values from the user's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from core.field_values import FieldValue, digest, digests, normal_form, same_value
from core.fields import EDIT_FIELDS, ClearRule, Field, Kind, LockRule, RemovalRule
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.names import distinct, name_key, name_keys, names_of, names_without, spelled_as
from plex.paths import file_stem

CLEARED = "0" * 16  # the digest of an intended clearing; "" means that nothing is intended


@dataclass(frozen=True, slots=True)
class WriteRules:
    """The settings that decide what may be overwritten.

    Attributes:
        preserve_plex_edits: values and names that the user entered in Plex stay.
        lock_fields: what is written is locked against Plex's own agents.
        lock_collections: that holds for collections as well.
        quality_gate: a scene that is not identified yet clears nothing but what PlexSync wrote.
    """

    preserve_plex_edits: bool = False
    lock_fields: bool = True
    lock_collections: bool = False
    quality_gate: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One field to write. An empty value clears it.

    For NAMES, `value` is every name the item should have afterwards, the scene's first, and
    `remove` what must go, as Plex spells it: right whether Plex adds names to those present or
    replaces them. `unlocks` are other fields of the item whose lock is taken off with it.
    """

    field: Field
    value: FieldValue
    remove: tuple[str, ...] = ()
    lock: bool = True
    unlocks: tuple[Field, ...] = ()


class _FieldState(NamedTuple):
    """One field on one item, with all that its decision hangs on."""

    field: Field
    desired: FieldValue
    present: FieldValue
    known: FieldRecord | None
    is_locked: bool

    @property
    def clears(self) -> bool:
        return not normal_form(self.field.kind, self.desired)

    @property
    def is_ours(self) -> bool:
        """Return True if PlexSync set a value here and Plex still shows it."""
        if self.known is None or not normal_form(self.field.kind, self.present):
            return False
        now = digests(self.field.kind, self.present)
        return self.known.intended in now or (
            self.known.pushed != "" and not now.isdisjoint((self.known.pushed, self.known.verified))
        )

    @property
    def is_known(self) -> bool:
        """Return True if Plex shows what the record says."""
        if self.known is None:
            return False
        marks = {self.known.pushed, self.known.verified}
        if self.known.intended:
            marks.add("" if self.known.intended == CLEARED else self.known.intended)
        return not marks.isdisjoint(digests(self.field.kind, self.present))


def plan_changes(
    desired: Mapping[str, FieldValue],
    item: PlexItem,
    record: SyncRecord | None,
    rules: WriteRules,
    *,
    identified: bool,
) -> tuple[Change, ...]:
    """Return what must be written so that `item` shows `desired`; () if nothing differs. Pure.

    At most one change per field, in table order. Disabled fields are not in `desired`, and its
    values are already cut to what can be sent. `record` is this item's, or None.

    Examples:
        >>> item = PlexItem(9137, 1, "x", ("/media/x.mp4",), {"title": "x", "tags": ("day", "old")})
        >>> desired = {"title": "Night Train", "tags": ("day", "night")}
        >>> for change in plan_changes(desired, item, None, WriteRules(), identified=True):
        ...     print(change.field.name, change.value, change.remove)
        title Night Train ()
        tags ('day', 'night') ('old',)
    """
    is_gated = rules.quality_gate and not identified
    changes = []
    for case in _cases(desired, item, record):
        change = _names_change if case.field.kind is Kind.NAMES else _scalar_change
        planned = change(case, item, rules, is_gated)
        if planned:
            changes.append(planned)
    return tuple(changes)


def intended_records(
    changes: tuple[Change, ...],
    desired: Mapping[str, FieldValue],
    item: PlexItem,
    record: SyncRecord | None,
) -> dict[str, FieldRecord]:
    """Return what to record before the changes are written: a killed worker's writes stay known.

    What was pushed and verified before stays recorded, in case the request never left.
    """
    changed = {change.field.name for change in changes}
    intended = {}
    for case in _cases(desired, item, record):
        if case.field.name in changed:
            known = case.known or FieldRecord("", digest(case.field.kind, case.present))
            names = distinct((*known.names, *_owned_names(case)))
            intended[case.field.name] = replace(
                known, intended=digest(case.field.kind, case.desired) or CLEARED, names=names
            )
    return intended


def field_records(
    changes: tuple[Change, ...],
    desired: Mapping[str, FieldValue],
    item_before: PlexItem,
    record: SyncRecord | None,
) -> dict[str, FieldRecord]:
    """Return what to record once the changes are written: every desired field that now agrees.

    A changed field has nothing *verified* until `verify`. Fields that were left alone although they
    differ are not in the answer, so that they keep their old record.
    """
    changed = {change.field.name for change in changes}
    records = {}
    for case in _cases(desired, item_before, record):
        name, kind = case.field.name, case.field.kind
        if name in changed or _is_in_sync(case):
            seen = "" if name in changed else digest(kind, case.present)
            records[name] = FieldRecord(digest(kind, case.desired), seen, _owned_names(case))
    return records


class FieldOwner(Enum):
    """Whose value an item shows in a field."""

    # PlexSync wrote it.
    STASH = "stash"
    # It was edited in Plex by hand, or by another program, since PlexSync wrote the field.
    HAND = "hand"
    # Plex's own agents, or a value that was there before PlexSync.
    PLEX = "plex"
    # The field is empty.
    NONE = "none"


def owner_of_field(
    field: Field, desired: FieldValue, item: PlexItem, record: SyncRecord | None
) -> FieldOwner:
    """Return whose value the item shows. Pure."""
    (case,) = _cases({field.name: desired}, item, record)
    if not normal_form(field.kind, case.present):
        return FieldOwner.NONE
    if case.is_ours:
        return FieldOwner.STASH
    return FieldOwner.HAND if _is_hand_edit(case, item) else FieldOwner.PLEX


def _cases(
    desired: Mapping[str, FieldValue], item: PlexItem, record: SyncRecord | None
) -> list[_FieldState]:
    known = record.fields if record else {}
    return [
        _FieldState(
            field=field,
            desired=desired[field.name],
            present=item.values.get(field.name),
            known=known.get(field.name),
            is_locked=field.plex in item.locked,
        )
        for field in EDIT_FIELDS
        if field.name in desired
    ]


def _locks(case: _FieldState, rules: WriteRules) -> bool:
    """Return True if the written field is locked; an existing lock of the user stays."""
    if case.field.lock_rule is LockRule.NEVER:
        return False
    return should_lock(case.field, rules) or case.is_locked


def should_lock(field: Field, rules: WriteRules) -> bool:
    """Return True if the settings ask for a lock of this field."""
    if field.lock_rule is LockRule.LOCK_COLLECTIONS:
        return rules.lock_fields and rules.lock_collections
    return field.lock_rule is LockRule.LOCK_FIELDS and rules.lock_fields


def _scalar_change(
    case: _FieldState, item: PlexItem, rules: WriteRules, is_gated: bool
) -> Change | None:
    if same_value(case.field.kind, case.desired, case.present):
        return None
    if case.clears and not _may_clear(case, is_gated):
        return None
    if rules.preserve_plex_edits and _is_hand_edit(case, item):
        return None
    return Change(case.field, case.desired, lock=_locks(case, rules))


def _may_clear(case: _FieldState, is_gated: bool) -> bool:
    if case.field.clear_rule is ClearRule.NEVER:
        return False
    return case.is_ours if is_gated or case.field.clear_rule is ClearRule.OWN_ONLY else True


def _is_hand_edit(case: _FieldState, item: PlexItem) -> bool:
    """Return True if the user entered the current value in Plex.

    Plex does not say who locked a field. Where PlexSync has never written, the lock is the only
    sign.
    """
    if case.known is not None:
        return not case.is_known
    if not case.is_locked or not normal_form(case.field.kind, case.present):
        return False
    return not any(
        same_value(case.field.kind, file_stem(file), case.present) for file in item.files
    )


def _names_change(
    case: _FieldState, item: PlexItem, rules: WriteRules, is_gated: bool
) -> Change | None:
    field = case.field
    if case.clears and field.clear_rule is ClearRule.NEVER:
        return None
    only_ours = field.removal_rule is RemovalRule.OWN_ONLY or rules.preserve_plex_edits
    only_ours = only_ours or (case.clears and (is_gated or field.clear_rule is ClearRule.OWN_ONLY))
    remove = names_without(case.present, case.desired)
    if only_ours:
        ours = name_keys(case.known.names if case.known else ())
        remove = tuple(name for name in remove if name_key(name) in ours)
    if not remove and not names_without(case.desired, case.present):
        return None
    # Names that stay are sent along: a server that replaces lists would drop them otherwise.
    staying = names_without(case.present, (*names_of(case.desired), *remove))
    # Another spelling of a name that the item has could become a second name beside it.
    value = spelled_as((*names_of(case.desired), *staying), case.present)
    return Change(field, value, remove, _locks(case, rules))


def _is_in_sync(case: _FieldState) -> bool:
    """Whether Plex already shows what is wanted, so that not writing it was no refusal."""
    if same_value(case.field.kind, case.desired, case.present):
        return True
    if case.field.kind is not Kind.NAMES or names_without(case.desired, case.present):
        return False
    return not case.clears or case.field.removal_rule is RemovalRule.OWN_ONLY


def _owned_names(case: _FieldState) -> tuple[str, ...]:
    """The wanted names that PlexSync put there, now or earlier; the others were there before it
    came.
    """
    if case.field.kind is not Kind.NAMES:
        return ()
    earlier = name_keys(case.known.names if case.known else ())
    present = name_keys(case.present)
    names = distinct(names_of(case.desired))
    return tuple(
        name for name in names if name_key(name) in earlier or name_key(name) not in present
    )
