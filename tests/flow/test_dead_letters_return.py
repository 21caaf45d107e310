"""A dead letter returns however Plex learns of its file, at one listing per changed marker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.in_process import POLL_S, InProcessHarness, in_process
from worker.resilience.retry_policy import LIBRARY_POLL_LATER_S, NOT_FOUND_WAITS_S

IN_2090, IN_2003 = 3_786_912_000, 1_050_000_000
# The two hours pass in few steps; each job may be looked at one step late.
STEP_S = 150.0
TWO_HOURS_S = sum(NOT_FOUND_WAITS_S) * 1.1 + len(NOT_FOUND_WAITS_S) * STEP_S
LISTING = "GET /library/sections/1/all"
OTHER = "/media/a/wrong name.mp4"
WANTED = "/media/a/right name.mp4"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def dead_letter(worker: InProcessHarness, size: int = 1_000) -> int:
    """Let the job of a scene whose file Plex lacks become a dead letter; return the scene."""
    worker.add_item(OTHER)
    worker.clock.advance(3_000.0)
    # What was added since the last look does not show the item above.
    worker.add_item("/media/newest.mp4")
    scene = worker.add_scene("/data/a/right name.mp4", size)
    worker.sync(scene)
    worker.run_for(TWO_HOURS_S, every_s=STEP_S)
    assert [dead_letter.reason for dead_letter in worker.dead_letters()] == ["PlexNotFound"]
    return scene


def rename(worker: InProcessHarness) -> None:
    worker.plex.library.rename_file(OTHER, WANTED)


def add_version(worker: InProcessHarness) -> None:
    item = next(item for item in worker.plex.library.items() if OTHER in item.files)
    worker.plex.library.add_version(item.rating_key, [(WANTED, 1_000)])


def add_with_old_date(worker: InProcessHarness) -> None:
    worker.add_item(WANTED, added_at=IN_2003)


def add_after_absurd_date(worker: InProcessHarness) -> None:
    worker.add_item("/media/odd.mp4", added_at=IN_2090)
    worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)
    worker.add_item(WANTED)


WAYS: dict[str, Callable[[InProcessHarness], None]] = {
    "by a rename": rename,
    "as a further version": add_version,
    "with an old added date": add_with_old_date,
    "after an absurd added date": add_after_absurd_date,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_dead_letter_returns_within_one_poll(worker: InProcessHarness, way: str) -> None:
    scene = dead_letter(worker)

    WAYS[way](worker)
    worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)

    item = next(item for item in worker.plex.library.items() if WANTED in item.files)
    assert item.title == "Scene of /data/a/right name.mp4"
    assert list(worker.records(scene)) == [item.rating_key]
    assert worker.dead_letters() == []


def test_a_known_name_of_another_size_hides_no_rename(worker: InProcessHarness) -> None:
    worker.add_item("/media/b/right name.mp4", 77)
    dead_letter(worker)

    rename(worker)
    worker.run_for(LIBRARY_POLL_LATER_S + POLL_S)

    assert worker.item("a/right name.mp4").title == "Scene of /data/a/right name.mp4"


def test_a_dead_letter_costs_one_listing_per_move(worker: InProcessHarness) -> None:
    worker.plex.library.add_items(worker.section, 1_500)
    dead_letter(worker)
    quiet = worker.requests_of(lambda: worker.run_for(3 * LIBRARY_POLL_LATER_S))
    worker.add_item("/media/unrelated.mp4")

    moved = worker.requests_of(lambda: worker.run_for(3 * LIBRARY_POLL_LATER_S))

    assert quiet.count(LISTING) == 0
    assert moved.count(LISTING) == 1 + 2  # added since, and the whole listing once
