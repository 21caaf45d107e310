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
from tests.unit.worker.rig import Rig

COUNT = 100
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
def record_reads(rig: Rig) -> Iterator[list[str]]:
    """Collect the statements that read records."""
    statements: list[str] = []

    def on_statement(text: str) -> None:
        if text.lstrip().startswith("SELECT") and "FROM records" in text:
            statements.append(text)

    connection = rig.worker.components.store.connection
    connection.set_trace_callback(on_statement)
    try:
        yield statements
    finally:
        connection.set_trace_callback(None)


def written_scenes(rig: Rig, **fields: Any) -> list[int]:
    """A hundred scenes that Plex shows as they are, with the index and the library known."""
    scenes = [rig.scene(f"{number:03}", **fields) for number in range(COUNT)]
    rig.sync(*scenes)
    rig.clock.advance(10)
    return scenes


def change(rig: Rig, scenes: list[int], value: Callable[[int], dict[str, Any]]) -> None:
    for scene in scenes:
        rig.stash.library.change_scene(scene, touch=True, **value(scene))


def test_a_batch_reads_its_records_with_three_statements(rig: Rig) -> None:
    scenes = written_scenes(rig)
    change(rig, scenes, lambda scene: {"title": f"New {scene}"})

    with record_reads(rig) as statements:
        report = rig.sync(*scenes)

    # Those of the scenes, those of the items, and once more for the verifying read.
    assert report.wrote == COUNT
    assert len(statements) == 3


def test_each_item_of_a_first_sync_is_planned_once(rig: Rig) -> None:
    scenes = [rig.scene(f"{number:03}") for number in range(COUNT)]

    with counted_calls(PLANS, REPLANS) as calls, record_reads(rig) as statements:
        report = rig.sync(*scenes)

    assert report.wrote == COUNT
    assert calls == {PLANS: COUNT}
    assert len(statements) == 3


def test_a_shared_edit_plans_each_item_once(rig: Rig) -> None:
    scenes = written_scenes(rig)
    change(rig, scenes, lambda scene: {"details": "The same."})
    rig.plex.reset_counts()

    with counted_calls(PLANS, REPLANS) as calls:
        rig.sync(*scenes)

    assert rig.plex.count("PUT") == 1
    assert calls == {PLANS: COUNT}


def test_a_stale_match_is_planned_again(rig: Rig) -> None:
    scenes = written_scenes(rig)
    change(rig, scenes, lambda scene: {"title": f"New {scene}"})
    rig.plex.library.remove_item(rig.item_of("000").rating_key)
    rig.item("000")

    with counted_calls(PLANS, REPLANS) as calls:
        report = rig.sync(*scenes)

    # The batch plans the other items; the new one is planned after the scene was matched again.
    assert report.wrote == COUNT
    assert calls == {PLANS: COUNT, REPLANS: 1}


def test_a_rejected_long_request_is_planned_again(rig: Rig) -> None:
    first, second = (rig.scene(name, details="word " * 1_000) for name in ("a", "b"))
    rig.plex.faults.add(Fault("status", method="PUT", status=414))

    with counted_calls(PLANS, REPLANS) as calls:
        report = rig.sync(first, second)

    # The second item is planned again as well: its text is cut to the limits that the first found.
    assert report.wrote == 2
    assert calls == {PLANS: 4, REPLANS: 2}


def test_an_item_that_an_earlier_job_owns_is_planned_again(rig: Rig) -> None:
    rig.configure(b_match_overrides="1 => item 101; 2 => item 101")
    item = rig.item("a")
    first, second = rig.scene("one", in_plex=False), rig.scene("two", in_plex=False)

    with counted_calls(PLANS, REPLANS) as calls:
        rig.sync(first, second)

    assert item == 101
    assert calls == {PLANS: 3, REPLANS: 1}
