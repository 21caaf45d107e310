"""After whatever happened on either side, one comparison of everything brings Plex in step, and then there is silence."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.run import make_wish
from sync_queue.facts import Facts
from sync_queue.inbox import connect
from sync_queue.store import JobStore
from tests.flow.both_sides import ACTIONS, PRIVATE, BothSides
from tests.flow.projection import SYNCED, check
from tests.fuzz.nonsense import fuzzed
from validation.scope import ALL

Step = tuple[str, int, int, int, bool]
NUMBERS = st.integers(0, 41)
STEPS = st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), NUMBERS, NUMBERS, NUMBERS, st.booleans()), max_size=8)
MOST_LOOKS = 100


def reconcile(house: BothSides) -> dict[str, Any]:
    """Press the button, and let the worker do everything that comes of it; the run."""
    house.clock.advance(5.0)
    with contextlib.closing(connect(str(house.data))) as connection:  # a button is another process
        asked_at = make_wish(Facts(JobStore(connection, house.clock)), ALL, house.clock.wall()).asked_at
    for _ in range(MOST_LOOKS):
        house.look(1.0)
        if newest(house).get("asked_at") == asked_at:
            break
    run = newest(house)
    assert (run["asked_at"], run["failed"]) == (asked_at, "")
    drain(house)
    return run


def newest(house: BothSides) -> dict[str, Any]:
    path = house.data / "reconciliation.json"
    runs: list[dict[str, Any]] = json.loads(path.read_text())["runs"] if path.exists() else []
    return runs[0] if runs else {}


def drain(house: BothSides) -> None:
    """Until nothing waits any more; what Plex does not have is given up in the end."""
    house.look_for(20.0, every_s=5.0)
    for _ in range(MOST_LOOKS):
        if not house.waiting():
            return
        house.look(600.0)
    raise AssertionError(f"these wait for ever: {house.waiting()}")


def run_through(root: Path, steps: Sequence[Step], on: frozenset[str], **settings: Any) -> None:
    """All of it, and then everything that must hold."""
    house = BothSides(root)
    try:
        house.open(b_excluded_tags=PRIVATE, d_reconcile_interval="never", **settings)
        house.fill()
        for name, a, b, c, hears in steps:
            house.clock.advance(2.0)
            house.hears = hears
            ACTIONS[name](house, a, b, c)
        house.clock.advance(2.0)
        before = house.shown_now()

        reconcile(house)
        after, writes = house.shown_now(), len(house.plex.writes())
        again = reconcile(house)

        scenes = house.scenes_of_items()
        for item, scene in scenes.items():
            view = house.stash.library.scene(scene)
            check(item, view, before[item], after[item], house.notebook, on)
        others = before.keys() - scenes.keys()
        assert {item: after[item] for item in others} == {item: before[item] for item in others}
        assert again["gaps"].keys() <= {"missing"}
        assert again["enqueued"] == {}
        assert len(house.plex.writes()) == writes
        assert {letter.reason for letter in house.letters().values()} <= {"PlexNotFound"}
    finally:
        house.close()


@given(STEPS)
@fuzzed(40)
def test_after_anything_one_comparison_brings_plex_in_step(steps: list[Step]) -> None:
    with TemporaryDirectory() as root:
        run_through(Path(root), steps, frozenset(SYNCED))
