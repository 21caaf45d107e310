"""Define the calls that show the state: what is polled, the overview, and past outages."""

from typing import Literal

from page.models.base import Answer

BreakerState = Literal["closed", "open", "half_open"]


class QueueCounts(Answer):
    """The queue at a glance; `next_due_at` is 0 while nothing waits."""

    due: int
    later: int
    running: int
    dead_letters: int
    next_due_at: float


class WorkerState(Answer):
    """The newest worker: its status, and whether it runs."""

    is_running: bool
    version: str
    status: str
    detail: str
    started_at: float


class PlexState(Answer):
    """The circuit breaker. `since`: when it entered its state; `next_probe_at`: the next test."""

    state: BreakerState
    since: float
    reason: str
    next_probe_at: float
    is_slow_start: bool


RunKind = Literal["sync_all", "sync_recent", "force_sync", "reconcile"]


class RunState(Answer):
    """Long work that the worker does for the user.

    Attributes:
        kind: what was asked for.
        asked_at: 0 for a comparison by the schedule.
        is_waiting: the worker has not begun it.
        done, total: scenes looked at so far, and in all; 0 while unknown.
        queued: jobs enqueued so far.
        left: jobs of this run that wait or are in progress.
    """

    kind: RunKind
    asked_at: float
    is_waiting: bool
    done: int
    total: int
    queued: int
    left: int


class Snapshot(Answer):
    """What the page polls. `queue` is None while the database cannot be read.

    `run` is None where the worker does no long work for the user.
    """

    version: str
    at: float
    queue: QueueCounts | None
    worker: WorkerState
    plex: PlexState
    run: RunState | None


class Tally(Answer):
    """Jobs of one hour or day: when it began, synced and failed jobs."""

    at: float
    synced: int
    failed: int


class Problem(Answer):
    """Something that needs the user: state and consequence, what to do, and where on the page.

    `tab`: `settings`, `queue`, `dead_letters`, `outages`, `reconciliation` or `tools`; "" for none.
    """

    level: Literal["warning", "error"]
    at: float
    text: str
    action: str
    tab: str


class FirstRun(Answer):
    """Which of the four steps of a first run are done; a step counts as done from then on."""

    is_connected: bool
    has_libraries: bool
    has_paths: bool
    has_dry_run: bool


class OverviewAnswer(Answer):
    """The overview beside the snapshot.

    Attributes:
        today: jobs since midnight UTC.
        hours: the last 24 hours, oldest first, hours without a job left out.
        days: the last 30 days, oldest first, days without a job left out.
        backlog_s: seconds until what is due now is done at the usual pace; None if unknown.
        slow_start_until: 0 outside a slow start.
        reachable_since: since when Plex answers; 0 if unknown or not reachable.
        problems: newest first, 10 at most.
        first_run: None once all steps are done.
    """

    today: Tally
    hours: tuple[Tally, ...]
    days: tuple[Tally, ...]
    backlog_s: float | None
    slow_start_until: float
    reachable_since: float
    problems: tuple[Problem, ...]
    first_run: FirstRun | None


class OutageRow(Answer):
    """One outage; `end` is 0 while it lasts."""

    start: float
    end: float
    cause: str
    error: str
    jobs: int
    how: str
    is_refused: bool


class OutagesAnswer(Answer):
    """The last 30 outages, newest first, and their metrics; None where one cannot be said."""

    outages: tuple[OutageRow, ...]
    mtbf_s: float | None
    mttr_s: float | None
    availability: float | None
    refused: int
    recoverable: dict[str, int]
    """Dead letters that *recover* would put back, by class: `down`, `temporary`."""
