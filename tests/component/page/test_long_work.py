"""Long work is asked of the worker, shown, survives a kill and can be cancelled."""

import pytest

from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from core.units import DAY_S
from reconciliation.history import HistoryFile
from reconciliation.runner import ReconciliationTask
from sync_queue import statements as sql
from sync_queue.meta import MetaStore
from sync_queue.records import Records
from tests.emulators.plex_server import Fault
from tests.harness.page_calls import WorkerPage
from tests.harness.queue import CheckpointKiller, Killed
from worker.discovery.sync_runner import SyncRunner

SCENES = 12
KINDS = ("sync_all", "sync_recent", "force_sync")


@pytest.fixture
def page(worker_page: WorkerPage) -> WorkerPage:
    """Return a page of a library with twelve scenes, which Plex has."""
    for number in range(SCENES):
        worker_page.worker.scene(f"{number:02}.mp4", 1_000 + number, title=f"Title {number}")
    return worker_page


def small_runner(page: WorkerPage) -> SyncRunner:
    """Return what enqueues pages of five scenes for the worker of this moment."""
    queue = page.worker.components.queue
    store, clock, log = page.worker.store, page.worker.clock, page.worker.log
    return SyncRunner(store, queue.facts, queue.records, clock, log, page_size=5)


def run_pages(page: WorkerPage, runner: SyncRunner, pages: int) -> None:
    """Let the runner begin and enqueue so many pages."""
    left = [None] * (pages + 1)
    stash = page.worker.components.settings.stash()

    def must_stop() -> bool:
        left.pop()
        return not left

    runner.run_if_due(stash, must_stop)


def causes(page: WorkerPage) -> dict[str, str]:
    """Return the causes of the waiting jobs by subject."""
    rows = page.worker.rows(f"SELECT subject, cause FROM {sql.QUEUE} WHERE status < 2")
    return {str(subject): str(cause) for subject, cause in rows}


def stop_plex(page: WorkerPage) -> None:
    page.worker.plex.faults.add(Fault(status=503, times=None))


@pytest.mark.parametrize("kind", KINDS)
def test_a_sync_is_enqueued_by_the_worker_and_done(page: WorkerPage, kind: str) -> None:
    answer = page("start_sync", kind=kind)
    asked = page.run
    page.worker.work_until(lambda: not page.worker.jobs() and page.run is None)

    assert answer["text"].endswith("the worker queues the scenes now.")
    assert (asked["kind"], asked["is_waiting"], asked["left"]) == (kind, True, 0)
    titles = {page.worker.item(f"{number:02}.mp4").title for number in range(SCENES)}
    assert titles == {f"Title {number}" for number in range(SCENES)}


def test_scenes_are_enqueued_while_plex_is_away(page: WorkerPage) -> None:
    stop_plex(page)

    page("start_sync", kind="sync_all")
    page.worker.work()

    run = page.run
    assert (run["done"], run["total"], run["queued"], run["left"]) == (SCENES,) * 4
    assert not run["is_waiting"]


def test_a_sync_does_not_wait_for_an_edit_that_waits_for_plex(page: WorkerPage) -> None:
    stop_plex(page)
    for scene in range(1, SCENES):
        page.worker.enqueue(scene, priority=PRIORITY_EDIT)
    page.worker.work_for(120.0)
    page.worker.enqueue(SCENES, priority=PRIORITY_EDIT)
    page.worker.work()
    assert page.worker.components.circuit.max_jobs == 0

    page("start_sync", kind="sync_all")
    page.worker.work()

    assert page.run["done"] == SCENES


def test_what_is_in_step_is_left_out_unless_forced(page: WorkerPage) -> None:
    page.worker.clock.advance(DAY_S)
    page.worker.sync_all()
    stop_plex(page)

    page("start_sync", kind="sync_all")
    page.worker.work()
    after_all = page.run
    page("start_sync", kind="force_sync")
    page.worker.work()

    assert after_all is None
    assert page.run["queued"] == SCENES


def test_only_recent_scenes_are_enqueued(page: WorkerPage) -> None:
    page.worker.clock.advance(-3 * DAY_S)
    old = page.worker.stash.library.add_scene("/data/old.mp4", 77, title="Old")
    page.worker.clock.advance(3 * DAY_S)
    stop_plex(page)

    page("start_sync", kind="sync_recent")
    page.worker.work()

    assert len(causes(page)) == SCENES
    assert f"scene:{old}" not in causes(page)


def test_an_edit_goes_before_the_next_page(page: WorkerPage) -> None:
    runner = small_runner(page)
    page("start_sync", kind="sync_all")
    run_pages(page, runner, 1)
    page.worker.enqueue(1, priority=PRIORITY_EDIT)

    assert not runner.is_due()
    assert page.run["done"] == 5


@pytest.mark.parametrize("fatal", [1, 2, 3, 4])
def test_a_killed_worker_continues_where_it_was(page: WorkerPage, fatal: int) -> None:
    page("start_sync", kind="sync_all")
    page.worker.end_worker()
    killer = CheckpointKiller()
    page.worker.begin_worker(killer)
    runner = small_runner(page)
    killer.fatal = len(killer.passed) + fatal
    with pytest.raises(Killed):
        run_pages(page, runner, 9)
    page.worker.restart()
    done = page.run["done"]

    run_pages(page, small_runner(page), 9)

    assert done == max(0, fatal - 2) * 5
    assert (page.run["done"], page.run["queued"]) == (SCENES, SCENES)
    assert len(causes(page)) == SCENES


def test_cancelling_deletes_only_what_the_run_alone_caused(page: WorkerPage) -> None:
    stop_plex(page)
    page("start_sync", kind="sync_all")
    page.worker.work()
    page.worker.enqueue(1, priority=PRIORITY_EDIT)
    page.worker.enqueue(2, priority=PRIORITY_BACKFILL, cause="reconcile")
    page.worker.enqueue(99, priority=PRIORITY_BACKFILL, cause="catch_up")
    (claimed,) = page.worker.store.claim(2)

    first = page("cancel_run", kind="sync_all")
    kept = len(causes(page))
    second = page("cancel_run", kind="sync_all", confirm=first["count"])

    assert claimed.subject == "scene:1"
    assert (first["is_done"], kept) == (False, SCENES)
    assert (second["count"], second["is_done"]) == (SCENES - 2, True)
    assert causes(page) == {"scene:2": "sync_all+reconcile", "scene:99": "catch_up"}
    assert page.worker.store.counts()[2] == 1
    assert page.run is None


def test_a_stale_number_deletes_nothing_but_ends_the_run(page: WorkerPage) -> None:
    runner = small_runner(page)
    page("start_sync", kind="sync_all")
    run_pages(page, runner, 1)
    shown = page("cancel_run", kind="sync_all")["count"]
    run_pages(page, runner, 0)

    second = page("cancel_run", kind="sync_all", confirm=shown)
    run_pages(page, runner, 9)
    third = page("cancel_run", kind="sync_all", confirm=second["count"])

    assert (shown, second["count"], second["is_done"]) == (5, 10, False)
    assert (third["count"], third["is_done"], causes(page)) == (10, True, {})


def test_a_run_that_was_cancelled_before_it_began_never_begins(page: WorkerPage) -> None:
    page("start_sync", kind="force_sync")

    answer = page("cancel_run", kind="force_sync", confirm=0)
    page.worker.work()

    assert answer["is_done"]
    assert (causes(page), page.run) == ({}, None)


def test_a_second_sync_waits_for_the_first_to_be_enqueued(page: WorkerPage) -> None:
    page("start_sync", kind="sync_all")

    error = page.error("start_sync", kind="sync_recent")

    assert error == "Sync All Scenes is still being queued. Wait for it, or cancel it."


def test_without_a_worker_nothing_is_asked_for(page: WorkerPage) -> None:
    page.end_worker()

    errors = [
        page.error("start_sync", kind="sync_all"),
        page.error("start_reconciliation", scope="all"),
    ]

    assert all("The worker could not be started" in error for error in errors)
    assert all("Nothing was started." in error for error in errors)
    assert page.run is None


def test_a_query_that_stash_rejects_ends_the_sync(page: WorkerPage) -> None:
    page("start_sync", kind="sync_all")
    page.worker.stash.faults.refuse("findScenes", times=9)
    page.worker.work_for(60.0)

    assert page.run is None
    assert any(line.startswith("sync_run.failed") for line in page.worker.lines)


def test_a_query_that_fails_once_is_sent_again(page: WorkerPage) -> None:
    stop_plex(page)
    page("start_sync", kind="sync_all")
    page.worker.stash.faults.locked("findScenes")
    page.worker.work_until(lambda: page.run["done"] == SCENES)

    assert page.run["queued"] == SCENES


def test_a_comparison_is_shown_and_cancelled(page: WorkerPage) -> None:
    page("start_reconciliation", scope="24h")
    asked = page.run
    (runner,) = (
        task
        for task in page.worker.components.background_tasks
        if isinstance(task, ReconciliationTask)
    )
    ctx = page.worker.context()
    assert runner.is_due()
    runner.step(ctx)
    runner.step(ctx)
    begun = page.run

    first = page("cancel_run", kind="reconcile")
    second = page("cancel_run", kind="reconcile", confirm=0)
    hidden = page.run
    page.worker.work()

    (newest, *_) = HistoryFile(page.worker.data, page.worker.clock).load()[0].runs
    assert (asked["kind"], asked["is_waiting"], begun["is_waiting"]) == ("reconcile", True, False)
    assert (first["count"], first["is_done"], second["is_done"]) == (0, False, True)
    assert "the jobs that it has queued stay" in second["text"]
    assert hidden is None
    assert (newest.scope, newest.failed) == ("24h", "cancelled by the user")


def test_a_comparison_that_has_not_begun_is_taken_back(page: WorkerPage) -> None:
    page("start_reconciliation", scope="all")

    page("cancel_run", kind="reconcile", confirm=0)
    page.worker.work_for(20.0)

    assert HistoryFile(page.worker.data, page.worker.clock).load()[0].runs == ()
    assert page("cancel_run", kind="reconcile", confirm=0)["text"] == "No comparison is under way."


def test_the_scope_of_a_comparison_is_checked(page: WorkerPage) -> None:
    error = page.error("start_reconciliation", scope="everything")

    assert error.startswith("start_reconciliation: scope: neither all, 24h")


def test_a_full_comparison_makes_later_ones_complete(page: WorkerPage) -> None:
    page("start_reconciliation", scope="all")

    assert MetaStore(page.worker.store).get(sql.SYNC_ALL_REQUESTED)
    assert not Records(page.worker.store).has_any()
