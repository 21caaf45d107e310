"""One run: where it is, what it has found so far, and the questions whether there is one and who wants one.

They are small rows of the queue's database, so that a position moves in the transaction that notes its gaps: a
killed run goes on where it was.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciliation.detectors import Gap
from validation.scope import Scope, read_scope

RUN = "reconcile_run"
WISH = "reconcile_wish"

Counts = Mapping[str, int]
_Document = TypeVar("_Document", bound=BaseModel)


class Facts(Protocol):
    """The small facts of the queue's database."""

    def get(self, key: str) -> str: ...

    def set(self, key: str, value: str) -> None: ...


class RunRequest(BaseModel):
    """Somebody pressed a button. `asked_at` (epoch seconds) also names the wish."""

    model_config = ConfigDict(frozen=True)

    scope: str
    asked_at: float


class Run(BaseModel):
    """One run, finished or not.

    Attributes:
        cause: `interval`, `full`, `start` or `task`.
        scope: as `read_scope` takes it.
        started_at, ended_at: epoch seconds; `ended_at` 0 while it runs.
        asked_at: the wish it fulfils, 0 for none.
        after: every scene up to this id has been decided.
        total: how many scenes there were at the beginning.
        checked: scenes decided so far.
        gaps: scenes by kind of gap; a scene may have several.
        fields: by kind of gap, how often which field.
        enqueued: scenes queued by kind; those that waited or had failed already are not among them.
        failed: why it ended early, "" when it did not.
    """

    model_config = ConfigDict(frozen=True)

    cause: str
    scope: str
    started_at: float
    ended_at: float = 0.0
    asked_at: float = 0.0
    after: int = 0
    total: int = 0
    checked: int = 0
    gaps: dict[str, int] = Field(default_factory=dict)
    fields: dict[str, dict[str, int]] = Field(default_factory=dict)
    enqueued: dict[str, int] = Field(default_factory=dict)
    failed: str = ""

    @property
    def read_scope(self) -> Scope:
        """The scope, read again; everything where it makes no sense any more."""
        try:
            return read_scope(self.scope)
        except ValueError:
            return Scope()

    def including(self, gaps: Iterable[Gap], *, queued: bool) -> "Run":
        """The run with one more scene's gaps."""
        found, fields, enqueued = dict(self.gaps), dict(self.fields), dict(self.enqueued)
        for gap in gaps:
            _add(found, gap.kind)
            of_kind = dict(fields.get(gap.kind, {}))
            for name in gap.fields:
                _add(of_kind, name)
            fields.update({gap.kind: of_kind} if of_kind else {})
            if queued:
                _add(enqueued, gap.kind)
        return self.model_copy(update={"gaps": found, "fields": fields, "enqueued": enqueued})

    @property
    def summary(self) -> str:
        """What it came to, for people."""
        seconds = max(0.0, self.ended_at - self.started_at)
        text = f"{self.scope}, {self.checked} scenes in {seconds:.1f} s"
        text += f", gaps: {format_counts(self.gaps)}, queued: {format_counts(self.enqueued)}"
        return f"{text}; it ended early: {self.failed}" if self.failed else text


def format_counts(counts: Counts) -> str:
    """`3 stale, 1 missing`, most first; "none"."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{count} {name}" for name, count in ordered) or "none"


def current_run(facts: Facts) -> Run | None:
    """The run that has begun and not ended; None when there is none."""
    return _read(Run, facts.get(RUN))


def pending_request(facts: Facts) -> RunRequest | None:
    """What somebody asked for and nobody has begun yet."""
    return _read(RunRequest, facts.get(WISH))


def request_run(facts: Facts, scope: Scope, now: float) -> RunRequest:
    """Ask for a run; the newest wish counts."""
    wish = RunRequest(scope=scope.text, asked_at=now)
    facts.set(WISH, wish.model_dump_json())
    return wish


def _read(kind: type[_Document], text: str) -> _Document | None:
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _add(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
