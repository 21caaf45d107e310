"""What Stash's log hears of finished jobs: one line for ten or more, with the dead letters by class.

A line for every ten of a large backlog would bury everything else that Stash has to say. So there is one at
most in half a minute, and it speaks of all jobs since the last one. The worker's own log has every job.
"""

from collections import Counter

from core.clock import Clock
from core.events import JobFinished
from core.outcome import Disposition, SyncResult
from core.text import format_counts, format_duration, pluralize
from sync_queue.notices import Notices

BATCH = "batch"
JOBS = 10
GAP_S = 30.0
_DONE: dict[SyncResult | None, str] = {
    SyncResult.WROTE: "written",
    SyncResult.SAME: "already as they should be",
}


class BatchSummary:
    """A drain's listener; the worker lets it speak when it has the time."""

    def __init__(self, notices: Notices, clock: Clock) -> None:
        self._notices = notices
        self._clock = clock
        self._begin()
        self._told_at = float("-inf")

    def on_job_finished(self, event: JobFinished) -> None:
        """Count one outcome."""
        outcome = event.outcome
        match outcome.disposition:
            case Disposition.COMPLETE if not event.job.is_scene:
                pass  # its scenes are counted
            case Disposition.COMPLETE:
                self._done[_DONE.get(outcome.result, "left alone")] += 1
            case Disposition.DEAD_LETTER:
                self._dead[outcome.reason] += 1
            case Disposition.RETRY:
                self._waiting[outcome.reason] += 1
            case Disposition.RELEASE:
                pass  # the server is away; that is told elsewhere

    def report_if_due(self) -> None:
        """Speak of the jobs since the last time, once they are ten and half a minute has passed."""
        now = self._clock.monotonic()
        if self._done.total() + self._dead.total() < JOBS or now - self._told_at < GAP_S:
            return
        if self._notices.is_pending(BATCH):
            return  # Stash has not taken the last one yet; what it would lose is counted on
        self._notices.drop(BATCH)  # it is not the same one again
        self._notices.add(
            BATCH, "warning" if self._dead else "info", self._text(now), self._clock.wall()
        )
        self._begin()
        self._told_at = now

    def _begin(self) -> None:
        self._done: Counter[str] = Counter()
        self._dead: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._since = self._clock.monotonic()

    def _text(self, now: float) -> str:
        total = self._done.total() + self._dead.total()
        parts = [f"{count} {name}" for name, count in self._done.most_common()]
        if self._dead:
            parts.append(
                f"{self._dead.total()} in the dead letters ({format_counts(self._dead)}; see List Dead Letters)"
            )
        later = f" {self._waiting.total()} looked in vain and try again later ({format_counts(self._waiting)})."
        text = f"PlexSync finished {pluralize(total, 'job')} within {format_duration(now - self._since)}: {', '.join(parts)}."
        return text + (later if self._waiting else "")
