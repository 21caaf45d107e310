"""A hook that never ran is a delay: what Stash says changed and nobody knows of is noted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.entity import Entity
from core.errors import StashUnavailable
from stash.times import MARGIN, parse_time
from sync_queue.entities import EntityIndex
from tests.emulators.stash_faults import Fault
from tests.unit.worker.rig import NOW, Rig, rigged
from worker.discovery.catch_up import OVERLAP_S, WATERMARK


def run(rig: Rig) -> int:
    stash = rig.worker.components.settings.stash()
    assert stash is not None
    return rig.worker.components.catch_up.run(stash, rig.plex.machine_identifier)


def watermark(rig: Rig) -> float:
    return float(rig.worker.components.facts.get(WATERMARK))


def started(rig: Rig) -> None:
    """The first run, and time enough that it is out of the overlap."""
    rig.clock.advance(1000)
    run(rig)
    rig.clock.advance(1000)


def test_the_first_run_only_sets_the_watermark(rig: Rig) -> None:
    rig.scene("a")

    noted = run(rig)

    assert (noted, rig.counts, watermark(rig)) == (0, (0, 0, 0), NOW)
    assert rig.stash.count("graphql", "findScenes") == 0


def test_a_scene_that_changed_without_a_hook_is_noted(rig: Rig) -> None:
    scene, quiet = rig.scene("a"), rig.scene("b")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")

    noted = run(rig)

    assert noted == 1
    assert rig.row(scene)[2] == ""
    assert rig.worker.components.store.has_pending_change(f"scene:{quiet}", since=0) is False


def test_what_was_synced_since_its_change_is_not_noted_again(rig: Rig) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")
    rig.clock.advance(2)
    rig.sync(scene)

    assert run(rig) == 0


@pytest.mark.parametrize(("rest_s", "noted"), [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_a_record_read_within_two_seconds_proves_nothing(rig: Rig, rest_s: int, noted: int) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")
    rig.clock.advance(rest_s)
    rig.sync(scene)

    assert run(rig) == noted


def test_what_waits_in_the_queue_is_not_noted_again(rig: Rig) -> None:
    scene = rig.scene("a", in_plex=False)
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")
    rig.sync(scene)
    waiting = rig.row(scene)

    assert run(rig) == 0
    assert rig.row(scene) == waiting


def test_a_dead_lettered_change_is_not_enqueued_again(rig: Rig) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")
    bury(rig, scene)

    assert run(rig) == 0


def test_a_change_after_the_dead_letter_is_noted(rig: Rig) -> None:
    scene = rig.scene("a")
    started(rig)
    bury(rig, scene)
    rig.clock.advance(10)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")

    assert run(rig) == 1


def bury(rig: Rig, scene: int) -> None:
    rig.note(scene)
    (job,) = rig.worker.components.store.claim()
    rig.worker.components.store.dead_letter(job, title="", reason="AmbiguousMatch", message="m")


def test_a_future_timestamp_is_enqueued_once(rig: Rig) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(
        scene, touch=True, title="Edited", updated_at="2099-01-01T00:00:00Z"
    )
    first = run(rig)
    rig.drain()
    rig.clock.advance(1000)

    second = run(rig)

    assert (first, second) == (1, 0)


def test_a_dead_letter_with_a_future_time_is_requeued_once(rig: Rig) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, updated_at="2099-01-01T00:00:00Z")
    bury(rig, scene)
    rig.clock.advance(1000)

    assert run(rig) == 0


@pytest.mark.parametrize("zone", ["+14:00", "-12:00", "+05:45"])
def test_a_server_in_any_zone_hides_nothing(tmp_path: Path, zone: str) -> None:
    with rigged(tmp_path, zone=zone) as rig:
        scene = rig.scene("a")
        rig.scene("old", in_plex=False, updated_at="2020-01-01T00:00:00Z")
        started(rig)
        rig.stash.library.change_scene(scene, touch=True, title="Edited")

        assert run(rig) == 1
        assert rig.row(scene)[2] == ""


def test_a_change_just_before_the_watermark_is_in_the_overlap(rig: Rig) -> None:
    run(rig)
    rig.clock.advance(2 * OVERLAP_S)
    run(rig)
    rig.clock.advance(-OVERLAP_S / 2)
    scene = rig.scene("late")
    rig.clock.advance(OVERLAP_S)

    run(rig)

    assert rig.row(scene)[2] == ""


def test_what_changed_before_the_first_start_is_nobodys_edit(rig: Rig) -> None:
    rig.clock.advance(-OVERLAP_S / 2)
    rig.scene("scanned before PlexSync came")
    rig.clock.advance(OVERLAP_S / 2)
    run(rig)

    assert run(rig) == 0


def test_the_watermark_moves_with_what_was_noted(rig: Rig) -> None:
    started(rig)

    run(rig)

    assert watermark(rig) == rig.clock.now


def test_a_stash_that_disappears_keeps_the_watermark(rig: Rig) -> None:
    started(rig)
    before = watermark(rig)
    rig.stash.faults.locked("findScenes")

    with pytest.raises(StashUnavailable):
        run(rig)

    assert watermark(rig) == before


def test_a_watermark_in_the_future_hides_no_change(rig: Rig) -> None:
    run(rig)
    rig.clock.jump(-100_000)
    scene = rig.scene("now")

    run(rig)

    assert rig.row(scene)[2] == ""
    assert watermark(rig) == rig.clock.now


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Rig]:
    with rigged(tmp_path) as rig:
        run(rig)
        rig.clock.advance(1000)
        yield rig


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (499, 1), (500, 2), (501, 2), (1000, 3)])
def test_no_scene_is_lost_at_the_boundary_of_a_page(many: Rig, count: int, pages: int) -> None:
    for number in range(count):
        many.stash.library.add_scene(f"/data/{number}.mp4")
    many.stash.reset_counts()

    noted = run(many)

    assert noted == count
    assert many.counts[0] == count
    assert many.stash.count("graphql", "findScenes") == pages
    assert watermark(many) == many.clock.now


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10.0),
        ("1970-01-01T01:00:10+01:00", 10.0),
        ("1970-01-01T00:00:10", 10.0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_time_is_read_with_its_zone(text: str, seconds: float | None) -> None:
    assert parse_time(text) == seconds


def test_the_margin_covers_every_zone() -> None:
    assert MARGIN.total_seconds() >= 26 * 3600


def test_a_damaged_watermark_is_set_back_a_day(
    rig: Rig,
) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")
    rig.clock.advance(60)
    rig.worker.components.facts.set(WATERMARK, "1700000?00.0")

    assert run(rig) == 1
    assert watermark(rig) == rig.clock.now


# -- what scenes show of others -------------------------------------------------------------------


def tagged(rig: Rig, count: int = 1) -> EntityIndex:
    """Tags that indexed scenes show, read just now."""
    index = EntityIndex(rig.worker.components.store)
    for number in range(1, count + 1):
        tag = rig.stash.library.add_tag(f"tag {number}")
        index.remember(Entity(f"tag:{tag}", f"tag {number}", read_at=rig.clock.now))
    return index


def rename(rig: Rig, tag: int, **fields: object) -> None:
    rig.stash.library.change_named(rig.stash.library.tags, tag, name="New", **fields)


def test_a_changed_tag_is_enqueued_unless_no_scene_shows_it(rig: Rig) -> None:
    tagged(rig)
    unknown = rig.stash.library.add_tag("unknown")
    started(rig)
    rename(rig, 1)
    rename(rig, unknown)

    assert run(rig) == 1
    assert rig.worker.components.store.is_queued("tag:1")


def test_a_tag_that_was_read_since_it_moved_is_not_noted(rig: Rig) -> None:
    index = tagged(rig)
    started(rig)
    rename(rig, 1)
    rig.clock.advance(2)
    index.remember(Entity("tag:1", "New", "", rig.stash.library.tags[1].updated_at, rig.clock.now))

    assert run(rig) == 0


def test_a_tag_changed_again_within_the_second_is_enqueued(rig: Rig) -> None:
    index = tagged(rig)
    started(rig)
    rename(rig, 1)
    index.remember(
        Entity("tag:1", "New", "", rig.stash.library.tags[1].updated_at, rig.clock.now + 1)
    )

    assert run(rig) == 1


def test_a_queued_or_dead_lettered_tag_is_not_enqueued_again(rig: Rig) -> None:
    tagged(rig, 2)
    started(rig)
    rename(rig, 1)
    rename(rig, 2)
    store = rig.worker.components.store
    store.enqueue("tag:1", "update")
    (job,) = store.claim()
    store.dead_letter(job, title="", reason="StashQueryError", message="m")
    store.enqueue("tag:2", "update")

    assert run(rig) == 0


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1000, 1001])
def test_no_tag_is_lost_at_the_boundary_of_a_page(rig: Rig, count: int) -> None:
    tagged(rig, count)
    started(rig)
    rig.clock.advance(100 * 3600)
    run(rig)
    for tag in range(1, count + 1):
        rename(rig, tag)

    assert run(rig) == count


def test_a_library_of_old_tags_costs_one_question(rig: Rig) -> None:
    tagged(rig, 1200)
    rig.clock.advance(100 * 3600)
    started(rig)
    rig.stash.reset_counts()

    run(rig)

    assert rig.stash.count("graphql", "findTags") == 1


def test_a_rejected_tag_query_does_not_stop_scenes(
    rig: Rig,
) -> None:
    scene = rig.scene("a")
    started(rig)
    rig.stash.library.change_scene(scene, touch=True, title="Edited")
    rig.stash.faults.plan(
        Fault("graphql", "findTags", times=None, graphql_error="invalid sort: updated_at")
    )

    assert run(rig) == 1
    assert watermark(rig) == rig.clock.now
    assert any("catch_up.failed" in line for line in rig.lines)
