"""What a hook costs the person who saves: whole processes, against a bare interpreter in the same run."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stage import COMPILED_KEPT, PAGE, Stage, open_stage, wait_until, with_scene
from benchmarks.stopwatch import Command, Times, time_by_turns
from core.job import PRIORITY_BACKFILL, scene_subject

PART = (
    "Hook, whole process; in brackets its p95, and the median of `python -c pass` by turns with it"
)
BARE = Command((sys.executable, "-c", "pass"), ("",), "")
ALIVE_RATIO, ALIVE_MS, START_RATIO = 3.0, 100.0, 5.0
OK = '{"output": "ok"}'
REAL_SCENES = 2_500  # of the waiting jobs; the worker has real work while hooks run beside it
UNKNOWN = 1_000_000  # ids from here on are of scenes that Stash does not have
BACKFILL = f"status < 2 AND priority = {PRIORITY_BACKFILL}"
AUDITED = Path(__file__).with_name("audited.py")


def rows(sizes: Sizes) -> Iterator[Row]:
    """Every state of queue and worker that a hook may meet."""
    with open_stage(min(REAL_SCENES, sizes.queued // 2)) as stage:
        hook = hook_command(stage)
        yield from _network(stage, hook)
        with _switched_off(stage):
            yield _uncompiled(stage, hook, sizes.rounds)
            yield _alive("worker idle, queue empty", stage, hook, sizes.rounds)
        yield _started("worker to be started, queue empty", stage, hook, sizes.starts)
        with _switched_off(stage):
            _fill(stage, sizes.queued)
            yield _alive(f"worker idle, {sizes.queued:,} jobs waiting", stage, hook, sizes.rounds)
            yield _started(
                f"worker to be started, {sizes.queued:,} jobs waiting", stage, hook, sizes.starts
            )
            stage.wake()
        yield _beside_a_drain(stage, hook, sizes)


def hook_command(stage: Stage) -> Command:
    """The hook with the argv and the input of a real one, for twenty scenes in turn."""
    stage.stash.update_scene(
        next(iter(stage.items)), details="The input of this hook is used again."
    )
    run = stage.hook_run()
    inputs = tuple(with_scene(run.stdin, UNKNOWN + number) for number in range(20))
    return Command(
        run.argv, inputs, OK, {**COMPILED_KEPT, "PYTHONPATH": str(stage.stash.plugins_path)}
    )


def network_calls(argv: tuple[str, ...], given: str, folder: Path) -> int:
    """How often the script touched the network."""
    done = subprocess.run(
        [argv[0], str(AUDITED), *argv[1:]],
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
    )
    return int(done.stderr.splitlines()[-1])


def _network(stage: Stage, hook: Command) -> Iterator[Row]:
    control = stage.folder / "control.py"
    control.write_text("import socket\nsocket.socket().close()\n", encoding="utf-8")
    if not network_calls((sys.executable, str(control)), "", stage.folder):
        raise RuntimeError("the counter of network calls counts nothing")
    stage.wake()
    alive = network_calls(tuple(hook.argv), hook.inputs[0], stage.folder)
    stage.end_worker()
    starting = network_calls(tuple(hook.argv), hook.inputs[0], stage.folder)
    yield Row(PART, "network calls, worker alive", str(alive), "0", not alive)
    yield Row(PART, "network calls, worker to be started", str(starting), "0", not starting)
    stage.wake()
    stage.wait_idle()


@contextmanager
def _switched_off(stage: Stage) -> Iterator[None]:
    """The worker lives and does nothing: what hooks note stays in the queue."""
    stage.stash.configure(a_enabled=False)
    yield
    stage.stash.configure(a_enabled=True)


def _alive(what: str, stage: Stage, hook: Command, rounds: int) -> Row:
    stage.wake()
    bare, times = time_by_turns((BARE, hook), rounds, stage.folder)
    return _row(what, bare, times, ALIVE_RATIO)


def _uncompiled(stage: Stage, hook: Command, rounds: int) -> Row:
    """As the first hook after an update, or every hook where Python may not keep compiled files."""
    stage.wake()
    for cache in list(stage.plugin.rglob("__pycache__")):
        shutil.rmtree(cache)
    forbidden = {**hook.environment, "PYTHONDONTWRITEBYTECODE": "1"}
    bare, times = time_by_turns((BARE, replace(hook, environment=forbidden)), rounds, stage.folder)
    return _row("worker idle, queue empty, nothing compiled", bare, times, ALIVE_RATIO)


def _started(what: str, stage: Stage, hook: Command, rounds: int) -> Row:
    """Each hook finds no worker, because the one that the last hook started is ended."""
    bare, times = Times(()), Times(())
    for _ in range(rounds):
        stage.end_worker()
        one_bare, one = time_by_turns((BARE, hook), 1, stage.folder)
        bare, times = bare + one_bare, times + one
    return _row(what, bare, times, START_RATIO)


def _beside_a_drain(stage: Stage, hook: Command, sizes: Sizes) -> Row:
    left = stage.count(BACKFILL)
    stage.stash.update_scene(
        next(iter(stage.items)), details="This hook tells the worker that it is switched on."
    )
    wait_until("the worker is draining", lambda: stage.count(BACKFILL) < left - 20, 60.0)
    left = stage.count(BACKFILL)
    row = _alive(f"worker draining, {sizes.queued:,} jobs waiting", stage, hook, sizes.rounds)
    if not 0 < stage.count(BACKFILL) < left:
        raise RuntimeError("the worker was not at work while the hooks were timed beside it")
    return row


def _fill(stage: Stage, count: int) -> None:
    real = list(stage.items)
    subjects = [
        scene_subject(key) for key in (*real, *range(2 * UNKNOWN, 2 * UNKNOWN + count - len(real)))
    ]
    for start in range(0, count, PAGE):
        stage.note(subjects[start : start + PAGE], "bench", PRIORITY_BACKFILL)


def _row(what: str, bare: Times, times: Times, most: float) -> Row:
    ratio = times.median_ms / bare.median_ms
    measured = f"{ratio:4.2f} x  {times.median_ms:5.1f} ms  ({times.p95_ms:.1f}; bare {bare.median_ms:.1f})"
    is_within = ratio <= most and times.median_ms < ALIVE_MS
    budget = f"at most {most:g} x" + (", under 100 ms" if most == ALIVE_RATIO else "")
    return Row(PART, what, measured, budget, is_within if most == ALIVE_RATIO else ratio <= most)
