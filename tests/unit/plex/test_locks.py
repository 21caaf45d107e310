"""A lock that PlexSync set on collections is taken off with the next edit; a lock of the user stays."""

import pytest

from core.field_values import FieldValue, digest
from core.fields import BY_NAME, Kind
from core.original import Original
from core.record import FieldRecord, SyncRecord
from plex.field_codecs import edit_arguments
from plex.locks import own_locks, release_locks, with_locks
from plex.plan import Change, WriteRules, plan_changes
from tests.unit.plex.model import item_of, record_of

COLLECTION = BY_NAME["collection"]
TITLE = Change(BY_NAME["title"], "New")
UNLOCKED = {"collection": Original((), locked=False)}
LOCKED_FIRST = {"collection": Original((), locked=True)}


def record(locked: bool | None) -> SyncRecord:
    return record_of({"collection": FieldRecord("1", locked=locked)})


def planned_lock(name: str, value: FieldValue, rules: WriteRules) -> bool:
    (change,) = plan_changes({name: value}, item_of({}), None, rules, identified=True)
    return change.lock


@pytest.mark.parametrize(
    ("lock_fields", "lock_collections", "is_locked"),
    [(True, False, False), (True, True, True), (False, True, False), (False, False, False)],
)
def test_collections_are_locked_by_a_setting_of_their_own(
    lock_fields: bool, lock_collections: bool, is_locked: bool
) -> None:
    rules = WriteRules(lock_fields=lock_fields, lock_collections=lock_collections)

    assert planned_lock("collection", ("A",), rules) is is_locked
    assert planned_lock("tags", ("A",), rules) is lock_fields


@pytest.mark.parametrize(
    ("known", "locked", "rules", "is_own"),
    [
        (record(None), ["collection"], WriteRules(), True),  # written by 1.1
        (record(True), ["collection"], WriteRules(), True),  # the setting was on until now
        (record(False), ["collection"], WriteRules(), False),  # the user locked it since
        (record(None), ["collection"], WriteRules(lock_collections=True), False),
        (record(None), ["genre"], WriteRules(), False),
        (record_of({}), ["collection"], WriteRules(), False),  # never written
        (None, ["collection"], WriteRules(), False),
    ],
)
def test_a_lock_may_be_ours_only_where_we_have_written(
    known: SyncRecord | None, locked: list[str], rules: WriteRules, is_own: bool
) -> None:
    found = own_locks(item_of({}, locked), known, rules)

    assert found == ((COLLECTION,) if is_own else ())


def test_a_lock_is_taken_off_with_another_field() -> None:
    (change,) = release_locks([TITLE], [COLLECTION], UNLOCKED)

    assert edit_arguments(change) == {
        "title.value": "New",
        "title.locked": "1",
        "collection.locked": "0",
    }


def test_a_lock_is_taken_off_with_its_own_field() -> None:
    own = Change(COLLECTION, ("A",), lock=True)

    title, collection = release_locks([TITLE, own], [COLLECTION], UNLOCKED)

    assert (title, collection.lock, collection.unlocks) == (TITLE, False, ())


@pytest.mark.parametrize("kept", [LOCKED_FIRST, {}])
def test_a_lock_stays_where_the_original_was_not_unlocked(kept: dict[str, Original]) -> None:
    assert release_locks([TITLE], [COLLECTION], kept) == (TITLE,)


def test_the_record_says_which_lock_was_sent() -> None:
    pushed = {"collection": FieldRecord("2")}
    (released,) = release_locks([TITLE], [COLLECTION], UNLOCKED)

    assert with_locks({}, [released], record(None))["collection"] == FieldRecord("1", locked=False)
    assert with_locks(pushed, [Change(COLLECTION, (), lock=True)], None)["collection"].locked
    assert with_locks(pushed, [TITLE], record(True))["collection"] == FieldRecord("2", locked=True)
    assert with_locks({}, [TITLE], record(None)) == {}


def test_other_fields_record_no_lock() -> None:
    pushed = {"title": FieldRecord(digest(Kind.TEXT, "New"))}

    assert with_locks(pushed, [TITLE], None) == pushed
