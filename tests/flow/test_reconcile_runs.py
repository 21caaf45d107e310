"""Test how runs begin, continue after a kill, what they cost; a dry run writes nothing."""

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
from tests.flow.test_reconcile import HOUR_S, full_scene, newest, press, reconcile
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.plugin_copy import ROOT
from tests.harness.processes import ProcessHarness
from validation.scope import RECENT, Scope

DAY_S = 86_400.0
ITEMS = "/library/metadata/{ids}"
MANY = 1_000


def many_in_step(worker: InProcessHarness) -> None:
    """Scenes that Plex shows as they are, although PlexSync never wrote them; so nothing is known
    of covers.
    """
    worker.configure(c_sync_poster=False)
    for number in range(MANY):
        name = f"{number:04}.mp4"
        worker.scene(name, 1_000 + number, title=f"Title {number}", details="The same.")
        worker.plex.library.change(
            worker.section * 100 + 1 + number, title=f"Title {number}", summary="The same."
        )
    worker.clock.advance(HOUR_S)
    worker.set_first_trace()


def test_a_thousand_scenes_in_step_cost_few_requests(worker: InProcessHarness) -> None:
    many_in_step(worker)
    worker.work()
    worker.plex.reset_counts()
    worker.stash.reset_counts()

    run = reconcile(worker)

    assert (run["checked"], run["total"], run["gaps"]) == (MANY, MANY, {})
    assert worker.plex.count("GET", ITEMS) == MANY // 200
    first = ["/identity", "/library/sections", f"/library/sections/{worker.section}/all"]
    assert [one.path for one in worker.plex.requests][
        :3
    ] == first  # which server, which libraries, which files
    assert worker.plex.count() == 3 + MANY // 200
    assert (
        worker.stash.count("graphql", "findScenes") <= MANY // 500 + 2
    )  # the last page is empty; a catch-up
    assert worker.plex.writes() == []


def test_a_run_over_a_day_reads_only_the_items_of_its_scenes(worker: InProcessHarness) -> None:
    many_in_step(worker)
    worker.clock.advance(3 * DAY_S)
    fresh = worker.scene("fresh.mp4", title="Fresh")
    worker.plex.reset_counts()

    run = reconcile(worker, RECENT)

    assert (run["checked"], run["gaps"]["stale"]) == (1, 1)
    assert worker.item("fresh.mp4").title == "Fresh"
    assert worker.recorded_items(fresh) == [worker.item("fresh.mp4").rating_key]
    assert worker.plex.count("GET", ITEMS) <= 3  # the comparison, the job, and the look afterwards


@pytest.mark.parametrize("zone", ["+00:00", "-08:00", "+13:45"])
def test_a_day_is_a_day_in_every_zone(tmp_path: Path, zone: str) -> None:
    worker = InProcessHarness(tmp_path, zone=zone)
    with contextlib.ExitStack() as stack:
        stack.callback(worker.close)
        worker.open()
        old = worker.scene("old.mp4", title="Old")
        worker.clock.advance(2 * HOUR_S)
        young = worker.scene("young.mp4", title="Young")
        worker.clock.advance(23 * HOUR_S)

        run = reconcile(worker, RECENT)

    assert (run["checked"], old, young) == (1, 1, 2)
    assert [worker.item(name).title for name in ("old.mp4", "young.mp4")] == ["old", "Young"]


def test_a_killed_run_continues_where_it_was(worker: InProcessHarness) -> None:
    many_in_step(worker)
    worker.stash.library.change_scene(950, touch=False, title="Silent")
    worker.plex.faults.add(Fault(status=500, route=ITEMS, nth=4))
    worker.work()
    press(worker)
    worker.work()
    under_way = worker.rows("SELECT value FROM meta WHERE key = ?", RUN)[0][0]
    worker.end_worker()
    worker.plex.reset_counts()

    worker.begin_worker()
    worker.stash.run_operation({"mode": "wake"})
    worker.work_until(lambda: newest(worker).get("ended_at"), step=1.0)
    worker.work_for(20.0)

    run = newest(worker)
    assert '"checked":600' in under_way.replace(" ", "")
    assert (run["checked"], run["gaps"]) == (MANY, {"stale": 1})
    assert (
        worker.plex.count("GET", ITEMS) == 2 + 2
    )  # what was left, then the one job and the look afterwards
    assert worker.item("0949.mp4").title == "Silent"


def test_a_dry_run_counts_and_names_and_writes_nothing(worker: InProcessHarness) -> None:
    full_scene(worker)
    gone = full_scene(worker, "gone.mp4")
    worker.stash.library.drop_scene(gone)
    worker.plex.library.change(worker.item().rating_key, title="By hand", genres=[])
    worker.scene("late.mp4", in_plex=False)
    before = (
        len(worker.plex.writes()),
        worker.rows("SELECT * FROM records"),
        worker.rows("SELECT * FROM dead_letters"),
    )
    written: list[bytes] = []
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": worker.stash.port,
        "SessionCookie": {"Value": ""},
    }

    answer: Any = run_task(
        {"server_connection": connection},
        {"mode": "reconcile_dry_run"},
        str(ROOT),
        str(worker.data),
        str,
        written.append,
    )

    output = b"".join(written).decode()
    assert answer["output"]["fields"] == {"drifted": {"title": 1, "tags": 1}}
    assert answer["output"]["queued_gaps"] == {"drifted": 1, "missing": 1, "orphaned": 1}
    assert (
        "Scene 1: drifted title, tags: item 101: title: 'By hand' instead of 'Title a.mp4'"
        in output
    )
    assert "2 scenes compared." in output
    assert (
        len(worker.plex.writes()),
        worker.rows("SELECT * FROM records"),
        worker.rows("SELECT * FROM dead_letters"),
    ) == before
    assert worker.jobs() == []


def test_a_cover_that_moved_is_stale_and_one_that_did_not_is_not(worker: InProcessHarness) -> None:
    full_scene(worker)
    calm = full_scene(worker, "calm.mp4")
    worker.stash.library.set_cover(1, picture(2))
    worker.stash.library.change_scene(calm, touch=True)
    uploads = len(worker.plex.writes())

    with contextlib.closing(connect(str(worker.data))) as connection:
        answer = dry_run_of(worker, JobStore(connection, worker.clock))

    assert answer.fields == {"stale": {"poster": 1}}
    assert len(worker.plex.writes()) == uploads


def dry_run_of(worker: InProcessHarness, store: JobStore) -> Run:
    """A comparison before the worker's own catch-up sees anything."""
    assert worker.process is not None
    ctx = worker.components.settings.sync_context()
    assert ctx is not None
    run = Run(cause="dry run", scope="all", started_at=worker.clock.wall())
    sweep = Sweep(SyncPlanner(ctx), DryRunGapSink(store, DeadLetters(store), 20), worker.clock, run)
    while not sweep.step():
        pass
    return sweep.run


def test_a_dry_run_learns_paths_and_keeps_nothing(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="")
    for number in range(21):
        worker.scene(f"{'abc'[number % 3]}/{number}.mp4", 1_000 + number)
    for folder in "ab":
        worker.scene(f"{folder}/twice.mp4", 500, title=f"In {folder}")
    written: list[bytes] = []
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": worker.stash.port,
        "SessionCookie": {"Value": ""},
    }

    answer: Any = run_task(
        {"server_connection": connection},
        {"mode": "reconcile_dry_run"},
        str(ROOT),
        str(worker.data),
        str,
        written.append,
    )

    assert answer["output"]["gaps"] == {"stale": 2}
    assert not (worker.data / "learned_paths.json").exists()


def test_of_each_kind_a_dry_run_shows_the_first_twenty(worker: InProcessHarness) -> None:
    for number in range(25):
        worker.scene(f"{number}.mp4", in_plex=False)
    written: list[bytes] = []
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": worker.stash.port,
        "SessionCookie": {"Value": ""},
    }

    run_task(
        {"server_connection": connection},
        {"mode": "reconcile_dry_run"},
        str(ROOT),
        str(worker.data),
        str,
        written.append,
    )

    output = b"".join(written).decode()
    assert output.count(": missing") == 20
    assert "Gaps: 25 missing; nothing was queued, a run would queue: 25 missing." in output


def test_one_run_a_day_and_a_full_one_after_seven_days(worker: InProcessHarness) -> None:
    scene = full_scene(worker)
    worker.scene("nobodys.mp4", title="Before PlexSync came")
    worker.stash.library.change_scene(
        2, touch=False, updated_at="2020-01-02T03:04:05Z", created_at="2020-01-02T03:04:05Z"
    )
    worker.work()
    worker.plex.library.change(worker.item().rating_key, title="By hand")

    worker.work_for(6.9 * DAY_S, step=1_800.0)
    before = worker.item().title
    worker.work_for(0.3 * DAY_S, step=1_800.0)

    log = worker.worker_log()
    assert (before, worker.item().title) == ("By hand", "Title a.mp4")
    assert log.count("reconcile.start cause=interval scope=24h") == 6
    assert log.count("reconcile.start cause=full scope=all") == 1
    assert worker.item("nobodys.mp4").title == "nobodys"
    assert worker.recorded_items(scene)


def test_a_new_worker_compares_recent_scenes_once(
    worker: InProcessHarness,
) -> None:
    full_scene(worker)
    worker.work()
    for hours in (2.0, 0.5, 2.0):
        worker.end_worker()
        worker.clock.advance(hours * HOUR_S)
        worker.begin_worker()
        worker.stash.run_operation({"mode": "wake"})
        worker.work_for(120.0, step=30.0)

    assert worker.worker_log().count("reconcile.start cause=start scope=24h") == 2


def test_a_stash_that_comes_back_is_compared_once(worker: InProcessHarness) -> None:
    full_scene(worker)
    worker.work_for(2 * HOUR_S, step=300.0)
    began = worker.worker_log().count("reconcile.start")
    worker.stash.down()
    worker.work_for(180.0, step=30.0)

    worker.stash.up()
    worker.work_for(300.0, step=30.0)

    assert worker.worker_log().count("reconcile.start") - began == 1
    assert "cause=start scope=24h" in worker.worker_log()


def test_never_means_never(worker: InProcessHarness) -> None:
    worker.configure(d_reconcile_interval="never")
    full_scene(worker)

    worker.work_for(2 * DAY_S, step=1_000.0)

    assert "reconcile.start" not in worker.worker_log()


def test_a_library_that_does_not_exist_ends_the_run_and_says_so(worker: InProcessHarness) -> None:
    full_scene(worker)

    run = reconcile(worker, Scope(library="Films"))

    assert "Plex has no movie library named Films" in run["failed"]
    assert "reconcile.failed" in worker.worker_log()


def test_one_library_is_compared_alone(worker: InProcessHarness) -> None:
    other = worker.plex.library.add_section("Other", ["/other"]).key
    key = worker.plex.library.add_item(other, [("/other/b.mp4", 77)])
    elsewhere = worker.stash.library.add_scene("/elsewhere/b.mp4", 77, title="In the other one")
    worker.enqueue(elsewhere)
    full_scene(worker)
    for item in (key, worker.item().rating_key):
        worker.plex.library.change(item, title="By hand")

    run = reconcile(worker, Scope(library="other"))

    assert run["fields"] == {"drifted": {"title": 1}}
    assert worker.plex.library.item(key).title == "In the other one"
    assert worker.item().title == "By hand"


def test_a_corrupt_history_is_quarantined_and_reported_once(worker: InProcessHarness) -> None:
    full_scene(worker)
    reconcile(worker)
    worker.end_worker()
    (worker.data / "reconciliation.json").write_text("{ half")

    worker.begin_worker()
    worker.stash.run_operation({"mode": "wake"})
    worker.work_for(20.0)
    run = reconcile(worker)

    assert run["gaps"] == {}
    assert (worker.data / "reconciliation.json.corrupt").exists()
    assert len(worker.stash_log("reconciliation.json is corrupt", "Warning")) == 1


def test_an_edit_does_not_wait_for_a_comparison(worker: InProcessHarness) -> None:
    many_in_step(worker)
    worker.work()
    press(worker)
    worker.edit(1, title="Urgent")

    worker.work()

    assert worker.item("0000.mp4").title == "Urgent"


def test_items_that_plex_cannot_show_are_left_out(worker: InProcessHarness) -> None:
    many_in_step(worker)
    worker.work()
    worker.plex.faults.add(Fault(status=500, route=ITEMS, times=5))

    run = reconcile(worker)

    assert (run["checked"], run["gaps"]) == (MANY, {})
    assert "reconcile.skipped scenes=200" in worker.worker_log()


def test_the_button_follows_the_worker_and_prints_the_result(installed: ProcessHarness) -> None:
    installed.scene(title="Title", tags=["night"])
    installed.scene("late.mp4", in_plex=False)

    job = installed.run_task("Reconcile Library (All)")
    installed.run_task("View Queue Status")

    assert (job.status, job.progress_history[-1]) == ("FINISHED", 1.0)
    assert all(0.0 <= share <= 1.0 for share in job.progress_history)
    assert (installed.item().title, installed.item().genres) == ("Title", ["night"])
    assert installed.stash_log("1 empty (1 tags): Plex lacks", "Info")
    assert installed.stash_log("1 missing: No Plex item plays", "Info")
    found = "1 empty, 1 missing, 1 stale"
    assert installed.stash_log(f"2 scenes compared. Gaps: {found}; queued: {found}.", "Info")
    assert installed.stash_log("Reconciled", "Info")
