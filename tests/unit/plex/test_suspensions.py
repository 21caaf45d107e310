"""A suspended value is not planned; a new value always is."""

from dataclasses import replace

import pytest

from core.field_values import FieldValue, digest
from core.fields import BY_NAME, Kind
from core.plex_item import PlexItem
from core.record import FieldRecord, ImageRecord, SyncRecord
from core.send_history import NO_HISTORY, SendHistory, Suspension
from core.units import DAY_S
from plex.plan import WriteRules, field_records, plan_changes
from plex.suspensions import (
    CheckedChanges,
    check_changes,
    lifted,
    suspend,
    suspended_fields,
    with_histories,
)
from tests.unit.plex.model import item_of, record_of

NOW = 1_780_000_000.0
THREE = SendHistory((int(NOW - 2 * DAY_S), int(NOW - DAY_S), int(NOW)))
SUSPENDED = SendHistory(suspension=Suspension.OVERWRITTEN)


def pushed(name: str, value: FieldValue, history: SendHistory, *, seen: bool = True) -> SyncRecord:
    mark = digest(BY_NAME[name].kind, value)
    return record_of({name: FieldRecord(mark, mark if seen else "", history=history)})


def check(
    desired: dict[str, FieldValue], item: PlexItem, record: SyncRecord, now: float = NOW
) -> CheckedChanges:
    changes = plan_changes(desired, item, record, WriteRules(), identified=True)
    return check_changes(changes, desired, record, now)


def names(checked: CheckedChanges) -> tuple[list[str], list[str]]:
    return tuple(
        [change.field.name for change in part]
        for part in (  # type: ignore[return-value]
            checked.writable,
            checked.overwritten,
        )
    )


ITEM = item_of({"title": "Theirs", "tags": ("theirs",)})
VALUES: list[tuple[str, FieldValue, FieldValue]] = [
    ("title", "Ours", "New"),
    ("tags", ("ours",), ("new",)),
]


@pytest.mark.parametrize(("name", "ours", "new"), VALUES)
def test_a_suspended_value_is_left_out_and_a_new_one_is_not(
    name: str, ours: FieldValue, new: FieldValue
) -> None:
    record = pushed(name, ours, SUSPENDED)

    assert names(check({name: ours}, ITEM, record)) == ([], [])
    assert names(check({name: new}, ITEM, record)) == ([name], [])


@pytest.mark.parametrize(("name", "ours", "new"), VALUES)
def test_the_fourth_send_of_a_value_is_suspended(
    name: str, ours: FieldValue, new: FieldValue
) -> None:
    record = pushed(name, ours, THREE)

    assert names(check({name: ours}, ITEM, record)) == ([], [name])
    assert names(check({name: new}, ITEM, record)) == ([name], [])
    assert names(check({name: ours}, ITEM, record, NOW + 8 * DAY_S)) == ([name], [])


def test_without_a_verifying_read_nothing_counts_as_overwritten() -> None:
    record = pushed("title", "Ours", THREE, seen=False)

    assert names(check({"title": "Ours"}, ITEM, record)) == (["title"], [])


def test_a_cleared_value_can_be_overwritten_as_well() -> None:
    record = pushed("studio", "", THREE)

    assert names(check({"studio": ""}, item_of({"studio": "Theirs"}), record)) == ([], ["studio"])


def test_other_fields_of_the_item_are_written() -> None:
    record = pushed("title", "Ours", SUSPENDED)

    found = check({"title": "Ours", "tags": ("a",)}, ITEM, record)

    assert names(found) == (["tags"], [])


def written(desired: dict[str, FieldValue], item: PlexItem, record: SyncRecord) -> SendHistory:
    """Return the history of the title after its sync."""
    checked = check(desired, item, record)
    fields = field_records(checked.writable, desired, item, record)
    sent = {change.field.name for change in checked.writable}
    return with_histories(fields, sent, desired, record, NOW)["title"].history


def test_a_send_is_counted_and_a_new_value_starts_over() -> None:
    record = pushed("title", "Ours", SendHistory((int(NOW - DAY_S),), not_kept=1))

    again = written({"title": "Ours"}, ITEM, record)
    new = written({"title": "New"}, ITEM, record)

    assert again == SendHistory((int(NOW - DAY_S), int(NOW)), not_kept=1)
    assert new == SendHistory((int(NOW),))


def test_a_field_in_step_keeps_its_history_as_kept() -> None:
    record = pushed("title", "Theirs", replace(SUSPENDED, not_kept=2))

    assert written({"title": "Theirs"}, ITEM, record) == SUSPENDED


def test_suspended_fields_are_named_and_lifted_by_field() -> None:
    record = record_of(
        {"title": FieldRecord("1"), "tags": FieldRecord("2"), "date": FieldRecord("3")}
    )
    record = suspend(record, ["title", "tags"], Suspension.NOT_KEPT)
    record = record.with_images({"poster": ImageRecord("4", history=SUSPENDED)})

    assert suspended_fields(record) == {
        "title": Suspension.NOT_KEPT,
        "tags": Suspension.NOT_KEPT,
        "poster": Suspension.OVERWRITTEN,
    }
    assert set(suspended_fields(lifted(record, ["title"]))) == {"tags", "poster"}
    assert suspended_fields(lifted(record)) == {}


def test_a_lift_counts_again_what_was_about_to_be_suspended() -> None:
    for history in (THREE, SendHistory((1,), not_kept=1)):
        assert lifted(pushed("title", "Ours", history)).fields["title"].history == NO_HISTORY


def test_a_lift_changes_no_ordinary_record() -> None:
    record = pushed("title", "Ours", SendHistory((int(NOW),)))

    assert lifted(record) == record


def test_a_digest_of_1_1_is_the_same_value() -> None:
    known = FieldRecord("08bb0730d7f3765c", "08bb0730d7f3765c", history=SUSPENDED)

    assert digest(Kind.TEXT, "Caf\u00e9") != known.pushed
    assert names(check({"title": "Caf\u00e9"}, ITEM, record_of({"title": known}))) == ([], [])
