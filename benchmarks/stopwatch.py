"""Time whole processes, alternating, from a process that does nothing else.

The emulators run in threads of the benchmark itself and would disturb a clock there. The commands
alternate, so that other load of the machine affects all of them equally.

Reads one JSON order from stdin and prints the seconds of every run, one list per command.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Command:
    """A command. Run n gets the n-th of `inputs` (cyclic); its stdout must be `expect`,
    unless that is None.

    `environment` is added to this process's own.
    """

    argv: Sequence[str]
    inputs: Sequence[str]
    expect: str | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of the runs of one command."""

    seconds: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Return the median in milliseconds."""
        return statistics.median(self.seconds) * 1000.0

    @property
    def p95_ms(self) -> float:
        """Return the 95th percentile in milliseconds; of few runs the longest."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1000.0

    def __add__(self, other: "Times") -> "Times":
        return Times(self.seconds + other.seconds)


def time_alternating(commands: Sequence[Command], rounds: int, folder: Path) -> list[Times]:
    """Run every command `rounds` times with `folder` as working folder.

    Raises:
        RuntimeError: a command failed or did not print what it should.
    """
    order = {"commands": [asdict(command) for command in commands], "rounds": rounds}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stopwatch"],
        input=json.dumps(order).encode(),
        capture_output=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    return [Times(tuple(seconds)) for seconds in json.loads(done.stdout)]


def run_order(order: dict[str, Any]) -> list[list[float]]:
    """Return the seconds of every run, one list per command."""
    commands = [Command(**entry) for entry in order["commands"]]
    seconds: list[list[float]] = [[] for _ in commands]
    for number in range(order["rounds"]):
        for command, taken in zip(commands, seconds, strict=True):
            taken.append(_one_run(command, command.inputs[number % len(command.inputs)].encode()))
    return seconds


def _one_run(command: Command, given: bytes) -> float:
    """Return the seconds until the process has ended and its pipes are closed, as Stash waits."""
    environment = {**os.environ, "PYTHONPATH": "", **command.environment}
    started = time.perf_counter()
    done = subprocess.run(
        command.argv, input=given, capture_output=True, env=environment, check=False
    )
    taken = time.perf_counter() - started
    is_expected = command.expect in (None, done.stdout.decode())
    if done.returncode or not is_expected:
        raise RuntimeError(
            f"{command.argv}: exit {done.returncode}, {done.stdout!r}, {done.stderr!r}"
        )
    return taken


if __name__ == "__main__":
    json.dump(run_order(json.load(sys.stdin)), sys.stdout)
