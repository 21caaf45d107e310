"""Measure what a hook adds to a save: whole processes against a bare interpreter."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.environment import (
    COMPILED_KEPT,
    PAGE,
    BenchEnvironment,
    open_environment,
    wait_until,
    with_scene,
)
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stopwatch import Command, Times, time_alternating
from core.job import PRIORITY_BACKFILL, scene_subject

PART = (
    "Hook, whole process; in brackets its p95, and the median of `python -c pass` "
    "alternating with it"
)
BARE = Command((sys.executable, "-c", "pass"), ("",), "")
ALIVE_RATIO, ALIVE_MS, START_RATIO = 3.0, 100.0, 5.0
OK = '{"output": "ok"}'
# Of the waiting jobs: the worker has real work while hooks run beside it.
REAL_SCENES = 2_500
# Stash has no scenes with IDs from here on.
UNKNOWN = 1_000_000
BACKFILL = f"status < 2 AND priority = {PRIORITY_BACKFILL}"
NETWORK_AUDIT = Path(__file__).with_name("network_audit.py")


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure every state of queue and worker that a hook may meet."""
    with open_environment(min(REAL_SCENES, sizes.queued // 2)) as env:
        hook = hook_command(env)
        yield from _network(env, hook)
        with _disabled(env):
            yield _uncompiled(env, hook, sizes.rounds)
            yield _alive("worker idle, queue empty", env, hook, sizes.rounds)
        yield _started("worker to be started, queue empty", env, hook, sizes.starts)
        with _disabled(env):
            _fill(env, sizes.queued)
            yield _alive(f"worker idle, {sizes.queued:,} jobs waiting", env, hook, sizes.rounds)
            yield _started(
                f"worker to be started, {sizes.queued:,} jobs waiting", env, hook, sizes.starts
            )
            env.wake()
        yield _beside_a_drain(env, hook, sizes)


def hook_command(env: BenchEnvironment) -> Command:
    """Return a hook command with the argv and the input of a real run, for twenty scenes."""
    env.stash.update_scene(next(iter(env.items)), details="The input of this hook is used again.")
    run = env.hook_run()
    inputs = tuple(with_scene(run.stdin, UNKNOWN + number) for number in range(20))
    return Command(
        run.argv, inputs, OK, {**COMPILED_KEPT, "PYTHONPATH": str(env.stash.plugins_path)}
    )


def network_calls(argv: tuple[str, ...], given: str, folder: Path) -> int:
    """Return the number of the script's network calls."""
    done = subprocess.run(
        [argv[0], str(NETWORK_AUDIT), *argv[1:]],
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
    )
    return int(done.stderr.splitlines()[-1])


def _network(env: BenchEnvironment, hook: Command) -> Iterator[Row]:
    control = env.folder / "control.py"
    control.write_text("import socket\nsocket.socket().close()\n", encoding="utf-8")
    if not network_calls((sys.executable, str(control)), "", env.folder):
        raise RuntimeError("the counter of network calls counts nothing")
    env.wake()
    alive = network_calls(tuple(hook.argv), hook.inputs[0], env.folder)
    env.end_worker()
    starting = network_calls(tuple(hook.argv), hook.inputs[0], env.folder)
    yield Row(PART, "network calls, worker alive", str(alive), "0", not alive)
    yield Row(PART, "network calls, worker to be started", str(starting), "0", not starting)
    env.wake()
    env.wait_idle()


@contextmanager
def _disabled(env: BenchEnvironment) -> Iterator[None]:
    """Run the worker with Enabled off: what hooks enqueue stays in the queue."""
    env.stash.configure(a_enabled=False)
    yield
    env.stash.configure(a_enabled=True)


def _alive(what: str, env: BenchEnvironment, hook: Command, rounds: int) -> Row:
    env.wake()
    bare, times = time_alternating((BARE, hook), rounds, env.folder)
    return _row(what, bare, times, ALIVE_RATIO)


def _uncompiled(env: BenchEnvironment, hook: Command, rounds: int) -> Row:
    """Measure the first hook after an update, or any hook without compiled files."""
    env.wake()
    for cache in list(env.plugin.rglob("__pycache__")):
        shutil.rmtree(cache)
    forbidden = {**hook.environment, "PYTHONDONTWRITEBYTECODE": "1"}
    bare, times = time_alternating((BARE, replace(hook, environment=forbidden)), rounds, env.folder)
    return _row("worker idle, queue empty, nothing compiled", bare, times, ALIVE_RATIO)


def _started(what: str, env: BenchEnvironment, hook: Command, rounds: int) -> Row:
    """Measure hooks that find no worker, because the last one was ended."""
    bare, times = Times(()), Times(())
    for _ in range(rounds):
        env.end_worker()
        bare_run, hook_run = time_alternating((BARE, hook), 1, env.folder)
        bare, times = bare + bare_run, times + hook_run
    return _row(what, bare, times, START_RATIO)


def _beside_a_drain(env: BenchEnvironment, hook: Command, sizes: Sizes) -> Row:
    left = env.count(BACKFILL)
    env.stash.update_scene(
        next(iter(env.items)), details="This hook makes the worker read that it is enabled."
    )
    wait_until("the worker is draining", lambda: env.count(BACKFILL) < left - 20, 60.0)
    left = env.count(BACKFILL)
    row = _alive(f"worker draining, {sizes.queued:,} jobs waiting", env, hook, sizes.rounds)
    if not 0 < env.count(BACKFILL) < left:
        raise RuntimeError("the worker was idle while the hooks were timed beside it")
    return row


def _fill(env: BenchEnvironment, count: int) -> None:
    real = list(env.items)
    subjects = [
        scene_subject(key) for key in (*real, *range(2 * UNKNOWN, 2 * UNKNOWN + count - len(real)))
    ]
    for start in range(0, count, PAGE):
        env.enqueue(subjects[start : start + PAGE], "benchmark", PRIORITY_BACKFILL)


def _row(what: str, bare: Times, times: Times, limit: float) -> Row:
    ratio = times.median_ms / bare.median_ms
    spread = f"({times.p95_ms:.1f}; bare {bare.median_ms:.1f})"
    measured = f"{ratio:4.2f} x  {times.median_ms:5.1f} ms  {spread}"
    is_within = ratio <= limit and times.median_ms < ALIVE_MS
    budget = f"at most {limit:g} x" + (", under 100 ms" if limit == ALIVE_RATIO else "")
    return Row(PART, what, measured, budget, is_within if limit == ALIVE_RATIO else ratio <= limit)
