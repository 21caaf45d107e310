"""Test kills between any two statements that matter: every change still reaches Plex."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import time

import pytest

from sync_queue.migrations import MIGRATIONS
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_images import png
from tests.emulators.stash_process import spawn_process
from tests.harness.crash import CrashHarness, simulate_stash_outage, wait_idle
from tests.harness.plugin_copy import ROOT
from tests.harness.servers import TOKEN
from tests.harness.waiting import wait_for
from tools.package import FILES, FOLDERS
from validation.token_file import FILE_NAME
from worker.lifecycle.token_move import STABLE_FOR_S

VERSION_INTERVAL_S = 5.0

HOOK = ("hook.probed", "hook.started", "hook.enqueued")
START = (
    "worker.born",
    "worker.leased",
    "schema.created",
    *(f"schema.step_{number}" for number in range(1, len(MIGRATIONS) + 1)),
    "worker.opened",
    "worker.epoch",
    "worker.orphans",
    "spill.absorbed",
)
CLEARING = ("worker.epoch", "store.orphan", "worker.orphans")
WORK = (
    "store.claim",
    "drain.claimed",
    "drain.read",
    "drain.prepared",
    "drain.shared",
    "drain.job_started",
    "drain.synced",
    "store.complete",
    "store.requeued",
    "store.dead_letter",
    "drain.settled",
)
SEVERAL = ("drain.job_started", "drain.synced", "store.complete")  # once for each job
CATCHING_UP = ("catch_up.page", "store.enqueue")
MOVING_TOKEN = ("token.kept", "token.remembered")
FANNING_OUT = ("fan_out.page", "fan_out.queued", "fan_out.recorded")
SHOWING_GROUPS = ("drain.job_started", "drain.synced", "collection.written")
SHUTDOWN = ("shutdown.decided", "shutdown.released", "shutdown.done", "worker.over")
NEWS = "shutdown.new_work"
REPAIRING = ("schema.created", "schema.repaired", "schema.quarantined")
ALL = {*HOOK, *START, *CLEARING, *WORK, *CATCHING_UP, *FANNING_OUT, *MOVING_TOKEN, *SHUTDOWN}
ALL |= {NEWS, *REPAIRING, *SHOWING_GROUPS}
OF_THE_CHILD = {
    "worker.born",
    "worker.leased",
    "worker.over",
}  # around the worker, where the source has no point


def test_every_checkpoint_of_the_source_has_a_kill_test() -> None:
    calls = re.compile(r"""checkpoint\(f?"([^"]+)"\)""")
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_text("utf-8") for path in [*sources, *(ROOT / name for name in FILES)]]

    named = {name for text in texts for name in calls.findall(text)}

    steps = {"schema.step_{number}"}
    assert named & steps == steps
    assert named - steps == {
        name for name in ALL - OF_THE_CHILD if not name.startswith("schema.step_")
    }


def restart(crash: CrashHarness) -> None:
    """Kill what is left, then open Stash, which starts the real script."""
    crash.kill_everything()
    crash.disarm()
    crash.wake()


@pytest.mark.parametrize("name", HOOK)
@pytest.mark.parametrize("alive", [True, False], ids=["worker alive", "no worker"])
def test_a_change_whose_hook_is_killed_reaches_plex_all_the_same(
    idle_crash: CrashHarness, name: str, alive: bool
) -> None:
    crash = idle_crash
    scene = crash.scene("a.mp4", title="Old")
    if not alive:
        crash.kill_workers()
    crash.kill_at(name)

    crash.try_edit(scene, title="New", details="Changed", tags=["one"])
    was_killed = crash.killed_pid()
    restart(crash)

    assert was_killed
    crash.wait_until_consistent()


@pytest.mark.parametrize("name", START)
def test_a_worker_killed_while_it_starts_loses_nothing(crash: CrashHarness, name: str) -> None:
    scene = crash.scene("a.mp4")
    crash.kill_at(name)

    crash.try_edit(scene, title="New", tags=["one"])
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)

    crash.wait_until_consistent()


@pytest.mark.parametrize("name", CLEARING)
def test_a_worker_killed_during_orphan_recovery_loses_nothing(
    idle_crash: CrashHarness, name: str
) -> None:
    crash = idle_crash
    scenes = [crash.scene(f"{number}.mp4") for number in range(3)]
    crash.kill_at("drain.job_started")
    crash.edit_all(scenes, title="New")
    wait_for(crash.killed_pid, "the first worker is killed")

    crash.kill_at(name)
    crash.wake()
    wait_for(crash.killed_pid, "the second worker is killed")
    restart(crash)

    crash.wait_until_consistent()


def keep_busy(crash: CrashHarness) -> None:
    """Work that passes every point of a drain: shared writes, a burial, and a change during the
    work.
    """
    scenes = [crash.scene(f"{number}.mp4") for number in range(3)]
    missing = crash.scene("elsewhere.mp4", in_plex=False)
    twice = crash.scene("twice.mp4", in_plex=False)
    for folder in ("one", "two"):
        crash.plex.library.add_item(crash.section, [(f"/media/{folder}/twice.mp4", 1_000)])
    crash.set_barrier("worker.orphans")
    crash.set_barrier("drain.claimed")
    crash.edit_all([*scenes, missing, twice], title="New", tags=["one", "two"], details="Changed")
    crash.wait_at("worker.orphans")
    wait_for(
        lambda: [row for row in crash.unfinished() if row[2] <= time.time()][4:],
        "all five are due together",
    )
    crash.lift_barrier("worker.orphans")
    wait_for(
        lambda: crash.is_waiting_at("drain.claimed") or crash.killed_pid(),
        "a batch is taken, or its taker dead",
    )
    crash.edit(missing, title="Newer")
    crash.edit(scenes[0], title="Newer", tags=["two", "three"], studio="Aurora")
    crash.lift_barrier("drain.claimed")


def test_the_busy_day_passes_every_point_of_the_work(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    crash.kill_workers()
    crash.seen()

    keep_busy(crash)
    wait_for(crash.dead_letters, "the doubtful match is dead-lettered")
    wait_for(lambda: [row[3] for row in crash.unfinished()] == ["PlexNotFound"], "the rest is done")

    assert set(WORK) <= set(crash.seen())
    assert crash.differences() == []


@pytest.mark.parametrize(
    ("name", "hit"), [*((name, 1) for name in WORK), *((name, 3) for name in SEVERAL)]
)
def test_a_worker_killed_at_its_work_loses_nothing(
    idle_crash: CrashHarness, name: str, hit: int
) -> None:
    crash = idle_crash
    crash.kill_workers()
    crash.kill_at(name, hit)

    keep_busy(crash)
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)
    wait_for(
        lambda: all(row[3] == "PlexNotFound" for row in crash.unfinished()),
        "what can be done is done",
    )
    wait_for(lambda: not crash.differences(), "Plex shows what Stash holds")

    assert [dead_letter.reason for dead_letter in crash.dead_letters()] == ["AmbiguousMatch"]
    # The catch-up may have enqueued entities meanwhile.
    waiting = [f"scene:{crash.stash.library.scene_ids()[-2]}"]
    wait_for(
        lambda: [row[0] for row in crash.unfinished()] == waiting,
        "only the scene without a file waits",
    )


@pytest.mark.parametrize("name", CATCHING_UP)
def test_a_worker_killed_while_it_catches_up_loses_nothing(
    idle_crash: CrashHarness, name: str
) -> None:
    crash = idle_crash
    crash.kill_workers()
    scene = crash.scene("silent.mp4", title="Old")
    crash.stash.library.change_scene(scene, touch=True, title="Changed without a hook")

    crash.kill_at(name)
    crash.wake()
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)

    crash.wait_until_consistent()


@pytest.mark.parametrize("name", FANNING_OUT)
def test_a_worker_killed_during_a_fan_out_loses_no_scene(
    idle_crash: CrashHarness, name: str
) -> None:
    crash = idle_crash
    for number in range(3):
        crash.scene(f"{number}.mp4", tags=["old"])

    crash.kill_at(name)
    crash.stash.update_named("tag", crash.stash.library.tag_id("old"), name="new")
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)

    crash.wait_until_consistent()


def token_setting(crash: CrashHarness) -> str:
    """Return what Stash has stored for the Plex token."""
    return str((crash.stash.settings() or {})["a_plex_token"])


@pytest.mark.parametrize("name", MOVING_TOKEN)
def test_a_worker_killed_while_it_moves_the_token_loses_none(
    idle_crash: CrashHarness, name: str
) -> None:
    crash = idle_crash
    crash.kill_at(name)
    crash.skip(STABLE_FOR_S)
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    left = token_setting(crash)

    scene = crash.scene("a.mp4")
    crash.edit(scene, title="New")
    crash.wait_until_consistent()
    crash.skip(STABLE_FOR_S)
    wait_for(lambda: not token_setting(crash), "the setting is emptied")
    crash.edit(scene, title="Newer")

    crash.wait_until_consistent()
    assert left == TOKEN
    assert (crash.data / FILE_NAME).read_text("ascii") == TOKEN


def install_update(crash: CrashHarness) -> None:
    """The package manager puts another version into crash."""
    path = crash.plugin / "core" / "version.py"
    path.write_text('VERSION = "9.9.9"\n', encoding="utf-8")
    crash.skip(VERSION_INTERVAL_S)


@pytest.mark.parametrize("spawn", [spawn_process])  # the newer version has to be loaded
@pytest.mark.parametrize("name", SHUTDOWN)
def test_a_worker_killed_while_it_leaves_loses_nothing(idle_crash: CrashHarness, name: str) -> None:
    crash = idle_crash
    scene = crash.scene("a.mp4")
    crash.kill_at(name)
    crash.set_barrier("shutdown.decided")

    install_update(crash)
    wait_for(
        lambda: crash.is_waiting_at("shutdown.decided") or crash.killed_pid(),
        "the old worker leaves",
    )
    crash.edit(scene, title="Too late for the old one")
    crash.lift_barrier("shutdown.decided")
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)

    crash.wait_until_consistent()


def test_a_worker_killed_while_it_stays_after_all_loses_nothing(idle_crash: CrashHarness) -> None:
    crash = idle_crash
    scene = crash.scene("a.mp4")
    crash.kill_at(NEWS)
    crash.set_barrier("shutdown.decided")

    simulate_stash_outage(crash)
    crash.wait_at("shutdown.decided")
    crash.edit(scene, title="Too late for the old one")
    crash.lift_barrier("shutdown.decided")
    wait_for(crash.killed_pid, f"a process is killed at {NEWS}")
    restart(crash)

    crash.wait_until_consistent()


def test_a_database_lost_between_two_moves_spares_its_successor(
    idle_crash: CrashHarness,
) -> None:
    crash = idle_crash
    crash.kill_everything()
    scene = crash.scene("a.mp4")
    shutil.move(crash.data / "queue.db", crash.data / "queue.db.damaged-by-hand")

    crash.edit(scene, title="New")

    crash.wait_until_consistent()


def test_a_scene_found_again_is_shown_under_its_new_id(crash: CrashHarness) -> None:
    old = crash.scene("a.mp4")
    wait_idle(crash)
    crash.edit(old, title="Old")
    crash.wait_until_consistent()
    crash.kill_at("hook.probed")
    with contextlib.suppress(GraphqlFailure):
        crash.stash.destroy_scene(old)

    new = crash.scene("a.mp4", in_plex=False)
    crash.edit(new, title="New")

    crash.wait_until_consistent()
    assert crash.recorded_items(old) == []


def test_opening_stash_with_a_locked_database_wakes_the_worker(
    idle_crash: CrashHarness,
) -> None:
    crash = idle_crash
    scene = crash.scene("a.mp4")
    crash.kill_at("hook.enqueued")
    crash.try_edit(scene, title="New")
    crash.kill_workers()

    with crash.locked_database():
        answer = crash.stash.run_operation({"mode": "wake"})

    assert answer == {"worker": "started"}
    crash.wait_until_consistent()


@pytest.mark.parametrize("name", SHOWING_GROUPS)
def test_a_killed_worker_leaves_no_collection_without_its_group(
    idle_crash: CrashHarness, name: str
) -> None:
    """Killed before the collection is made, before it shows its group, or before that is stored."""
    crash = idle_crash
    crash.configure(c_sync_groups=True)
    scene = crash.scene("a.mp4")
    group = crash.stash.library.add_group("Saga", synopsis="All of it.", image=png(3))

    crash.kill_at(name)
    crash.stash.update_scene(scene, groups=[{"group_id": str(group)}])
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)
    crash.wait_until_consistent()

    def shown() -> list[tuple[str, bytes | None, int]]:
        found = crash.plex.library.sections[crash.section].collections.values()
        made = [one for one in found if one.title == "Saga"]
        return [(one.summary, one.poster_bytes, len(one.posters)) for one in made]

    wait_for(lambda: shown() == [("All of it.", png(3), 1)], "the collection shows its group")


@pytest.mark.parametrize("name", REPAIRING)
@pytest.mark.parametrize("whole", [True, False], ids=["nothing is readable", "one page is"])
def test_a_worker_killed_during_a_repair_loses_nothing(
    idle_crash: CrashHarness, name: str, whole: bool
) -> None:
    crash = idle_crash
    crash.kill_workers()
    scene = crash.scene("a.mp4", title="Old")
    crash.stash.library.change_scene(scene, touch=True, title="Changed without a hook")
    with contextlib.closing(sqlite3.connect(crash.data / "queue.db")) as connection:
        connection.execute(
            "PRAGMA wal_checkpoint(TRUNCATE)"
        )  # else the log hides what happens to the file
    with (crash.data / "queue.db").open("r+b") as stream:
        stream.seek(0 if whole else 4096)
        stream.write(b"rubbish " * 20_000)

    crash.kill_at(name)
    crash.wake()
    wait_for(crash.killed_pid, f"a process is killed at {name}")
    restart(crash)

    crash.wait_until_consistent()
