"""Deleting takes two runs: the first says what would be deleted, the second does it.

Stash's buttons ask nothing, and a double click must not count as two runs.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.clock import Clock
from core.files import JsonFile

FILE_NAME = "confirm.json"
MIN_DELAY_S = 5.0
MAX_DELAY_S = 300.0


class PendingConfirmation(BaseModel):
    """What the first run said. `ended_at` is epoch seconds."""

    model_config = ConfigDict(frozen=True)

    task: str
    count: int
    ended_at: float


def is_confirmed(
    asked: PendingConfirmation | None, task: str, count: int, started_at: float
) -> bool:
    """Whether a run that started now confirms the one before: same task, same count, not too soon or late."""
    if asked is None or (asked.task, asked.count) != (task, count):
        return False
    return MIN_DELAY_S <= started_at - asked.ended_at <= MAX_DELAY_S


class Confirmation:
    """Remembers what was asked between two runs of a task."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._clock = clock

    def consume(self, task: str, count: int, started_at: float) -> bool:
        """Whether this run may delete. What was asked before is used up either way."""
        try:
            asked = PendingConfirmation.model_validate(self._file.read())
        except ValidationError:
            asked = None
        answer = is_confirmed(asked, task, count, started_at)
        self._file.write({})
        return answer

    def request(self, task: str, count: int) -> None:
        """This run has said what would be deleted; called at its very end."""
        self._file.write(
            PendingConfirmation(task=task, count=count, ended_at=self._clock.wall()).model_dump()
        )
