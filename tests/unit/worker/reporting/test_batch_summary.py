"""Finished jobs reach Stash's log as one line for many, at most every half minute."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import AmbiguousMatch, PlexNotFound, PlexRejected
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome, SyncResult
from sync_queue.notices import Notices
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from worker.reporting.batch_summary import GAP_S, JOBS, BatchSummary

JOB = Job(1, "scene:42", "update", 0, 0.0)
WROTE = Outcome(
    Disposition.COMPLETE, SyncResult.WROTE, wrote=("title",), items=(7,), confidence="high"
)
SAME = Outcome(Disposition.COMPLETE, SyncResult.SAME, items=(7,), confidence="high")
DEAD = Outcome(Disposition.DEAD_LETTER, error=AmbiguousMatch)
LATER = Outcome(Disposition.RETRY, error=PlexNotFound)


class NoticeHarness:
    """A summary and the notices that it adds."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock()
        self.store = open_store(data_dir, self.clock)
        self.notices = Notices(self.store)
        self.summary = BatchSummary(self.notices, self.clock)

    def finish(self, outcome: Outcome, times: int) -> None:
        for _ in range(times):
            self.summary.on_job_finished(JobFinished(JOB, outcome, 0.25))

    def delivered(self) -> list[tuple[str, str]]:
        """Return (level, text) of the pending notices and mark them delivered."""
        self.summary.report_if_due()
        waiting = self.notices.pending()
        for kind, _, _ in waiting:
            self.notices.mark_delivered(kind, self.clock.now)
        return [(level, text) for _, level, text in waiting]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[NoticeHarness]:
    made = NoticeHarness(tmp_path)
    yield made
    made.store.connection.close()


def test_fewer_than_ten_jobs_add_no_line(harness: NoticeHarness) -> None:
    harness.finish(WROTE, JOBS - 1)
    harness.finish(LATER, 50)

    assert harness.delivered() == []


def test_ten_jobs_are_one_line_that_counts_their_results(harness: NoticeHarness) -> None:
    harness.finish(WROTE, 7)
    harness.finish(SAME, 2)
    harness.clock.advance(120.0)
    harness.finish(Outcome(Disposition.COMPLETE, SyncResult.GONE), 1)

    assert harness.delivered() == [
        (
            "info",
            "PlexSync finished 10 jobs within 2 min: 7 written, 2 already up to date, 1 skipped.",
        )
    ]


def test_dead_letters_are_counted_and_raise_the_level(harness: NoticeHarness) -> None:
    harness.finish(WROTE, 10)
    harness.finish(DEAD, 2)
    harness.finish(Outcome(Disposition.DEAD_LETTER, error=PlexRejected), 1)
    harness.finish(LATER, 4)

    ((level, text),) = harness.delivered()

    assert level == "warning"
    assert "13 jobs" in text
    assert (
        "3 in the dead letters (2 x AmbiguousMatch, 1 x PlexRejected; see List Dead Letters)"
        in text
    )
    assert text.endswith("4 will be retried (4 x PlexNotFound).")


def test_100_000_jobs_are_one_line_per_half_minute(
    harness: NoticeHarness,
) -> None:
    delivered = []
    for _ in range(1_000):  # a hundred jobs a second
        harness.finish(WROTE, 100)
        harness.clock.advance(1.0)
        delivered += harness.delivered()

    counted = [
        int(text.split(" jobs")[0].rpartition(" ")[2].replace(",", "")) for _, text in delivered
    ]
    assert len(delivered) <= 1_000 / GAP_S + 1
    assert 100_000 - sum(counted) < 100 * GAP_S


def test_an_undelivered_summary_is_not_overwritten(harness: NoticeHarness) -> None:
    harness.finish(WROTE, 10)
    harness.summary.report_if_due()
    harness.clock.advance(GAP_S)
    harness.finish(WROTE, 20)

    first, second = harness.delivered(), harness.delivered()

    assert ("10 jobs" in first[0][1], "20 jobs" in second[0][1]) == (True, True)


def test_nor_behind_many_other_notices(harness: NoticeHarness) -> None:
    for number in range(10):
        harness.notices.add(
            f"other:{number}", "warning", "Something else.", harness.clock.now - 1.0
        )
    harness.finish(WROTE, 10)
    harness.summary.report_if_due()
    harness.clock.advance(GAP_S)
    harness.finish(WROTE, 20)

    delivered = [text for _ in range(4) for _, text in harness.delivered() if "jobs" in text]

    assert ("10 jobs" in delivered[0], "20 jobs" in delivered[1]) == (True, True)
