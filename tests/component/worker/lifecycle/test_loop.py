"""A worker's days: what it looks at and how often, and when it leaves."""

import json
import sqlite3
from pathlib import Path

import pytest

from core.errors import Fenced
from core.job import scene_subject
from sync_queue import statements as sql
from sync_queue.hook_queue import job_row, write_spill
from sync_queue.meta import WorkerStatus
from sync_queue.notices import Notices
from tests.emulators.sample_plugins import write_plugin
from tests.emulators.stash_faults import Fault as StashFault
from tests.harness.database import query
from tests.harness.in_process import InProcessHarness
from worker.discovery.catch_up import WATERMARK
from worker.lifecycle.loop import TICK_S, ExitReason
from worker.lifecycle.stash_monitor import UNREACHABLE_AFTER_S
from worker.lifecycle.token_move import NOTICE_MOVED
from worker.resilience.breaker import BreakerStatus

MARKERS = "/library/sections"


def live(worker: InProcessHarness, seconds: float, step: float = TICK_S) -> None:
    """Let the worker run for so many seconds."""
    end = worker.clock.now + seconds
    while worker.clock.now < end:
        worker.run_once(step)


def by_a_hook(worker: InProcessHarness, scene: int) -> None:
    """Enqueue a change from another process."""
    connection = sqlite3.connect(worker.data / "queue.db", isolation_level=None)
    connection.execute(
        sql.ENQUEUE, job_row(f"scene:{scene}", "update", 0, worker.clock.now, 1.0, 4.0)
    )
    connection.close()


def test_an_edit_is_in_plex_within_seconds(worker: InProcessHarness) -> None:
    live(worker, 5)
    scene = worker.titled_scene("a", title="Edited")
    by_a_hook(worker, scene)

    live(worker, 3)

    assert worker.titled_item("a").title == "Edited"


def test_an_idle_worker_leaves_both_servers_alone(worker: InProcessHarness) -> None:
    live(worker, 180, step=1.0)  # the token is moved, and defaults are stored
    # No plugin is installed here that could write it into Stash's log.
    worker.components.queue.notices.drop(NOTICE_MOVED)
    worker.plex.reset_counts()
    worker.stash.reset_counts()

    live(worker, 600, step=1.0)

    assert worker.plex.count() == 0
    assert worker.stash.count("healthz") <= 10
    assert worker.stash.count("graphql") <= 4  # its settings, which may change without an edit


def test_it_leaves_when_stash_was_silent_for_ten_minutes(worker: InProcessHarness) -> None:
    live(worker, 61)
    worker.stash.down()
    since = worker.clock.now

    exit_reason = worker.loop.run()

    assert exit_reason is ExitReason.STASH_UNREACHABLE
    assert UNREACHABLE_AFTER_S - 61 <= worker.clock.now - since <= UNREACHABLE_AFTER_S + 61


def test_it_stays_when_stash_comes_back_in_time(worker: InProcessHarness) -> None:
    worker.stash.down()
    live(worker, 500, step=5.0)
    worker.stash.up()

    live(worker, 400, step=5.0)

    assert worker.stash.count("healthz") > 0


def test_a_job_waiting_for_stash_does_not_burn_processor_time(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a")
    live(worker, 2)
    worker.stash.down()
    by_a_hook(worker, scene)
    live(worker, 2)
    worker.clock.sleeps.clear()

    worker.loop.run()

    assert 500 <= len(worker.clock.sleeps) <= 1500


def test_it_leaves_for_another_installed_version(worker: InProcessHarness) -> None:
    live(worker, 6)
    worker.install_version("9.9.9")

    exit_reason = worker.loop.run()

    assert exit_reason is ExitReason.VERSION_CHANGED


def test_a_version_file_being_replaced_does_not_stop_the_worker(worker: InProcessHarness) -> None:
    (worker.root / "core" / "version.py").unlink()

    live(worker, 20)

    assert worker.heartbeats >= 40


def test_it_leaves_when_a_newer_worker_has_taken_over(worker: InProcessHarness) -> None:
    newer = worker.new_worker()
    by_a_hook(worker, worker.titled_scene("a"))

    exit_reason = worker.loop.run()

    newer.close()
    assert exit_reason is ExitReason.FENCED


def test_the_catch_up_runs_at_the_start_and_every_15_minutes(worker: InProcessHarness) -> None:
    live(worker, 2)
    first = float(worker.components.queue.facts.get(WATERMARK))

    live(worker, 890, step=5.0)
    before = float(worker.components.queue.facts.get(WATERMARK))
    live(worker, 15)

    assert before == first
    assert float(worker.components.queue.facts.get(WATERMARK)) >= first + 900


def test_a_catch_up_follows_a_minute_after_a_burst(worker: InProcessHarness) -> None:
    live(worker, 2)
    first = float(worker.components.queue.facts.get(WATERMARK))
    for number in range(3):
        by_a_hook(worker, worker.titled_scene(str(number)))
        live(worker, 20)
    last_hook = worker.clock.now - 20

    live(worker, 39)
    before = float(worker.components.queue.facts.get(WATERMARK))
    live(worker, 5)

    assert before == first
    assert last_hook + 60 <= float(worker.components.queue.facts.get(WATERMARK)) <= last_hook + 63


def test_a_rejected_catch_up_does_not_stop_the_worker(worker: InProcessHarness) -> None:
    write_plugin(worker.stash, 'log("w", ARGS["text"])', "PlexSync", interface="raw")
    live(worker, 2)
    worker.stash.faults.plan(
        StashFault("graphql", "findScenes", times=None, graphql_error="unknown field")
    )
    by_a_hook(worker, worker.titled_scene("a"))
    live(worker, 70)
    Notices(worker.store).add("test", "warning", "Read this", worker.clock.now)

    live(worker, 70)

    assert Notices(worker.store).pending() == []


def test_a_catch_up_of_many_pages_is_no_stall(worker: InProcessHarness) -> None:
    worker.components.queue.facts.set(WATERMARK, repr(worker.clock.now - 86_400.0))
    for number in range(1_001):
        worker.titled_scene(str(number), in_plex=False)
    stash = worker.components.settings.stash()
    assert stash is not None
    before = worker.heartbeats

    worker.components.catch_up.run(stash, "")

    assert (
        worker.heartbeats - before == 4
    )  # three pages of scenes, one of performers, studios, tags and groups


def test_constant_hooks_do_not_postpone_the_catch_up_forever(worker: InProcessHarness) -> None:
    live(worker, 2)
    first = float(worker.components.queue.facts.get(WATERMARK))
    scene = worker.titled_scene("a")

    for _ in range(20):
        by_a_hook(worker, scene)
        live(worker, 50, step=5.0)

    assert float(worker.components.queue.facts.get(WATERMARK)) >= first + 900


def test_a_hook_that_never_ran_is_repaired_by_the_catch_up(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Old")
    live(worker, 200, step=5.0)
    worker.stash.library.change_scene(scene, touch=True, title="Unseen by any hook")

    live(worker, 910, step=5.0)

    assert worker.titled_item("a").title == "Unseen by any hook"


def test_for_a_missing_file_the_library_is_polled_every_30_s(worker: InProcessHarness) -> None:
    live(worker, 2)
    by_a_hook(worker, worker.titled_scene("a", in_plex=False))
    live(worker, 60)
    worker.plex.reset_counts()

    live(worker, 300)

    assert 9 <= worker.plex.count("GET", MARKERS) <= 16


def test_a_file_that_plex_scans_later_is_written_within_a_minute(worker: InProcessHarness) -> None:
    live(worker, 2)
    by_a_hook(worker, worker.titled_scene("a", in_plex=False, title="Late"))
    live(worker, 600, step=2.0)
    worker.add_item("/media/scenes/a.mp4")

    live(worker, 60)

    assert worker.titled_item("a").title == "Late"


def test_a_dead_letter_revives_itself_when_plex_gains_the_file(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", in_plex=False, title="Very late")
    live(worker, 2)
    by_a_hook(worker, scene)
    live(worker, 3 * 3600, step=10.0)
    dead_letters = [dead_letter.reason for dead_letter in worker.dead_letters()]
    worker.add_item("/media/scenes/a.mp4")

    live(worker, 90)

    assert dead_letters == ["PlexNotFound"]
    assert worker.titled_item("a").title == "Very late"
    assert worker.dead_letters() == []


def test_an_outage_of_plex_ends_without_a_button(worker: InProcessHarness) -> None:
    live(worker, 2)
    worker.plex.down()
    by_a_hook(worker, worker.titled_scene("a", title="Waited"))
    live(worker, 300)
    during = worker.components.circuit.breaker.state
    worker.plex.up()

    live(worker, 70)

    assert during is BreakerStatus.OPEN
    assert worker.titled_item("a").title == "Waited"
    assert worker.components.circuit.breaker.state is BreakerStatus.CLOSED


def test_a_corrected_token_drains_the_queue(worker: InProcessHarness) -> None:
    token = worker.plex.token
    worker.plex.change_token("right")
    worker.configure(a_plex_token=token)
    by_a_hook(worker, worker.titled_scene("a", title="Waited"))
    live(worker, 10)
    notice = worker.notices()["refused"]
    worker.configure(a_plex_token="right")

    live(worker, 70)

    assert "Plex token" in notice
    assert worker.titled_item("a").title == "Waited"
    assert "refused" not in worker.notices()


def test_while_disabled_nothing_is_written_until_enabled(worker: InProcessHarness) -> None:
    worker.configure(a_enabled=False)
    by_a_hook(worker, worker.titled_scene("a", title="Kept"))
    live(worker, 120)
    during = (worker.plex.count(), worker.components.queue.facts.worker())
    worker.configure(a_enabled=True)

    live(worker, 40)

    assert during[0] == 0
    assert during[1] is not None
    assert during[1].status is WorkerStatus.DISABLED
    assert worker.titled_item("a").title == "Kept"


def test_while_disabled_settings_are_polled_rarely(worker: InProcessHarness) -> None:
    worker.configure(a_enabled=False)
    by_a_hook(worker, worker.titled_scene("a"))
    live(worker, 130, step=1.0)  # the token is moved
    worker.stash.reset_counts()

    live(worker, 300)

    assert worker.stash.count("graphql", "configuration") <= 15


def test_what_a_hook_could_only_leave_as_a_file_is_done(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Spilled")
    live(worker, 2)
    write_spill(
        str(worker.data), job_row(f"scene:{scene}", "update", 0, worker.clock.now, 1.0, 4.0), None
    )

    live(worker, 3)

    assert worker.titled_item("a").title == "Spilled"
    assert list((worker.data / "spill").glob("*.json")) == []


def test_a_change_in_an_unreadable_spill_file_waits(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Edited")
    note = job_row(scene_subject(scene), "update", 0, worker.clock.now, 1.0, 4.0)
    path = Path(write_spill(str(worker.data), note, None))
    content = path.read_bytes()
    path.unlink()
    path.mkdir()

    live(worker, 30)
    [notice] = [text for text in worker.notices().values() if "data/spill" in text]
    keeps_the_worker = worker.loop.has_new_work()
    path.rmdir()
    path.write_bytes(content)
    live(worker, 65)

    assert notice.startswith("PlexSync cannot read 1 changes in its folder data/spill: ")
    assert not keeps_the_worker
    assert worker.titled_item("a").title == "Edited"


def test_a_change_during_shutdown_is_noticed(worker: InProcessHarness) -> None:
    live(worker, 2)
    before = worker.loop.has_new_work()

    by_a_hook(worker, worker.titled_scene("a"))

    assert (before, worker.loop.has_new_work()) == (False, True)


def test_notices_are_written_to_stashs_log(worker: InProcessHarness) -> None:
    write_plugin(worker.stash, 'log("w", ARGS["text"])', "PlexSync", interface="raw")
    Notices(worker.store).add("test", "warning", "Read this", worker.clock.now)

    live(worker, 3)

    assert [entry.message for entry in worker.stash.log if "Read this" in entry.message]
    assert Notices(worker.store).pending() == []


def test_an_undelivered_notice_is_kept_and_stops_nothing(worker: InProcessHarness) -> None:
    Notices(worker.store).add("test", "warning", "Read this", worker.clock.now)
    by_a_hook(worker, worker.titled_scene("a", title="Written"))

    live(worker, 5)

    assert [kind for kind, _, _ in Notices(worker.store).pending()] == ["test"]
    assert worker.titled_item("a").title == "Written"


def test_a_session_is_renewed_well_before_it_ends(worker: InProcessHarness) -> None:
    live(worker, 3700, step=5.0)

    assert worker.stash.count("graphql", "configuration") >= 6


def test_the_database_is_copied_once_a_day(worker: InProcessHarness) -> None:
    live(worker, 5)
    copied = (worker.data / "backup.db").exists()

    assert copied
    assert json.loads(worker.components.queue.facts.get("backed_up_at")) == pytest.approx(
        worker.clock.now, abs=10
    )


def test_what_the_worker_is_doing_can_be_read(worker: InProcessHarness) -> None:
    by_a_hook(worker, worker.titled_scene("a"))
    live(worker, 5)

    assert query(worker.data, "SELECT doing FROM worker") == [("idle",)]


def test_working_off_ends_when_nothing_is_due(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(3)]
    worker.enqueue(*scenes)

    worker.loop.drain_and_exit(lambda: None)

    assert worker.store.counts() == (0, 0, 0)


def test_working_off_waits_for_a_change_that_was_made_just_now(worker: InProcessHarness) -> None:
    worker.store.enqueue(scene_subject(worker.titled_scene("a")), "update", settle_s=1.0)

    worker.loop.drain_and_exit(lambda: None)

    assert worker.store.counts() == (0, 0, 0)
    assert worker.titled_item("a").title == "Title a"


def test_working_off_ends_when_its_time_is_used_up(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(str(number)) for number in range(5)]
    worker.enqueue(*scenes)
    looks: list[None] = []

    def look() -> None:
        looks.append(None)
        worker.clock.advance(10.0)

    worker.loop.drain_and_exit(look, worker.clock.monotonic() + 5.0)

    assert looks == [None]


def test_working_off_with_no_time_at_all_takes_no_job(worker: InProcessHarness) -> None:
    worker.enqueue(worker.titled_scene("a"))

    worker.loop.drain_and_exit(lambda: None, worker.clock.monotonic())

    assert worker.store.counts() == (1, 0, 0)


def test_working_off_ends_when_stash_is_gone(worker: InProcessHarness) -> None:
    worker.enqueue(worker.titled_scene("a"))
    worker.stash.down()

    worker.loop.drain_and_exit(lambda: None)

    assert worker.store.counts()[0] == 1


def test_working_off_yields_to_a_worker(worker: InProcessHarness) -> None:
    worker.enqueue(worker.titled_scene("a"))
    newer = worker.new_worker()

    with pytest.raises(Fenced):
        worker.loop.drain_and_exit(lambda: None)

    newer.close()
