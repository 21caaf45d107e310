"""The last runs, in `data/reconciliation.json`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from core.clock import Clock
from reconciliation.run import Run
from validation.scope import Scope
from validation.state_file import StateFile

FILE_NAME = "reconciliation.json"
KEPT_RUNS = 30


class History(BaseModel):
    """The newest runs that have ended, newest first. `full_at`: when the last one over everything
    began.
    """

    model_config = ConfigDict(frozen=True)

    runs: tuple[Run, ...] = ()
    full_at: float = 0.0

    def including(self, run: Run) -> "History":
        """With one more run; the same run twice is one."""
        others = tuple(one for one in self.runs if one.started_at != run.started_at)
        full_at = run.started_at if run.read_scope.is_full and not run.failed else self.full_at
        return History(runs=(run, *others)[:KEPT_RUNS], full_at=full_at)

    def last_covering(self, scope: Scope) -> float:
        """When the newest run began that looked at all of `scope`, failed ones included; 0 when
        there is none.
        """
        began = (run.started_at for run in self.runs if run.read_scope.covers(scope))
        return max([*began, self.full_at])

    @property
    def last(self) -> float:
        """When the newest run ended; 0 when there is none."""
        return max([run.ended_at for run in self.runs], default=0.0)


class HistoryFile:
    """Loads and saves the history. After a corrupt file no run is known."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        path = data_dir / FILE_NAME
        self._file = StateFile(path, TypeAdapter(History), History, clock)

    def load(self) -> tuple[History, str]:
        """Return the history and a warning for users, "" unless the file was corrupt."""
        return self._file.load(), self._file.warning

    def save(self, history: History) -> str:
        """Write the history; return "" or why it could not be saved."""
        detail = self._file.save(history)
        return f"{FILE_NAME} could not be saved: {detail}" if detail else ""
