"""Test that differences are written, the user's edits stay, and writes are remembered."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field_values import FieldValue, digest
from core.fields import BY_NAME, Kind
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from core.send_history import SendHistory
from plex.edit_request import EditLimits, edit_targets
from plex.plan import Change, WriteRules, field_records, intended_records, plan_changes
from plex.verification import verify, written_values
from tests.unit.plex.model import ITEMS, WANTED, applied, item_of, record_of, records

PLAIN = WriteRules()
PRESERVE = WriteRules(preserve_plex_edits=True)
UNLOCKED = WriteRules(lock_fields=False)
NO_GATE = WriteRules(quality_gate=False)


def plan(
    desired: dict[str, FieldValue],
    item: PlexItem,
    record: SyncRecord | None = None,
    rules: WriteRules = PLAIN,
    identified: bool = True,
) -> tuple[Change, ...]:
    return plan_changes(desired, item, record, rules, identified=identified)


def known(
    name: str, pushed: FieldValue, seen: FieldValue = None, names: tuple[str, ...] = ()
) -> SyncRecord:
    kind = BY_NAME[name].kind
    return record_of({name: FieldRecord(digest(kind, pushed), digest(kind, seen), names)})


# -- what differs -----------------------------------------------------------------------------


def test_only_what_differs_is_written_in_the_order_of_the_table() -> None:
    item = item_of({"title": "Same", "studio": "Old", "tags": ("A",)})
    desired: dict[str, FieldValue] = {"tags": ("A", "B"), "studio": "New", "title": "Same"}

    changes = plan(desired, item)

    assert [change.field.name for change in changes] == ["studio", "tags"]


def test_a_field_that_is_switched_off_is_left_alone() -> None:
    assert (
        plan({"title": "New"}, item_of({"title": "Old", "studio": "Old"}))[0].field.name == "title"
    )
    assert plan({}, item_of({"title": "Old"})) == ()


@pytest.mark.parametrize(
    ("name", "desired", "present"),
    [
        ("title", "Caf\u00e9", "Cafe\u0301"),
        ("tags", ("\u00c9t\u00e9",), ("E\u0301te\u0301",)),
        ("summary", "two\nlines", "two\r\nlines "),
        ("tags", ("drama", "Talk"), ("Talk", "Drama ")),
        ("date", "2023-05-06", "2023-05-06"),
        ("rating", 7.5, 7.5),
        ("rating", 0.0, None),
        ("collection", ("Mine",), ("Theirs", "mine")),
    ],
)
def test_an_invisible_difference_is_none(
    name: str, desired: FieldValue, present: FieldValue
) -> None:
    assert plan({name: desired}, item_of({name: present})) == ()


@pytest.mark.parametrize(
    ("name", "present", "record", "identified", "rules", "is_cleared"),
    [
        ("studio", "Old", None, True, PLAIN, True),
        (
            "title",
            "Old",
            known("title", "Old"),
            True,
            PLAIN,
            False,
        ),  # an untitled scene leaves Plex's title
        ("rating", 7.5, None, True, PLAIN, False),
        ("rating", 7.5, known("rating", 7.5), True, PLAIN, True),
        ("rating", 7.5, known("rating", 9.0), True, PLAIN, False),  # the user rated it since
        (
            "rating",
            7.5,
            known("rating", None, 7.5),
            True,
            PLAIN,
            False,
        ),  # what we saw is not what we set
        ("studio", "Old", None, False, PLAIN, False),
        ("studio", "Old", None, False, NO_GATE, True),
        ("studio", "Old", known("studio", "Old"), False, PLAIN, True),
        ("studio", "Old ones", known("studio", "Old", "Old ones"), False, PLAIN, True),
        ("studio", "Hand", known("studio", "Old"), False, PLAIN, False),
        ("tags", ("A",), None, True, PLAIN, True),
        ("tags", ("A",), None, False, PLAIN, False),
        ("tags", ("A",), known("tags", ("A",), names=("a",)), False, PLAIN, True),
        ("collection", ("A",), None, True, PLAIN, False),
        ("collection", ("A",), known("collection", ("A",), names=("A",)), True, PLAIN, True),
    ],
)
def test_an_empty_value_clears_where_its_row_and_the_gate_allow(
    name: str,
    present: FieldValue,
    record: SyncRecord | None,
    identified: bool,
    rules: WriteRules,
    is_cleared: bool,
) -> None:
    desired: FieldValue = () if isinstance(present, tuple) else None if name == "rating" else ""

    changes = plan({name: desired}, item_of({name: present}), record, rules, identified)

    assert bool(changes) is is_cleared


# -- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "desired", "present", "ours", "rules", "value", "remove"),
    [
        ("tags", ("A", "B"), ("B", "C"), (), PLAIN, ("A", "B"), ("C",)),
        ("tags", ("A", "B"), ("B", "C"), (), PRESERVE, ("A", "B", "C"), ()),
        ("tags", ("A", "B"), ("B", "C", "D"), ("c",), PRESERVE, ("A", "B", "D"), ("C",)),
        ("tags", (), ("B", "C"), (), PLAIN, (), ("B", "C")),
        ("tags", ("a", "A", "", "B"), (), (), PLAIN, ("a", "B"), ()),
        ("tags", ("A",), ("B", "b "), (), PLAIN, ("A",), ("B", "b ")),
        ("collection", ("New",), ("Old", "Hand"), ("Old",), PLAIN, ("New", "Hand"), ("Old",)),
        ("collection", (), ("Old", "Hand"), ("Old",), PLAIN, ("Hand",), ("Old",)),
    ],
)
def test_names_are_sent_in_full_with_what_must_go(
    name: str,
    desired: tuple[str, ...],
    present: tuple[str, ...],
    ours: tuple[str, ...],
    rules: WriteRules,
    value: tuple[str, ...],
    remove: tuple[str, ...],
) -> None:
    changes = plan(
        {name: desired}, item_of({name: present}), known(name, ("x",), names=ours), rules
    )

    assert [(change.value, change.remove) for change in changes] == [(value, remove)]


@pytest.mark.parametrize(
    ("name", "rules"),
    [("collection", PLAIN), ("tags", PRESERVE)],
    ids=["collections", "tags with preserve"],
)
def test_names_of_others_are_no_difference(name: str, rules: WriteRules) -> None:
    item = item_of({name: ("A", "Hand")})

    assert plan({name: ("A",)}, item, known(name, ("A",), names=("A",)), rules) == ()


# -- hand edits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "record", "locked", "is_written"),
    [
        ("Hand", None, False, True),  # unlocked and never written: no hand edit
        ("Hand", None, True, False),  # locked and never written: a hand edit
        ("", None, True, True),
        ("stem", None, True, True),  # what Plex itself makes of the file name
        ("Old", known("title", "Old"), True, True),
        ("Old as Plex has it", known("title", "Old", "Old as Plex has it"), True, True),
        ("Hand", known("title", "Old"), False, False),
        ("", known("title", "Old", "Old"), True, False),  # emptied by hand
        ("Hand", known("studio", "Hand"), True, False),  # a record, but none of this field
    ],
)
def test_with_preserve_a_hand_edit_stays(
    present: str, record: SyncRecord | None, locked: bool, is_written: bool
) -> None:
    item = item_of({"title": present}, ["title"] if locked else [])

    assert bool(plan({"title": "New"}, item, record, PRESERVE)) is is_written


def test_without_preserve_stash_wins() -> None:
    assert plan({"title": "New"}, item_of({"title": "Hand"}, ["title"]), known("title", "Old"))


# -- locks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "rules", "locked", "is_locked_after"),
    [
        ("studio", "New", PLAIN, [], True),
        ("studio", "New", UNLOCKED, [], False),
        ("studio", "New", UNLOCKED, ["studio"], True),  # a lock that is there stays
        ("tags", ("New",), PLAIN, [], True),
        ("rating", 8.0, PLAIN, ["userRating"], False),
    ],
)
def test_what_is_written_is_locked_according_to_the_rules(
    name: str, value: FieldValue, rules: WriteRules, locked: list[str], is_locked_after: bool
) -> None:
    (change,) = plan({name: value}, item_of({}, locked), None, rules)

    assert change.lock is is_locked_after


# -- what is remembered -----------------------------------------------------------------------


def test_a_changed_field_is_recorded_as_pushed_unverified() -> None:
    item, desired = item_of({"title": "Old"}), {"title": "New"}

    remembered = field_records(plan({**desired}, item), desired, item, None)

    assert remembered == {"title": FieldRecord(digest(Kind.TEXT, "New"))}


def test_a_field_that_agreed_already_is_remembered_as_seen() -> None:
    item, desired = item_of({"title": "Same"}), {"title": "Same"}

    remembered = field_records((), desired, item, None)

    assert remembered == {
        "title": FieldRecord(digest(Kind.TEXT, "Same"), digest(Kind.TEXT, "Same"))
    }


@pytest.mark.parametrize(
    ("desired", "item", "record", "rules", "identified"),
    [
        ({"title": "New"}, item_of({"title": "Hand"}), known("title", "Old"), PRESERVE, True),
        ({"title": ""}, item_of({"title": "Plex's"}), None, PLAIN, True),
        ({"rating": None}, item_of({"rating": 6.0}), None, PLAIN, True),
        ({"tags": ()}, item_of({"tags": ("Hand",)}), None, PLAIN, False),
    ],
    ids=["a hand edit", "an untitled scene", "a rating by hand", "a scene not identified yet"],
)
def test_a_field_left_alone_keeps_its_old_record(
    desired: dict[str, FieldValue],
    item: PlexItem,
    record: SyncRecord | None,
    rules: WriteRules,
    identified: bool,
) -> None:
    changes = plan(desired, item, record, rules, identified)

    assert changes == ()
    assert field_records(changes, desired, item, record) == {}


def test_a_field_in_step_keeps_its_record_without_an_intent() -> None:
    """What was intended before a kill is written now, so that it is no longer an intent."""
    item, same = item_of({"title": "Same"}), digest(Kind.TEXT, "Same")
    stored = FieldRecord(same, same, history=SendHistory((1, 2)))
    values: dict[str, FieldValue] = {"title": "Same"}

    kept = field_records((), values, item, record_of({"title": stored}))
    completed = field_records(
        (), values, item, record_of({"title": replace(stored, intended=same)})
    )

    assert kept == {"title": stored}
    assert completed == {"title": FieldRecord(same, same)}


@pytest.mark.parametrize(
    ("desired", "present", "before", "ours"),
    [
        (("A", "B"), ("b", "C"), (), ("A",)),  # B was there before us
        (("A", "B"), ("A", "B"), ("a",), ("A",)),  # nothing to write, A is still ours
        (("A",), ("A", "B"), ("A", "B"), ("A",)),  # B is taken off and forgotten
        ((), ("A",), ("A",), ()),
    ],
)
def test_our_names_are_those_that_we_put_there(
    desired: tuple[str, ...],
    present: tuple[str, ...],
    before: tuple[str, ...],
    ours: tuple[str, ...],
) -> None:
    item, record = item_of({"tags": present}), known("tags", present, names=before)
    values: dict[str, FieldValue] = {"tags": desired}

    remembered = field_records(plan(values, item, record), values, item, record)

    assert remembered["tags"].names == ours


# -- verifying --------------------------------------------------------------------------------


def test_verifying_records_what_plex_shows_and_what_it_lost() -> None:
    pushed = {name: FieldRecord("pushed") for name in ("title", "studio", "tags", "performers")}
    desired: dict[str, FieldValue] = {
        "title": "New",
        "studio": "New",
        "tags": ("A", "B"),
        "performers": ("Ann",),
    }
    after = item_of({"title": "New ", "studio": "Old", "tags": ("A",), "performers": ("Bo", "ann")})

    remembered, lost = verify(pushed, desired, after, {})

    assert lost == ("studio", "tags")
    assert remembered["title"] == FieldRecord("pushed", digest(Kind.TEXT, "New"))
    assert remembered["studio"] == FieldRecord(
        "pushed", digest(Kind.TEXT, "Old"), history=SendHistory(not_kept=1)
    )


def test_a_field_that_is_not_wanted_any_more_is_not_verified() -> None:
    pushed = {"title": FieldRecord("pushed", "seen")}

    assert verify(pushed, {}, item_of({}), {}) == (pushed, ())


# -- properties -------------------------------------------------------------------------------

RULES = st.builds(WriteRules, st.booleans(), st.booleans(), st.booleans())
SITUATIONS = st.tuples(WANTED, ITEMS, records(), RULES, st.booleans())
Situation = tuple[dict[str, FieldValue], PlexItem, SyncRecord | None, WriteRules, bool]


def written(situation: Situation, *, replaces: bool) -> PlexItem:
    _, item, *_ = situation
    return applied(item, edit_targets(1, [9], plan(*situation), EditLimits()), replaces=replaces)


@given(SITUATIONS, st.booleans())
def test_planning_after_writing_gives_nothing(situation: Situation, replaces: bool) -> None:
    desired, item, record, rules, identified = situation
    remembered = field_records(plan(*situation), desired, item, record)

    after = written(situation, replaces=replaces)

    newer = (record or record_of({})).with_fields(remembered)
    assert plan(desired, after, newer, rules, identified) == ()
    shown = written_values(desired, plan(*situation))
    assert verify(remembered, shown, after, {})[1] == ()


@given(SITUATIONS, st.booleans())
def test_planning_with_an_unsaved_record_gives_nothing(
    situation: Situation, replaces: bool
) -> None:
    desired, _, record, rules, identified = situation

    after = written(situation, replaces=replaces)

    assert plan(desired, after, record, rules, identified) == ()


@given(SITUATIONS)
def test_nothing_wanted_is_ever_removed(situation: Situation) -> None:
    for change in plan(*situation):
        desired = situation[0][change.field.name]
        names = desired if isinstance(desired, tuple) else ()
        assert not {name.strip().casefold() for name in names} & {
            name.strip().casefold() for name in change.remove
        }


@given(SITUATIONS, st.booleans())
def test_foreign_collections_survive_appending_and_replacing(
    situation: Situation, replaces: bool
) -> None:
    _, item, record, *_ = situation
    ours = record.fields["collection"].names if record and "collection" in record.fields else ()
    before = item.values["collection"]
    assert isinstance(before, tuple)
    others = {_key(name) for name in before} - {_key(name) for name in ours}

    after = written(situation, replaces=replaces).values["collection"]

    assert isinstance(after, tuple)
    assert others - {""} <= {_key(name) for name in after}


def _key(name: str) -> str:
    return name.strip().casefold()


def test_a_killed_workers_unrecorded_write_is_still_ours() -> None:
    before = item_of({"title": "Old"})
    desired: dict[str, FieldValue] = {"title": "New", "tags": ("Added",)}

    intended = record_of(intended_records(plan(desired, before), desired, before, None))
    later = plan(
        {"title": "Newer", "tags": ()},
        item_of({"title": "New", "tags": ("Added",)}),
        intended,
        PRESERVE,
    )

    assert [(change.field.name, change.value, change.remove) for change in later] == [
        ("title", "Newer", ()),
        ("tags", (), ("Added",)),
    ]


def test_a_hand_edit_stays_although_a_write_was_intended() -> None:
    before = item_of({"title": "Old"})
    desired: dict[str, FieldValue] = {"title": "New"}

    intended = record_of(intended_records(plan(desired, before), desired, before, None))

    assert plan(desired, item_of({"title": "By hand"}, locked={"title"}), intended, PRESERVE) == ()


# -- Unicode forms ----------------------------------------------------------------------------

NFC, NFD = "\u00c9t\u00e9", "E\u0301te\u0301"


def test_a_name_that_the_item_has_keeps_its_spelling() -> None:
    (change,) = plan({"tags": (NFC, "New")}, item_of({"tags": (NFD, "Old")}))

    assert (change.value, change.remove) == ((NFD, "New"), ("Old",))


def test_our_own_name_is_removed_in_either_form() -> None:
    ours = known("collection", (NFD,), (NFD,), names=(NFD,))

    (change,) = plan({"collection": ("New",)}, item_of({"collection": (NFC,)}), ours)

    assert (change.value, change.remove) == (("New",), (NFC,))


def test_a_value_that_1_1_sent_is_no_hand_edit() -> None:
    """Version 1.1 stored the digest of the decomposed text."""
    of_1_1 = record_of({"title": FieldRecord("08bb0730d7f3765c", "08bb0730d7f3765c")})

    (change,) = plan({"title": "New"}, item_of({"title": "Cafe\u0301"}), of_1_1, PRESERVE)

    assert change.value == "New"
    assert plan({"title": "Caf\u00e9"}, item_of({"title": "Cafe\u0301"}), of_1_1, PRESERVE) == ()
