"""The small shared words: jobs, errors, clocks, candidates and records."""

import pytest

from core.clock import SystemClock
from core.errors import (
    AmbiguousMatch,
    PlexNotFound,
    PlexRejected,
    PlexSyncError,
    error_classes,
)
from core.fields import BY_NAME, EDIT_FIELDS, FIELDS, IMAGE_FIELDS
from core.job import PRIORITIES, PRIORITY_EDIT, PRIORITY_LAST, Job, scene_subject
from core.match import Candidate, Evidence, PlexFile
from core.record import FieldRecord, ImageRecord, SyncRecord

FILE = PlexFile("/media/a.mp4", 10, 7, 1)


def job(subject: str) -> Job:
    return Job(1, subject, "update", PRIORITY_EDIT, 0.0)


def test_a_scenes_job_knows_its_scene() -> None:
    assert job(scene_subject(42)).scene_id == 42
    assert job(scene_subject(42)).kind == "scene"


@pytest.mark.parametrize("subject", ["tag:7", "merge:3>7", "scene:x", "scene", ""])
def test_a_job_of_something_else_names_no_scene(subject: str) -> None:
    with pytest.raises(ValueError, match="."):
        _ = job(subject).scene_id


def test_priorities_are_listed_most_urgent_first() -> None:
    assert list(PRIORITIES) == sorted(set(PRIORITIES))
    assert (PRIORITIES[0], PRIORITIES[-1]) == (PRIORITY_EDIT, PRIORITY_LAST)


@pytest.mark.parametrize("kind", list(error_classes()), ids=lambda kind: kind.__name__)
def test_every_error_says_on_one_line_what_a_person_should_know(kind: type[PlexSyncError]) -> None:
    advice = kind("").advice

    assert advice.endswith(".")
    assert "\n" not in advice


def test_the_tree_of_errors_is_listed_parents_first_and_once() -> None:
    listed = list(error_classes())

    assert listed[0] is PlexSyncError
    assert len(listed) == len(set(listed))
    assert all(listed.index(kind.__mro__[1]) < listed.index(kind) for kind in listed[1:])


def test_errors_carry_what_a_person_needs_to_act() -> None:
    candidate = Candidate(FILE, Evidence.NAME_ONLY, "/data/a.mp4")

    assert PlexRejected("no", fields=("title",), too_long=True).fields == ("title",)
    assert PlexNotFound("no", paths=("/data/a.mp4",)).paths == ("/data/a.mp4",)
    assert AmbiguousMatch("no", candidates=(candidate,)).candidates == (candidate,)


def test_a_candidate_describes_itself_on_one_line() -> None:
    plain = Candidate(FILE, Evidence.EXACT_PATH, "/data/a.mp4")
    noted = Candidate(FILE, Evidence.NAME_ONLY, "/data/a.mp4", "size differs")

    assert plain.describe() == "item 7 exact_path 1.0 /media/a.mp4"
    assert noted.describe() == "item 7 name_only 0.4 /media/a.mp4 (size differs)"


def test_a_record_learns_new_fields_and_keeps_the_others() -> None:
    before = SyncRecord(
        1, "m", 7, "s", "/a", fields={"title": FieldRecord("a"), "tags": FieldRecord("b")}
    )

    after = before.with_fields({"title": FieldRecord("c")}).with_images(
        {"poster": ImageRecord("d")}
    )

    assert after.fields == {"title": FieldRecord("c"), "tags": FieldRecord("b")}
    assert after.images == {"poster": ImageRecord("d")}
    assert before.images == {}


def test_the_system_clock_does_not_sleep_for_a_past_time() -> None:
    clock = SystemClock()

    clock.sleep(0)
    clock.sleep(-1)
    clock.sleep(0.001)

    assert clock.wall() > 0
    assert clock.monotonic() <= clock.monotonic()


def test_every_field_has_one_name_and_one_room() -> None:
    assert list(BY_NAME.values()) == list(FIELDS)
    assert sorted(EDIT_FIELDS + IMAGE_FIELDS, key=FIELDS.index) == list(FIELDS)
    assert all(field.sources[0] == "none" for field in FIELDS if field.sources)
