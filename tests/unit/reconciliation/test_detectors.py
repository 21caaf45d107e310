"""Test that each detector is silent on what is in step and finds its own gap.

What a sync would not repair is no gap.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.field_values import FieldValue, digest
from core.fields import BY_NAME, EDIT_FIELDS, Kind
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.plan import WriteRules, plan_changes
from reconciliation.detectors import DETECTORS, EMPTY_FIELDS, Detector, Gap, Observation, gaps_of
from reconciliation.gap_filter import fixable, should_enqueue
from sync.plan_items import PlannedItem
from validation.metadata import parse_scene

FULL: dict[str, FieldValue] = {
    "title": "A Title",
    "sort_title": "Aurora 1",
    "original_title": "AF-017",
    "studio": "Aurora",
    "summary": "Words.",
    "tagline": "Part one",
    "date": "2024-01-02",
    "performers": ("Ann", "Bea"),
    "roles": ("Ann\t25", "Bea\t26"),
    "director": ("Ada",),
    "tags": ("night", "train"),
    "collection": ("Aurora",),
    "labels": ("night",),
    "content_rating": "XXX",
    "rating": 8.0,
}
NOTHING: dict[str, FieldValue] = {
    field.name: ()
    if field.kind in (Kind.NAMES, Kind.ROLES)
    else None
    if field.kind is Kind.RATING
    else ""
    for field in EDIT_FIELDS
}
SCENE = parse_scene({"id": "1", "updated_at": "2024-01-01T00:00:00Z", "files": []})
OFF, PRESERVE = WriteRules(), WriteRules(preserve_plex_edits=True)


def item(**values: FieldValue) -> PlexItem:
    return PlexItem(7, 1, "A Title", ("/media/a.mp4",), {**FULL, **values})


def record(**pushed: FieldValue) -> SyncRecord:
    """What was pushed, and seen afterwards."""
    values = {**FULL, **pushed}
    fields = {}
    for name, value in values.items():
        mark = digest(BY_NAME[name].kind, value)
        fields[name] = FieldRecord(mark, mark, value if isinstance(value, tuple) else ())
    return SyncRecord(1, "s", 7, "u", "/media/a.mp4", fields=fields)


def sight(
    desired: dict[str, FieldValue],
    plex: PlexItem,
    known: SyncRecord | None,
    rules: WriteRules = OFF,
    dead_letter: str = "",
) -> Observation:
    changes = plan_changes(desired, plex, known, rules, identified=True)
    planned = PlannedItem(SCENE, plex, known, None, desired, changes)
    return Observation(1, item=7, differences=fixable(planned, rules, dead_letter))


def fields_by_kind(seen: Observation) -> dict[str, tuple[str, ...]]:
    return {gap.kind: gap.fields for gap in gaps_of(seen)}


PLANTED = {
    "empty": sight({**NOTHING, **FULL}, item(studio=""), None),
    "stale": sight({**FULL, "title": "New"}, item(), record()),
    "missing": Observation(1, problem="PlexNotFound: Plex has no file of this name"),
    "drifted": sight(FULL, item(summary="By hand"), record()),
    "orphaned": Observation(1, is_gone=True),
    "excluded": Observation(1, excluded="it is not organized"),
}


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)
def test_a_detector_is_silent_where_all_is_in_step(detector: Detector) -> None:
    assert detector.find(sight(FULL, item(), record())) is None
    assert detector.find(sight(FULL, item(), None)) is None


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)
def test_a_detector_finds_its_own_gap_and_no_other(detector: Detector) -> None:
    found = {kind: detector.find(seen) for kind, seen in PLANTED.items()}

    assert {kind for kind, gap in found.items() if gap is not None} == {detector.kind}
    gap = found[detector.kind]
    assert isinstance(gap, Gap)
    assert (gap.kind, gap.scene_id) == (detector.kind, 1)
    assert gap.evidence


def test_what_plex_lacks_is_named_field_by_field() -> None:
    lacking = item(studio="", performers=(), date="")

    assert fields_by_kind(sight(FULL, lacking, None)) == {"empty": ("studio", "date", "performers")}


def test_only_five_fields_can_be_empty_and_the_others_are_stale() -> None:
    bare = replace(item(), values=NOTHING)

    found = fields_by_kind(sight(FULL, bare, None))

    assert set(found["empty"]) == EMPTY_FIELDS
    assert set(found["stale"]) == set(FULL) - EMPTY_FIELDS


def test_an_emptied_item_has_drifted() -> None:
    found = fields_by_kind(sight(FULL, replace(item(), values=NOTHING), record()))

    assert found == {"drifted": tuple(field.name for field in EDIT_FIELDS)}


def test_where_both_sides_moved_stash_counts() -> None:
    found = fields_by_kind(sight({**FULL, "summary": "New"}, item(summary="By hand"), record()))

    assert found == {"stale": ("summary",)}


def test_the_evidence_says_what_is_there_and_what_should_be() -> None:
    (gap,) = gaps_of(sight(FULL, item(title="", tags=("x" * 90,)), record()))

    assert gap.evidence.startswith("item 7: title: nothing instead of 'A Title'; tags: 'xxx")
    assert "...' instead of 'night, train'" in gap.evidence


def test_images_are_named_with_the_fields() -> None:
    found = fields_by_kind(Observation(1, item=7, unsent=("background",), replaced=("poster",)))

    assert found == {"stale": ("background",), "drifted": ("poster",)}


@pytest.mark.parametrize(
    "change", [{"title": "By hand"}, {"summary": ""}, {"tags": ("night",)}, {"performers": ()}]
)
def test_no_hand_edit_is_a_gap_where_they_are_preserved(change: dict[str, Any]) -> None:
    assert gaps_of(sight(FULL, item(**change), record(), PRESERVE)) == ()


def test_a_value_that_plex_dropped_when_it_was_sent_is_no_gap() -> None:
    known = record()
    dropped = replace(known.fields["date"], verified=digest(Kind.DATE, "2020-01-01"))

    assert gaps_of(sight(FULL, item(date="2020-01-01"), known.with_fields({"date": dropped}))) == ()


def test_what_is_about_to_be_suspended_is_a_gap_once() -> None:
    """A job must record and report it; afterwards it is in no plan."""
    desired: dict[str, FieldValue] = {**FULL, "title": "Ours"}
    known = record(title="Ours")
    changes = plan_changes(desired, item(), known, OFF, identified=True)
    planned = PlannedItem(SCENE, item(), known, None, desired, (), changes)

    found = Observation(1, item=7, differences=fixable(planned, OFF, ""))

    assert fields_by_kind(found) == {"drifted": ("title",)}


def test_a_rejected_field_is_no_gap_beside_its_dead_letter() -> None:
    desired: dict[str, FieldValue] = {**FULL, "date": "2024-05-06"}
    tried = replace(record().fields["date"], intended=digest(Kind.DATE, "2024-05-06"))
    known = record().with_fields({"date": tried})

    assert gaps_of(sight(desired, item(), known, dead_letter="PlexRejected")) == ()
    assert fields_by_kind(sight(desired, item(), known)) == {"stale": ("date",)}
    assert fields_by_kind(
        sight({**desired, "title": "New"}, item(), known, dead_letter="PlexRejected")
    ) == {"stale": ("title",)}


@pytest.mark.parametrize(
    ("dead_letter", "kinds", "is_worth_it"),
    [
        ("", {"missing"}, True),
        ("PlexNotFound", {"missing"}, False),
        ("AmbiguousMatch", {"missing"}, False),
        ("PlexNotFound", {"stale"}, True),
        ("PlexTemporaryError", {"stale"}, True),
        ("PlexRejected", {"stale"}, True),
        ("PlexRejected", {"missing"}, False),
        ("PoisonJob", {"stale"}, False),
        ("InvalidScene", {"stale"}, False),
        ("KeyError", {"empty", "drifted"}, False),
        ("PlexRejected", {"excluded"}, False),
        ("PlexNotFound", {"excluded"}, True),
        ("", {"excluded"}, True),
    ],
)
def test_a_dead_letter_decides_whether_a_job_is_worth_it(
    dead_letter: str, kinds: set[str], is_worth_it: bool
) -> None:
    assert should_enqueue(dead_letter, frozenset(kinds)) is is_worth_it


NAMES = st.lists(st.sampled_from(["Ann", "ann", "Bea", "Cleo", ""]), max_size=3).map(tuple)
ROLES = st.lists(st.sampled_from(["Ann\t1", "ann\t2", "Bea\t1"]), max_size=3).map(tuple)
TEXTS = st.sampled_from(["", "one", "two", "one\r\n", "2024-01-02"])


def value_of(name: str) -> st.SearchStrategy[FieldValue]:
    kind = BY_NAME[name].kind
    if kind is Kind.NAMES:
        return NAMES
    if kind is Kind.ROLES:
        return ROLES
    return st.sampled_from([None, 1.0, 8.0]) if kind is Kind.RATING else TEXTS


VALUES = st.fixed_dictionaries({name: value_of(name) for name in FULL})


@given(VALUES, VALUES, st.none() | VALUES, st.sampled_from([OFF, PRESERVE]))
def test_no_planned_field_is_in_two_gaps(
    desired: dict[str, FieldValue],
    present: dict[str, FieldValue],
    pushed: dict[str, FieldValue] | None,
    rules: WriteRules,
) -> None:
    plex, known = item(**present), record(**pushed) if pushed is not None else None

    seen = sight(desired, plex, known, rules)

    named = [name for gap in gaps_of(seen) for name in gap.fields]
    planned = {
        change.field.name for change in plan_changes(desired, plex, known, rules, identified=True)
    }
    assert len(named) == len(set(named))
    assert set(named) <= planned
    assert set(named) == {one.field.name for one in seen.differences}
