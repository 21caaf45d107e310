"""Measure how long an edit takes to be in Plex, and what a burst of saves costs Plex."""

import statistics
import time
from collections.abc import Iterator

from benchmarks.environment import BenchEnvironment, open_environment, wait_until
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from core.job import PRIORITY_BACKFILL

PART = "From the edit (sceneUpdate is sent) to Plex showing it; median (longest)"
BURST_PART = "A burst of saves"
IDLE_S, BESIDE_S = 3.0, 10.0
SAVES, BURST_S, MAX_WRITES = 20, 4.0, 2
LIMIT_S = 60.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure on an idle system, in a burst, and behind a long queue."""
    with open_environment(sizes.edits + sizes.backfill) as env:
        scenes, backfill = (
            list(env.items)[: sizes.edits + 1],
            list(env.items)[sizes.edits + 1 :],
        )
        env.enqueue_scenes(scenes, "sync_all", PRIORITY_BACKFILL)
        env.wait_idle()
        yield _row(
            "an idle system",
            [_seconds_of_edit(env, scene, is_alone=True) for scene in scenes[1:]],
            IDLE_S,
        )
        yield _burst(env, scenes[0])
        env.enqueue_scenes(backfill, "sync_all", PRIORITY_BACKFILL)
        wait_until("the backfill has begun", lambda: env.count() < sizes.backfill - 20, LIMIT_S)
        beside = [_seconds_of_edit(env, scene, is_alone=False) for scene in scenes[1:]]
        left = env.count()
        yield _row(
            f"behind {sizes.backfill:,} backfill jobs ({left:,} left at the end)", beside, BESIDE_S
        )


def _seconds_of_edit(env: BenchEnvironment, scene: int, *, is_alone: bool) -> float:
    title = f"Edited at {time.time():.6f}"
    started = time.perf_counter()
    env.stash.update_scene(scene, title=title)
    wait_until("the edit is in Plex", lambda: env.title_in_plex(scene) == title, LIMIT_S)
    taken = time.perf_counter() - started
    if is_alone:
        env.wait_idle()
    return taken


def _burst(env: BenchEnvironment, scene: int) -> Row:
    env.plex.reset_counts()
    started = time.perf_counter()
    for number in range(1, SAVES + 1):
        env.stash.update_scene(scene, title=f"Save {number}")
        time.sleep(max(0.0, started + number * BURST_S / SAVES - time.perf_counter()))
    taken = time.perf_counter() - started
    wait_until(
        "the last save is in Plex", lambda: env.title_in_plex(scene) == f"Save {SAVES}", LIMIT_S
    )
    env.wait_idle()
    writes = len(env.plex.writes())
    what = f"{SAVES} saves of one scene within {taken:.1f} s"
    return Row(BURST_PART, what, f"{writes} writes", f"at most {MAX_WRITES}", writes <= MAX_WRITES)


def _row(what: str, seconds: list[float], limit_s: float) -> Row:
    measured = f"{statistics.median(seconds):.2f} s  ({max(seconds):.2f})"
    return Row(PART, what, measured, f"within {limit_s:g} s", max(seconds) <= limit_s)
