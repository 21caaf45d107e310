"""Image requests that fail do not hold up texts: the image waits by itself, and ends by name."""

from __future__ import annotations

import pytest

from core.job import IMAGE, PRIORITY_BACKFILL, scene_subject
from plex.transport import MAX_IN_FLIGHT
from sync.image_gate import MAX_PAUSE_S
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness
from worker.resilience.breaker import BreakerStatus
from worker.resilience.retry_policy import IMAGE_WAITS_S

UPLOADS = r"/library/metadata/\d+/posters"
LISTS = r"/library/metadata/\d+/posters"
END_S = 1.2 * sum(IMAGE_WAITS_S)

FAULTS = {
    "500": Fault(method="POST", route=UPLOADS, times=None, status=500),
    "503": Fault(method="POST", route=UPLOADS, times=None, status=503),
    "429": Fault(method="POST", route=UPLOADS, times=None, status=429),
    "404": Fault(method="POST", route=UPLOADS, times=None, status=404),
    "cut": Fault("cut", method="POST", route=UPLOADS, times=None),
    "refused connection": Fault("refuse", method="POST", route=UPLOADS, times=None),
    "a page": Fault("html_200", method="POST", route=UPLOADS, times=None),
    "500 to the list": Fault(method="GET", route=LISTS, times=None, status=500),
    "broken list": Fault("truncated_xml", method="GET", route=LISTS, times=None),
}


def plan(worker: InProcessHarness, name: str, times: int | None = None) -> Fault:
    fault = FAULTS[name]
    return worker.plex.faults.add(
        Fault(fault.kind, fault.method, fault.route, times=times, status=fault.status)
    )


def scenes_with_covers(worker: InProcessHarness, count: int) -> list[int]:
    return [worker.titled_scene(str(n), cover=png(n)) for n in range(count)]


def lock_posters(worker: InProcessHarness) -> None:
    """Have every item show a poster that was chosen by hand, so that its list is read first."""
    for item in list(worker.plex.library.items()):
        worker.plex.library.change(item.rating_key, locked={"thumb"})


def titles(worker: InProcessHarness, count: int) -> list[str]:
    return [worker.titled_item(str(n)).title for n in range(count)]


def cause(worker: InProcessHarness, scene: int) -> str:
    query = "SELECT cause FROM scene_ack_queue_default WHERE status < 2 AND subject = ?"
    return str(worker.rows(query, scene_subject(scene))[0][0])


@pytest.mark.parametrize("name", FAULTS)
def test_texts_arrive_while_every_image_fails(worker: InProcessHarness, name: str) -> None:
    scenes = scenes_with_covers(worker, 12)
    if FAULTS[name].method == "GET":
        lock_posters(worker)
    plan(worker, name)

    report = worker.drain_scenes(*scenes)

    assert (report.done, report.halted_by) == (12, "")
    assert titles(worker, 12) == [f"Title {n}" for n in range(12)]
    assert worker.components.circuit.breaker.state is BreakerStatus.CLOSED
    assert worker.components.circuit.breaker.failures == 0
    assert worker.events("pacing.changed") == []
    assert worker.waiting() == {"PlexTemporaryError": 12}


def test_a_failed_image_waits_in_the_scenes_own_row(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    plan(worker, "500", times=1)

    worker.drain_scenes(scene)

    assert cause(worker, scene) == IMAGE
    assert worker.jobs() == [(scene_subject(scene), 0, "PlexTemporaryError")]
    assert 0.9 * IMAGE_WAITS_S[0] <= worker.job(scene)[0] <= 1.1 * IMAGE_WAITS_S[0]
    assert worker.rows("SELECT priority FROM scene_ack_queue_default WHERE status < 2") == [
        (PRIORITY_BACKFILL,)
    ]


def test_a_failed_image_is_sent_without_the_texts(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    plan(worker, "500", times=1)
    worker.drain_scenes(scene)
    worker.plex.reset_counts()

    worker.run_until_idle(2 * IMAGE_WAITS_S[0])

    assert worker.titled_item("a").poster_bytes == png(1)
    assert worker.plex.count("PUT") == 0
    assert (worker.jobs(), worker.dead_letters()) == ([], [])
    assert worker.record(scene).updated_at


def test_an_edit_is_merged_with_the_waiting_image(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    plan(worker, "500", times=1)
    worker.drain_scenes(scene)
    worker.stash.library.change_scene(scene, touch=True, title="Edited")

    report = worker.drain_scenes(scene)

    assert (report.done, worker.jobs()) == (1, [])
    assert worker.titled_item("a").title == "Edited"
    assert worker.titled_item("a").poster_bytes == png(1)


def test_an_edit_during_the_upload_keeps_its_place(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    plan(worker, "500", times=1)
    worker.enqueue(scene)
    (job,) = worker.store.claim()
    worker.enqueue(scene)  # saved once more while the job runs
    worker.store.release(job)
    worker.enqueue(scene)

    worker.drain()
    waits_s, attempts, _ = worker.job(scene)

    assert (attempts, waits_s > 0) == (0, True)
    worker.run_until_idle(2 * IMAGE_WAITS_S[0])
    assert worker.titled_item("a").poster_bytes == png(1)


@pytest.mark.parametrize("count", [1, 5])
def test_an_image_that_never_succeeds_ends_by_name(worker: InProcessHarness, count: int) -> None:
    scenes = scenes_with_covers(worker, count)
    plan(worker, "500")
    worker.drain_scenes(*scenes)

    worker.run_for(END_S, every_s=60.0)

    assert worker.jobs() == []
    assert {dead_letter.reason for dead_letter in worker.dead_letters()} == {"PlexTemporaryError"}
    assert len(worker.dead_letters()) == count
    assert "did not take the poster of scene" in worker.dead_letters()[0].message
    assert "poster" in worker.notices()["part:poster"]
    assert "plex_gone" not in worker.notices()


def test_a_scene_with_an_image_dead_letter_takes_edits(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png(1))
    plan(worker, "500")
    worker.drain_scenes(scene)
    worker.run_for(END_S, every_s=60.0)
    worker.plex.faults.clear()

    worker.stash.library.change_scene(scene, touch=True, title="Edited")
    worker.sync(scene)

    assert worker.titled_item("a").title == "Edited"
    assert worker.titled_item("a").poster_bytes == png(1)
    assert worker.dead_letters() == []


def test_uploads_are_held_back_while_three_in_a_row_fail(worker: InProcessHarness) -> None:
    scenes = scenes_with_covers(worker, 12)
    fault = plan(worker, "500")

    worker.drain_scenes(*scenes)

    # Those in flight when the third one failed may have failed, too.
    assert 3 <= fault.fired < 3 + MAX_IN_FLIGHT


def test_images_follow_once_plex_takes_them_again(worker: InProcessHarness) -> None:
    scenes = scenes_with_covers(worker, 12)
    plan(worker, "500")
    worker.drain_scenes(*scenes)
    worker.run_for(300.0)
    worker.plex.faults.clear()

    worker.run_for(END_S, every_s=60.0)

    assert [worker.titled_item(str(n)).poster_bytes for n in range(12)] == [
        png(n) for n in range(12)
    ]
    assert (worker.jobs(), worker.dead_letters()) == ([], [])


def test_what_was_held_back_is_sent_with_the_first_success(worker: InProcessHarness) -> None:
    scenes = scenes_with_covers(worker, 12)
    plan(worker, "500")
    worker.drain_scenes(*scenes)
    worker.run_for(300.0)
    worker.plex.faults.clear()
    worker.clock.advance(MAX_PAUSE_S)

    worker.sync(scenes[0])  # an edit

    assert [worker.titled_item(str(n)).poster_bytes for n in range(12)] == [
        png(n) for n in range(12)
    ]


def test_one_image_that_always_fails_holds_back_no_other(worker: InProcessHarness) -> None:
    bad = worker.titled_scene("bad", cover=png(1))
    route = rf"/library/metadata/{worker.titled_item('bad').rating_key}/posters"
    fault = worker.plex.faults.add(Fault(method="POST", route=route, times=None, status=500))
    worker.drain_scenes(bad)
    worker.run_for(600.0)

    worker.drain_scenes(worker.titled_scene("good", cover=png(2)))

    assert fault.fired > 3
    assert worker.titled_item("good").poster_bytes == png(2)


@pytest.mark.parametrize("status", [401, 403, 302])
def test_access_denied_to_images_alone_is_a_refusal(worker: InProcessHarness, status: int) -> None:
    """As by a proxy that inspects what is uploaded."""
    fault = worker.plex.faults.add(
        Fault(method="POST", route=UPLOADS, times=None, status=status, location="/elsewhere")
    )
    scenes = scenes_with_covers(worker, 3)

    report = worker.drain_scenes(*scenes)

    assert (report.done, report.halted_by, worker.jobs()) == (3, "", [])
    assert worker.components.circuit.breaker.state is BreakerStatus.CLOSED
    assert "poster" in worker.notices()["part:poster"]
    assert fault.fired == 3


def scene_with_new_cover(worker: InProcessHarness) -> int:
    """Return a scene that was synced, and whose cover is another one since."""
    scene = worker.titled_scene("a", cover=png(1))
    worker.drain_scenes(scene)
    worker.clock.advance(10.0)
    worker.stash.library.change_scene(scene, touch=True, cover=png(2))
    return scene


def test_a_plex_that_goes_away_in_an_upload_is_an_outage(worker: InProcessHarness) -> None:
    scene = scene_with_new_cover(worker)
    worker.plex.faults.add(Fault(method="POST", times=None, status=503))
    worker.plex.faults.add(Fault(route="/identity", times=None, status=503))

    worker.drain_scenes(scene)

    assert worker.waiting() == {"PlexUnavailable": 1}
    assert worker.components.circuit.breaker.state is BreakerStatus.OPEN


def test_a_token_refused_in_an_upload_denies_access(worker: InProcessHarness) -> None:
    scene = scene_with_new_cover(worker)
    worker.plex.faults.add(Fault(method="POST", times=None, status=401))
    worker.plex.faults.add(Fault(route="/library/sections", times=None, status=401))

    worker.drain_scenes(scene)

    assert worker.waiting() == {"PlexAccessError": 1}
    assert worker.components.circuit.breaker.refused


def test_a_job_that_only_failed_an_image_proves_nothing(worker: InProcessHarness) -> None:
    """Plex answers reads and fails writes: images that wait must not hide that."""
    pictured = worker.titled_scene("p", cover=png(1))
    plan(worker, "500")
    worker.drain_scenes(pictured)
    worker.clock.advance(2 * IMAGE_WAITS_S[0])
    worker.plex.faults.add(Fault(method="PUT", times=None, status=500))

    report = worker.drain_scenes(worker.titled_scene("a"))

    assert (report.done, report.waiting) == (1, 1)
    assert worker.components.circuit.breaker.failures == 1
