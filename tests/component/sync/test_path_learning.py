"""What was learned is kept, learned again once a day, and dropped for good at its first
contradiction.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from core.match import PlexFile
from plex.path_learner import Candidates, LearnedMapping
from plex.paths import file_name, normal_path
from stash.client import StashClient
from stash.session import StashAddress
from sync.path_learning import (
    FILE_NAME,
    REPEAT_AFTER_S,
    RETRY_AFTER_S,
    SAMPLE,
    LearnedPathStore,
    read_mappings,
)
from tests.emulators.stash_server import StashEmulator
from tests.harness.captured_log import captured_log
from tests.harness.clocks import FakeClock
from validation.metadata import SceneFile

FILES = 24


class Pupil:
    """A learner with its Stash, its Plex files, its clock and what it has said."""

    def __init__(self, folder: Path, stash: StashEmulator) -> None:
        self.folder, self.stash, self.clock = folder, stash, FakeClock()
        self.client = StashClient(StashAddress("http", "127.0.0.1", stash.port), "")
        self.dropped: list[LearnedMapping] = []
        self.log, self.lines = captured_log()
        self.plex: list[PlexFile] = []
        self.learning = self.begin()

    def begin(self) -> LearnedPathStore:
        """A learner as after a restart."""
        return LearnedPathStore(self.folder, self.clock, self.log, self.dropped.append)

    def add(self, path: str, size: int, plex_path: str, plex_size: int | None = None) -> SceneFile:
        """A scene's file and the Plex file that plays it."""
        self.stash.library.add_scene(path, size)
        self.plex.append(
            PlexFile(plex_path, size if plex_size is None else plex_size, len(self.plex), 1)
        )
        return SceneFile(path=path, size=size, oshash="")

    def learn(self) -> tuple[tuple[str, str], ...]:
        self.learning.learn(self.client, self.candidates)
        return self.pairs(self.learning.mappings)

    @staticmethod
    def pairs(lessons: Sequence[LearnedMapping]) -> tuple[tuple[str, str], ...]:
        return tuple((lesson.source, lesson.target) for lesson in lessons)

    @property
    def candidates(self) -> Candidates:
        found: dict[str, list[PlexFile]] = defaultdict(list)
        for file in self.plex:
            found[normal_path(file_name(file.path))].append(file)
        return lambda path: found[normal_path(file_name(path))]


@pytest.fixture
def pupil(tmp_path: Path, stash: StashEmulator) -> Iterator[Pupil]:
    made = Pupil(tmp_path, stash)
    for number in range(FILES):
        made.add(
            f"/data/{number % 4}/clip {number}.mp4",
            100 + number,
            f"/media/{number % 4}/clip {number}.mp4",
        )
    yield made
    made.client.s.close()


DATA = (("/data", "/media"),)


def test_learning_asks_stash_once_and_keeps_what_it_learned(pupil: Pupil) -> None:
    pupil.stash.reset_counts()

    learned = pupil.learn()

    assert learned == DATA
    assert len(pupil.stash.requests) == 1
    assert pupil.pairs(pupil.begin().mappings) == DATA
    assert read_mappings(pupil.folder, pupil.clock) == (
        LearnedMapping("/data", "/media", FILES, 4),
    )


def test_a_sample_is_enough_for_a_large_library(pupil: Pupil) -> None:
    for number in range(SAMPLE + 100):
        path = f"{number % 9}/more {number}.mp4"
        pupil.add(f"/data/{path}", 10_000 + number, f"/media/{path}")

    assert pupil.learn() == DATA


def test_learning_is_due_at_first_and_then_once_a_day(pupil: Pupil) -> None:
    first = pupil.learning.is_due()
    pupil.learn()
    at_once = pupil.learning.is_due()
    pupil.clock.advance(REPEAT_AFTER_S)

    assert (first, at_once, pupil.learning.is_due()) == (True, False, True)


def test_a_clock_that_was_set_back_a_day_makes_it_due(pupil: Pupil) -> None:
    pupil.learn()

    pupil.clock.jump(-2 * REPEAT_AFTER_S)

    assert pupil.learning.is_due()


def test_files_that_agree_contradict_nothing(pupil: Pupil) -> None:
    pupil.learn()
    fine = pupil.add("/data/x/fine.mp4", 5, "/media/x/fine.mp4")

    pupil.learning.drop_contradicted([fine], pupil.candidates)

    assert pupil.dropped == []
    assert pupil.pairs(pupil.learning.mappings) == DATA


def test_a_contradiction_drops_the_pair_and_says_so(pupil: Pupil) -> None:
    pupil.learn()
    odd = pupil.add("/data/x/odd.mp4", 5, "/media/x/odd.mp4", 6)

    pupil.learning.drop_contradicted([odd], pupil.candidates)

    assert pupil.pairs(pupil.dropped) == DATA
    assert pupil.learning.mappings == ()
    assert any(line.startswith("paths.contradicted") for line in pupil.lines)


def test_a_dropped_mapping_is_never_learned_again(pupil: Pupil) -> None:
    pupil.learn()
    odd = pupil.add("/data/x/odd.mp4", 5, "/media/x/odd.mp4", 6)
    pupil.learning.drop_contradicted([odd], pupil.candidates)
    pupil.plex.pop()
    pupil.clock.advance(REPEAT_AFTER_S)
    pupil.learning = pupil.begin()

    assert pupil.learn() == ()


FAILURES: dict[str, Callable[[StashEmulator], None]] = {
    "refused": lambda stash: stash.faults.refuse("PlexSyncSample"),
    "a bug": lambda stash: stash.faults.panic("PlexSyncSample", times=None),
    "away": lambda stash: stash.down(),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_sample_without_an_answer_changes_nothing(pupil: Pupil, name: str) -> None:
    pupil.learn()
    pupil.clock.advance(REPEAT_AFTER_S)
    FAILURES[name](pupil.stash)

    learned = [pupil.learn(), pupil.learn()]

    assert learned == [DATA, DATA]
    assert len([line for line in pupil.lines if "paths.not_learned" in line]) == 1
    assert not pupil.learning.is_due()
    pupil.clock.advance(RETRY_AFTER_S)
    assert pupil.learning.is_due()


@pytest.mark.parametrize("text", ["not json", "[]", json.dumps({"pairs": [{"source": 1}]})])
def test_a_corrupt_file_means_that_nothing_was_learned_yet(pupil: Pupil, text: str) -> None:
    (pupil.folder / FILE_NAME).write_text(text, "utf-8")

    learning = pupil.begin()

    assert learning.mappings == ()
    assert learning.is_due()
    assert (pupil.folder / f"{FILE_NAME}.corrupt").exists()


def test_an_unwritable_file_costs_only_persistence(pupil: Pupil) -> None:
    (pupil.folder / FILE_NAME).mkdir()

    learned = pupil.learn()

    assert learned == DATA
    assert any(line.startswith("state.save_failed") for line in pupil.lines)
