"""How a task stands beside the worker: make sure that one lives, and show its progress."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from core.clock import Clock
from core.errors import PlexSyncError
from sync_queue import statements as sql
from sync_queue.facts import Facts
from sync_queue.inbox import InboxClosed, connect, worker_lives, write_spill
from sync_queue.store import JobStore
from worker.outage_report import duration

START_LIMIT_S = 10.0
LOOK_S = 0.5
LINE_S = 5.0
STUCK_S = 60.0
WAITS_S = 3.0  # a worker that has just begun waits for a moment, too
LONGEST_S = 1_800.0


class NoWorker(PlexSyncError):
    """No worker could be started. See plexsync.log in PlexSync's data folder."""


def ensure_worker(
    data_dir: Path, start_worker: Callable[[str], object], clock: Clock, session: Mapping[str, object] | None
) -> None:
    """Return once a worker lives and the database is ready, with this task's session handed over.

    Raises:
        NoWorker: none could be started within ten seconds.
    """
    if not worker_lives(str(data_dir)):
        spill_session(data_dir, session)  # so that it need not wait for one
        try:
            start_worker("task")
        except OSError as error:
            raise NoWorker(f"The worker could not be started: {error}.") from error
    deadline = clock.monotonic() + START_LIMIT_S
    while not (worker_lives(str(data_dir)) and _hand_over(data_dir, session)):
        if clock.monotonic() >= deadline:
            raise NoWorker("No worker could be started within ten seconds.")
        clock.sleep(0.1)


def spill_session(data_dir: Path, session: Mapping[str, object] | None) -> None:
    """Leave this task's session where whoever holds the lease next finds it."""
    if session is not None:
        write_spill(str(data_dir), None, session)


def _hand_over(data_dir: Path, session: Mapping[str, object] | None) -> bool:
    try:
        connection = connect(str(data_dir))
    except (InboxClosed, sqlite3.Error):
        return False
    try:
        if session is not None:
            connection.execute(sql.KEEP_SESSION, session)
    finally:
        connection.close()
    return True


class Follower:
    """Watches the queue shrink and says so."""

    def __init__(
        self,
        store: JobStore,
        facts: Facts,
        clock: Clock,
        say: Callable[[str, str], None],
        progress: Callable[[float], None],
    ) -> None:
        self._store = store
        self._facts = facts
        self._clock = clock
        self._say = say
        self._progress = progress

    def follow(self, is_alive: Callable[[], bool], limit_s: float = LONGEST_S) -> dict[str, object]:
        """Show progress until nothing is due, the worker waits, nothing moves for a minute, or time is up.

        A task holds Stash's only job slot, so it must not stay for ever; the worker goes on without it.
        """
        total = left = self._left()
        started = moved = said = worked = self._clock.monotonic()
        self._say("info", f"{total} scenes to do.")
        while left and is_alive():
            self._clock.sleep(LOOK_S)
            now, before, left = self._clock.monotonic(), left, self._left()
            total += max(0, left - before)
            moved = now if left != before else moved
            self._progress((total - left) / total)
            if now - said >= LINE_S:
                said = now
                self._say("info", self._line(total - left, left, now - started))
            worked = worked if self._doing().startswith(("waiting", "switched off")) else now
            if now - worked >= WAITS_S or now - moved >= STUCK_S:
                break
            if now - started >= limit_s:
                self._say("info", "This task's time is used up.")
                break
        return self.farewell(total - left, left, is_alive=is_alive())

    def _left(self) -> int:
        due, _, running = self._store.counts()
        return due + running

    def _doing(self) -> str:
        worker = self._facts.worker()
        return worker.doing if worker else ""

    def _line(self, done: int, left: int, seconds: float) -> str:
        rate = done / seconds if seconds else 0.0
        rest = f", about {left / rate:.0f} s to go" if rate else ""
        return f"{done} done, {left} left, {rate:.1f} a second{rest}."

    def farewell(self, done: int, left: int, *, is_alive: bool) -> dict[str, object]:
        """Say what was done, what is left, what it waits for and until when."""
        _, later, _ = self._store.counts()
        doing = self._doing()
        text = f"{done} done, {left} left, {later} wait for later."
        if left and is_alive:
            text += f" The worker goes on by itself; it is {doing}."
        elif left:
            text += f" No worker lives; the last one was {doing or 'never started'}."
        for reason, count in self._store.waiting_by_reason().items():
            text += f" {count} x {reason}."
        self._progress(done / (done + left) if left else 1.0)
        self._say("info", text + self._next_look())
        return {"done": done, "left": left, "later": later, "worker": doing}

    def _next_look(self) -> str:
        due = self._store.next_due()
        seconds = 0.0 if due is None else due - self._clock.wall()
        return f" The next is due in {duration(seconds)}." if seconds > 0.0 else ""
