"""An image that Plex or a proxy refuses is sent again, and is never taken as shown."""

from __future__ import annotations

from typing import Any

import pytest

from core.job import FORCE_SYNC
from core.record import ImageRecord
from core.units import DAY_S
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness

REFUSALS = (400, 405, 409, 413, 422)
IMAGES = ("posters", "arts")


def covered_scene(worker: InProcessHarness, cover: bytes = png(1), **fields: Any) -> int:
    """Add a scene whose cover becomes poster and background."""
    worker.configure(c_background_source="cover")
    return worker.titled_scene("a", cover=cover, **fields)


def refuse(
    worker: InProcessHarness, kind: str = "posters", status: int = 400, times: int | None = 1
) -> Fault:
    """Have Plex refuse uploads of one kind."""
    return worker.plex.faults.add(
        Fault("status", "POST", rf"/library/metadata/\d+/{kind}", times=times, status=status)
    )


def shown(worker: InProcessHarness, kind: str) -> bytes | None:
    item = worker.titled_item("a")
    return item.poster_bytes if kind == "posters" else item.art_bytes


def edit(worker: InProcessHarness, scene: int, **fields: object) -> None:
    """Save the scene some time later, and sync it."""
    worker.clock.advance(10.0)
    worker.stash.library.change_scene(scene, touch=True, **fields)
    worker.drain_scenes(scene)


def force(worker: InProcessHarness, scene: int) -> None:
    """Sync the scene as Force Sync All does."""
    worker.clock.advance(10.0)
    worker.enqueue(scene, cause=FORCE_SYNC)
    worker.drain()


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("status", REFUSALS)
def test_an_image_refused_once_is_sent_with_the_next_edit(
    worker: InProcessHarness, status: int, kind: str
) -> None:
    scene = covered_scene(worker, title="Written")
    refuse(worker, kind, status)

    report = worker.drain_scenes(scene)
    was_shown = shown(worker, kind)
    edit(worker, scene, title="Other")

    assert (report.done, worker.dead_letters()) == (1, [])
    assert was_shown != png(1)
    assert shown(worker, kind) == png(1)


def test_a_refusal_is_named_and_the_rest_is_written(worker: InProcessHarness) -> None:
    scene = covered_scene(worker, title="Written")
    refuse(worker)

    worker.drain_scenes(scene)

    assert worker.titled_item("a").title == "Written"
    assert shown(worker, "arts") == png(1)
    assert "poster: Plex answered 400" in worker.notices()["part:poster"]


@pytest.mark.parametrize("again", ["job", FORCE_SYNC])
def test_an_image_refused_once_is_sent_without_an_edit(
    worker: InProcessHarness, again: str
) -> None:
    scene = covered_scene(worker)
    worker.clock.advance(10.0)
    refuse(worker)
    worker.drain_scenes(scene)

    worker.enqueue(scene, cause=again)
    worker.drain()

    assert shown(worker, "posters") == png(1)


def test_a_refused_poster_leaves_the_scene_out_of_date(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    worker.clock.advance(10.0)
    refuse(worker)

    worker.drain_scenes(scene)

    assert worker.record(scene).updated_at == ""


def test_an_image_refused_twice_is_sent_once_a_week(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    fault = refuse(worker, times=None)
    worker.drain_scenes(scene)

    counts = []
    for wait_s in (10.0, 10.0, 3 * DAY_S, 4 * DAY_S, 10.0):
        worker.clock.advance(wait_s)
        edit(worker, scene)
        counts.append(fault.fired)

    assert counts == [2, 2, 2, 3, 3]


def test_force_sync_sends_an_image_refused_twice(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    fault = refuse(worker, times=2)
    worker.drain_scenes(scene)
    edit(worker, scene)

    force(worker, scene)

    assert fault.fired == 2
    assert shown(worker, "posters") == png(1)


def test_another_status_is_another_refusal(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    first, second = refuse(worker, status=413), refuse(worker, status=405)
    worker.drain_scenes(scene)
    edit(worker, scene)

    edit(worker, scene)

    assert (first.fired, second.fired) == (1, 1)
    assert shown(worker, "posters") == png(1)


def test_another_cover_is_sent_whatever_was_refused(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    refuse(worker, times=2)
    worker.drain_scenes(scene)
    edit(worker, scene)

    edit(worker, scene, cover=png(2))

    assert shown(worker, "posters") == png(2)


def test_a_refused_new_cover_leaves_the_old_one_known(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    worker.drain_scenes(scene)
    refuse(worker)

    edit(worker, scene, cover=png(2))
    was_shown = shown(worker, "posters")
    edit(worker, scene)

    assert (was_shown, shown(worker, "posters")) == (png(1), png(2))


def test_a_known_refusal_costs_one_conditional_request(worker: InProcessHarness) -> None:
    scene = covered_scene(worker)
    refuse(worker, times=None)
    worker.drain_scenes(scene)
    edit(worker, scene)
    worker.stash.reset_counts()
    worker.plex.reset_counts()

    edit(worker, scene, title="Other")

    assert worker.stash.count("screenshot", status=304) == worker.stash.count("screenshot") == 1
    assert not [record for record in worker.plex.requests if "/posters" in record.path]


def test_a_refusal_that_1_1_0_recorded_as_sent_is_found(worker: InProcessHarness) -> None:
    """1.1.0 took its own upload for shown, and then the path of Plex's picture for its own."""
    scene = covered_scene(worker)
    worker.clock.advance(10.0)
    worker.drain_scenes(scene)
    record = worker.record(scene)
    worker.plex.library.change(record.item, poster=png(9))
    path = worker.titled_item("a").thumb or ""
    sent = record.images["poster"]
    wrong = record.with_images({"poster": ImageRecord(sent.sha1, sent.etag, path)})
    worker.context().records.save(wrong)

    force(worker, scene)

    assert shown(worker, "posters") == png(1)
