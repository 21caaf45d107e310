"""Makes sure that a worker is running and shows its progress in a task."""

import operator
from collections.abc import Callable, Mapping
from pathlib import Path

from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

from core.clock import Clock
from core.errors import PlexSyncError
from core.outcome import Disposition
from core.text import format_counts, format_duration, pluralize
from sync_queue import statements as sql
from sync_queue.counters import Counters
from sync_queue.hook_queue import is_worker_alive, save_session, write_spill
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from tasks.follow_worker import POLL_S, follow_worker

START_POLL_S = 0.1
# 101 waits of START_POLL_S: their sum is at least ten seconds in spite of rounding.
START_ATTEMPTS = 102
REPORT_INTERVAL_S = 5.0
MAX_DURATION_S = 1_800.0
MIN_ETA_S = 10.0


class WorkerStartError(PlexSyncError):
    """No worker could be started. See plexsync.log in PlexSync's data folder."""


def ensure_worker(
    data_dir: Path,
    start_worker: Callable[[str], object],
    clock: Clock,
    session: Mapping[str, object] | None,
) -> None:
    """Return when a worker is running, its database is ready and it has this task's session.

    Args:
        data_dir: The folder of PlexSync's data.
        start_worker: Starts a worker process; takes the cause of the start.
        clock: Time and waits.
        session: The task's Stash session as a row for SAVE_SESSION; None for none.

    Raises:
        WorkerStartError: no worker could be started within ten seconds.
    """
    if not is_worker_alive(str(data_dir)):
        # The worker reads the session at its start, and so need not wait for the next hook.
        spill_session(data_dir, session)
        try:
            start_worker("task")
        except OSError as error:
            raise WorkerStartError(f"The worker could not be started: {error}.") from error
    poll = Retrying(
        retry=retry_if_result(operator.not_),
        wait=wait_fixed(START_POLL_S),
        stop=stop_after_attempt(START_ATTEMPTS),
        sleep=clock.sleep,
        retry_error_callback=lambda state: False,
    )
    is_ready = poll(lambda: is_worker_alive(str(data_dir)) and save_session(str(data_dir), session))
    if not is_ready:
        raise WorkerStartError("No worker could be started within ten seconds.")


def spill_session(data_dir: Path, session: Mapping[str, object] | None) -> None:
    """Write this task's session to the spill folder, for the next worker that holds the lease."""
    if session is not None:
        write_spill(str(data_dir), None, session)


COMPLETED = Disposition.COMPLETE.value
RETRIED = Disposition.RETRY.value
DEAD_LETTERED = Disposition.DEAD_LETTER.value


class QueueProgress:
    """Reports how the queue drains; what was processed is read from the counters."""

    def __init__(
        self,
        store: JobStore,
        clock: Clock,
        log: Callable[[str, str], None],
        progress: Callable[[float], None],
    ) -> None:
        self._store = store
        self._facts = MetaStore(store)
        self._counters = Counters(store)
        self._clock = clock
        self._log = log
        self._progress = progress
        self._began = self._reported_at = self._polled_at = clock.monotonic()
        self._before = self._outcomes()

    def start(self, job_s: float = 0.0) -> None:
        """Report how much there is to do; `job_s` is the usual seconds per job, 0 if unknown."""
        left = self.remaining()
        about = (
            f", about {format_duration(left * job_s)} at the usual pace"
            if left * job_s >= MIN_ETA_S
            else ""
        )
        self._log("info", f"{pluralize(left, 'scene')} to do{about}.")
        self._progress(0.0 if left else 1.0)

    def follow(
        self, is_alive: Callable[[], bool], limit_s: float = MAX_DURATION_S
    ) -> dict[str, object]:
        """Show progress until nothing is due, the worker waits, nothing moves, or time is up."""
        is_late = follow_worker(
            self._clock,
            self._facts,
            lambda: bool(self.remaining()) and is_alive(),
            self._poll,
            self._began + limit_s,
        )
        if is_late:
            self.report_timeout(limit_s)
        status = self._status_text() or "never started"
        if is_alive():
            return self.finish(f"The worker continues by itself; it is {status}.")
        return self.finish(
            f"No worker is running; the last one was {status}. The next edit starts one."
        )

    def update(self) -> None:
        """Move the bar and log a line every few seconds; cheap to call often."""
        now = self._clock.monotonic()
        if now - self._polled_at < POLL_S:
            return
        self._polled_at = now
        left, worked = self.remaining(), self._processed()
        if left or any(worked.values()):
            self._progress(_fraction(worked, left))
        if now - self._reported_at >= REPORT_INTERVAL_S:
            self._reported_at = now
            self._log("info", _line(worked, left, now - self._began))

    def remaining(self) -> int:
        """Return how many jobs remain: due, running, or settling after an edit."""
        due, _, running = self._store.counts()
        return due + running + self._store.count_settling(sql.SETTLE_WINDOW_S)

    def report_timeout(self, limit_s: float) -> None:
        """Report that the task's time is used up; `finish` says what is left."""
        self._log(
            "info",
            f"This task's time of {format_duration(limit_s)} is used up; Stash's other "
            "tasks are waiting.",
        )

    def finish(self, what_continues: str) -> dict[str, object]:
        """Report what was done, what is left, and what waits for what until when."""
        left, later = (
            self.remaining(),
            self._store.counts()[1] - self._store.count_settling(sql.SETTLE_WINDOW_S),
        )
        worked = self._processed()
        done, dead = worked[COMPLETED], worked[DEAD_LETTERED]
        text = (
            f"{done:,} done, {dead:,} dead-lettered (see List Dead Letters), "
            if dead
            else f"{done:,} done, "
        )
        text += f"{left:,} left, {later:,} wait for later."
        text += f" {what_continues}" if left else ""
        self._progress(_fraction(worked, left))
        self._log("info", text + self._waiting(later))
        return {
            "done": done,
            "dead": dead,
            "left": left,
            "later": later,
            "worker": self._status_text(),
        }

    def _poll(self) -> tuple[int, int]:
        self.update()
        return self.remaining(), sum(self._processed().values())

    def _outcomes(self) -> dict[str, int]:
        counts: dict[str, int] = self._counters.by_kind().get("outcomes", {})
        return counts

    def _processed(self) -> dict[str, int]:
        """Return how many jobs were completed, retried or dead-lettered since the start.

        Released jobs do not count.
        """
        now = self._outcomes()
        return {
            name: max(0, now.get(name, 0) - self._before.get(name, 0))
            for name in (COMPLETED, RETRIED, DEAD_LETTERED)
        }

    def _status_text(self) -> str:
        """Return what the newest worker does; "" before the first."""
        worker = self._facts.worker()
        return worker.status_text if worker else ""

    def _waiting(self, later: int) -> str:
        """Return what is waited for and until when; "" if nothing waits."""
        reasons = format_counts(self._store.waiting_by_reason())
        due = self._store.next_due()
        seconds = 0.0 if due is None else due - self._clock.wall()
        text = f" Waiting: {reasons}." if reasons else ""
        return text + (
            f" The next is due in {format_duration(seconds)}." if later and seconds > 0.0 else ""
        )


def _fraction(worked: Mapping[str, int], left: int) -> float:
    """Return the processed share, 0 to 1; new jobs make it smaller again."""
    done = sum(worked.values())
    return done / (done + left) if left else 1.0


def _line(worked: Mapping[str, int], left: int, seconds: float) -> str:
    rate = sum(worked.values()) / seconds if seconds else 0.0
    rest = f", about {format_duration(left / rate)} to go" if rate else ""
    names = {RETRIED: "retried", DEAD_LETTERED: "dead-lettered"}
    others = "".join(f"{worked[key]:,} {name}, " for key, name in names.items() if worked[key])
    return f"{worked['done']:,} done, {others}{left:,} left, {rate:.1f} a second{rest}."
