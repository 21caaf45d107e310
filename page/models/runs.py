"""Define the calls about long work: reconciliation, syncs, dry runs, statistics and the log."""

from typing import Literal

from pydantic import Field

from page.models.base import Answer, Arguments, Page
from page.models.state import RunKind


class ReconciliationRow(Answer):
    """One run that has ended.

    Attributes:
        cause: why it ran: `interval`, `full`, `start` or `task`.
        scope: which scenes were compared.
        gaps: scenes by kind of gap; `queued`: those that were enqueued.
        failed: why it ended early, "" when it did not.
    """

    cause: str
    scope: str
    started_at: float
    ended_at: float
    checked: int
    total: int
    gaps: dict[str, int]
    queued: dict[str, int]
    failed: str


class GapKind(Answer):
    """A kind of gap and what it means."""

    kind: str
    meaning: str


class ReconciliationAnswer(Answer):
    """The last 30 runs, newest first; the next one.

    Attributes:
        interval: the setting: never, hourly, daily or weekly.
        next_at: when the next run is due, 0 for never.
    """

    runs: tuple[ReconciliationRow, ...]
    kinds: tuple[GapKind, ...]
    interval: str
    next_at: float


class StartReconciliation(Arguments):
    """`scope` as in the setting *Reconcile scope*: all, 24h, 7days, days or `library NAME`."""

    scope: str = Field(max_length=500)


class StartSync(Arguments):
    """Which scenes are enqueued."""

    kind: Literal["sync_all", "sync_recent", "force_sync"]


class CancelRun(Arguments):
    """End a run: waiting jobs that only this run caused are deleted; see `Confirmed`.

    Jobs with another cause, and those in progress, continue. A cancelled reconciliation keeps what
    it has enqueued, so its `count` is 0. A sync that still enqueues ends with the first `confirm`,
    also where more jobs wait by then than it names; these are deleted by the next.
    """

    kind: RunKind
    confirm: int | None = None


class ListDryRun(Page):
    """Which rows of the newest dry run are wanted: all, or those of one kind or field."""

    limit: int = Field(default=50, ge=1, le=5_000)
    """More than in other lists, so that an export needs few calls."""
    kind: str = Field(default="", max_length=100)
    field: str = Field(default="", max_length=100)


class DryRunChange(Answer):
    """One field that would be written: its label, and the value as text."""

    field: str
    label: str
    value: str


class DryRunRow(Answer):
    """One scene that would change; `kind` is the kind of gap, "write" for a sync's dry run."""

    scene: int
    title: str
    kind: str
    evidence: str
    changes: tuple[DryRunChange, ...]


class LeftOut(Answer):
    """How many scenes the settings exclude for one reason; `text` continues "scenes ..."."""

    reason: str
    text: str
    count: int


class DryRunAnswer(Answer):
    """The newest dry run, which is deleted after a day.

    Attributes:
        at: when it ran, 0 where there is none.
        what: `sync` or `reconcile`, "" where there is none.
        checked: how many scenes were looked at.
        kinds, fields: how many rows have each.
        left_out: scenes that the settings exclude, the most frequent reason first.
        total: how many rows match.
    """

    at: float
    what: Literal["", "sync", "reconcile"]
    checked: int
    kinds: dict[str, int]
    fields: dict[str, int]
    left_out: tuple[LeftOut, ...]
    total: int
    rows: tuple[DryRunRow, ...]


class StepTime(Answer):
    """The newest times of one step in seconds."""

    step: str
    count: int
    average: float
    p50: float
    p95: float


class StatisticsAnswer(Answer):
    """What was counted since the last reset (`since`)."""

    since: float
    outcomes: dict[str, int]
    errors: dict[str, int]
    fields: dict[str, int]
    confidence: dict[str, int]
    steps: tuple[StepTime, ...]
    requests_per_job: dict[str, float]


class ReadLog(Arguments):
    """How many lines of the worker's log are wanted at most, from which level on."""

    lines: int = Field(default=200, ge=1, le=1_000)
    level: Literal["debug", "info", "warning", "error"] = "info"


class LogLine(Answer):
    """One line of the log; `level` "" where it has none (the rest of a trace)."""

    level: str
    text: str


class LogAnswer(Answer):
    """The newest lines, oldest first."""

    lines: tuple[LogLine, ...]


class SupportBundle(Answer):
    """One text for a report: no secrets, no paths, titles, names or addresses."""

    text: str
