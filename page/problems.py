"""Find what needs the user: state and consequence, what to do, and where on the page. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.text import are_not_set, pluralize
from page.models.state import Problem
from page.reasons import reason_text
from stash.versions import parse_version, version_advice
from worker.reporting.batch_summary import BATCH
from worker.reporting.job_log import BACK, GONE, REFUSED
from worker.reporting.log_alerts import ALERT
from worker.resilience.breaker import BreakerStatus, CircuitState

MAX_PROBLEMS = 10
# Ids of the page's tabs.
SETTINGS, DEAD_LETTERS, OUTAGES = "settings", "dead_letters", "outages"
RECONCILIATION, TOOLS, QUEUE = "reconciliation", "tools", "queue"
# Notices by the beginning of their class, and where the user can do something about them.
_TABS = (
    (f"{ALERT}library.missing", SETTINGS),
    (f"{ALERT}paths.", SETTINGS),
    ("scan_nowhere", SETTINGS),
    (f"{ALERT}reconcile.", RECONCILIATION),
    (ALERT, TOOLS),
    ("state:", TOOLS),
)
# What these say is said better by what the page reads itself.
_OWN = ("settings", "setting:", BATCH, GONE, REFUSED, BACK, "dead:")

Notice = tuple[str, str, str, float]
"""Class, level, text and time, as `Notices.newest` returns them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What problems are found in. Times are epoch seconds.

    Attributes:
        stash_version: Stash's version in its own words; "" if Stash did not say.
        missing: display names of required settings that are not set; () if Stash did not say.
        warnings: one line for each stored value that cannot be used.
        is_enabled: the setting *Enabled*; True if Stash did not say.
        due: jobs that are due.
        is_worker_running: a worker holds the lease.
        breaker: the circuit breaker.
        dead_letters: error class, how many, when the newest failed; newest first.
        notices: the newest notices, newest first.
        now: the time.
    """

    stash_version: str
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    is_enabled: bool
    due: int
    is_worker_running: bool
    breaker: CircuitState
    dead_letters: Sequence[tuple[str, int, float]]
    notices: Sequence[Notice]
    now: float


def find_problems(facts: Facts) -> tuple[Problem, ...]:
    """Return the newest problems, newest first; what holds at this moment is as new as can be."""
    found = [*_stash(facts), *_settings(facts), *_plex(facts), *_worker(facts)]
    found += map(_dead_letters, facts.dead_letters)
    found += _notices(facts.notices)
    found.sort(key=lambda problem: -problem.at)
    return tuple(found[:MAX_PROBLEMS])


def _stash(facts: Facts) -> Iterable[Problem]:
    # A build of Stash without a number is its user's own: the health check says so once.
    if parse_version(facts.stash_version) and (advice := version_advice(facts.stash_version)):
        yield _problem("warning", facts.now, advice, "", TOOLS)


def _settings(facts: Facts) -> Iterable[Problem]:
    if facts.missing:
        yield _problem(
            "error",
            facts.now,
            f"PlexSync is paused: {are_not_set(facts.missing)}. Edits stay queued.",
            "Set them in the settings.",
            SETTINGS,
        )
    elif not facts.is_enabled:
        yield _problem(
            "warning",
            facts.now,
            "PlexSync is switched off: it writes nothing, and edits stay queued.",
            "Switch Enabled on in the settings.",
            SETTINGS,
        )
    for warning in facts.warnings:
        yield _problem("warning", facts.now, f"{warning}.", "Correct it in the settings.", SETTINGS)


def _plex(facts: Facts) -> Iterable[Problem]:
    breaker = facts.breaker
    if breaker.state is BreakerStatus.CLOSED:
        return
    if breaker.refused:
        text = f"Plex denies PlexSync access; every change stays queued. ({breaker.reason})"
        action = "Check the Plex URL, the Plex token and the Plex libraries in the settings."
        yield _problem("error", breaker.since, text, action, SETTINGS)
        return
    text = f"PlexSync cannot reach Plex; changes stay queued. ({breaker.reason})"
    action = "Start Plex, or check its address. PlexSync tries again by itself."
    yield _problem("error", breaker.since, text, action, OUTAGES)


def _worker(facts: Facts) -> Iterable[Problem]:
    if facts.due and not facts.is_worker_running:
        text = f"No worker is running; {pluralize(facts.due, 'due job')} not processed."
        yield _problem(
            "warning",
            facts.now,
            text,
            "Reload the page, which starts a worker. If this stays, look at the log.",
            TOOLS,
        )


def _dead_letters(row: tuple[str, int, float]) -> Problem:
    reason, count, at = row
    words = reason_text(reason)
    text = f"{pluralize(count, 'job')} failed for good: {words.label}"
    return _problem("error", at, text, words.action, DEAD_LETTERS)


def _notices(notices: Iterable[Notice]) -> Iterable[Problem]:
    for kind, level, text, at in notices:
        if kind.startswith(_OWN) or level not in ("warning", "error"):
            continue
        tab = next((tab for begin, tab in _TABS if kind.startswith(begin)), "")
        yield _problem("error" if level == "error" else "warning", at, text, "", tab)


def _problem(
    level: Literal["warning", "error"], at: float, text: str, action: str, tab: str
) -> Problem:
    return Problem(level=level, at=at, text=text, action=action, tab=tab)
