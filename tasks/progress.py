"""How a task stands beside the worker: make sure that one lives, and show its progress."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from core.clock import Clock
from core.errors import PlexSyncError
from core.text import by_name, duration, several
from sync_queue import statements as sql
from sync_queue.counters import Counters
from sync_queue.hook_queue import InboxClosed, connect, worker_lives, write_spill
from sync_queue.meta import Facts
from sync_queue.store import JobStore

START_LIMIT_S = 10.0
LOOK_S = 0.5
LINE_S = 5.0
STUCK_S = 60.0
WAITS_S = 3.0  # a worker that has just begun waits for a moment, too
LONGEST_S = 1_800.0
WORTH_SAYING_S = 10.0


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
    """Watches the queue shrink and says so. What was worked on meanwhile is read from the counters."""

    def __init__(
        self,
        store: JobStore,
        clock: Clock,
        say: Callable[[str, str], None],
        progress: Callable[[float], None],
    ) -> None:
        self._store = store
        self._facts = Facts(store)
        self._counters = Counters(store)
        self._clock = clock
        self._say = say
        self._progress = progress
        self._began = self._said = self._looked = clock.monotonic()
        self._before = self._outcomes()

    def begin(self, job_s: float = 0.0) -> None:
        """Say how much there is to do; `job_s` is how long a job takes as a rule, 0 when nobody knows."""
        left = self.left()
        about = f", about {duration(left * job_s)} at the usual pace" if left * job_s >= WORTH_SAYING_S else ""
        self._say("info", f"{several(left, 'scene')} to do{about}.")
        self._progress(0.0 if left else 1.0)

    def follow(self, is_alive: Callable[[], bool], limit_s: float = LONGEST_S) -> dict[str, object]:
        """Show progress until nothing is due, the worker waits, nothing moves for a minute, or time is up.

        A task holds Stash's only job slot, so it must not stay for ever; the worker goes on without it.
        """
        moved = worked = self._clock.monotonic()
        state = self._state()
        while self.left() and is_alive():
            self._clock.sleep(LOOK_S)
            self.look()
            now, before = self._clock.monotonic(), state
            state = self._state()
            moved = now if state != before else moved
            worked = worked if self._doing().startswith(("waiting", "switched off")) else now
            if now - worked >= WAITS_S or now - moved >= STUCK_S:
                break
            if now - self._began >= limit_s:
                self.say_time_is_up(limit_s)
                break
        doing = self._doing() or "never started"
        if is_alive():
            return self.farewell(f"The worker goes on by itself; it is {doing}.")
        return self.farewell(f"No worker lives; the last one was {doing}. The next edit starts one.")

    def look(self) -> None:
        """Move the bar, and say a line every few seconds; may be called as often as one likes."""
        now = self._clock.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        left, worked = self.left(), self._worked_on()
        if left or any(worked.values()):
            self._progress(_share(worked, left))
        if now - self._said >= LINE_S:
            self._said = now
            self._say("info", _line(worked, left, now - self._began))

    def left(self) -> int:
        """How many jobs are to be done now: due, in progress, or resting for a moment after an edit."""
        due, _, running = self._store.counts()
        return due + running + self._store.settling(sql.SETTLE_WINDOW_S)

    def say_time_is_up(self, limit_s: float) -> None:
        """The task's time is used up; the farewell says what is left."""
        self._say("info", f"This task's time of {duration(limit_s)} is used up; Stash's other tasks are waiting.")

    def farewell(self, who_goes_on: str) -> dict[str, object]:
        """Say what was done, what is left and who does it, what waits for what and until when."""
        left, later = self.left(), self._store.counts()[1] - self._store.settling(sql.SETTLE_WINDOW_S)
        worked = self._worked_on()
        done, dead = worked["done"], worked["bury"]
        text = f"{done:,} done, {dead:,} given up (see List Dead Letters), " if dead else f"{done:,} done, "
        text += f"{left:,} left, {later:,} wait for later."
        text += f" {who_goes_on}" if left else ""
        self._progress(_share(worked, left))
        self._say("info", text + self._waiting(later))
        return {"done": done, "dead": dead, "left": left, "later": later, "worker": self._doing()}

    def _state(self) -> tuple[int, int]:
        return self.left(), sum(self._worked_on().values())

    def _outcomes(self) -> dict[str, int]:
        counts: dict[str, int] = self._counters.by_kind().get("outcomes", {})
        return counts

    def _worked_on(self) -> dict[str, int]:
        """How many jobs were done, put off or buried since this began; those that go back at once do not count."""
        now = self._outcomes()
        return {name: max(0, now.get(name, 0) - self._before.get(name, 0)) for name in ("done", "wait", "bury")}

    def _doing(self) -> str:
        worker = self._facts.worker()
        return worker.doing if worker else ""

    def _waiting(self, later: int) -> str:
        """What is waited for and until when; "" when nothing waits."""
        reasons = by_name(self._store.waiting_by_reason())
        due = self._store.next_due()
        seconds = 0.0 if due is None else due - self._clock.wall()
        text = f" Waiting: {reasons}." if reasons else ""
        return text + (f" The next is due in {duration(seconds)}." if later and seconds > 0.0 else "")


def _share(worked: Mapping[str, int], left: int) -> float:
    """How much of it all has been worked on, 0 to 1; new jobs make it smaller again."""
    done = sum(worked.values())
    return done / (done + left) if left else 1.0


def _line(worked: Mapping[str, int], left: int, seconds: float) -> str:
    rate = sum(worked.values()) / seconds if seconds else 0.0
    rest = f", about {duration(left / rate)} to go" if rate else ""
    names = {"wait": "put off", "bury": "given up"}
    others = "".join(f"{worked[key]:,} {name}, " for key, name in names.items() if worked[key])
    return f"{worked['done']:,} done, {others}{left:,} left, {rate:.1f} a second{rest}."
