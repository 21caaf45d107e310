"""Test that a lost hook is only a delay: changes listed by Stash are enqueued."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.entity import Entity
from core.errors import StashUnavailable
from stash.times import MARGIN, parse_time
from sync_queue.entities import EntityIndex
from tests.emulators.stash_faults import Fault
from tests.harness.in_process import NOW, InProcessHarness
from tests.harness.processes import running
from worker.discovery.catch_up import OVERLAP_S, WATERMARK
from worker.discovery.first_trace import FIRST_TRACE


def run(worker: InProcessHarness) -> int:
    stash = worker.components.settings.stash()
    assert stash is not None
    return worker.components.catch_up.run(stash, worker.plex.machine_identifier)


def watermark(worker: InProcessHarness) -> float:
    return float(worker.components.queue.facts.get(WATERMARK))


def started(worker: InProcessHarness) -> None:
    """PlexSync comes to an older library; time enough that the first run is out of the overlap."""
    worker.clock.advance(1000)
    worker.set_first_trace()
    run(worker)
    worker.clock.advance(1000)


def test_the_first_run_only_sets_the_watermark(worker: InProcessHarness) -> None:
    worker.titled_scene("a")

    noted = run(worker)

    assert (noted, worker.store.counts(), watermark(worker)) == (0, (0, 0, 0), NOW)
    assert worker.stash.count("graphql", "findScenes") == 0


def test_a_scene_that_changed_without_a_hook_is_noted(worker: InProcessHarness) -> None:
    scene, quiet = worker.titled_scene("a"), worker.titled_scene("b")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")

    noted = run(worker)

    assert noted == 1
    assert worker.job(scene)[2] == ""
    assert worker.store.has_pending_change(f"scene:{quiet}", since=0) is False


def test_what_was_synced_since_its_change_is_not_noted_again(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    worker.clock.advance(2)
    worker.drain_scenes(scene)

    assert run(worker) == 0


@pytest.mark.parametrize(("delay_s", "noted"), [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_a_record_read_within_two_seconds_proves_nothing(
    worker: InProcessHarness, delay_s: int, noted: int
) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    worker.clock.advance(delay_s)
    worker.drain_scenes(scene)

    assert run(worker) == noted


def test_what_waits_in_the_queue_is_not_noted_again(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", in_plex=False)
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    worker.drain_scenes(scene)
    waiting = worker.job(scene)

    assert run(worker) == 0
    assert worker.job(scene) == waiting


def test_a_dead_lettered_change_is_not_enqueued_again(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    add_dead_letter(worker, scene)

    assert run(worker) == 0


def test_a_change_after_the_dead_letter_is_noted(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    add_dead_letter(worker, scene)
    worker.clock.advance(10)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")

    assert run(worker) == 1


def add_dead_letter(worker: InProcessHarness, scene: int) -> None:
    worker.enqueue(scene)
    (job,) = worker.store.claim()
    worker.store.dead_letter(job, title="", reason="AmbiguousMatch", message="m")


def test_a_future_timestamp_is_enqueued_once(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(
        scene, touch=True, title="Edited", updated_at="2099-01-01T00:00:00Z"
    )
    first = run(worker)
    worker.drain()
    worker.clock.advance(1000)

    second = run(worker)

    assert (first, second) == (1, 0)


def test_a_dead_letter_with_a_future_time_is_requeued_once(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, updated_at="2099-01-01T00:00:00Z")
    add_dead_letter(worker, scene)
    worker.clock.advance(1000)

    assert run(worker) == 0


@pytest.mark.parametrize("zone", ["+14:00", "-12:00", "+05:45"])
def test_a_server_in_any_zone_hides_nothing(tmp_path: Path, zone: str) -> None:
    with running(InProcessHarness(tmp_path, zone=zone, hooks=False, start=NOW)) as worker:
        scene = worker.titled_scene("a")
        worker.titled_scene("old", in_plex=False, updated_at="2020-01-01T00:00:00Z")
        started(worker)
        worker.stash.library.change_scene(scene, touch=True, title="Edited")

        assert run(worker) == 1
        assert worker.job(scene)[2] == ""


def test_a_change_just_before_the_watermark_is_in_the_overlap(worker: InProcessHarness) -> None:
    run(worker)
    worker.clock.advance(2 * OVERLAP_S)
    run(worker)
    worker.clock.advance(-OVERLAP_S / 2)
    scene = worker.titled_scene("late")
    worker.clock.advance(OVERLAP_S)

    run(worker)

    assert worker.job(scene)[2] == ""


def test_what_changed_before_the_first_start_is_nobodys_edit(worker: InProcessHarness) -> None:
    worker.clock.advance(-OVERLAP_S / 2)
    worker.titled_scene("scanned before PlexSync came")
    worker.clock.advance(OVERLAP_S / 2)
    run(worker)

    assert run(worker) == 0


@pytest.mark.parametrize(("edited_s", "noted"), [(-60.0, 0), (60.0, 1)])
def test_an_edit_before_the_first_run_is_found_by_the_next(
    worker: InProcessHarness, edited_s: float, noted: int
) -> None:
    """Its hook was killed; what is older than PlexSync's first trace stays as it is."""
    trace = worker.clock.now + 1_000.0
    worker.clock.advance(1_000.0 + edited_s)
    worker.titled_scene("a")
    worker.components.queue.facts.set(FIRST_TRACE, repr(trace))
    worker.clock.advance(100_000.0)

    at_first = run(worker)
    worker.clock.advance(900.0)

    assert (at_first, run(worker)) == (0, noted)


def test_the_watermark_moves_with_what_was_noted(worker: InProcessHarness) -> None:
    started(worker)

    run(worker)

    assert watermark(worker) == worker.clock.now


def test_a_stash_that_disappears_keeps_the_watermark(worker: InProcessHarness) -> None:
    started(worker)
    before = watermark(worker)
    worker.stash.faults.locked("findScenes")

    with pytest.raises(StashUnavailable):
        run(worker)

    assert watermark(worker) == before


def test_a_watermark_in_the_future_hides_no_change(worker: InProcessHarness) -> None:
    run(worker)
    worker.clock.jump(-100_000)
    scene = worker.titled_scene("now")

    run(worker)

    assert worker.job(scene)[2] == ""
    assert watermark(worker) == worker.clock.now


@pytest.fixture
def many(tmp_path: Path) -> Iterator[InProcessHarness]:
    with running(InProcessHarness(tmp_path, hooks=False, start=NOW)) as worker:
        run(worker)
        worker.clock.advance(1000)
        yield worker


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (499, 1), (500, 2), (501, 2), (1000, 3)])
def test_no_scene_is_lost_at_the_boundary_of_a_page(
    many: InProcessHarness, count: int, pages: int
) -> None:
    for number in range(count):
        many.stash.library.add_scene(f"/data/{number}.mp4")
    many.stash.reset_counts()

    noted = run(many)

    assert noted == count
    assert many.store.counts()[0] == count
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
    worker: InProcessHarness,
) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    worker.clock.advance(60)
    worker.components.queue.facts.set(WATERMARK, "1700000?00.0")

    assert run(worker) == 1
    assert watermark(worker) == worker.clock.now


# -- what scenes show of others -------------------------------------------------------------------


def tagged(worker: InProcessHarness, count: int = 1) -> EntityIndex:
    """Tags that indexed scenes show, read just now."""
    index = EntityIndex(worker.store)
    for number in range(1, count + 1):
        tag = worker.stash.library.add_tag(f"tag {number}")
        index.remember(Entity(f"tag:{tag}", f"tag {number}", read_at=worker.clock.now))
    return index


def rename(worker: InProcessHarness, tag: int, **fields: object) -> None:
    worker.stash.library.change_named(worker.stash.library.tags, tag, name="New", **fields)


def test_a_changed_tag_is_enqueued_unless_no_scene_shows_it(worker: InProcessHarness) -> None:
    tagged(worker)
    unknown = worker.stash.library.add_tag("unknown")
    started(worker)
    rename(worker, 1)
    rename(worker, unknown)

    assert run(worker) == 1
    assert worker.store.is_queued("tag:1")


def test_a_tag_that_was_read_since_it_moved_is_not_noted(worker: InProcessHarness) -> None:
    index = tagged(worker)
    started(worker)
    rename(worker, 1)
    worker.clock.advance(2)
    index.remember(
        Entity("tag:1", "New", "", worker.stash.library.tags[1].updated_at, worker.clock.now)
    )

    assert run(worker) == 0


def test_a_tag_changed_again_within_the_second_is_enqueued(worker: InProcessHarness) -> None:
    index = tagged(worker)
    started(worker)
    rename(worker, 1)
    index.remember(
        Entity("tag:1", "New", "", worker.stash.library.tags[1].updated_at, worker.clock.now + 1)
    )

    assert run(worker) == 1


def test_a_queued_or_dead_lettered_tag_is_not_enqueued_again(worker: InProcessHarness) -> None:
    tagged(worker, 2)
    started(worker)
    rename(worker, 1)
    rename(worker, 2)
    store = worker.store
    store.enqueue("tag:1", "update")
    (job,) = store.claim()
    store.dead_letter(job, title="", reason="StashQueryError", message="m")
    store.enqueue("tag:2", "update")

    assert run(worker) == 0


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1000, 1001])
def test_no_tag_is_lost_at_the_boundary_of_a_page(worker: InProcessHarness, count: int) -> None:
    tagged(worker, count)
    started(worker)
    worker.clock.advance(100 * 3600)
    run(worker)
    for tag in range(1, count + 1):
        rename(worker, tag)

    assert run(worker) == count


def test_a_library_of_old_tags_costs_one_question(worker: InProcessHarness) -> None:
    tagged(worker, 1200)
    worker.clock.advance(100 * 3600)
    started(worker)
    worker.stash.reset_counts()

    run(worker)

    assert worker.stash.count("graphql", "findTags") == 1


def test_a_rejected_tag_query_does_not_stop_scenes(
    worker: InProcessHarness,
) -> None:
    scene = worker.titled_scene("a")
    started(worker)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    worker.stash.faults.plan(
        Fault("graphql", "findTags", times=None, graphql_error="invalid sort: updated_at")
    )

    assert run(worker) == 1
    assert watermark(worker) == worker.clock.now
    assert any("catch_up.failed" in line for line in worker.lines)
