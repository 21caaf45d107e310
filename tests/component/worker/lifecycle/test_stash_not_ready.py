"""Stash waits for a migration or its setup: every job waits and is done afterwards."""

import pytest

from sync_queue.meta import MetaStore
from tests.emulators.sample_plugins import write_plugin
from tests.emulators.stash_images import png
from tests.harness.in_process import InProcessHarness
from worker.reporting.stash_report import STASH

STATES = {"NEEDS_MIGRATION": "migration", "SETUP": "setup"}


def make_operations_work(worker: InProcessHarness) -> None:
    """Install what writes the worker's notices into Stash's log."""
    write_plugin(worker.stash, 'log("w", ARGS["text"])', "PlexSync", interface="raw")


@pytest.mark.parametrize("state", STATES)
def test_jobs_wait_for_a_stash_that_is_not_ready(worker: InProcessHarness, state: str) -> None:
    make_operations_work(worker)
    scenes = [worker.titled_scene(name, title=f"New {name}") for name in ("a", "b", "c")]
    worker.stash.core.system_status = state
    worker.enqueue(*scenes)

    worker.work_for(1_800.0, step=10.0)
    waiting = worker.jobs()
    status = MetaStore(worker.store).worker()
    logged = worker.stash_log(STATES[state])
    worker.stash.core.system_status = "OK"
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [(subject, attempts) for subject, attempts, _ in waiting] == [
        (f"scene:{scene}", 0) for scene in scenes
    ]
    assert [worker.titled_item(name).title for name in ("a", "b", "c")] == [
        "New a",
        "New b",
        "New c",
    ]
    assert worker.dead_letters() == []
    assert status is not None and STATES[state] in status.status_text
    assert len(logged) == 1
    assert STASH not in worker.notices()


@pytest.mark.parametrize("subject", ["tag:1", "performer:1", "studio:1", "group:1"])
def test_entities_wait_for_a_stash_that_is_not_ready(
    worker: InProcessHarness, subject: str
) -> None:
    worker.stash.core.system_status = "NEEDS_MIGRATION"
    worker.store.enqueue(subject, "update")

    worker.work_for(600.0, step=10.0)

    assert [(name, attempts) for name, attempts, _ in worker.jobs()] == [(subject, 0)]


def test_a_cover_waits_for_a_stash_that_is_not_ready(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", cover=png())
    before = worker.titled_item("a").poster_bytes

    def upgrade() -> None:
        if worker.stash.count("graphql", "findScene"):
            worker.stash.core.system_status = "NEEDS_MIGRATION"

    worker.on_heartbeat = upgrade
    worker.enqueue(scene)
    worker.work_for(60.0)
    waiting = worker.jobs()
    worker.on_heartbeat = lambda: None
    worker.stash.core.system_status = "OK"
    worker.work_until(lambda: not worker.jobs(), limit=120.0)

    assert [attempts for _, attempts, _ in waiting] == [0]
    assert worker.titled_item("a").poster_bytes != before


def test_waiting_for_a_migration_costs_few_requests(worker: InProcessHarness) -> None:
    worker.stash.core.system_status = "NEEDS_MIGRATION"
    worker.enqueue(worker.titled_scene("a"))
    worker.work_for(120.0)
    worker.stash.reset_counts()

    worker.work_for(3_600.0, step=10.0)

    assert worker.stash.count("graphql") <= 5 * 60
    assert worker.plex.writes() == []


def test_a_broken_scene_does_not_hold_up_a_batch(worker: InProcessHarness) -> None:
    names = [str(number) for number in range(20)]
    scenes = [worker.titled_scene(name, title=f"New {name}") for name in names]
    worker.stash.core.broken_scenes.add(scenes[7])
    worker.enqueue(*scenes)

    worker.work_for(600.0, step=10.0)

    assert [row.subject for row in worker.dead_letters()] == [f"scene:{scenes[7]}"]
    assert worker.dead_letters()[0].reason == "InvalidScene"
    assert [worker.titled_item(name).title for name in names if name != "7"] == [
        f"New {name}" for name in names if name != "7"
    ]
