"""Test that a first image is uploaded without a look at Plex's list, and that none is sent twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from core.job import FORCE_SYNC
from sync.image_sender import LIST_TRIES, LIST_WAIT_S
from sync_queue import statements as sql
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness

UPLOADS = r"/library/metadata/\d+/posters"
DEDUPE = pytest.mark.parametrize("dedupe", [True, False], ids=["one entry", "one per upload"])


class Killed(BaseException):
    """The worker's process ends at this point."""


def image_requests(worker: InProcessHarness) -> list[str]:
    """Return the method of every request about a poster, oldest first."""
    return [each.method for each in worker.plex.requests if "/poster" in each.path]


def copies(worker: InProcessHarness, number: int = 1) -> int:
    """Return how often Plex offers the picture."""
    sha1 = hashlib.sha1(png(number), usedforsecurity=False).hexdigest()
    return [image.sha1 for image in worker.titled_item("a").posters].count(sha1)


def edit(worker: InProcessHarness, scene: int, **fields: Any) -> None:
    """Save the scene some time later, and sync it."""
    worker.clock.advance(10.0)
    worker.stash.library.change_scene(scene, touch=True, **fields)
    worker.drain_scenes(scene)


def kill_after_upload(worker: InProcessHarness, scene: int) -> None:
    """Kill the worker once Plex has taken an image, and begin another one."""

    def kill() -> None:
        if [each.method for each in worker.plex.requests[-1:]] == ["POST"]:
            raise Killed

    worker.on_heartbeat = kill
    with pytest.raises(Killed):
        worker.drain_scenes(scene)
    worker.on_heartbeat = lambda: None
    worker.restart()
    worker.plex.reset_counts()


def sync_again(worker: InProcessHarness) -> None:
    """Let the worker finish what a killed one has begun."""
    worker.run_until_idle(100.0)


# -- the first image ------------------------------------------------------------------------------


def test_a_first_sync_of_all_costs_two_requests_a_scene(worker: InProcessHarness) -> None:
    for number in range(100):
        name = str(number)
        worker.titled_scene(name, details=f"About {name}.", tags=["night"], cover=png(number))

    worker.sync_all()

    counts = {
        key: sum(f"{each.method} {each.route}" == key for each in worker.plex.requests)
        for key in sorted({f"{each.method} {each.route}" for each in worker.plex.requests})
    }
    assert counts == {
        "GET /identity": 1,
        "GET /library/metadata/{ids}": 2,
        "GET /library/sections": 1,
        "GET /library/sections/{S}/all": 1,
        "POST /library/metadata/{rk}/posters": 100,
        "PUT /library/sections/{S}/all": 100,
    }
    assert len(worker.plex.requests) <= 2.1 * 100


def test_a_background_needs_no_list_either(worker: InProcessHarness) -> None:
    worker.configure(c_background_source="cover")

    worker.drain_scenes(worker.titled_scene("a", cover=png(1)))

    paths = [each.path.rpartition("/")[2] for each in worker.plex.requests]
    assert (paths.count("posters"), paths.count("arts")) == (1, 1)
    assert worker.titled_item("a").art_bytes == png(1)


def lock(worker: InProcessHarness) -> None:
    worker.plex.library.change(worker.titled_item("a").rating_key, locked={"thumb"})


def switch_locks_off(worker: InProcessHarness) -> None:
    worker.configure(c_lock_fields=False)


def mark_database(worker: InProcessHarness) -> None:
    with worker.store.transaction() as connection:
        connection.execute(sql.MARK_UPLOADS_UNKNOWN)


def change_server(worker: InProcessHarness) -> None:
    worker.drain_scenes(worker.titled_scene("other"))
    worker.plex.change_identity()
    worker.restart()


@pytest.mark.parametrize("doubt", [lock, switch_locks_off, mark_database, change_server])
def test_a_doubt_costs_one_list(
    worker: InProcessHarness, doubt: Callable[[InProcessHarness], None]
) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    doubt(worker)

    worker.drain_scenes(scene)

    assert image_requests(worker) == ["GET", "POST"]


@DEDUPE
@pytest.mark.parametrize("has_record", [True, False])
def test_an_unlocked_image_that_was_sent_is_looked_for(
    worker: InProcessHarness, dedupe: bool, has_record: bool
) -> None:
    worker.plex.switches.upload_dedupe, worker.plex.switches.upload_locks = dedupe, False
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    edit(worker, scene, cover=png(2))
    if not has_record:
        worker.context().records.forget_scene(scene)

    edit(worker, scene, cover=png(1))

    assert worker.titled_item("a").poster_bytes == png(1)
    assert (copies(worker, 1), copies(worker, 2)) == (1, 1)


def test_an_image_that_was_chosen_by_hand_costs_a_list(worker: InProcessHarness) -> None:
    worker.configure(c_preserve_plex_edits=True)
    scene = worker.titled_scene("a", cover=png(1))
    key = worker.titled_item("a").rating_key
    worker.plex.library.change(key, poster=png(9), locked={"thumb"})
    worker.drain_scenes(scene)
    worker.plex.library.change(key, locked=set())
    worker.plex.reset_counts()
    worker.clock.advance(10.0)

    worker.enqueue(scene, cause=FORCE_SYNC)
    worker.drain()

    assert image_requests(worker) == ["GET", "POST"]
    original = worker.context().records.originals.of_item(worker.plex.machine_identifier, key)
    sha1 = hashlib.sha1(png(9), usedforsecurity=False).hexdigest()
    assert str(original["poster"].value).endswith(sha1)


# -- uploads of which no record was made ----------------------------------------------------------


@DEDUPE
@pytest.mark.parametrize("lag", range(LIST_TRIES))
def test_a_killed_upload_is_not_repeated(worker: InProcessHarness, dedupe: bool, lag: int) -> None:
    worker.plex.switches.upload_dedupe, worker.plex.switches.posters_list_lag = dedupe, lag
    scene = worker.titled_scene("a", cover=png(1))
    kill_after_upload(worker, scene)

    sync_again(worker)

    assert image_requests(worker) == ["GET"] * (lag + 1)
    assert (worker.titled_item("a").poster_bytes, copies(worker)) == (png(1), 1)
    assert (worker.jobs(), worker.dead_letters()) == ([], [])


@DEDUPE
def test_a_killed_upload_of_another_cover_is_not_repeated(
    worker: InProcessHarness, dedupe: bool
) -> None:
    worker.plex.switches.upload_dedupe = dedupe
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    worker.clock.advance(10.0)
    worker.stash.library.change_scene(scene, touch=True, cover=png(2))
    kill_after_upload(worker, scene)

    sync_again(worker)

    assert image_requests(worker) == ["GET"]
    assert (worker.titled_item("a").poster_bytes, copies(worker, 2)) == (png(2), 1)


@DEDUPE
def test_a_killed_upload_is_not_repeated_by_a_new_scene(
    worker: InProcessHarness, dedupe: bool
) -> None:
    worker.plex.switches.upload_dedupe, worker.plex.switches.upload_locks = dedupe, False
    scene = worker.titled_scene("a", cover=png(1))
    kill_after_upload(worker, scene)
    worker.stash.destroy_scene(scene)
    worker.enqueue(scene, cause="destroy")
    sync_again(worker)

    worker.drain_scenes(worker.titled_scene("a", in_plex=False, cover=png(1)))

    assert copies(worker) == 1


@DEDUPE
@pytest.mark.parametrize("kind", ["apply_then_drop", "apply_then_status", "cut"])
def test_an_upload_whose_answer_is_lost_is_not_repeated(
    worker: InProcessHarness, kind: str, dedupe: bool
) -> None:
    worker.plex.switches.upload_dedupe = dedupe
    worker.plex.faults.add(Fault(kind, method="POST", route=UPLOADS, status=500))
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)

    worker.run_until_idle(300.0)

    assert image_requests(worker) == ["POST", "GET"]
    assert (worker.titled_item("a").poster_bytes, copies(worker)) == (png(1), 1)
    assert (worker.jobs(), worker.dead_letters()) == ([], [])


def test_an_upload_that_plex_did_not_get_follows_three_lists(worker: InProcessHarness) -> None:
    worker.plex.faults.add(Fault("refuse", method="POST", route=UPLOADS))
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)

    worker.run_until_idle(300.0)

    assert image_requests(worker) == ["POST", *["GET"] * LIST_TRIES, "POST"]
    assert worker.clock.sleeps.count(LIST_WAIT_S) == LIST_TRIES - 1
    assert worker.titled_item("a").poster_bytes == png(1)


def test_a_refused_upload_is_not_waited_for(worker: InProcessHarness) -> None:
    worker.plex.faults.add(Fault(method="POST", route=UPLOADS, status=413))
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)

    edit(worker, scene)

    assert image_requests(worker) == ["POST", "GET", "POST"]
    assert LIST_WAIT_S not in worker.clock.sleeps
