"""The index scene -> entities: wide before a write, exact after it, and never ahead of a fan-out."""

from dataclasses import replace

import pytest

from core.entity import Entity, join_details
from sync_queue.entities import EntityIndex
from tests.harness.queue import QueueHarness

MIA = Entity("performer:3", "Mia", read_at=5.0)
TRAIN = Entity("tag:7", "train", read_at=5.0)
STUDIO = Entity("studio:5", "Studio", "9", read_at=5.0)
NETWORK = Entity("studio:9", "Network", None, read_at=5.0)
FEMALE = join_details({"gender": "FEMALE"})
MALE = join_details({"gender": "MALE"})
BOTH = join_details({"gender": "FEMALE", "disambiguation": "the elder"})


@pytest.fixture
def index(queue: QueueHarness) -> EntityIndex:
    return EntityIndex(queue.store)


def test_nothing_is_known_of_a_scene_that_was_never_read(index: EntityIndex) -> None:
    assert index.of_scene(1) == frozenset()
    assert index.scenes_showing("tag:7", 0, 10) == []
    assert index.known("tag:7") is None


def test_before_a_write_a_scene_shows_the_old_and_the_new(index: EntityIndex) -> None:
    index.record_before_write({1: [MIA]})

    index.record_before_write({1: [TRAIN]})

    assert index.of_scene(1) == {"performer:3", "tag:7"}


def test_after_a_write_a_scene_shows_exactly_what_was_written(index: EntityIndex) -> None:
    index.record_before_write({1: [MIA, TRAIN]})

    index.record_after_write(1, ["tag:7"])

    assert index.of_scene(1) == {"tag:7"}
    assert index.scenes_showing("performer:3", 0, 10) == []


def test_a_scene_that_shows_nothing_any_more_is_found_by_nothing(index: EntityIndex) -> None:
    index.record_before_write({1: [MIA]})

    index.record_after_write(1, [])

    assert index.of_scene(1) == frozenset()


def test_scenes_come_in_pages_by_id(index: EntityIndex) -> None:
    index.record_before_write({number: [TRAIN] for number in (5, 1, 4, 2, 3)})

    assert index.scenes_showing("tag:7", 0, 2) == [1, 2]
    assert index.scenes_showing("tag:7", 2, 2) == [3, 4]
    assert index.scenes_showing("tag:7", 4, 2) == [5]


@pytest.mark.parametrize("other", ["tag:77", "tag:70", "tag:1", "tag:17", "performer:7"])
def test_no_id_is_taken_for_another_that_looks_like_it(index: EntityIndex, other: str) -> None:
    index.record_before_write({1: [Entity(other, "x")]})

    assert index.scenes_showing("tag:7", 0, 10) == []


def test_the_first_scene_names_its_entities(index: EntityIndex) -> None:
    renamed = index.record_before_write({1: [MIA, STUDIO, NETWORK]})

    assert renamed == []
    assert index.known("performer:3") == MIA
    assert index.known("studio:5") == STUDIO
    assert index.known("studio:9") == NETWORK


def test_a_scene_with_another_name_clears_the_known_one(
    index: EntityIndex,
) -> None:
    index.record_before_write({1: [TRAIN]})

    renamed = index.record_before_write({2: [Entity("tag:7", "railway", read_at=9.0)]})

    known = index.known("tag:7")
    assert renamed == ["tag:7"]
    assert known is not None
    assert not known.shows_same_as(TRAIN)
    assert not known.shows_same_as(Entity("tag:7", "railway"))


def test_a_studio_known_as_parent_learns_only_its_own_parent(index: EntityIndex) -> None:
    index.record_before_write({1: [NETWORK]})

    index.record_before_write({2: [Entity("studio:9", "Network", "", read_at=9.0)], 3: [NETWORK]})

    known = index.known("studio:9")
    assert known is not None
    assert (known.parent, known.read_at) == ("", 5.0)


def test_a_distributed_name_is_stored_and_a_deleted_one_removed(
    index: EntityIndex,
) -> None:
    now = Entity("tag:7", "railway", "", "2024-01-01T00:00:00Z", 9.0)
    index.record_before_write({1: [TRAIN, MIA]})

    index.remember(now)
    index.forget("performer:3")
    index.forget_scene(1)

    assert (index.known("tag:7"), index.known("performer:3"), index.of_scene(1)) == (
        now,
        None,
        frozenset(),
    )
    assert index.known_of_kind("tag") == ["tag:7"]
    assert index.known_of_kind("performer") == []


def test_a_detail_read_first_time_is_added_unchanged(index: EntityIndex) -> None:
    """Such as after an update, or once a setting asks for it: nothing is enqueued."""
    index.record_before_write({1: [MIA]})

    renamed = index.record_before_write({2: [replace(MIA, details=FEMALE)]})
    renamed += index.record_before_write({3: [replace(MIA, details=BOTH)]})

    assert renamed == []
    assert index.known("performer:3") == replace(MIA, details=BOTH)


def test_a_scene_with_another_detail_clears_the_known_name(index: EntityIndex) -> None:
    index.record_before_write({1: [replace(MIA, details=FEMALE)]})

    renamed = index.record_before_write({2: [replace(MIA, details=MALE)]})

    known = index.known("performer:3")
    assert renamed == ["performer:3"]
    assert known is not None
    assert not known.shows_same_as(replace(MIA, details=MALE))


def test_what_is_known_already_is_not_written_again(
    queue: QueueHarness, index: EntityIndex
) -> None:
    index.record_before_write({1: [TRAIN, STUDIO]})
    index.record_after_write(1, ["tag:7", "studio:5"])
    before = queue.ack_queue.connection.total_changes

    index.record_before_write({1: [TRAIN, STUDIO]})
    index.record_after_write(1, ["tag:7", "studio:5"])

    assert queue.ack_queue.connection.total_changes == before


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (Entity("tag:7", "a"), Entity("tag:7", "a", updated_at="later", read_at=9.0), True),
        (Entity("tag:7", "a"), Entity("tag:7", "A"), False),
        (Entity("studio:5", "a", "1"), Entity("studio:5", "a", "2"), False),
        (Entity("studio:5", "a", "1"), Entity("studio:5", "a", ""), False),
        (Entity("studio:5", "a", None), Entity("studio:5", "a", "2"), True),
        (Entity("studio:5", "a", None), Entity("studio:5", "b", "2"), False),
        (MIA, replace(MIA, details=FEMALE), True),
        (replace(MIA, details=FEMALE), replace(MIA, details=MALE), False),
        (replace(MIA, details=FEMALE), replace(MIA, details=BOTH), True),
        (replace(MIA, details=MALE), replace(MIA, details=BOTH), False),
    ],
)
def test_two_states_are_equal_when_scenes_show_the_same(
    one: Entity, other: Entity, alike: bool
) -> None:
    assert (one.shows_same_as(other), other.shows_same_as(one)) == (alike, alike)
