"""What people hear: one line per finished job, one notice per kind of trouble and hour."""

from pathlib import Path

import pytest

from core.job import Job
from core.outcome import Fate, Outcome
from sync_queue.notices import Notices
from tests.support import FakeClock, open_store
from tests.unit.worker.rig import kept_log
from worker.breaker import Breaker, State
from worker.reports import Reporter

JOB = Job(1, "scene:42", "update", 0, 0.0)


class Ear:
    """A reporter and what came out of it."""

    def __init__(self, data_dir: Path) -> None:
        self.clock = FakeClock()
        self.notices = Notices(open_store(data_dir, self.clock))
        self.log, self.lines = kept_log()
        self.reporter = Reporter(self.log, self.notices, self.clock)

    def hear(self, outcome: Outcome) -> None:
        self.reporter.heard(JOB, outcome, 0.25)

    @property
    def told(self) -> list[tuple[str, str]]:
        """(class, text) of what waits to be told, which then counts as told."""
        waiting = self.notices.untold()
        for kind, _, _ in waiting:
            self.notices.mark_told(kind, self.clock.now)
        return [(kind, text) for kind, _, text in waiting]


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    return Ear(tmp_path)


def test_a_finished_job_is_one_line(ear: Ear) -> None:
    ear.hear(Outcome(Fate.DONE, "wrote", wrote=("title", "tags"), items=(9137,), confidence="high"))

    assert ear.lines == [
        "sync.done scene=42 cause=update item=9137 what=wrote wrote=title,tags confidence=high took_s=0.25"
    ]
    assert ear.told == []


@pytest.mark.parametrize(
    ("fate", "event"), [(Fate.WAIT, "sync.wait"), (Fate.RELEASE, "sync.release"), (Fate.BURY, "sync.bury")]
)
def test_every_fate_has_its_event(ear: Ear, fate: Fate, event: str) -> None:
    ear.hear(Outcome(fate, "PlexNotFound", message="No file.", attempts=3, wait_s=97.2))

    assert ear.lines[0].startswith(f"{event} scene=42 cause=update why=PlexNotFound attempt=3")
    assert ("next_s=97" in ear.lines[0]) is (fate is Fate.WAIT)


def test_a_dead_letter_is_told_once_per_class_and_hour(ear: Ear) -> None:
    letter = Outcome(Fate.BURY, "AmbiguousMatch", message="Two items.\nMore.", title="A title")
    ear.hear(letter)
    first = ear.told
    ear.hear(letter)
    ear.clock.advance(3599)
    ear.hear(letter)
    second = ear.told
    ear.clock.advance(2)
    ear.hear(letter)

    assert first == [("dead:AmbiguousMatch", "Scene 42 (A title) is in the dead letters: AmbiguousMatch. Two items.")]
    assert second == []
    assert len(ear.told) == 1


def test_a_part_that_failed_is_one_notice_however_many_scenes_have_it(ear: Ear) -> None:
    for size in range(10_000_001, 10_000_011):
        warning = f"poster: the cover has {size} bytes, Plex takes 10000000"
        ear.hear(Outcome(Fate.DONE, "wrote", wrote=("title",), warnings=(warning,)))

    assert len(ear.told) == 1


def test_a_scene_whose_item_belongs_to_another_is_named(ear: Ear) -> None:
    ear.hear(Outcome(Fate.DONE, "claimed", message="item 7 also plays scene 3"))

    assert ear.told == [("claimed", "Scene 42 was not written: item 7 also plays scene 3.")]


def test_a_refusal_names_the_settings_and_goes_when_plex_takes_us_again(ear: Ear) -> None:
    refused = Breaker(State.OPEN, refused=True, why="PlexRefused: Plex answered 401")
    ear.reporter.gate_moved(Breaker(), refused)
    waiting = [text for kind, _, text in ear.notices.untold() if kind == "refused"]
    ear.reporter.gate_moved(refused, Breaker())

    assert "Plex token" in waiting[0]
    assert "refused" not in [kind for kind, _, _ in ear.notices.untold()]
