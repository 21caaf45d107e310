"""Deleting takes two runs of the same task, not too close together and not too far apart."""

from pathlib import Path

import pytest

from tasks.confirmation import (
    FILE_NAME,
    MAX_DELAY_S,
    MIN_DELAY_S,
    Confirmation,
    PendingConfirmation,
    is_confirmed,
)
from tests.harness.clocks import FakeClock

ASKED = PendingConfirmation(task="Clear", count=3, ended_at=1_000.0)


@pytest.mark.parametrize(
    ("asked", "task", "count", "after_s", "answer"),
    [
        (ASKED, "Clear", 3, MIN_DELAY_S, True),
        (ASKED, "Clear", 3, MAX_DELAY_S, True),
        (ASKED, "Clear", 3, MIN_DELAY_S - 0.1, False),  # a double click
        (ASKED, "Clear", 3, MAX_DELAY_S + 0.1, False),  # forgotten long ago
        (ASKED, "Clear", 3, -60.0, False),  # the clock was set back
        (ASKED, "Clear", 4, 60.0, False),  # something has changed meanwhile
        (ASKED, "Purge", 3, 60.0, False),  # another button
        (PendingConfirmation(), "Clear", 3, 60.0, False),  # nothing is pending
    ],
)
def test_what_confirms(
    asked: PendingConfirmation, task: str, count: int, after_s: float, answer: bool
) -> None:
    assert is_confirmed(asked, task, count, 1_000.0 + after_s) is answer


def test_the_time_counts_from_the_end_of_the_first_run(tmp_path: Path) -> None:
    clock = FakeClock()
    confirmation = Confirmation(tmp_path, clock)
    clock.advance(100.0)  # the first run took long
    confirmation.request("Clear", 3)

    clock.advance(MIN_DELAY_S)

    assert confirmation.consume("Clear", 3, clock.wall())


def test_a_confirmation_is_used_up(tmp_path: Path) -> None:
    clock = FakeClock()
    confirmation = Confirmation(tmp_path, clock)
    confirmation.request("Clear", 3)
    clock.advance(60.0)

    answers = [confirmation.consume("Clear", 3, clock.wall()) for _ in range(2)]

    assert answers == [True, False]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"task": "Clear", "count": "many"}'])
def test_an_invalid_note_confirms_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)

    assert not Confirmation(tmp_path, FakeClock()).consume("Clear", 3, 0.0)
