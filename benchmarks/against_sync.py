"""Compare two revisions by the first Sync All, and by another one of changed scenes."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import BenchEnvironment, open_environment, picture, wait_until
from benchmarks.pair import Budget, Figure, Pair, attempt
from benchmarks.report import Row
from benchmarks.revision import Revision
from benchmarks.sizes import Sizes
from benchmarks.sync_all import MAX_FLOORS, MAX_REQUESTS, SLOW_S, floor_s
from benchmarks.traffic import COVERS

TASK = "Sync All Scenes"
LIMIT_S = 1_800.0
SPEED_BUDGET = Budget("ratio at least 2 x", gain=2.0)
OWN_BUDGET = Budget("ratio at least 2 x", gain=2.0)
SLOW_BUDGET = Budget("at most 2 x, ratio at least 3.5 x", maximum=MAX_FLOORS, gain=3.5)
REQUESTS_BUDGET = Budget("at most 2.1", maximum=MAX_REQUESTS)


@dataclass(frozen=True, slots=True)
class Synced:
    """Figures of one run. `requests` are Plex's of the first sync, per scene.

    `own_ms` is the worker's processor time per scene that changed afterwards; 0.0 if unknown.
    """

    seconds: float
    requests: float
    own_ms: float = 0.0


def rows(sizes: Sizes, pair: Pair) -> Iterator[Row]:
    """Measure without latency and with a slow Plex, every time between fresh servers."""
    count = sizes.against
    part = f"First Sync All of {count:,} scenes with covers, best of {sizes.repeats} alternating"
    this, other = _alternating(pair, count, 0.0, sizes.repeats)
    speed = _figure(this, other, lambda run: count / run.seconds, is_speed=True)
    yield speed.row(part, "no latency", "{:.0f} scenes/s".format, SPEED_BUDGET)
    own = _figure(this, other, lambda run: run.own_ms)
    what = "processor time per changed scene (worker)"
    yield own.row(part, what, "{:.2f} ms".format, OWN_BUDGET)
    this, other = _alternating(pair, count, SLOW_S, sizes.repeats)
    least_s = floor_s(count, SLOW_S)
    slow = _figure(this, other, lambda run: run.seconds / least_s)
    what = f"{SLOW_S * 1000:.0f} ms per answer of Plex, against the floor"
    yield slow.row(
        part,
        what,
        lambda floors: f"{floors:.2f} x  ({count / floors / least_s:.1f} scenes/s)",
        SLOW_BUDGET,
    )
    requests = _figure(this, other, lambda run: run.requests)
    yield requests.row(part, "Plex requests per scene", "{:.2f}".format, REQUESTS_BUDGET)


def _figure(
    this: list[Synced],
    other: list[Synced],
    value: Callable[[Synced], float],
    *,
    is_speed: bool = False,
) -> Figure:
    """Return the best run of each: other load of the machine only ever adds."""
    best = max if is_speed else min
    values = [best(map(value, runs)) if runs else None for runs in (this, other)]
    return Figure(values[0] or 0.0, values[1], is_speed)


def _alternating(
    pair: Pair, count: int, latency_s: float, repeats: int
) -> tuple[list[Synced], list[Synced]]:
    """Return the runs of this revision and of the other one; none where that one cannot."""
    this: list[Synced] = []
    other: list[Synced] = []
    for number in range(repeats):
        this.append(_first_sync(pair.this, count, latency_s))
        if len(other) == number:  # it has not failed before
            run = attempt(TASK, lambda: _first_sync(pair.other, count, latency_s))
            other += [run] if run else []
    return this, other


def _first_sync(revision: Revision, count: int, latency_s: float) -> Synced:
    """Press the button beside an idle worker; measure until Plex shows all, covers included."""
    with open_environment(count, revision.source, revision.python) as env:
        env.plex.switches.latency_s = latency_s
        env.plex.reset_counts()
        started = time.perf_counter()
        env.stash.run_task(TASK)
        wait_until("Plex shows every scene", _shows_all(env), LIMIT_S)
        seconds = time.perf_counter() - started
        env.wait_idle(LIMIT_S)
        requests = len(env.plex.requests) / count
        own_ms = 0.0 if latency_s else _changed_ms(env)
    return Synced(seconds, requests, own_ms)


def _shows_all(env: BenchEnvironment) -> Callable[[], bool]:
    """Return a condition that looks at each item only until it is right."""
    missing = list(env.items)[::-1]

    def is_done() -> bool:
        while missing and _is_shown(env, missing[-1]):
            missing.pop()
        return not missing

    return is_done


def _is_shown(env: BenchEnvironment, scene: int) -> bool:
    item = env.plex.library.item(env.items[scene])
    posters = [image.rating_key for image in item.posters if image.selected]
    is_sent = any(key.startswith("upload://") for key in posters)
    return is_sent and item.title == env.stash.library.scenes[scene].title


def _changed_ms(env: BenchEnvironment) -> float:
    """Return the worker's milliseconds per scene when all titles and some covers have changed."""
    process = env.worker_pid()
    # Stash's times are whole seconds: the next change must have a later one.
    time.sleep(1.5)
    before_s = _own_s(process)
    for position, scene in enumerate(env.items):
        cover = picture(1_000_000 + position) if position % COVERS == 0 else None
        env.change(scene, f"Changed {scene}", cover)
    env.stash.wait_job(env.stash.run_task(TASK), LIMIT_S)
    wait_until("Plex shows every scene", _shows_all(env), LIMIT_S)
    env.wait_idle(LIMIT_S)
    if env.worker_pid() != process:
        raise RuntimeError("the worker was replaced while its time was measured")
    return (_own_s(process) - before_s) * 1000.0 / len(env.items)


def _own_s(process: int) -> float:
    """Return the seconds of processor time of a process; 0.0 if this is not Linux."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
