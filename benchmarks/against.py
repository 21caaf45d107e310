"""Compare two revisions by what a user waits for: a hook, the page's poll, an edit until Plex."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks.environment import BenchEnvironment
from benchmarks.hook import disabled, hook_command, snapshot_command
from benchmarks.latency import IDLE_LIMITS_S, idle_text, seconds_of_edit
from benchmarks.pair import Budget, Figure, Pair, attempt, open_both
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stopwatch import Command, Times, time_alternating

PROCESS_PART = "Whole processes of both revisions alternating, worker alive; median"
EDIT_PART = (
    "From the edit (sceneUpdate is sent) to Plex showing it, both revisions alternating; p95"
)
HOOK_BUDGET = Budget("ratio at least 1.4 x", gain=1.4)


def processes(sizes: Sizes, pair: Pair) -> Iterator[Row]:
    """Measure a hook, and the operation that the page polls."""
    with ExitStack() as stack:
        this, other = open_both(stack, pair)
        for env in (this, other) if other else (this,):
            stack.enter_context(disabled(env))
            env.wake()
        yield _process("hook", hook_command, HOOK_BUDGET, this, other, sizes.rounds)
        yield _process("page's poll", snapshot_command, Budget(), this, other, sizes.rounds)


def _process(
    what: str,
    make: Callable[[BenchEnvironment], Command],
    budget: Budget,
    this: BenchEnvironment,
    other: BenchEnvironment | None,
    rounds: int,
) -> Row:
    commands = [make(this)]
    if other:
        rival = attempt(what, lambda: _answering(make(other)))
        commands += [rival] if rival else []
    medians = [times.median_ms for times in time_alternating(commands, rounds, this.folder)]
    figure = Figure(medians[0], medians[1] if medians[1:] else None)
    return figure.row(PROCESS_PART, what, lambda value: f"{value:.1f} ms", budget)


def _answering(command: Command) -> Command:
    """Return the command if it runs and answers something other than an error.

    Raises:
        RuntimeError: it answers an error.
    """
    done = subprocess.run(
        command.argv,
        input=command.inputs[0].encode(),
        capture_output=True,
        env={**os.environ, **command.environment},
        check=True,
    )
    if json.loads(done.stdout).get("error"):
        raise RuntimeError(done.stdout.decode(errors="replace").strip())
    return command


def edits(sizes: Sizes, pair: Pair) -> Iterator[Row]:
    """Measure edits of one scene on an idle system, with and without a slow Plex."""
    with ExitStack() as stack:
        this, other = open_both(stack, pair)
        for latency_s, limit_s in IDLE_LIMITS_S.items():
            taken: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(sizes.edits):
                taken[True].append(_edit(this, latency_s))
                if other:
                    taken[False].append(_edit(other, latency_s))
            p95_s = [Times(tuple(seconds)).p95_ms / 1000.0 for seconds in taken.values() if seconds]
            figure = Figure(p95_s[0], p95_s[1] if p95_s[1:] else None)
            budget = Budget(f"at most {limit_s:g} s", maximum=limit_s)
            text = idle_text(latency_s)
            yield figure.row(EDIT_PART, text, lambda value: f"{value:.2f} s", budget)


def _edit(env: BenchEnvironment, latency_s: float) -> float:
    env.plex.switches.latency_s = latency_s
    return seconds_of_edit(env, next(iter(env.items)), is_alone=True)
