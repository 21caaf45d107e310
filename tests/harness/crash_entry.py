"""Start PlexSync with a checkpoint that records, waits or kills the process.

`CrashHarness` installs this file as `PlexSync.py`, so that the emulated Stash, hooks and ending workers start it by themselves. Files
in the folder `points` are orders: `kill-NAME-N` (kill the N-th process that passes), `hold-NAME`
(wait until the file is gone), `poison` (a subject whose job kills its worker), `skip` (how many
seconds the steady clock of workers is ahead).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
POINTS = HERE.parent.parent / "points"
DATA = HERE / "data"
POLL_S = 0.005


class CheckpointController:
    """The checkpoint that every entry point is given."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, name: str) -> None:
        with (POINTS / "seen").open("a", encoding="utf-8") as stream:
            stream.write(f"{self._kind} {os.getpid()} {name}\n")
        if name == "drain.job_started" and self._is_poison():
            os.kill(os.getpid(), signal.SIGKILL)
        for order in POINTS.glob(f"kill-{name}-*"):
            self._obey(order)
        self._wait(name)

    @staticmethod
    def _obey(order: Path) -> None:
        """Count down, or be killed. Of several processes, the one whose rename succeeds is meant."""
        stem, _, left = order.name.rpartition("-")
        is_last = left == "1"
        try:
            order.rename(
                POINTS / (f"killed-{os.getpid()}" if is_last else f"{stem}-{int(left) - 1}")
            )
        except FileNotFoundError:
            return
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def _wait(name: str) -> None:
        barrier = POINTS / f"hold-{name}"
        while barrier.exists():
            (POINTS / f"at-{name}").touch()
            time.sleep(POLL_S)

    @staticmethod
    def _is_poison() -> bool:
        poison = POINTS / "poison"
        if not poison.exists():
            return False
        with contextlib.closing(sqlite3.connect(DATA / "queue.db", timeout=10.0)) as connection:
            statements = importlib.import_module("sync_queue.statements")
            query = (
                f"SELECT subject FROM {statements.QUEUE}, worker "
                "WHERE ' ' || in_hand || ' ' LIKE '% ' || _id || ' %' AND status = 2"
            )
            return (poison.read_text("utf-8"),) in connection.execute(query).fetchall()


class SkippingClock:
    """The machine's clock. Its steady half skips as many seconds as the file `skip` says."""

    def __init__(self) -> None:
        self._ahead = self._skipped()

    def wall(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Skip only here, where no code is in the middle of a step that takes its time."""
        time.sleep(max(0.0, seconds))
        self._ahead = self._skipped()

    @staticmethod
    def _skipped() -> float:
        skip = POINTS / "skip"
        return float(skip.read_text("utf-8")) if skip.exists() else 0.0


def run_worker(started_by: str, points: CheckpointController) -> int:
    """The worker's entry."""
    points("worker.born")
    lease = importlib.import_module("sync_queue.lease").Lease(DATA)
    if not lease.acquire():
        return 0
    points("worker.leased")
    wiring = importlib.import_module("wiring")
    env = wiring.Environment(HERE, DATA, SkippingClock(), checkpoint=points)
    status: int = wiring.run_worker(env, lease, started_by)
    points("worker.over")
    return status


def main(arguments: list[str]) -> int:
    """Run the entry point that this start is for."""
    os.umask(0o077)
    entry = importlib.import_module("startup")
    if arguments[:1] == ["worker"]:
        DATA.mkdir(mode=0o700, exist_ok=True)
        return run_worker(arguments[1], CheckpointController("worker"))
    message = entry.read_message(sys.stdin.buffer.read())
    inputs = message["args"]
    if "hookContext" not in inputs:
        CheckpointController("task")("task.begun")
        return int(entry.answer(entry.run_task_process(message, inputs)))
    run_hook = importlib.import_module("hooks.entry").run_hook
    write = sys.stderr.buffer.write
    given = run_hook(
        message, str(DATA), time.time(), entry.start_worker, write, CheckpointController("hook")
    )
    return int(entry.answer(given))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main(sys.argv[1:]))
