"""Killed between any two statements that matter: whoever comes next brings every change into Plex."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import time

import pytest

from sync_queue.schema import MIGRATIONS
from tests.crash.place import Place, be_quiet, seem_silent
from tests.emulators.stash_client import GraphqlFailure
from tests.flow.house import wait_for
from tests.support import ROOT
from tools.package import FILES, FOLDERS

VERSION_LOOK_S = 5.0

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
FANNING_OUT = ("fan_out.page", "fan_out.queued", "fan_out.recorded")
FAREWELL = ("shutdown.decided", "shutdown.released", "shutdown.done", "worker.over")
NEWS = "shutdown.new_work"
MENDING = ("schema.created", "schema.repaired", "schema.quarantined")
ALL = {*HOOK, *START, *CLEARING, *WORK, *CATCHING_UP, *FANNING_OUT, *FAREWELL, NEWS, *MENDING}
OF_THE_CHILD = {
    "worker.born",
    "worker.leased",
    "worker.over",
}  # around the worker, where the source has no point


def test_somebody_is_killed_at_every_point_of_the_source() -> None:
    calls = re.compile(r"""checkpoint\(f?"([^"]+)"\)""")
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_text("utf-8") for path in [*sources, *(ROOT / name for name in FILES)]]

    named = {name for text in texts for name in calls.findall(text)}

    steps = {"schema.step_{number}"}
    assert named & steps == steps
    assert named - steps == {
        name for name in ALL - OF_THE_CHILD if not name.startswith("schema.step_")
    }


def start_anew(place: Place) -> None:
    """Whoever is left is killed, too; then somebody opens Stash, and the real script is started."""
    place.kill_everything()
    place.disarm()
    place.wake()


@pytest.mark.parametrize("name", HOOK)
@pytest.mark.parametrize("alive", [True, False], ids=["worker alive", "no worker"])
def test_a_change_whose_hook_is_killed_reaches_plex_all_the_same(
    quiet_place: Place, name: str, alive: bool
) -> None:
    place = quiet_place
    scene = place.scene("a.mp4", title="Old")
    if not alive:
        place.kill_workers()
    place.kill_at(name)

    place.try_edit(scene, title="New", details="Changed", tags=["one"])
    was_killed = place.victim()
    start_anew(place)

    assert was_killed
    place.ends_well()


@pytest.mark.parametrize("name", START)
def test_a_worker_killed_while_it_starts_loses_nothing(place: Place, name: str) -> None:
    scene = place.scene("a.mp4")
    place.kill_at(name)

    place.try_edit(scene, title="New", tags=["one"])
    wait_for(place.victim, f"somebody dies at {name}")
    start_anew(place)

    place.ends_well()


@pytest.mark.parametrize("name", CLEARING)
def test_a_worker_killed_during_orphan_recovery_loses_nothing(
    quiet_place: Place, name: str
) -> None:
    place = quiet_place
    scenes = [place.scene(f"{number}.mp4") for number in range(3)]
    place.kill_at("drain.job_started")
    place.edit_all(scenes, title="New")
    wait_for(place.victim, "the first worker dies")

    place.kill_at(name)
    place.wake()
    wait_for(place.victim, "the second worker dies")
    start_anew(place)

    place.ends_well()


def keep_busy(place: Place) -> None:
    """Work that passes every point of a drain: shared writes, a burial, and a change during the work."""
    scenes = [place.scene(f"{number}.mp4") for number in range(3)]
    missing = place.scene("elsewhere.mp4", in_plex=False)
    twice = place.scene("twice.mp4", in_plex=False)
    for folder in ("one", "two"):
        place.plex.library.add_item(place.section, [(f"/media/{folder}/twice.mp4", 1_000)])
    place.set_barrier("worker.orphans")
    place.set_barrier("drain.claimed")
    place.edit_all([*scenes, missing, twice], title="New", tags=["one", "two"], details="Changed")
    place.wait_at("worker.orphans")
    wait_for(
        lambda: [row for row in place.unfinished() if row[2] <= time.time()][4:],
        "all five are due together",
    )
    place.lift_barrier("worker.orphans")
    wait_for(
        lambda: place.somebody_is_at("drain.claimed") or place.victim(),
        "a batch is taken, or its taker dead",
    )
    place.edit(missing, title="Newer")
    place.edit(scenes[0], title="Newer", tags=["two", "three"], studio="Aurora")
    place.lift_barrier("drain.claimed")


def test_the_busy_day_passes_every_point_of_the_work(quiet_place: Place) -> None:
    place = quiet_place
    place.kill_workers()
    place.seen()

    keep_busy(place)
    wait_for(place.dead_letters, "the doubtful match is buried")
    wait_for(lambda: [row[3] for row in place.unfinished()] == ["PlexNotFound"], "the rest is done")

    assert set(WORK) <= set(place.seen())
    assert place.differences() == []


@pytest.mark.parametrize(
    ("name", "hit"), [*((name, 1) for name in WORK), *((name, 3) for name in SEVERAL)]
)
def test_a_worker_killed_at_its_work_loses_nothing(quiet_place: Place, name: str, hit: int) -> None:
    place = quiet_place
    place.kill_workers()
    place.kill_at(name, hit)

    keep_busy(place)
    wait_for(place.victim, f"somebody dies at {name}")
    start_anew(place)
    wait_for(
        lambda: all(row[3] == "PlexNotFound" for row in place.unfinished()),
        "what can be done is done",
    )
    wait_for(lambda: not place.differences(), "Plex shows what Stash holds")

    assert [dead_letter["reason"] for dead_letter in place.dead_letters()] == ["AmbiguousMatch"]
    assert [row[0] for row in place.unfinished()] == [
        f"scene:{place.stash.library.scene_ids()[-2]}"
    ]


@pytest.mark.parametrize("name", CATCHING_UP)
def test_a_worker_killed_while_it_catches_up_loses_nothing(quiet_place: Place, name: str) -> None:
    place = quiet_place
    place.kill_workers()
    scene = place.scene("silent.mp4", title="Old")
    place.stash.library.change_scene(scene, touch=True, title="Nobody was told")

    place.kill_at(name)
    place.wake()
    wait_for(place.victim, f"somebody dies at {name}")
    start_anew(place)

    place.ends_well()


@pytest.mark.parametrize("name", FANNING_OUT)
def test_a_worker_killed_during_a_fan_out_loses_no_scene(quiet_place: Place, name: str) -> None:
    place = quiet_place
    for number in range(3):
        place.scene(f"{number}.mp4", tags=["old"])

    place.kill_at(name)
    place.stash.update_named("tag", place.stash.library.tag_id("old"), name="new")
    wait_for(place.victim, f"somebody dies at {name}")
    start_anew(place)

    place.ends_well()


def install_update(place: Place) -> None:
    """The package manager puts another version into place."""
    path = place.plugin / "core" / "version.py"
    path.write_text('VERSION = "9.9.9"\n', encoding="utf-8")
    place.skip(VERSION_LOOK_S)


@pytest.mark.parametrize("name", FAREWELL)
def test_a_worker_killed_while_it_leaves_loses_nothing(quiet_place: Place, name: str) -> None:
    place = quiet_place
    scene = place.scene("a.mp4")
    place.kill_at(name)
    place.set_barrier("shutdown.decided")

    install_update(place)
    wait_for(
        lambda: place.somebody_is_at("shutdown.decided") or place.victim(), "the old worker leaves"
    )
    place.edit(scene, title="Too late for the old one")
    place.lift_barrier("shutdown.decided")
    wait_for(place.victim, f"somebody dies at {name}")
    start_anew(place)

    place.ends_well()


def test_a_worker_killed_while_it_stays_after_all_loses_nothing(quiet_place: Place) -> None:
    place = quiet_place
    scene = place.scene("a.mp4")
    place.kill_at(NEWS)
    place.set_barrier("shutdown.decided")

    seem_silent(place)
    place.wait_at("shutdown.decided")
    place.edit(scene, title="Too late for the old one")
    place.lift_barrier("shutdown.decided")
    wait_for(place.victim, f"somebody dies at {NEWS}")
    start_anew(place)

    place.ends_well()


def test_a_database_lost_between_two_moves_spares_its_successor(
    quiet_place: Place,
) -> None:
    place = quiet_place
    place.kill_everything()
    scene = place.scene("a.mp4")
    shutil.move(place.data / "queue.db", place.data / "queue.db.damaged-by-hand")

    place.edit(scene, title="New")

    place.ends_well()


def test_a_scene_found_again_is_shown_under_its_new_id(place: Place) -> None:
    old = place.scene("a.mp4")
    be_quiet(place)
    place.edit(old, title="Old")
    place.ends_well()
    place.kill_at("hook.probed")
    with contextlib.suppress(GraphqlFailure):
        place.stash.destroy_scene(old)

    new = place.scene("a.mp4", in_plex=False)
    place.edit(new, title="New")

    place.ends_well()
    assert place.records(old) == []


def test_opening_stash_with_a_locked_database_wakes_the_worker(
    quiet_place: Place,
) -> None:
    place = quiet_place
    scene = place.scene("a.mp4")
    place.kill_at("hook.enqueued")
    place.try_edit(scene, title="New")
    place.kill_workers()

    with place.locked_database():
        answer = place.stash.run_operation({"mode": "wake"})

    assert answer == {"worker": "started"}
    place.ends_well()


@pytest.mark.parametrize("name", MENDING)
@pytest.mark.parametrize("whole", [True, False], ids=["nothing is readable", "one page is"])
def test_a_worker_killed_during_a_repair_loses_nothing(
    quiet_place: Place, name: str, whole: bool
) -> None:
    place = quiet_place
    place.kill_workers()
    scene = place.scene("a.mp4", title="Old")
    place.stash.library.change_scene(scene, touch=True, title="Nobody was told")
    with contextlib.closing(sqlite3.connect(place.data / "queue.db")) as connection:
        connection.execute(
            "PRAGMA wal_checkpoint(TRUNCATE)"
        )  # else the log hides what happens to the file
    with (place.data / "queue.db").open("r+b") as stream:
        stream.seek(0 if whole else 4096)
        stream.write(b"rubbish " * 20_000)

    place.kill_at(name)
    place.wake()
    wait_for(place.victim, f"somebody dies at {name}")
    start_anew(place)

    place.ends_well()
