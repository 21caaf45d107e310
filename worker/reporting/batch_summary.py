"""Reports finished jobs to Stash's log: one line for ten or more, at most every half minute.

A line per job would push everything else out of Stash's log during a large backlog. The worker's
own log has a line for every job.
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
    SyncResult.SAME: "already up to date",
    SyncResult.RESTORED: "put back, because the settings exclude them now",
}
_SKIPPED = "skipped"


class BatchSummary:
    """Counts outcomes and adds a notice with their totals when it is due."""

    def __init__(self, notices: Notices, clock: Clock) -> None:
        self._notices = notices
        self._clock = clock
        self._start_counting()
        self._reported_at = float("-inf")

    def on_job_finished(self, event: JobFinished) -> None:
        """Count one outcome."""
        outcome = event.outcome
        match outcome.disposition:
            case Disposition.COMPLETE if not event.job.is_scene:
                pass  # its scenes are counted
            case Disposition.COMPLETE:
                self._done[_DONE.get(outcome.result, _SKIPPED)] += 1
            case Disposition.DEAD_LETTER:
                self._dead[outcome.reason] += 1
            case Disposition.RETRY:
                self._waiting[outcome.reason] += 1
            case Disposition.RELEASE:
                pass  # the server is unavailable, which has its own notice

    def report_if_due(self) -> None:
        """Add the notice once ten jobs have finished and half a minute has passed."""
        now = self._clock.monotonic()
        finished = self._done.total() + self._dead.total()
        if finished < JOBS or now - self._reported_at < GAP_S:
            return
        # replacing an undelivered notice would lose its counts, so counting continues
        if self._notices.is_pending(BATCH):
            return

        # a dropped class may be reported again within the hour
        self._notices.drop(BATCH)
        level = "warning" if self._dead else "info"
        self._notices.add(BATCH, level, self._text(now), self._clock.wall())
        self._start_counting()
        self._reported_at = now

    def _start_counting(self) -> None:
        self._done: Counter[str] = Counter()
        self._dead: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._since = self._clock.monotonic()

    def _text(self, now: float) -> str:
        jobs = pluralize(self._done.total() + self._dead.total(), "job")
        counts = sorted(self._done.items(), key=lambda row: row[1], reverse=True)
        parts = [f"{count} {name}" for name, count in counts]
        if self._dead:
            reasons = f"{format_counts(self._dead)}; see List Dead Letters"
            parts.append(f"{self._dead.total()} in the dead letters ({reasons})")
        took = format_duration(now - self._since)
        text = f"PlexSync finished {jobs} within {took}: {', '.join(parts)}."

        if not self._waiting:
            return text
        reasons = format_counts(self._waiting)
        return f"{text} {self._waiting.total()} will be retried ({reasons})."
