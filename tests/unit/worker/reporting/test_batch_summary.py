"""Stash's log hears of finished jobs in one line for many, and never in a flood."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import AmbiguousMatch, PlexNotFound, PlexRejected
from core.events import JobFinished
from core.job import Job
from core.outcome import Disposition, Outcome, SyncResult
from sync_queue.notices import Notices
from tests.support import FakeClock, open_store
from tests.unit.worker.rig import Rig
from worker.reporting.batch_summary import GAP_S, JOBS, BatchSummary

JOB = Job(1, "scene:42", "update", 0, 0.0)
WROTE = Outcome(
    Disposition.COMPLETE, SyncResult.WROTE, wrote=("title",), items=(7,), confidence="high"
)
SAME = Outcome(Disposition.COMPLETE, SyncResult.SAME, items=(7,), confidence="high")
DEAD = Outcome(Disposition.DEAD_LETTER, error=AmbiguousMatch)
LATER = Outcome(Disposition.RETRY, error=PlexNotFound)


class Ear:
    """A summary and what is told of it."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock()
        self.store = open_store(data_dir, self.clock)
        self.notices = Notices(self.store)
        self.summary = BatchSummary(self.notices, self.clock)

    def hear(self, outcome: Outcome, times: int) -> None:
        for _ in range(times):
            self.summary.on_job_finished(JobFinished(JOB, outcome, 0.25))

    @property
    def told(self) -> list[tuple[str, str]]:
        """(level, text) of what is to be told now, which then counts as told."""
        self.summary.report_if_due()
        waiting = self.notices.pending()
        for kind, _, _ in waiting:
            self.notices.mark_delivered(kind, self.clock.now)
        return [(level, text) for _, level, text in waiting]


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    made = Ear(tmp_path)
    yield made
    made.store.connection.close()


def test_fewer_than_ten_jobs_are_not_worth_a_line(ear: Ear) -> None:
    ear.hear(WROTE, JOBS - 1)
    ear.hear(LATER, 50)

    assert ear.told == []


def test_ten_jobs_are_one_line_that_counts_what_became_of_them(ear: Ear) -> None:
    ear.hear(WROTE, 7)
    ear.hear(SAME, 2)
    ear.clock.advance(120.0)
    ear.hear(Outcome(Disposition.COMPLETE, SyncResult.GONE), 1)

    assert ear.told == [
        (
            "info",
            "PlexSync finished 10 jobs within 2 min: 7 written, 2 already as they should be, 1 left alone.",
        )
    ]


def test_dead_letters_are_counted_and_raise_the_level(ear: Ear) -> None:
    ear.hear(WROTE, 10)
    ear.hear(DEAD, 2)
    ear.hear(Outcome(Disposition.DEAD_LETTER, error=PlexRejected), 1)
    ear.hear(LATER, 4)

    ((level, text),) = ear.told

    assert level == "warning"
    assert "13 jobs" in text
    assert (
        "3 in the dead letters (2 x AmbiguousMatch, 1 x PlexRejected; see List Dead Letters)"
        in text
    )
    assert text.endswith("4 looked in vain and try again later (4 x PlexNotFound).")


def test_100_000_jobs_are_one_line_per_half_minute(
    ear: Ear,
) -> None:
    told = []
    for _ in range(1_000):  # a hundred jobs a second
        ear.hear(WROTE, 100)
        ear.clock.advance(1.0)
        told += ear.told

    counted = [int(text.split(" jobs")[0].rpartition(" ")[2].replace(",", "")) for _, text in told]
    assert len(told) <= 1_000 / GAP_S + 1
    assert 100_000 - sum(counted) < 100 * GAP_S


def test_what_stash_has_not_taken_yet_is_not_overwritten(ear: Ear) -> None:
    ear.hear(WROTE, 10)
    ear.summary.report_if_due()
    ear.clock.advance(GAP_S)
    ear.hear(WROTE, 20)

    first, second = ear.told, ear.told

    assert ("10 jobs" in first[0][1], "20 jobs" in second[0][1]) == (True, True)


def test_nor_where_much_else_waits_to_be_told(ear: Ear) -> None:
    for number in range(10):
        ear.notices.add(f"other:{number}", "warning", "Something else.", ear.clock.now - 1.0)
    ear.hear(WROTE, 10)
    ear.summary.report_if_due()
    ear.clock.advance(GAP_S)
    ear.hear(WROTE, 20)

    told = [text for _ in range(4) for _, text in ear.told if "jobs" in text]

    assert ("10 jobs" in told[0], "20 jobs" in told[1]) == (True, True)


def test_a_backlog_ends_with_a_line_in_stashs_log(rig: Rig) -> None:
    rig.note(*(rig.scene(str(number)) for number in range(12)))
    rig.turn()
    rig.turn(2.0)
    rig.turn()

    said = [entry.message for entry in rig.stash.log if "PlexSync finished" in entry.message]
    assert rig.notices()["batch"].startswith("PlexSync finished 12 jobs")
    assert len(said) <= 1
