"""Measure how long an edit takes to be in Plex, and what a burst of saves costs Plex."""

import time
from collections.abc import Iterator

from benchmarks.environment import BenchEnvironment, open_environment, wait_until
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stopwatch import Times
from core.job import PRIORITY_BACKFILL

PART = "From the edit (sceneUpdate is sent) to Plex showing it; p95 (median)"
BURST_PART = "A burst of saves"
# By Plex's latency in seconds. An edit settles for a second.
IDLE_LIMITS_S = {0.0: 1.6, 0.2: 3.0}
BESIDE_S = 10.0
SAVES, BURST_S, MAX_WRITES = 20, 4.0, 2
LIMIT_S = 60.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure on an idle system, with a slow Plex, in a burst, and behind a long queue."""
    with open_environment(sizes.edits + sizes.backfill) as env:
        scenes, backfill = (
            list(env.items)[: sizes.edits + 1],
            list(env.items)[sizes.edits + 1 :],
        )
        env.enqueue_scenes(scenes, "sync_all", PRIORITY_BACKFILL)
        env.wait_idle()
        for latency_s, limit_s in IDLE_LIMITS_S.items():
            env.plex.switches.latency_s = latency_s
            taken = [seconds_of_edit(env, scene, is_alone=True) for scene in scenes[1:]]
            yield _row(idle_text(latency_s), Times(tuple(taken)), limit_s, is_figure=True)
        env.plex.switches.latency_s = 0.0
        yield _burst(env, scenes[0])
        env.enqueue_scenes(backfill, "sync_all", PRIORITY_BACKFILL)
        wait_until("the backfill has begun", lambda: env.count() < sizes.backfill - 20, LIMIT_S)
        beside = [seconds_of_edit(env, scene, is_alone=False) for scene in scenes[1:]]
        left = env.count()
        yield _row(
            f"behind {sizes.backfill:,} backfill jobs ({left:,} left at the end)",
            Times(tuple(beside)),
            BESIDE_S,
        )


def idle_text(latency_s: float) -> str:
    """Return the name of the figure at a latency of Plex."""
    extra = f", Plex takes {latency_s * 1000:.0f} ms more" if latency_s else ""
    return f"edit to Plex, idle{extra}"


def seconds_of_edit(env: BenchEnvironment, scene: int, *, is_alone: bool) -> float:
    """Edit a scene and return the seconds until Plex shows it.

    `is_alone`: return when the worker has nothing more to do.
    """
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


def _row(what: str, times: Times, limit_s: float, *, is_figure: bool = False) -> Row:
    measured = f"{times.p95_ms / 1000.0:.2f} s  ({times.median_ms / 1000.0:.2f})"
    is_within = times.p95_ms / 1000.0 <= limit_s
    return Row(PART, what, measured, f"at most {limit_s:g} s", is_within, is_figure)
