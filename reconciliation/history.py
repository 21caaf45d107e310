"""The last runs, in `data/reconciliation.json`."""

from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.files import JsonFile
from reconciliation.run import Run
from validation.scope import Scope

FILE_NAME = "reconciliation.json"
KEPT_RUNS = 30


class History(BaseModel):
    """The newest runs that have ended, newest first. `full_at`: when the last one over everything began."""

    model_config = ConfigDict(frozen=True)

    runs: tuple[Run, ...] = ()
    full_at: float = 0.0

    def including(self, run: Run) -> "History":
        """With one more run; the same run twice is one."""
        others = tuple(one for one in self.runs if one.started_at != run.started_at)
        full_at = run.started_at if run.read_scope.is_full and not run.failed else self.full_at
        return History(runs=(run, *others)[:KEPT_RUNS], full_at=full_at)

    def last_covering(self, scope: Scope) -> float:
        """When the newest run began that looked at all of `scope`, failed ones included; 0 when there is none."""
        began = (run.started_at for run in self.runs if run.read_scope.covers(scope))
        return max([*began, self.full_at])

    @property
    def last(self) -> float:
        """When the newest run ended; 0 when there is none."""
        return max([run.ended_at for run in self.runs], default=0.0)


class HistoryFile:
    """Keeps the history. A corrupt file is set aside: then no run is known."""

    def __init__(self, data_dir: Path, sleep: Callable[[float], None]) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, sleep)

    def load(self) -> tuple[History, str]:
        """The history, and a warning when a corrupt file was set aside."""
        try:
            history = History.model_validate(self._file.read() or {})
        except ValidationError:
            self._file.quarantine()
            history = History()
        aside, self._file.quarantined_as = self._file.quarantined_as, None
        if aside is None:
            return history, ""
        return (
            history,
            f"{FILE_NAME} made no sense and was set aside as {aside.name}; past runs are forgotten.",
        )

    def save(self, history: History) -> str:
        """Write it; why that failed, "" when it did not."""
        try:
            self._file.write(history.model_dump(mode="json"))
        except (OSError, TimeoutError) as error:
            return str(error)
        return ""
