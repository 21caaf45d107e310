"""Long work is asked of the worker, shown in the snapshot, survives a kill and can be cancelled."""

from typing import Any

import pytest

from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from hooks.snapshot import run_snapshot
from sync_queue import statements as sql
from sync_queue.sync_run import read_sync
from tests.emulators.plex_server import Fault
from tests.harness.page_calls import PageCaller
from worker.discovery import sync_runner


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_runner, "PAGE", 5)


def shown_run(page: PageCaller) -> Any:
    output = run_snapshot(str(page.worker.data), page.worker.clock.wall())["output"]
    assert isinstance(output, dict)
    return output["run"]


def add_scenes(page: PageCaller, count: int = 12) -> None:
    for number in range(count):
        page.worker.scene(f"{number:02}.mp4", 1_000 + number, title=f"Title {number}")


def waiting(page: PageCaller) -> list[tuple[str, str]]:
    rows = page.worker.rows(
        f"SELECT subject, cause FROM {sql.QUEUE} WHERE status < 2 ORDER BY subject"
    )
    return [(str(subject), str(cause)) for subject, cause in rows]


def test_a_sync_is_enqueued_by_the_worker_and_done(page: PageCaller) -> None:
    add_scenes(page)

    text = page.call("start_sync", kind="sync_all")["text"]
    before = shown_run(page)
    page.worker.work_until(lambda: not page.worker.jobs() and not shown_run(page))

    assert "Sync All Scenes" in text
    assert (before["kind"], before["is_waiting"], before["left"]) == ("sync_all", True, 0)
    assert page.worker.item("00.mp4").title == "Title 0"
    assert page.worker.item("11.mp4").title == "Title 11"


def test_progress_is_shown_while_jobs_are_left(page: PageCaller) -> None:
    add_scenes(page)
    page.worker.plex.faults.add(Fault(status=503, route="/identity", times=1_000))
    page.worker.plex.faults.add(Fault(status=503, route="/library/sections", times=1_000))

    page.call("start_sync", kind="sync_all")
    page.worker.work()

    run = shown_run(page)
    assert (run["done"], run["total"], run["queued"], run["left"]) == (12, 12, 12, 12)
    assert not run["is_waiting"]
