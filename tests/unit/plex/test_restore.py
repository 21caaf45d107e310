"""Putting back: whatever was written, in however many steps, the item shows again what it showed
before.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.field_values import FieldValue, digest, normal_form, same_value
from core.fields import BY_NAME, EDIT_FIELDS, Kind
from core.original import Original
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from core.role_texts import split_entry
from plex.edit_request import EditLimits, edit_targets
from plex.names import name_key, name_keys
from plex.plan import Change, WriteRules, field_records, intended_records, plan_changes
from plex.restore import originals, plan_restoration
from plex.role_texts import texts_of
from tests.unit.plex.model import ITEMS, WANTED, applied, item_of, record_of

RULES = st.builds(WriteRules, st.booleans(), st.booleans(), st.booleans())
Kept = dict[str, Original]


def sent(item: PlexItem, changes: tuple[Change, ...], *, replaces: bool) -> PlexItem:
    """The item after the changes, their locks included."""
    after = applied(item, edit_targets(1, [9], changes, EditLimits()), replaces=replaces)
    locked = {change.field.plex for change in changes if change.lock}
    unlocked = {change.field.plex for change in changes if not change.lock}
    return replace(after, locked=(item.locked | locked) - unlocked)


def written(
    item: PlexItem,
    desired: dict[str, FieldValue],
    record: SyncRecord,
    kept: Kept,
    rules: WriteRules,
    *,
    replaces: bool,
) -> tuple[PlexItem, SyncRecord, Kept]:
    changes = plan_changes(desired, item, record, rules, identified=True)
    intended = intended_records(changes, desired, item, record)
    new = originals(changes, intended, item)
    kept = {
        **kept,
        **{name: kept[name].merged_with(one) if name in kept else one for name, one in new.items()},
    }
    after = sent(item, changes, replaces=replaces)
    record = record.with_fields(intended).with_fields(field_records(changes, desired, item, record))
    return after, record, kept


def distinct(item: PlexItem) -> PlexItem:
    """Plex knows no two names of one item that differ in case only."""
    values = dict(item.values)
    for field in EDIT_FIELDS:
        value = values[field.name]
        if field.kind is Kind.ROLES and isinstance(value, tuple):
            actors = name_keys(values[field.texts_of])
            values[field.name] = tuple(
                entry for entry in value if name_key(split_entry(entry)[0]) in actors
            )
        elif isinstance(value, tuple):
            values[field.name] = tuple(
                {normal_form(Kind.NAMES, (name,)): name for name in value if name}.values()
            )
    return replace(item, values={**values, "title": values["title"] or "untitled"})


SPELT_TWICE = [{"performers": ("A", "B ")}, {"performers": ("B",)}]


@example(distinct(item_of({})), SPELT_TWICE, WriteRules(), False, False)
@given(
    ITEMS.map(distinct),
    st.lists(WANTED, min_size=1, max_size=4),
    RULES,
    st.booleans(),
    st.booleans(),
)
def test_any_writes_are_restored_with_or_without_records(
    item: PlexItem,
    steps: list[dict[str, FieldValue]],
    rules: WriteRules,
    replaces: bool,
    with_records: bool,
) -> None:
    now, record, kept = item, record_of({}), Kept()
    for desired in steps:
        now, record, kept = written(now, desired, record, kept, rules, replaces=replaces)

    plan = plan_restoration(kept, now, [record] if with_records else [])
    back = sent(now, plan.changes, replaces=replaces)

    assert plan.edited == ()
    assert back.locked == item.locked
    for field in EDIT_FIELDS:
        after, before = back.values[field.name], item.values[field.name]
        if field.kind is Kind.ROLES and "performers" in kept:
            # A text goes with an actor who was taken off before any text was written.
            assert set(texts_of(after).items()) <= set(texts_of(before).items())
            continue
        assert same_value(field.kind, after, before), field.name
    assert plan_restoration(kept, back, [record] if with_records else []).changes == ()


@pytest.mark.parametrize("name", ["title", "studio", "summary", "date", "tagline", "rating"])
def test_a_value_that_was_never_ours_stays(name: str) -> None:
    field = BY_NAME[name]
    by_hand: FieldValue = (
        3.0 if field.kind is Kind.RATING else "2020-02-02" if field.kind is Kind.DATE else "by hand"
    )
    kept = {name: Original("before", locked=False, written_digests=(digest(field.kind, "ours"),))}

    plan = plan_restoration(kept, item_of({name: by_hand}, [field.plex]), [])

    assert (plan.changes, plan.edited) == ((), (name,))


def test_what_plex_made_of_our_value_is_known_by_the_record() -> None:
    kept = {"title": Original("before", locked=False, written_digests=("pushed",))}
    seen = record_of({"title": FieldRecord("pushed", digest(Kind.TEXT, "as Plex shows it"))})

    plan = plan_restoration(kept, item_of({"title": "as Plex shows it"}), [seen])

    assert [change.value for change in plan.changes] == ["before"]


def test_an_item_is_never_left_without_a_title() -> None:
    kept = {"title": Original("", locked=False, written_digests=(digest(Kind.TEXT, "ours"),))}

    assert plan_restoration(kept, item_of({"title": "ours"}), []).changes == ()
