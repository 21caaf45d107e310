"""Stash asks for a login and the session is over: an API key helps, or the user is notified."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stash.key_file import FILE_NAME
from sync_queue.hook_queue import connect, pop_notices
from sync_queue.meta import MetaStore
from tests.harness.in_process import NOW, InProcessHarness
from tests.harness.processes import running
from worker.reporting.stash_report import STASH

KEY = "the-api-key-of-this-test"
LATER_S = 3_600.0


def guarded(root: Path, api_key: str | None = None) -> InProcessHarness:
    """A worker whose Stash asks for a login and forgets sessions after a minute."""
    return InProcessHarness(
        root,
        username="u",
        password="p",
        api_key=api_key,
        max_session_age=60,
        hooks=False,
        start=NOW,
    )


def expire(worker: InProcessHarness) -> None:
    """End the worker, and let it start again after the end of its session."""
    worker.end_worker()
    worker.clock.advance(LATER_S)
    worker.begin_worker()


def test_without_a_key_the_user_is_asked_to_open_stash(tmp_path: Path) -> None:
    with running(guarded(tmp_path)) as worker:
        scene = worker.titled_scene("a", title="New")
        expire(worker)
        worker.enqueue(scene)
        worker.work_for(1_200.0, step=10.0)
        waiting, status = worker.jobs(), MetaStore(worker.store).worker()

        worker.store_session()
        worker.work_until(lambda: not worker.jobs(), limit=120.0)
        connection = connect(str(worker.data))
        printed = [text for _, text in pop_notices(connection, worker.clock.now)]
        connection.close()

        assert [(subject, attempts) for subject, attempts, _ in waiting] == [(f"scene:{scene}", 0)]
        assert status is not None and "open Stash once" in status.status_text
        assert [text for text in printed if "generate an API key" in text]
        assert worker.titled_item("a").title == "New"


def test_a_key_is_kept_and_used_after_the_session_has_ended(tmp_path: Path) -> None:
    with running(guarded(tmp_path, KEY)) as worker:
        scene = worker.titled_scene("a", title="New")
        worker.work_for(120.0)
        expire(worker)
        worker.enqueue(scene)

        worker.work_until(lambda: not worker.jobs(), limit=120.0)

        assert (worker.data / FILE_NAME).read_text() == KEY
        assert worker.titled_item("a").title == "New"
        assert STASH not in worker.notices()
        assert KEY not in worker.worker_log()


def test_a_key_that_comes_later_is_read_again(tmp_path: Path) -> None:
    with running(guarded(tmp_path, KEY)) as worker:
        scene = worker.titled_scene("a", title="New")
        expire(worker)
        worker.enqueue(scene)
        worker.work_for(60.0)
        waiting = len(worker.jobs())
        (worker.data / FILE_NAME).write_text(KEY)

        worker.work_until(lambda: not worker.jobs(), limit=180.0)

        assert waiting == 1
        assert worker.titled_item("a").title == "New"


def change_key(worker: InProcessHarness) -> None:
    worker.stash.core.options.api_key = "another"


def remove_key(worker: InProcessHarness) -> None:
    worker.stash.core.options.api_key = None


@pytest.mark.parametrize("change", [change_key, remove_key])
def test_a_refused_key_is_forgotten(
    tmp_path: Path, change: Callable[[InProcessHarness], None]
) -> None:
    with running(guarded(tmp_path, KEY)) as worker:
        scene = worker.titled_scene("a", title="New")
        worker.work_for(120.0)
        change(worker)
        expire(worker)
        worker.enqueue(scene)

        worker.work_for(120.0)

        assert not (worker.data / FILE_NAME).exists()
        assert [attempts for _, attempts, _ in worker.jobs()] == [0]
        assert STASH in worker.notices()


def test_a_key_that_stash_no_longer_has_is_not_kept(tmp_path: Path) -> None:
    with running(guarded(tmp_path, KEY)) as worker:
        worker.work_for(120.0)
        kept = (worker.data / FILE_NAME).exists()
        remove_key(worker)

        worker.work_for(1_200.0)

        assert kept
        assert not (worker.data / FILE_NAME).exists()


def test_no_key_is_generated(tmp_path: Path) -> None:
    with running(guarded(tmp_path)) as worker:
        worker.work_for(600.0)

        assert not worker.stash.core.options.api_key
        assert not (worker.data / FILE_NAME).exists()
        assert not [one for one in worker.stash.requests if "generateAPIKey" in one.names]
