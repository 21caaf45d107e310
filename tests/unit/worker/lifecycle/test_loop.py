"""A worker's days: what it looks at and how often, and when it leaves."""

import json
import sqlite3

import pytest

from core.errors import Fenced
from core.job import scene_subject
from sync_queue import statements as sql
from sync_queue.hook_queue import job_row, write_spill
from sync_queue.meta import WorkerStatus
from sync_queue.notices import Notices
from tests.emulators.stash_faults import Fault as StashFault
from tests.emulators.stash_toys import write_plugin
from tests.support import query
from tests.unit.worker.rig import Rig
from worker.discovery.catch_up import WATERMARK
from worker.lifecycle.loop import TICK_S, ExitReason
from worker.lifecycle.stash_monitor import UNREACHABLE_AFTER_S
from worker.resilience.breaker import BreakerStatus

MARKERS = "/library/sections"


def live(rig: Rig, seconds: float, step: float = TICK_S) -> None:
    """So many seconds of a worker's life."""
    end = rig.clock.now + seconds
    while rig.clock.now < end:
        rig.turn(step)


def by_a_hook(rig: Rig, scene: int) -> None:
    """A change noted by another process."""
    connection = sqlite3.connect(rig.data_dir / "queue.db", isolation_level=None)
    connection.execute(sql.ENQUEUE, job_row(f"scene:{scene}", "update", 0, rig.clock.now, 1.0, 4.0))
    connection.close()


def test_an_edit_is_in_plex_within_seconds(rig: Rig) -> None:
    live(rig, 5)
    scene = rig.scene("a", title="Edited")
    by_a_hook(rig, scene)

    live(rig, 3)

    assert rig.item_of("a").title == "Edited"


def test_an_idle_worker_leaves_both_servers_alone(rig: Rig) -> None:
    live(rig, 61)
    rig.plex.reset_counts()
    rig.stash.reset_counts()

    live(rig, 600, step=1.0)

    assert rig.plex.count() == 0
    assert rig.stash.count("healthz") <= 10
    assert rig.stash.count("graphql") <= 4  # its settings, for whoever changes them without an edit


def test_it_leaves_when_stash_was_silent_for_ten_minutes(rig: Rig) -> None:
    live(rig, 61)
    rig.stash.down()
    since = rig.clock.now

    farewell = rig.worker.loop.run()

    assert farewell is ExitReason.STASH_UNREACHABLE
    assert UNREACHABLE_AFTER_S - 61 <= rig.clock.now - since <= UNREACHABLE_AFTER_S + 61


def test_it_stays_when_stash_comes_back_in_time(rig: Rig) -> None:
    rig.stash.down()
    live(rig, 500, step=5.0)
    rig.stash.up()

    live(rig, 400, step=5.0)

    assert rig.stash.count("healthz") > 0


def test_a_job_waiting_for_stash_does_not_burn_processor_time(rig: Rig) -> None:
    scene = rig.scene("a")
    live(rig, 2)
    rig.stash.down()
    by_a_hook(rig, scene)
    live(rig, 2)
    rig.clock.sleeps.clear()

    rig.worker.loop.run()

    assert 500 <= len(rig.clock.sleeps) <= 1500


def test_it_leaves_for_another_installed_version(rig: Rig) -> None:
    live(rig, 6)
    rig.install("9.9.9")

    farewell = rig.worker.loop.run()

    assert farewell is ExitReason.VERSION_CHANGED


def test_a_version_file_being_replaced_does_not_stop_the_worker(rig: Rig) -> None:
    (rig.root / "core" / "version.py").unlink()

    live(rig, 20)

    assert rig.beats >= 40


def test_it_leaves_when_a_newer_worker_has_taken_over(rig: Rig) -> None:
    newer = rig.new_worker()
    by_a_hook(rig, rig.scene("a"))

    farewell = rig.worker.loop.run()

    newer.close()
    assert farewell is ExitReason.FENCED


def test_the_catch_up_runs_at_the_start_and_every_15_minutes(rig: Rig) -> None:
    live(rig, 2)
    first = float(rig.worker.components.facts.get(WATERMARK))

    live(rig, 890, step=5.0)
    before = float(rig.worker.components.facts.get(WATERMARK))
    live(rig, 15)

    assert before == first
    assert float(rig.worker.components.facts.get(WATERMARK)) >= first + 900


def test_a_catch_up_follows_a_minute_after_a_burst(rig: Rig) -> None:
    live(rig, 2)
    first = float(rig.worker.components.facts.get(WATERMARK))
    for number in range(3):
        by_a_hook(rig, rig.scene(str(number)))
        live(rig, 20)
    last_hook = rig.clock.now - 20

    live(rig, 39)
    before = float(rig.worker.components.facts.get(WATERMARK))
    live(rig, 5)

    assert before == first
    assert last_hook + 60 <= float(rig.worker.components.facts.get(WATERMARK)) <= last_hook + 63


def test_a_rejected_catch_up_does_not_stop_the_worker(rig: Rig) -> None:
    write_plugin(rig.stash, 'log("w", ARGS["text"])', "PlexSync", interface="raw")
    live(rig, 2)
    rig.stash.faults.plan(
        StashFault("graphql", "findScenes", times=None, graphql_error="unknown field")
    )
    by_a_hook(rig, rig.scene("a"))
    live(rig, 70)
    Notices(rig.worker.components.store).add("test", "warning", "Hear this", rig.clock.now)

    live(rig, 70)

    assert Notices(rig.worker.components.store).pending() == []


def test_a_catch_up_of_many_pages_is_a_sign_of_life(rig: Rig) -> None:
    rig.worker.components.facts.set(WATERMARK, repr(rig.clock.now - 86_400.0))
    for number in range(1_001):
        rig.scene(str(number), in_plex=False)
    stash = rig.worker.components.settings.stash()
    assert stash is not None
    before = rig.beats

    rig.worker.components.catch_up.run(stash, "")

    assert (
        rig.beats - before == 4
    )  # three pages of scenes, one of performers, studios, tags and groups


def test_constant_hooks_do_not_postpone_the_catch_up_forever(rig: Rig) -> None:
    live(rig, 2)
    first = float(rig.worker.components.facts.get(WATERMARK))
    scene = rig.scene("a")

    for _ in range(20):
        by_a_hook(rig, scene)
        live(rig, 50, step=5.0)

    assert float(rig.worker.components.facts.get(WATERMARK)) >= first + 900


def test_a_hook_that_never_ran_is_repaired_by_the_catch_up(rig: Rig) -> None:
    scene = rig.scene("a", title="Old")
    live(rig, 200, step=5.0)
    rig.stash.library.change_scene(scene, touch=True, title="Unseen by any hook")

    live(rig, 910, step=5.0)

    assert rig.item_of("a").title == "Unseen by any hook"


def test_for_a_missing_file_the_library_is_polled_every_30_s(rig: Rig) -> None:
    live(rig, 2)
    by_a_hook(rig, rig.scene("a", in_plex=False))
    live(rig, 60)
    rig.plex.reset_counts()

    live(rig, 300)

    assert 9 <= rig.plex.count("GET", MARKERS) <= 16


def test_a_file_that_plex_scans_later_is_written_within_a_minute(rig: Rig) -> None:
    live(rig, 2)
    by_a_hook(rig, rig.scene("a", in_plex=False, title="Late"))
    live(rig, 600, step=2.0)
    rig.item("a")

    live(rig, 60)

    assert rig.item_of("a").title == "Late"


def test_a_dead_letter_revives_itself_when_plex_gains_the_file(rig: Rig) -> None:
    scene = rig.scene("a", in_plex=False, title="Very late")
    live(rig, 2)
    by_a_hook(rig, scene)
    live(rig, 3 * 3600, step=10.0)
    dead_letters = [dead_letter.reason for dead_letter in rig.dead_letters]
    rig.item("a")

    live(rig, 90)

    assert dead_letters == ["PlexNotFound"]
    assert rig.item_of("a").title == "Very late"
    assert rig.dead_letters == []


def test_an_outage_of_plex_ends_without_a_button(rig: Rig) -> None:
    live(rig, 2)
    rig.plex.down()
    by_a_hook(rig, rig.scene("a", title="Waited"))
    live(rig, 300)
    during = rig.worker.components.circuit.breaker.state
    rig.plex.up()

    live(rig, 70)

    assert during is BreakerStatus.OPEN
    assert rig.item_of("a").title == "Waited"
    assert rig.worker.components.circuit.breaker.state is BreakerStatus.CLOSED


def test_a_corrected_token_drains_the_queue(rig: Rig) -> None:
    token = rig.plex.token
    rig.plex.change_token("right")
    rig.configure(a_plex_token=token)
    by_a_hook(rig, rig.scene("a", title="Waited"))
    live(rig, 10)
    told = rig.notices()["refused"]
    rig.configure(a_plex_token="right")

    live(rig, 70)

    assert "Plex token" in told
    assert rig.item_of("a").title == "Waited"
    assert "refused" not in rig.notices()


def test_while_disabled_nothing_is_written_until_enabled(rig: Rig) -> None:
    rig.configure(a_enabled=False)
    by_a_hook(rig, rig.scene("a", title="Kept"))
    live(rig, 120)
    during = (rig.plex.count(), rig.worker.components.facts.worker())
    rig.configure(a_enabled=True)

    live(rig, 40)

    assert during[0] == 0
    assert during[1] is not None
    assert during[1].status is WorkerStatus.DISABLED
    assert rig.item_of("a").title == "Kept"


def test_while_disabled_settings_are_polled_rarely(rig: Rig) -> None:
    rig.configure(a_enabled=False)
    by_a_hook(rig, rig.scene("a"))
    live(rig, 10)
    rig.stash.reset_counts()

    live(rig, 300)

    assert rig.stash.count("graphql", "configuration") <= 15


def test_what_a_hook_could_only_leave_as_a_file_is_done(rig: Rig) -> None:
    scene = rig.scene("a", title="Spilled")
    live(rig, 2)
    write_spill(
        str(rig.data_dir), job_row(f"scene:{scene}", "update", 0, rig.clock.now, 1.0, 4.0), None
    )

    live(rig, 3)

    assert rig.item_of("a").title == "Spilled"
    assert list((rig.data_dir / "spill").glob("*.json")) == []


def test_news_that_came_during_the_farewell_are_noticed(rig: Rig) -> None:
    live(rig, 2)
    before = rig.worker.loop.has_new_work()

    by_a_hook(rig, rig.scene("a"))

    assert (before, rig.worker.loop.has_new_work()) == (False, True)


def test_notices_are_said_in_stashs_log(rig: Rig) -> None:
    write_plugin(rig.stash, 'log("w", ARGS["text"])', "PlexSync", interface="raw")
    Notices(rig.worker.components.store).add("test", "warning", "Hear this", rig.clock.now)

    live(rig, 3)

    assert [entry.message for entry in rig.stash.log if "Hear this" in entry.message]
    assert Notices(rig.worker.components.store).pending() == []


def test_an_undelivered_notice_is_kept_and_stops_nothing(rig: Rig) -> None:
    Notices(rig.worker.components.store).add("test", "warning", "Hear this", rig.clock.now)
    by_a_hook(rig, rig.scene("a", title="Written"))

    live(rig, 5)

    assert [kind for kind, _, _ in Notices(rig.worker.components.store).pending()] == ["test"]
    assert rig.item_of("a").title == "Written"


def test_a_session_is_renewed_well_before_it_ends(rig: Rig) -> None:
    live(rig, 3700, step=5.0)

    assert rig.stash.count("graphql", "configuration") >= 6


def test_the_database_is_copied_once_a_day(rig: Rig) -> None:
    live(rig, 5)
    copied = (rig.data_dir / "backup.db").exists()

    assert copied
    assert json.loads(rig.worker.components.facts.get("backed_up_at")) == pytest.approx(
        rig.clock.now, abs=10
    )


def test_what_the_worker_is_doing_can_be_read(rig: Rig) -> None:
    by_a_hook(rig, rig.scene("a"))
    live(rig, 5)

    assert query(rig.data_dir, "SELECT doing FROM worker") == [("idle",)]


def test_working_off_ends_when_nothing_is_due(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(3)]
    rig.note(*scenes)

    rig.worker.loop.drain_and_exit(lambda: None)

    assert rig.counts == (0, 0, 0)


def test_working_off_waits_for_a_change_that_was_made_just_now(rig: Rig) -> None:
    rig.worker.components.store.enqueue(scene_subject(rig.scene("a")), "update", settle_s=1.0)

    rig.worker.loop.drain_and_exit(lambda: None)

    assert rig.counts == (0, 0, 0)
    assert rig.item_of("a").title == "Title a"


def test_working_off_ends_when_its_time_is_used_up(rig: Rig) -> None:
    scenes = [rig.scene(str(number)) for number in range(5)]
    rig.note(*scenes)
    looks: list[None] = []

    def look() -> None:
        looks.append(None)
        rig.clock.advance(10.0)

    rig.worker.loop.drain_and_exit(look, rig.clock.monotonic() + 5.0)

    assert looks == [None]


def test_working_off_with_no_time_at_all_takes_no_job(rig: Rig) -> None:
    rig.note(rig.scene("a"))

    rig.worker.loop.drain_and_exit(lambda: None, rig.clock.monotonic())

    assert rig.counts == (1, 0, 0)


def test_working_off_ends_when_stash_is_gone(rig: Rig) -> None:
    rig.note(rig.scene("a"))
    rig.stash.down()

    rig.worker.loop.drain_and_exit(lambda: None)

    assert rig.counts[0] == 1


def test_working_off_yields_to_a_worker(rig: Rig) -> None:
    rig.note(rig.scene("a"))
    newer = rig.new_worker()

    with pytest.raises(Fenced):
        rig.worker.loop.drain_and_exit(lambda: None)

    newer.close()
