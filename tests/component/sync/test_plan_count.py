"""A batch plans each item once and reads its records with few statements."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from plex.plan import plan_changes
from sync.plan_items import replan_item
from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness

COUNT = 40
PLANS, REPLANS = plan_changes.__code__, replan_item.__code__


@contextmanager
def counted_calls(*functions: CodeType) -> Iterator[Counter[CodeType]]:
    """Count the calls of these functions in this thread."""
    calls: Counter[CodeType] = Counter()

    def on_event(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code in functions:
            calls[frame.f_code] += 1

    sys.setprofile(on_event)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@contextmanager
def record_reads(worker: InProcessHarness) -> Iterator[list[str]]:
    """Collect the statements that read records."""
    statements: list[str] = []

    def on_statement(text: str) -> None:
        if text.lstrip().startswith("SELECT") and "FROM records" in text:
            statements.append(text)

    connection = worker.store.connection
    connection.set_trace_callback(on_statement)
    try:
        yield statements
    finally:
        connection.set_trace_callback(None)


def written_scenes(worker: InProcessHarness, **fields: Any) -> list[int]:
    """Scenes that Plex shows as they are, with the index and the library known."""
    scenes = [worker.titled_scene(f"{number:03}", **fields) for number in range(COUNT)]
    worker.drain_scenes(*scenes)
    worker.clock.advance(10)
    return scenes


def change(
    worker: InProcessHarness, scenes: list[int], value: Callable[[int], dict[str, Any]]
) -> None:
    for scene in scenes:
        worker.stash.library.change_scene(scene, touch=True, **value(scene))


def test_a_batch_reads_its_records_with_three_statements(worker: InProcessHarness) -> None:
    scenes = written_scenes(worker)
    change(worker, scenes, lambda scene: {"title": f"New {scene}"})

    with record_reads(worker) as statements:
        report = worker.drain_scenes(*scenes)

    # Those of the scenes, those of the items, and once more for the verifying read.
    assert report.wrote == COUNT
    assert len(statements) == 3


def test_each_item_of_a_first_sync_is_planned_once(worker: InProcessHarness) -> None:
    scenes = [worker.titled_scene(f"{number:03}") for number in range(COUNT)]

    with counted_calls(PLANS, REPLANS) as calls, record_reads(worker) as statements:
        report = worker.drain_scenes(*scenes)

    assert report.wrote == COUNT
    assert calls == {PLANS: COUNT}
    # One more, once: whether there are records of another server.
    assert len(statements) == 3 + 1


def test_a_shared_edit_plans_each_item_once(worker: InProcessHarness) -> None:
    scenes = written_scenes(worker)
    change(worker, scenes, lambda scene: {"details": "The same."})
    worker.plex.reset_counts()

    with counted_calls(PLANS, REPLANS) as calls:
        worker.drain_scenes(*scenes)

    assert worker.plex.count("PUT") == 1
    assert calls == {PLANS: COUNT}


def test_a_stale_match_is_planned_again(worker: InProcessHarness) -> None:
    scenes = written_scenes(worker)
    change(worker, scenes, lambda scene: {"title": f"New {scene}"})
    worker.plex.library.remove_item(worker.titled_item("000").rating_key)
    worker.add_item("/media/scenes/000.mp4")

    with counted_calls(PLANS, REPLANS) as calls:
        report = worker.drain_scenes(*scenes)

    # The batch plans the other items; the new one is planned after the scene was matched again.
    assert report.wrote == COUNT
    assert calls == {PLANS: COUNT, REPLANS: 1}


def test_a_rejected_long_request_is_planned_again(worker: InProcessHarness) -> None:
    first, second = (worker.titled_scene(name, details="word " * 1_000) for name in ("a", "b"))
    worker.plex.faults.add(Fault("status", method="PUT", status=414))
    worker.send_one_at_a_time()

    with counted_calls(PLANS, REPLANS) as calls:
        report = worker.drain_scenes(first, second)

    # The second item is planned again as well: its text is cut to the limits that the first found.
    assert report.wrote == 2
    assert calls == {PLANS: 4, REPLANS: 2}


def test_an_item_that_an_earlier_job_owns_is_planned_again(worker: InProcessHarness) -> None:
    worker.configure(b_match_overrides="1 => item 101; 2 => item 101")
    item = worker.add_item("/media/scenes/a.mp4")
    first, second = (
        worker.titled_scene("one", in_plex=False),
        worker.titled_scene("two", in_plex=False),
    )

    with counted_calls(PLANS, REPLANS) as calls:
        worker.drain_scenes(first, second)

    assert item == 101
    assert calls == {PLANS: 3, REPLANS: 1}
