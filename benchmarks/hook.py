"""Measure what a hook adds to a save: whole processes against a bare interpreter."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
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
from benchmarks.revision import bare_python
from benchmarks.sizes import Sizes
from benchmarks.stopwatch import Command, Times, time_alternating
from core.job import PRIORITY_BACKFILL, scene_subject

PART = (
    "Hook, whole process, against `python -c pass` in an empty environment and against one upsert "
    "with `python -S`; in brackets its p95 and the medians of both, all of them alternating"
)
ALIVE_RATIO, FLOOR_RATIO, ALIVE_MS, START_RATIO = 1.6, 1.2, 100.0, 5.0
SNAPSHOT_RATIO = 3.0
UPSERT = """
import sqlite3
connection = sqlite3.connect(%r, isolation_level=None)
connection.execute("PRAGMA synchronous=NORMAL")
connection.execute("BEGIN IMMEDIATE")
with connection:
    connection.execute("INSERT INTO row VALUES (1, 1) ON CONFLICT DO UPDATE SET count = count + 1")
connection.close()
"""
OK = '{"output": "ok"}'
# Of the waiting jobs: the worker has real work while hooks run beside it.
REAL_SCENES = 2_500
# Stash has no scenes with IDs from here on.
UNKNOWN = 1_000_000
BACKFILL = f"status < 2 AND priority = {PRIORITY_BACKFILL}"
NETWORK_AUDIT = Path(__file__).with_name("network_audit.py")


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure every state of queue and worker that a hook may meet."""
    with open_environment(min(REAL_SCENES, sizes.queued // 2)) as env, _floors(env) as floors:
        hook = hook_command(env)
        yield from _network(env, hook)
        yield from _floor_rows(floors, env, sizes.rounds)
        hook = replace(hook, argv=(floors.bare.argv[0], *hook.argv[1:]))
        with disabled(env):
            yield _uncompiled(env, floors, hook, sizes.rounds)
            yield _alive("worker idle, queue empty", env, floors, hook, sizes.rounds)
        yield _started("worker to be started, queue empty", env, floors, hook, sizes.starts)
        with disabled(env):
            _fill(env, sizes.queued)
            yield _alive(
                f"worker idle, {sizes.queued:,} jobs waiting", env, floors, hook, sizes.rounds
            )
            yield _snapshot(env, floors, sizes)
            yield _started(
                f"worker to be started, {sizes.queued:,} jobs waiting",
                *(env, floors, hook, sizes.starts),
            )
            env.wake()
        yield _beside_a_drain(env, floors, hook, sizes)


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
        [*argv[:-1], str(NETWORK_AUDIT), argv[-1]],  # the script is last, behind the options
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
def disabled(env: BenchEnvironment) -> Iterator[None]:
    """Run the worker with Enabled off: what hooks enqueue stays in the queue."""
    env.stash.configure(a_enabled=False)
    yield
    env.stash.configure(a_enabled=True)


@dataclass(frozen=True, slots=True)
class _Floors:
    """What the same interpreter needs for less: nothing, SQLite alone, and one upsert."""

    bare: Command
    sqlite: Command
    upsert: Command


@contextmanager
def _floors(env: BenchEnvironment) -> Iterator[_Floors]:
    """Yield the floors: an environment without packages, and a database that stays open."""
    python = str(bare_python(env.folder / "empty"))
    database = env.folder / "floor.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, count INTEGER)")
        yield _Floors(
            Command((python, "-c", "pass"), ("",), ""),
            Command((python, "-S", "-c", "import sqlite3"), ("",), ""),
            Command((python, "-S", "-c", UPSERT % str(database)), ("",), ""),
        )


def _floor_rows(floors: _Floors, env: BenchEnvironment, rounds: int) -> Iterator[Row]:
    bare, sqlite, upsert = time_alternating(
        (floors.bare, floors.sqlite, floors.upsert), rounds, env.folder
    )
    for what, times in (("import sqlite3", sqlite), ("one upsert", upsert)):
        ratio = times.median_ms / bare.median_ms
        measured = f"{ratio:4.2f} x  {times.median_ms:5.1f} ms"
        yield Row(PART, f"floor: python -S, {what}", measured, is_figure=True)


def _alive(what: str, env: BenchEnvironment, floors: _Floors, hook: Command, rounds: int) -> Row:
    env.wake()
    times = time_alternating((floors.bare, floors.upsert, hook), rounds, env.folder)
    return _row(what, times, ALIVE_RATIO)


def _uncompiled(env: BenchEnvironment, floors: _Floors, hook: Command, rounds: int) -> Row:
    """Measure the first hook after an update, or any hook without compiled files."""
    env.wake()
    for cache in list(env.plugin.rglob("__pycache__")):
        shutil.rmtree(cache)
    forbidden = {**hook.environment, "PYTHONDONTWRITEBYTECODE": "1"}
    commands = (floors.bare, floors.upsert, replace(hook, environment=forbidden))
    return _row(
        "worker idle, queue empty, nothing compiled",
        time_alternating(commands, rounds, env.folder),
        START_RATIO,
    )


def _started(what: str, env: BenchEnvironment, floors: _Floors, hook: Command, rounds: int) -> Row:
    """Measure hooks that find no worker, because the last one was ended."""
    times = [Times(()), Times(()), Times(())]
    for _ in range(rounds):
        env.end_worker()
        runs = time_alternating((floors.bare, floors.upsert, hook), 1, env.folder)
        times = [before + run for before, run in zip(times, runs, strict=True)]
    return _row(what, times, START_RATIO)


def snapshot_command(env: BenchEnvironment) -> Command:
    """Return the operation that the page polls, with the argv and the input of a real run."""
    hook = hook_command(env)
    message = json.loads(hook.inputs[0])
    message["args"] = {"mode": "ui", "call": "snapshot"}
    return Command(hook.argv, (json.dumps(message),), None, hook.environment)


def _snapshot(env: BenchEnvironment, floors: _Floors, sizes: Sizes) -> Row:
    poll = snapshot_command(env)
    poll = replace(poll, argv=(floors.bare.argv[0], *poll.argv[1:]))
    bare, times = time_alternating((floors.bare, poll), sizes.rounds, env.folder)
    ratio = times.median_ms / bare.median_ms
    return Row(
        PART,
        f"operation that the page polls, {sizes.queued:,} jobs waiting",
        f"{ratio:4.2f} x  {times.median_ms:5.1f} ms  ({times.p95_ms:.1f})",
        f"at most {SNAPSHOT_RATIO:g} x",
        ratio <= SNAPSHOT_RATIO,
        is_figure=True,
    )


def _beside_a_drain(env: BenchEnvironment, floors: _Floors, hook: Command, sizes: Sizes) -> Row:
    left = env.count(BACKFILL)
    env.stash.update_scene(
        next(iter(env.items)), details="This hook makes the worker read that it is enabled."
    )
    wait_until("the worker is draining", lambda: env.count(BACKFILL) < left - 20, 60.0)
    left = env.count(BACKFILL)
    row = _alive(f"worker draining, {sizes.queued:,} jobs waiting", env, floors, hook, sizes.rounds)
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


def _row(what: str, times: Sequence[Times], limit: float) -> Row:
    """Return the hook's row from the times of the bare interpreter, the upsert and the hook."""
    bare, upsert, hook = (each.median_ms for each in times)
    spread = f"({times[2].p95_ms:.1f}; bare {bare:.1f}, upsert {upsert:.1f})"
    measured = f"{hook / bare:4.2f} x, {hook / upsert:4.2f} x  {hook:5.1f} ms  {spread}"
    if limit != ALIVE_RATIO:
        return Row(PART, what, measured, f"at most {limit:g} x", hook / bare <= limit)
    is_within = hook / bare <= limit and hook / upsert <= FLOOR_RATIO and hook < ALIVE_MS
    budget = f"at most {limit:g} x and {FLOOR_RATIO:g} x, under {ALIVE_MS:g} ms"
    return Row(PART, what, measured, budget, is_within, is_figure=True)
