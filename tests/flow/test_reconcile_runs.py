"""How runs begin, go on after a kill, what they cost, and that a dry one writes nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from reconciliation.gap_sinks import DryRunGapSink
from reconciliation.run import RUN, Run
from reconciliation.sweep import Sweep
from sync.planner import SyncPlanner
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import connect
from sync_queue.store import JobStore
from tasks.run import run_task
from tests.emulators.plex_server import Fault
from tests.flow.house import House, Workroom, picture
from tests.flow.test_reconcile import HOUR_S, full_scene, newest, press, reconcile
from tests.support import ROOT
from validation.scope import RECENT, Scope

DAY_S = 86_400.0
ITEMS = "/library/metadata/{ids}"
MANY = 1_000


def many_in_step(room: Workroom) -> None:
    """Scenes that Plex shows as they are, although PlexSync never wrote them; so nothing is known of covers."""
    room.configure(c_sync_poster=False)
    for number in range(MANY):
        name = f"{number:04}.mp4"
        room.scene(name, 1_000 + number, title=f"Title {number}", details="The same.")
        room.plex.library.change(
            room.section * 100 + 1 + number, title=f"Title {number}", summary="The same."
        )
    room.clock.advance(HOUR_S)


def test_a_thousand_scenes_in_step_cost_few_requests(room: Workroom) -> None:
    many_in_step(room)
    room.work()
    room.plex.reset_counts()
    room.stash.reset_counts()

    run = reconcile(room)

    assert (run["checked"], run["total"], run["gaps"]) == (MANY, MANY, {})
    assert room.plex.count("GET", ITEMS) == MANY // 200
    first = ["/identity", "/library/sections", f"/library/sections/{room.section}/all"]
    assert [one.path for one in room.plex.requests][
        :3
    ] == first  # which server, which libraries, which files
    assert room.plex.count() == 3 + MANY // 200
    assert (
        room.stash.count("graphql", "findScenes") <= MANY // 500 + 2
    )  # the last page is empty; a catch-up
    assert room.plex.writes() == []


def test_a_run_over_a_day_reads_only_the_items_of_its_scenes(room: Workroom) -> None:
    many_in_step(room)
    room.clock.advance(3 * DAY_S)
    fresh = room.scene("fresh.mp4", title="Fresh")
    room.plex.reset_counts()

    run = reconcile(room, RECENT)

    assert (run["checked"], run["gaps"]["stale"]) == (1, 1)
    assert room.item("fresh.mp4").title == "Fresh"
    assert room.records(fresh) == [room.item("fresh.mp4").rating_key]
    assert room.plex.count("GET", ITEMS) <= 3  # the comparison, the job, and the look afterwards


@pytest.mark.parametrize("zone", ["+00:00", "-08:00", "+13:45"])
def test_a_day_is_a_day_in_every_zone(tmp_path: Path, zone: str) -> None:
    room = Workroom(tmp_path, zone=zone)
    with contextlib.ExitStack() as stack:
        stack.callback(room.close)
        room.open()
        old = room.scene("old.mp4", title="Old")
        room.clock.advance(2 * HOUR_S)
        young = room.scene("young.mp4", title="Young")
        room.clock.advance(23 * HOUR_S)

        run = reconcile(room, RECENT)

    assert (run["checked"], old, young) == (1, 1, 2)
    assert [room.item(name).title for name in ("old.mp4", "young.mp4")] == ["old", "Young"]


def test_a_killed_run_goes_on_where_it_was(room: Workroom) -> None:
    many_in_step(room)
    room.stash.library.change_scene(950, touch=False, title="Silent")
    room.plex.faults.add(Fault(status=500, route=ITEMS, nth=4))
    room.work()
    press(room)
    room.work()
    under_way = room.rows("SELECT value FROM meta WHERE key = ?", RUN)[0][0]
    room.end_worker()
    room.plex.reset_counts()

    room.begin_worker()
    room.stash.run_operation({"mode": "wake"})
    room.work_until(lambda: newest(room).get("ended_at"), step=1.0)
    room.work_for(20.0)

    run = newest(room)
    assert '"checked":600' in under_way.replace(" ", "")
    assert (run["checked"], run["gaps"]) == (MANY, {"stale": 1})
    assert (
        room.plex.count("GET", ITEMS) == 2 + 2
    )  # what was left, then the one job and the look afterwards
    assert room.item("0949.mp4").title == "Silent"


def test_a_dry_run_counts_and_names_and_writes_nothing(room: Workroom) -> None:
    full_scene(room)
    gone = full_scene(room, "gone.mp4")
    room.stash.library.drop_scene(gone)
    room.plex.library.change(room.item().rating_key, title="By hand", genres=[])
    room.scene("late.mp4", in_plex=False)
    before = (
        len(room.plex.writes()),
        room.rows("SELECT * FROM records"),
        room.rows("SELECT * FROM dead_letters"),
    )
    written: list[bytes] = []
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": room.stash.port,
        "SessionCookie": {"Value": ""},
    }

    answer: Any = run_task(
        {"server_connection": connection},
        {"mode": "reconcile_dry_run"},
        str(ROOT),
        str(room.data),
        str,
        written.append,
    )

    said = b"".join(written).decode()
    assert answer["output"]["fields"] == {"drifted": {"title": 1, "tags": 1}}
    assert answer["output"]["queued_gaps"] == {"drifted": 1, "missing": 1, "orphaned": 1}
    assert (
        "Scene 1: drifted title, tags: item 101: title: 'By hand' instead of 'Title a.mp4'" in said
    )
    assert "2 scenes compared." in said
    assert (
        len(room.plex.writes()),
        room.rows("SELECT * FROM records"),
        room.rows("SELECT * FROM dead_letters"),
    ) == before
    assert room.jobs() == []


def test_a_cover_that_moved_is_stale_and_one_that_did_not_is_not(room: Workroom) -> None:
    full_scene(room)
    calm = full_scene(room, "calm.mp4")
    room.stash.library.set_cover(1, picture(2))
    room.stash.library.change_scene(calm, touch=True)
    uploads = len(room.plex.writes())

    with contextlib.closing(connect(str(room.data))) as connection:
        answer = dry_run_of(room, JobStore(connection, room.clock))

    assert answer.fields == {"stale": {"poster": 1}}
    assert len(room.plex.writes()) == uploads


def dry_run_of(room: Workroom, store: JobStore) -> Run:
    """A comparison before the worker's own catch-up sees anything."""
    assert room.worker is not None
    ctx = room.worker.components.settings.sync_context()
    assert ctx is not None
    run = Run(cause="dry run", scope="all", started_at=room.clock.wall())
    sweep = Sweep(SyncPlanner(ctx), DryRunGapSink(store, DeadLetters(store), 20), room.clock, run)
    while not sweep.step():
        pass
    return sweep.run


def test_a_dry_run_learns_paths_and_keeps_nothing(room: Workroom) -> None:
    room.configure(b_path_map="")
    for number in range(21):
        room.scene(f"{'abc'[number % 3]}/{number}.mp4", 1_000 + number)
    for folder in "ab":
        room.scene(f"{folder}/twice.mp4", 500, title=f"In {folder}")
    written: list[bytes] = []
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": room.stash.port,
        "SessionCookie": {"Value": ""},
    }

    answer: Any = run_task(
        {"server_connection": connection},
        {"mode": "reconcile_dry_run"},
        str(ROOT),
        str(room.data),
        str,
        written.append,
    )

    assert answer["output"]["gaps"] == {"stale": 2}
    assert not (room.data / "learned_paths.json").exists()


def test_of_each_kind_a_dry_run_shows_the_first_twenty(room: Workroom) -> None:
    for number in range(25):
        room.scene(f"{number}.mp4", in_plex=False)
    written: list[bytes] = []
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": room.stash.port,
        "SessionCookie": {"Value": ""},
    }

    run_task(
        {"server_connection": connection},
        {"mode": "reconcile_dry_run"},
        str(ROOT),
        str(room.data),
        str,
        written.append,
    )

    said = b"".join(written).decode()
    assert said.count(": missing") == 20
    assert "Gaps: 25 missing; nothing was queued, a run would queue: 25 missing." in said


def test_one_run_a_day_and_a_full_one_after_seven_days(room: Workroom) -> None:
    scene = full_scene(room)
    room.scene("nobodys.mp4", title="Before PlexSync came")
    room.stash.library.change_scene(
        2, touch=False, updated_at="2020-01-02T03:04:05Z", created_at="2020-01-02T03:04:05Z"
    )
    room.work()
    room.plex.library.change(room.item().rating_key, title="By hand")

    room.work_for(6.9 * DAY_S, step=900.0)
    before = room.item().title
    room.work_for(0.3 * DAY_S, step=900.0)

    log = room.worker_log()
    assert (before, room.item().title) == ("By hand", "Title a.mp4")
    assert log.count("reconcile.start cause=interval scope=24h") == 6
    assert log.count("reconcile.start cause=full scope=all") == 1
    assert room.item("nobodys.mp4").title == "nobodys"
    assert room.records(scene)


def test_a_new_worker_compares_recent_scenes_once(
    room: Workroom,
) -> None:
    full_scene(room)
    room.work()
    for hours in (2.0, 0.5, 2.0):
        room.end_worker()
        room.clock.advance(hours * HOUR_S)
        room.begin_worker()
        room.stash.run_operation({"mode": "wake"})
        room.work_for(120.0, step=30.0)

    assert room.worker_log().count("reconcile.start cause=start scope=24h") == 2


def test_a_stash_that_comes_back_is_compared_once(room: Workroom) -> None:
    full_scene(room)
    room.work_for(2 * HOUR_S, step=300.0)
    began = room.worker_log().count("reconcile.start")
    room.stash.down()
    room.work_for(180.0, step=30.0)

    room.stash.up()
    room.work_for(300.0, step=30.0)

    assert room.worker_log().count("reconcile.start") - began == 1
    assert "cause=start scope=24h" in room.worker_log()


def test_never_means_never(room: Workroom) -> None:
    room.configure(d_reconcile_interval="never")
    full_scene(room)

    room.work_for(2 * DAY_S, step=1_000.0)

    assert "reconcile.start" not in room.worker_log()


def test_a_library_that_does_not_exist_ends_the_run_and_says_so(room: Workroom) -> None:
    full_scene(room)

    run = reconcile(room, Scope(library="Films"))

    assert "Plex has no movie library named Films" in run["failed"]
    assert "reconcile.failed" in room.worker_log()


def test_one_library_is_compared_alone(room: Workroom) -> None:
    other = room.plex.library.add_section("Other", ["/other"]).key
    key = room.plex.library.add_item(other, [("/other/b.mp4", 77)])
    elsewhere = room.stash.library.add_scene("/elsewhere/b.mp4", 77, title="In the other one")
    room.note(elsewhere)
    full_scene(room)
    for item in (key, room.item().rating_key):
        room.plex.library.change(item, title="By hand")

    run = reconcile(room, Scope(library="other"))

    assert run["fields"] == {"drifted": {"title": 1}}
    assert room.plex.library.item(key).title == "In the other one"
    assert room.item().title == "By hand"


def test_a_corrupt_history_is_set_aside_and_said_once(room: Workroom) -> None:
    full_scene(room)
    reconcile(room)
    room.end_worker()
    (room.data / "reconciliation.json").write_text("{ half")

    room.begin_worker()
    room.stash.run_operation({"mode": "wake"})
    room.work_for(20.0)
    run = reconcile(room)

    assert run["gaps"] == {}
    assert (room.data / "reconciliation.json.corrupt").exists()
    assert len(room.said("reconciliation.json is corrupt", "Warning")) == 1


def test_an_edit_does_not_wait_for_a_comparison(room: Workroom) -> None:
    many_in_step(room)
    room.work()
    press(room)
    room.edit(1, title="Urgent")

    room.work()

    assert room.item("0000.mp4").title == "Urgent"


def test_items_that_plex_cannot_show_are_left_out(room: Workroom) -> None:
    many_in_step(room)
    room.work()
    room.plex.faults.add(Fault(status=500, route=ITEMS, times=5))

    run = reconcile(room)

    assert (run["checked"], run["gaps"]) == (MANY, {})
    assert "reconcile.skipped scenes=200" in room.worker_log()


def test_the_button_follows_the_worker_and_tells_what_was_found(house: House) -> None:
    house.scene(title="Title", tags=["night"])
    house.scene("late.mp4", in_plex=False)

    job = house.run_task("Reconcile Library (All)")
    house.run_task("View Queue Status")

    assert (job.status, job.progress_history[-1]) == ("FINISHED", 1.0)
    assert all(0.0 <= share <= 1.0 for share in job.progress_history)
    assert (house.item().title, house.item().genres) == ("Title", ["night"])
    assert house.said("1 empty (1 tags): Plex lacks", "Info")
    assert house.said("1 missing: No Plex item plays", "Info")
    found = "1 empty, 1 missing, 1 stale"
    assert house.said(f"2 scenes compared. Gaps: {found}; queued: {found}.", "Info")
    assert house.said("Reconciled", "Info")
