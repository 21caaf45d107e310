"""Whether a failure of Plex was the job's own. Pure bookkeeping beside the breaker.

An attempt is spent only by a job that fails by itself. When several jobs failed in a row and the breaker
opens, it was Plex, and what they spent is given back. A job that fails the half-open test twice, although
Plex answers the health check each time, is to blame itself: else a single bad job would hold the breaker
open for ever. When several jobs fail the test, none is: Plex reads and does not write, as with a locked
database, and every job would end as a dead letter within the hour.
"""

from dataclasses import dataclass, field

MIN_FAILED_JOBS = 3  # jobs that failed the half-open test, and none passed it: it is Plex


@dataclass(slots=True)
class FailureAttribution:
    """The streak of countable failures, and who failed the half-open test."""

    streak: list[str] = field(default_factory=list)
    tested: set[str] = field(default_factory=set)

    def succeeded(self) -> None:
        """Plex did its part: whoever fails from now on begins a new streak."""
        self.streak.clear()
        self.tested.clear()

    def counts_against_job(self, subject: str, *, was_closed: bool, is_closed: bool) -> bool:
        """Whether a countable failure of this job is its own."""
        if was_closed and is_closed:
            self.streak.append(subject)
            return True
        if was_closed:
            return False
        is_second = subject in self.tested
        if len(self.tested) < MIN_FAILED_JOBS:
            self.tested.add(subject)
        return is_second and len(self.tested) < MIN_FAILED_JOBS

    def jobs_to_refund(self) -> tuple[str, ...]:
        """Whose attempts are given back now that the breaker has opened; () when one job alone failed."""
        others = tuple(dict.fromkeys(self.streak))
        self.streak.clear()
        return others if len(others) > 1 else ()
