"""Describe one run: how far it is, what it has found, and whether one is requested.

Runs and requests are rows of the queue's database, so that a position moves in the transaction that
enqueues its gaps: a killed run continues where it was.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.text import join_counts
from reconciliation.detectors import Gap
from sync.filters import Exclusion
from sync_queue import statements as sql
from sync_queue.meta import MetaStore
from sync_queue.store import JobStore
from validation.scope import Scope, read_scope

# Keys of meta rows; stored, so they stay as they are.
RUN = sql.RECONCILE_RUN
REQUEST = sql.RECONCILE_REQUEST
CANCEL = sql.RECONCILE_CANCEL
CANCELLED = "cancelled by the user"

Counts = Mapping[str, int]
_Document = TypeVar("_Document", bound=BaseModel)


class RunRequest(BaseModel):
    """The user's request for a run. `asked_at` (epoch seconds) also identifies the request."""

    model_config = ConfigDict(frozen=True)

    scope: str
    asked_at: float


class Run(BaseModel):
    """One run, finished or not.

    Attributes:
        cause: `interval`, `full`, `start` or `task`.
        scope: as `read_scope` reads it.
        started_at, ended_at: epoch seconds; `ended_at` 0 while it runs.
        asked_at: the request it answers, 0 for none.
        cursor: every scene up to this id has been decided; stored as `after`.
        total: how many scenes there were at the beginning.
        checked: scenes decided so far.
        gaps: scenes by kind of gap; a scene may have several.
        fields: by kind of gap, how often which field.
        enqueued: scenes enqueued by kind; those that were queued or had failed before are left out.
        left_out: scenes that the settings exclude, by the value of `ExclusionReason`.
        failed: why it ended early, "" when it did not.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    cause: str
    scope: str
    started_at: float
    ended_at: float = 0.0
    asked_at: float = 0.0
    cursor: int = Field(default=0, alias="after")
    total: int = 0
    checked: int = 0
    gaps: dict[str, int] = Field(default_factory=dict)
    fields: dict[str, dict[str, int]] = Field(default_factory=dict)
    enqueued: dict[str, int] = Field(default_factory=dict)
    left_out: dict[str, int] = Field(default_factory=dict)
    failed: str = ""

    @property
    def read_scope(self) -> Scope:
        """Return the scope; every scene if the stored text is no longer valid."""
        try:
            return read_scope(self.scope)
        except ValueError:
            return Scope()

    def including(self, gaps: Iterable[Gap], *, is_enqueued: bool) -> "Run":
        """Return the run with one more scene's gaps."""
        counts, enqueued = dict(self.gaps), dict(self.enqueued)
        fields = {kind: dict(names) for kind, names in self.fields.items()}
        for gap in gaps:
            _add(counts, gap.kind)
            if is_enqueued:
                _add(enqueued, gap.kind)
            for name in gap.fields:
                _add(fields.setdefault(gap.kind, {}), name)
        return self.model_copy(update={"gaps": counts, "fields": fields, "enqueued": enqueued})

    def leaving_out(self, exclusion: Exclusion | None) -> "Run":
        """Return the run with one more scene that the settings exclude; the same run for None."""
        if exclusion is None:
            return self
        counts = dict(self.left_out)
        _add(counts, exclusion.reason.value)
        return self.model_copy(update={"left_out": counts})

    def stored_text(self) -> str:
        """Return the run as it is stored."""
        return self.model_dump_json(by_alias=True)

    @property
    def summary(self) -> str:
        """Return what the run has found, for the user."""
        seconds = max(0.0, self.ended_at - self.started_at)
        text = f"{self.scope}, {self.checked} scenes in {seconds:.1f} s"
        text += (
            f", gaps: {format_gap_counts(self.gaps)}, queued: {format_gap_counts(self.enqueued)}"
        )
        return f"{text}; it ended early: {self.failed}" if self.failed else text


def format_gap_counts(counts: Counts) -> str:
    """Return the counts as text, highest first.

    Examples:
        >>> format_gap_counts({"missing": 1, "stale": 3}), format_gap_counts({})
        ('3 stale, 1 missing', 'none')
    """
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return join_counts(dict(ordered)) or "none"


def current_run(meta: MetaStore) -> Run | None:
    """Return the run that has begun and not ended; None when there is none."""
    return _read(Run, meta.get(RUN))


def pending_request(meta: MetaStore) -> RunRequest | None:
    """Return the request that no run answers yet; None when there is none."""
    return _read(RunRequest, meta.get(REQUEST))


def request_run(meta: MetaStore, scope: Scope, now: float) -> RunRequest:
    """Request a run; only the newest request counts."""
    request = RunRequest(scope=scope.text, asked_at=now)
    meta.set(REQUEST, request.model_dump_json())
    return request


def cancel_run(store: JobStore) -> bool:
    """End the requested and the current run; return False if there was neither.

    The worker ends a run that has begun, before its next step; what it has enqueued stays.
    """
    facts = MetaStore(store)
    with store.transaction() as connection:
        run, was_requested = current_run(facts), pending_request(facts) is not None
        connection.execute(sql.SET_META, {"key": REQUEST, "value": ""})
        if run is not None:
            connection.execute(sql.SET_META, {"key": CANCEL, "value": repr(run.started_at)})
    return run is not None or was_requested


def is_cancelled(meta: MetaStore, run: Run) -> bool:
    """Return True if the user has asked to end this run."""
    return meta.get(CANCEL) == repr(run.started_at)


def _read(kind: type[_Document], text: str) -> _Document | None:
    """Return the stored document; None for "" and for a corrupt one."""
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _add(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
