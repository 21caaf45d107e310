"""One entity, its scenes: the decision, and what a scene counts as showing."""

import pytest

from core.entity import KINDS, Entity
from core.outcome import Disposition
from tests.emulators.stash_faults import Fault
from tests.harness.in_process import InProcessHarness
from worker.discovery.deletions import PAGE, REPEAT_AFTER_S, DeletionSweep

OLD, NEW = Entity("tag:7", "train"), Entity("tag:7", "railway")


# -- between both servers -------------------------------------------------------------------------


def test_a_batch_of_entities_is_one_question_to_stash(worker: InProcessHarness) -> None:
    worker.drain_scenes(
        worker.titled_scene("a", tags=["one", "two"], performers=["Mia"], studio="Studio")
    )
    worker.context()
    worker.stash.reset_counts()

    for subject in ("tag:1", "tag:2", "performer:1", "studio:1"):
        worker.store.enqueue(subject, "update")
    report = worker.drain()

    assert report.done == 4
    assert worker.stash.count("graphql", "findTag") == 1


def test_one_broken_entity_does_not_stop_the_others(worker: InProcessHarness) -> None:
    worker.drain_scenes(worker.titled_scene("a", tags=["one"]))
    store = worker.store

    store.enqueue("tag:x", "update")
    store.enqueue("tag:1", "destroy")
    report = worker.drain()

    assert (report.done, report.waiting) == (1, 1)
    assert worker.store.is_queued("tag:x")


def test_jobs_of_both_kinds_share_a_batch(worker: InProcessHarness) -> None:
    scene_id = worker.titled_scene("a", tags=["one"])
    worker.context()

    worker.store.enqueue("tag:1", "update")
    worker.enqueue(scene_id)
    done = worker.drain_all()

    assert done >= 2
    assert worker.titled_item("a").genres == ["one"]


def test_a_finished_entity_is_no_finished_scene(worker: InProcessHarness) -> None:
    worker.drain_scenes(worker.titled_scene("a", tags=["one"]))
    worker.lines.clear()

    worker.store.enqueue("tag:1", "update")
    worker.drain()

    assert any(
        line.startswith("fan_out.done entity=tag:1 cause=update what=same queued=0")
        for line in worker.lines
    )
    assert not any(line.startswith(f"sync.{Disposition.COMPLETE.value}") for line in worker.lines)


# -- what is gone without a hook ------------------------------------------------------------------


def deletion_sweep(worker: InProcessHarness) -> DeletionSweep:
    tasks = worker.components.background_tasks
    return next(task for task in tasks if isinstance(task, DeletionSweep))


def walk(worker: InProcessHarness) -> int:
    """Run every step of the sweep; return how many there were."""
    steps, sweep = 0, deletion_sweep(worker)
    while sweep.is_due():
        sweep.step(worker.context())
        steps += 1
    return steps


def test_without_known_entities_stash_is_not_asked(worker: InProcessHarness) -> None:
    worker.titled_scene("a")
    worker.context()
    worker.stash.reset_counts()

    walk(worker)

    assert worker.stash.count("graphql", "findScenes") == 0
    assert worker.stash.count("graphql", "findTags") == 0


def test_a_walk_is_once_a_day(worker: InProcessHarness) -> None:
    worker.drain_scenes(worker.titled_scene("a"))

    steps = [walk(worker), walk(worker)]
    worker.clock.advance(86_400.0)

    assert steps == [1 + len(KINDS), 0]
    assert walk(worker) == steps[0]


def test_a_stash_that_refuses_ends_the_walk_until_tomorrow(worker: InProcessHarness) -> None:
    worker.drain_scenes(worker.titled_scene("a", tags=["one"]))
    worker.stash.faults.plan(
        Fault("graphql", "findScenes", times=1, graphql_error="Internal system error. Error <x>")
    )

    steps = [walk(worker), walk(worker)]
    worker.clock.advance(86_400.0)

    assert steps == [1, 0]
    assert walk(worker) == 1 + len(KINDS)


def test_while_nothing_may_be_written_the_walk_waits(worker: InProcessHarness) -> None:
    sweep = deletion_sweep(worker)

    asked = [sweep.is_due(), sweep.is_due()]
    worker.clock.advance(REPEAT_AFTER_S)

    assert asked == [True, False]
    assert sweep.is_due()


@pytest.mark.parametrize("gone", [1, 2, PAGE, PAGE + 1, PAGE + 5])
def test_a_walk_finds_what_is_gone_on_any_page(worker: InProcessHarness, gone: int) -> None:
    for number in range(PAGE + 5):
        worker.stash.library.add_scene(f"/data/{number}.mp4")
    worker.store.connection.executemany(
        "INSERT INTO scene_entities (scene_id, entities) VALUES (?, ' tag:1 ')",
        [(number,) for number in range(1, PAGE + 6)],
    )
    worker.stash.library.drop_scene(gone)

    walk(worker)

    assert worker.store.counts()[0] == 1
    assert worker.store.is_queued(f"scene:{gone}")
