"""How long a person waits until an edit is in Plex, and what a burst of saves costs Plex."""

import statistics
import time
from collections.abc import Iterator

from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage, wait_until
from core.job import PRIORITY_BACKFILL

PART = "From the edit (sceneUpdate is sent) to Plex showing it; median (longest)"
BURST_PART = "A burst of saves"
IDLE_S, BESIDE_S = 3.0, 10.0
SAVES, BURST_S, MOST_WRITES = 20, 4.0, 2
LIMIT_S = 60.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """On an idle system, in a burst, and behind a long queue."""
    with open_stage(sizes.edits + sizes.backfill) as stage:
        scenes, backfill = (
            list(stage.items)[: sizes.edits + 1],
            list(stage.items)[sizes.edits + 1 :],
        )
        stage.note_scenes(scenes, "sync_all", PRIORITY_BACKFILL)
        stage.wait_idle()
        yield _row(
            "an idle system",
            [_way_of_an_edit(stage, scene, is_alone=True) for scene in scenes[1:]],
            IDLE_S,
        )
        yield _burst(stage, scenes[0])
        stage.note_scenes(backfill, "sync_all", PRIORITY_BACKFILL)
        wait_until("the backfill has begun", lambda: stage.count() < sizes.backfill - 20, LIMIT_S)
        beside = [_way_of_an_edit(stage, scene, is_alone=False) for scene in scenes[1:]]
        left = stage.count()
        yield _row(
            f"behind {sizes.backfill:,} backfill jobs ({left:,} left at the end)", beside, BESIDE_S
        )


def _way_of_an_edit(stage: Stage, scene: int, *, is_alone: bool) -> float:
    title = f"Edited at {time.time():.6f}"
    started = time.perf_counter()
    stage.stash.update_scene(scene, title=title)
    wait_until("the edit is in Plex", lambda: stage.title_in_plex(scene) == title, LIMIT_S)
    taken = time.perf_counter() - started
    if is_alone:
        stage.wait_idle()
    return taken


def _burst(stage: Stage, scene: int) -> Row:
    stage.plex.reset_counts()
    started = time.perf_counter()
    for number in range(1, SAVES + 1):
        stage.stash.update_scene(scene, title=f"Save {number}")
        time.sleep(max(0.0, started + number * BURST_S / SAVES - time.perf_counter()))
    taken = time.perf_counter() - started
    wait_until(
        "the last save is in Plex", lambda: stage.title_in_plex(scene) == f"Save {SAVES}", LIMIT_S
    )
    stage.wait_idle()
    writes = len(stage.plex.writes())
    what = f"{SAVES} saves of one scene within {taken:.1f} s"
    return Row(
        BURST_PART, what, f"{writes} writes", f"at most {MOST_WRITES}", writes <= MOST_WRITES
    )


def _row(what: str, seconds: list[float], most_s: float) -> Row:
    measured = f"{statistics.median(seconds):.2f} s  ({max(seconds):.2f})"
    return Row(PART, what, measured, f"within {most_s:g} s", max(seconds) <= most_s)
