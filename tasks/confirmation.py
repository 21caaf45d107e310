"""Lets a task that deletes run twice: the first run says what the second would delete.

Stash's buttons ask nothing, and a double click must not count as two runs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from core.clock import Clock
from validation.state_file import StateFile

FILE_NAME = "confirm.json"
MIN_DELAY_S = 5.0
MAX_DELAY_S = 300.0


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """What the first run announced.

    Attributes:
        task: the task's name; "" if nothing is pending.
        count: how many things it would delete.
        ended_at: when the first run ended, epoch seconds.
    """

    task: str = ""
    count: int = 0
    ended_at: Annotated[float, Field(allow_inf_nan=False)] = 0.0


def is_confirmed(pending: PendingConfirmation, task: str, count: int, started_at: float) -> bool:
    """Return True if a run that started then confirms the first: same task and count, in time.

    Examples:
        >>> first = PendingConfirmation("Clear Queue", 3, ended_at=100.0)
        >>> [is_confirmed(first, "Clear Queue", 3, start) for start in (102.0, 110.0, 500.0)]
        [False, True, False]
    """
    if (pending.task, pending.count) != (task, count):
        return False
    return MIN_DELAY_S <= started_at - pending.ended_at <= MAX_DELAY_S


class Confirmation:
    """Stores what was announced between two runs of a task."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        schema = TypeAdapter(PendingConfirmation)
        self._file = StateFile(data_dir / FILE_NAME, schema, PendingConfirmation, clock)
        self._clock = clock

    def consume(self, task: str, count: int, started_at: float) -> bool:
        """Return True if this run may delete; what was pending is used up either way.

        Raises:
            OSError: the document could not be saved.
        """
        pending = self._file.load()
        self._save(PendingConfirmation())
        return is_confirmed(pending, task, count, started_at)

    def request(self, task: str, count: int) -> None:
        """Store what this run has announced; called at its very end.

        Raises:
            OSError: the document could not be saved.
        """
        self._save(PendingConfirmation(task, count, self._clock.wall()))

    def _save(self, pending: PendingConfirmation) -> None:
        detail = self._file.save(pending)
        if detail:
            raise OSError(f"{FILE_NAME} could not be saved: {detail}")
