"""Test that items are written together only where one request is right for each of them.

This holds whatever the server does with lists.
"""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.field_values import FieldValue, normal_form
from core.fields import BY_NAME
from core.plex_item import PlexItem
from plex.edit_request import EditLimits, edit_targets
from plex.plan import Change, WriteRules, plan_changes
from plex.sharing import MAX_GROUP, SharedEdit, difference, shared_edits, shows_appending
from tests.harness.examples import fuzzed
from tests.unit.plex.model import ITEMS, WANTED, applied, item_of

RULES = WriteRules()


def items_of(*values: Mapping[str, FieldValue], section: int = 1) -> dict[int, PlexItem]:
    """Items numbered from 1."""
    return {
        key: replace(item_of(each), rating_key=key, section=section)
        for key, each in enumerate(values, start=1)
    }


def plans_of(
    items: Mapping[int, PlexItem], *desired: Mapping[str, FieldValue]
) -> dict[int, tuple[Change, ...]]:
    return {
        key: plan_changes(each, item, None, RULES, identified=True)
        for (key, item), each in zip(items.items(), desired, strict=True)
    }


def tags(*names: str) -> dict[str, FieldValue]:
    return {"tags": names}


def test_the_same_absolute_values_are_one_edit() -> None:
    items = items_of({"studio": "Old"}, {"studio": "Older"}, {})

    (edit,) = shared_edits(plans_of(items, *[{"studio": "New"}] * 3), items, by_difference=False)

    assert (edit.items, edit.section, edit.is_difference) == ((1, 2, 3), 1, False)


def test_a_single_item_is_not_shared() -> None:
    items = items_of({}, {})

    assert (
        shared_edits(plans_of(items, {"studio": "A"}, {"studio": "B"}), items, by_difference=True)
        == []
    )


def test_items_without_a_change_are_in_no_edit() -> None:
    items = items_of({"studio": "A"}, {"studio": "A"})

    assert shared_edits(plans_of(items, *[{"studio": "A"}] * 2), items, by_difference=True) == []


def test_items_of_two_libraries_are_two_edits() -> None:
    items = items_of({}, {}, {}, {})
    items = {key: replace(item, section=1 + key % 2) for key, item in items.items()}

    edits = shared_edits(plans_of(items, *[{"studio": "A"}] * 4), items, by_difference=False)

    assert sorted((edit.section, edit.items) for edit in edits) == [(1, (2, 4)), (2, (1, 3))]


def test_a_large_group_is_several_edits() -> None:
    count = 2 * MAX_GROUP + 1
    items = items_of(*[{} for _ in range(count)])

    edits = shared_edits(plans_of(items, *[{"studio": "A"}] * count), items, by_difference=False)

    assert [len(edit.items) for edit in edits] == [MAX_GROUP, MAX_GROUP, 1]
    assert sorted(key for edit in edits for key in edit.items) == list(items)


def test_an_identical_complete_set_is_shared_without_any_proof() -> None:
    items = items_of(tags("x"), tags("x"))

    (edit,) = shared_edits(
        plans_of(items, tags("x", "new"), tags("x", "new")), items, by_difference=False
    )

    assert edit.changes[0].value == ("x", "new")


def test_sets_that_differ_are_shared_only_by_their_difference() -> None:
    items = items_of(tags("a", "old"), tags("b", "old"))
    plans = plans_of(items, tags("a", "new"), tags("b", "new"))

    complete = shared_edits(plans, items, by_difference=False)
    (edit,) = shared_edits(plans, items, by_difference=True)

    assert complete == []
    assert (edit.changes[0].value, edit.changes[0].remove, edit.is_difference) == (
        ("new",),
        ("old",),
        True,
    )


def test_names_that_only_go_need_no_proof() -> None:
    items = items_of(tags("a", "old"), tags("b", "old"))

    (edit,) = shared_edits(plans_of(items, tags("a"), tags("b")), items, by_difference=True)

    assert (edit.changes[0].value, edit.changes[0].remove, edit.is_difference) == (
        (),
        ("old",),
        False,
    )


def test_a_fresh_item_has_nothing_that_a_difference_could_cost() -> None:
    items = items_of({}, {})

    (edit,) = shared_edits(plans_of(items, tags("a"), tags("a")), items, by_difference=True)

    assert not edit.is_difference


def test_a_difference_is_caseless_and_leaves_other_kinds_alone() -> None:
    item = item_of({"tags": ("Drama",), "studio": "A"})
    names = Change(BY_NAME["tags"], ("drama", "Talk"), ("x",))
    text = Change(BY_NAME["studio"], "B")

    assert difference(names, item) == replace(names, value=("Talk",))
    assert difference(text, item) is text


def test_a_look_afterwards_shows_whether_names_were_added() -> None:
    edit = SharedEdit(1, (1,), (Change(BY_NAME["tags"], ("new",), ("old",)),), is_difference=True)
    before = item_of(tags("a", "old"))

    assert shows_appending(edit, before, item_of(tags("A", "new"))) is True
    assert shows_appending(edit, before, item_of(tags("new"))) is False
    assert (
        shows_appending(edit, item_of(tags("old")), item_of(tags("new"))) is None
    )  # there was nothing to lose


def test_removing_alone_shows_nothing() -> None:
    edit = SharedEdit(1, (1,), (Change(BY_NAME["tags"], (), ("old",)),))

    assert shows_appending(edit, item_of(tags("a", "old")), item_of(tags("a"))) is None


@given(
    st.lists(ITEMS, min_size=2, max_size=5),
    st.lists(WANTED, min_size=5, max_size=5),
    st.booleans(),
    st.booleans(),
)
@fuzzed(75)
def test_a_shared_edit_equals_each_items_own_edit(
    snapshots: list[PlexItem], desired: list[dict[str, FieldValue]], is_alike: bool, replaces: bool
) -> None:
    items = {key: replace(item, rating_key=key) for key, item in enumerate(snapshots, start=1)}
    desired_values = [desired[0]] * len(items) if is_alike else desired[: len(items)]
    plans = plans_of(items, *desired_values)

    edits = shared_edits(plans, items, by_difference=True)

    for edit in edits:
        for key in () if edit.is_difference and replaces else edit.items:
            alone = applied(
                items[key], edit_targets(1, [key], plans[key], EditLimits()), replaces=replaces
            )
            shared = applied(
                items[key],
                edit_targets(1, edit.items, edit.changes, EditLimits()),
                replaces=replaces,
            )
            for change in plans[key]:
                field = change.field
                values = alone.values[field.name], shared.values[field.name]
                assert normal_form(field.kind, values[0]) == normal_form(field.kind, values[1])
