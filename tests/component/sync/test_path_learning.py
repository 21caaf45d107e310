"""Test that mappings are kept, learned again once a day, and dropped when contradicted."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from core.file_names import file_name
from core.match import PlexFile
from plex.path_learner import Candidates, LearnedMapping
from plex.paths import normal_path
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


class PathLearningHarness:
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
def harness(tmp_path: Path, stash: StashEmulator) -> Iterator[PathLearningHarness]:
    made = PathLearningHarness(tmp_path, stash)
    for number in range(FILES):
        made.add(
            f"/data/{number % 4}/clip {number}.mp4",
            100 + number,
            f"/media/{number % 4}/clip {number}.mp4",
        )
    yield made
    made.client.s.close()


DATA = (("/data", "/media"),)


def test_learning_asks_stash_once_and_keeps_what_it_learned(harness: PathLearningHarness) -> None:
    harness.stash.reset_counts()

    learned = harness.learn()

    assert learned == DATA
    assert len(harness.stash.requests) == 1
    assert harness.pairs(harness.begin().mappings) == DATA
    assert read_mappings(harness.folder, harness.clock) == (
        LearnedMapping("/data", "/media", FILES, 4),
    )


def test_a_sample_suffices_for_a_large_library(harness: PathLearningHarness) -> None:
    for number in range(SAMPLE + 100):
        path = f"{number % 9}/more {number}.mp4"
        harness.add(f"/data/{path}", 10_000 + number, f"/media/{path}")

    assert harness.learn() == DATA


def test_learning_is_due_at_first_and_then_once_a_day(harness: PathLearningHarness) -> None:
    first = harness.learning.is_due()
    harness.learn()
    immediately = harness.learning.is_due()
    harness.clock.advance(REPEAT_AFTER_S)

    assert (first, immediately, harness.learning.is_due()) == (True, False, True)


def test_a_clock_that_was_set_back_a_day_makes_it_due(harness: PathLearningHarness) -> None:
    harness.learn()

    harness.clock.jump(-2 * REPEAT_AFTER_S)

    assert harness.learning.is_due()


def test_files_that_agree_contradict_nothing(harness: PathLearningHarness) -> None:
    harness.learn()
    fine = harness.add("/data/x/fine.mp4", 5, "/media/x/fine.mp4")

    harness.learning.drop_contradicted([fine], harness.candidates)

    assert harness.dropped == []
    assert harness.pairs(harness.learning.mappings) == DATA


def test_a_contradiction_drops_the_pair_and_says_so(harness: PathLearningHarness) -> None:
    harness.learn()
    odd = harness.add("/data/x/odd.mp4", 5, "/media/x/odd.mp4", 6)

    harness.learning.drop_contradicted([odd], harness.candidates)

    assert harness.pairs(harness.dropped) == DATA
    assert harness.learning.mappings == ()
    assert any(line.startswith("paths.contradicted") for line in harness.lines)


def test_a_dropped_mapping_is_never_learned_again(harness: PathLearningHarness) -> None:
    harness.learn()
    odd = harness.add("/data/x/odd.mp4", 5, "/media/x/odd.mp4", 6)
    harness.learning.drop_contradicted([odd], harness.candidates)
    harness.plex.pop()
    harness.clock.advance(REPEAT_AFTER_S)
    harness.learning = harness.begin()

    assert harness.learn() == ()


FAILURES: dict[str, Callable[[StashEmulator], None]] = {
    "refused": lambda stash: stash.faults.refuse("PlexSyncSample"),
    "a bug": lambda stash: stash.faults.panic("PlexSyncSample", times=None),
    "away": lambda stash: stash.down(),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_sample_without_an_answer_changes_nothing(
    harness: PathLearningHarness, name: str
) -> None:
    harness.learn()
    harness.clock.advance(REPEAT_AFTER_S)
    FAILURES[name](harness.stash)

    learned = [harness.learn(), harness.learn()]

    assert learned == [DATA, DATA]
    assert len([line for line in harness.lines if "paths.not_learned" in line]) == 1
    assert not harness.learning.is_due()
    harness.clock.advance(RETRY_AFTER_S)
    assert harness.learning.is_due()


@pytest.mark.parametrize("text", ["not json", "[]", json.dumps({"pairs": [{"source": 1}]})])
def test_a_corrupt_file_means_that_nothing_was_learned_yet(
    harness: PathLearningHarness, text: str
) -> None:
    (harness.folder / FILE_NAME).write_text(text, "utf-8")

    learning = harness.begin()

    assert learning.mappings == ()
    assert learning.is_due()
    assert (harness.folder / f"{FILE_NAME}.corrupt").exists()


def test_an_unwritable_file_costs_only_persistence(harness: PathLearningHarness) -> None:
    (harness.folder / FILE_NAME).mkdir()

    learned = harness.learn()

    assert learned == DATA
    assert any(line.startswith("state.save_failed") for line in harness.lines)
