"""Keep the last runs in `data/reconciliation.json`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from core.clock import Clock
from reconciliation.run import Run
from validation.scope import Scope
from validation.state_file import StateFile

FILE_NAME = "reconciliation.json"
KEPT_RUNS = 30


class History(BaseModel):
    """The newest runs that have ended, newest first.

    `full_at`: when the last complete run over every scene began, epoch seconds; 0 for none.
    """

    model_config = ConfigDict(frozen=True)

    runs: tuple[Run, ...] = ()
    full_at: float = 0.0

    def including(self, run: Run) -> "History":
        """Return the history with one more run; the same run twice counts once."""
        others = tuple(other for other in self.runs if other.started_at != run.started_at)
        full_at = run.started_at if run.read_scope.is_full and not run.failed else self.full_at
        return History(runs=(run, *others)[:KEPT_RUNS], full_at=full_at)

    def last_covering(self, scope: Scope) -> float:
        """Return when the newest run over all of `scope` began, failed or not; 0 for none."""
        began = [run.started_at for run in self.runs if run.read_scope.covers(scope)]
        return max([*began, self.full_at])

    @property
    def last(self) -> float:
        """Return when the newest run ended, epoch seconds; 0 for none."""
        return max([run.ended_at for run in self.runs], default=0.0)


class HistoryFile:
    """Keeps the history. A corrupt file is quarantined; then no run is known."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        path = data_dir / FILE_NAME
        self._file = StateFile(path, TypeAdapter(History), History, clock)

    def load(self) -> tuple[History, str]:
        """Return the history, and a warning when a corrupt file was quarantined, else ""."""
        history, warning = self._file.load(), self._file.warning
        if warning:
            warning += " PlexSync no longer knows past runs of the reconciliation."
        return history, warning

    def save(self, history: History) -> str:
        """Write the history; return "" or why it could not be saved. Never raise."""
        return self._file.save(history)
