"""Decides what must be written so that an item shows its scene, and what to record of it.

Pure: desired values, a snapshot of the item and its record go in, changes come out. The record
separates PlexSync's own values from the user's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.field_values import FieldValue, digest, same_value
from core.fields import ClearRule, Field, Kind, LockRule, RemovalRule
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.field_state import CLEARED, FieldState, field_states, is_hand_edit
from plex.names import distinct, name_key, name_keys, names_of, names_without, spelled_as
from plex.role_texts import plan_roles, texts_of


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
    replaces them. For ROLES it is every actor with the text, whether that changes or not. `unlocks`
    are other fields of the item whose lock is taken off with it. `keeps` is true where the item
    shows the value already, and Plex would replace it because of another change.
    """

    field: Field
    value: FieldValue
    remove: tuple[str, ...] = ()
    lock: bool = True
    unlocks: tuple[Field, ...] = ()
    keeps: bool = False


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
    changes: list[Change] = []
    for case in field_states(desired, item, record):
        if case.field.kind is Kind.ROLES:
            planned = _roles_change(case, item, rules, changes)
        else:
            change = _names_change if case.field.kind is Kind.NAMES else _scalar_change
            planned = change(case, item, rules, is_gated) or _kept_value(case, changes, rules)
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
    changed = {change.field.name: desired[change.field.name] for change in changes}
    intended = {}
    for case in field_states(changed, item, record):
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
    for case in field_states(desired, item_before, record):
        name, kind = case.field.name, case.field.kind
        if name in changed or _is_in_sync(case):
            seen = "" if name in changed else digest(kind, case.present)
            records[name] = _recorded(
                case.known, digest(kind, case.desired), seen, _owned_names(case)
            )
    return records


def _recorded(
    known: FieldRecord | None, pushed: str, verified: str, names: tuple[str, ...]
) -> FieldRecord:
    """Return the known record if it says the same; almost every field of a scene has one."""
    if (
        known is not None
        and not known.intended
        and (known.pushed, known.verified, known.names) == (pushed, verified, names)
    ):
        return known
    return FieldRecord(pushed, verified, names)


def _locks(case: FieldState, rules: WriteRules) -> bool:
    """Return True if the written field is locked; an existing lock of the user stays."""
    if case.field.lock_rule is LockRule.NEVER:
        return False
    if case.field.derived_from and case.clears:
        return False  # a locked one would stay empty
    return should_lock(case.field, rules) or case.is_locked


def should_lock(field: Field, rules: WriteRules) -> bool:
    """Return True if the settings ask for a lock of this field."""
    if field.lock_rule is LockRule.LOCK_COLLECTIONS:
        return rules.lock_fields and rules.lock_collections
    return field.lock_rule is LockRule.LOCK_FIELDS and rules.lock_fields


def _scalar_change(
    case: FieldState, item: PlexItem, rules: WriteRules, is_gated: bool
) -> Change | None:
    if same_value(case.field.kind, case.desired, case.present):
        return None
    if case.clears and not _may_clear(case, is_gated):
        return None
    if rules.preserve_plex_edits and is_hand_edit(case, item):
        return None
    return Change(case.field, case.desired, lock=_locks(case, rules))


def _kept_value(case: FieldState, changes: list[Change], rules: WriteRules) -> Change | None:
    """Return the change that keeps a value which Plex would derive from what is written."""
    is_derived = any(change.field.name == case.field.derived_from for change in changes)
    if not is_derived or case.is_locked or case.clears:
        return None
    if not same_value(case.field.kind, case.desired, case.present):
        return None
    return Change(case.field, case.desired, lock=_locks(case, rules), keeps=True)


def _roles_change(
    case: FieldState, item: PlexItem, rules: WriteRules, changes: list[Change]
) -> Change | None:
    names = next((one for one in changes if one.field.name == case.field.texts_of), None)
    edit = plan_roles(
        case.desired,
        case.present,
        case.known.names if case.known else (),
        names_of(names.value if names else item.values.get(case.field.texts_of)),
        keeps_hand_edits=rules.preserve_plex_edits,
    )
    if edit is None or (edit.keeps and names is None):
        return None
    return Change(case.field, edit.entries, lock=_locks(case, rules), keeps=edit.keeps)


def _may_clear(case: FieldState, is_gated: bool) -> bool:
    if case.field.clear_rule is ClearRule.NEVER:
        return False
    return case.is_ours if is_gated or case.field.clear_rule is ClearRule.OWN_ONLY else True


def _names_change(
    case: FieldState, item: PlexItem, rules: WriteRules, is_gated: bool
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


def _is_in_sync(case: FieldState) -> bool:
    """Whether Plex already shows what is wanted, so that not writing it was no refusal."""
    if same_value(case.field.kind, case.desired, case.present):
        return True
    if case.field.kind is Kind.ROLES:
        return texts_of(case.desired).items() <= texts_of(case.present).items()
    if case.field.kind is not Kind.NAMES or names_without(case.desired, case.present):
        return False
    return not case.clears or case.field.removal_rule is RemovalRule.OWN_ONLY


def _owned_names(case: FieldState) -> tuple[str, ...]:
    """The wanted names that PlexSync put there, now or earlier; the others were there before it
    came.
    """
    if case.field.kind not in (Kind.NAMES, Kind.ROLES):
        return ()
    earlier = name_keys(case.known.names if case.known else ())
    present = name_keys(case.present)
    names = distinct(names_of(case.desired))
    return tuple(
        name for name in names if name_key(name) in earlier or name_key(name) not in present
    )
