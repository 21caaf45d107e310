"""docs/troubleshoot.md explains every log event and reason, and lists renamed ones."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from core.errors import (
    RENAMED_ERRORS,
    SceneDeleted,
    SceneHasNoFile,
    error_classes,
)
from core.outcome import Disposition
from tests.harness.sources import nodes, shipped
from worker.reporting.job_log import EVENTS
from worker.reporting.log_alerts import TEXTS

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = (PROJECT / "docs" / "troubleshoot.md").read_text(encoding="utf-8")
_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
_LOG = re.compile(r"(.*\.)?_?log")
_LEVELS = {"debug", "info", "warning", "error"}
LEAVES = [
    error
    for error in error_classes()
    if error.__module__ == "core.errors" and not error.__subclasses__()
]
# A job that ends so has neither waited nor failed.
DONE = (SceneDeleted, SceneHasNoFile)
# Warnings that another module turns into a notice.
REPORTED_ELSEWHERE = {
    "breaker.transition",
    "database.repaired",
    "database.failed",
    "library_rules.unknown",
    "plex.scan_unmapped",
    "settings.invalid",
    "settings.missing",
    "state.corrupt",
    "sync.claimed",
    "sync.part_failed",
    "token.not_moved",
    "value.suspended",
    "verify.dropped",
    "worker.crashed",
}
# The first could not be delivered, the second has no consequence.
NOT_REPORTED = {"notice.undelivered", "settings.defaults_failed"}
# What the alert adds to the facts of the event.
ADDED_FACTS = {"lost"}


@cache
def log_calls() -> tuple[tuple[str, ast.Call], ...]:
    """Return place and call of every event log call: `log.info(...)`, `self._log.debug(...)`."""
    return tuple(
        (f"{path.relative_to(PROJECT)}:{node.lineno}", node)
        for path in shipped()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _LEVELS
        and _LOG.fullmatch(ast.unparse(node.func.value))
    )


def texts_in(node: ast.expr) -> list[str]:
    """Return every string literal in an expression, e.g. in both arms of an `if`."""
    constants = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [text for text in constants if isinstance(text, str)]


def logged_events() -> set[str]:
    """Return every event name that the code can write, without those of a job's disposition."""
    return {text for _, call in log_calls() for text in texts_in(call.args[0])}


def test_every_log_call_has_a_readable_event_name() -> None:
    unreadable = [
        place
        for place, call in log_calls()
        if not (texts := texts_in(call.args[0])) or not all(map(_EVENT.fullmatch, texts))
    ]

    assert unreadable == []
    assert {"sync.claimed", "step.match", "slow_start.resumed", "worker.crashed"} <= logged_events()


def test_every_event_of_the_log_is_explained() -> None:
    assert [event for event in sorted(logged_events()) if f"`{event}`" not in PAGE] == []


def test_every_warning_reaches_stashs_log_or_has_a_reason() -> None:
    loud = {
        text
        for _, call in log_calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("warning", "error")
        for text in texts_in(call.args[0])
    }

    assert loud == set(TEXTS) | REPORTED_ELSEWHERE | NOT_REPORTED


@pytest.mark.parametrize("event", sorted(TEXTS))
def test_every_warning_has_the_facts_of_its_text(event: str) -> None:
    named = {name for _, name, _, _ in Formatter().parse(TEXTS[event]) if name} - ADDED_FACTS
    calls = [call for _, call in log_calls() if event in texts_in(call.args[0])]

    assert calls
    assert all(named <= {str(keyword.arg) for keyword in call.keywords} for call in calls)


def test_every_disposition_of_a_job_is_explained() -> None:
    rows = [f"| `{EVENTS[disposition]}` |" for disposition in Disposition]

    assert [row for row in rows if row not in PAGE] == []


def test_every_class_of_error_is_explained() -> None:
    waiting = [error for error in LEAVES if error not in DONE]

    assert waiting
    assert [error for error in waiting if f"`{error.__name__}`" not in PAGE] == []


def test_every_renamed_class_of_error_is_listed() -> None:
    rows = [f"| `{old}` | `{new}` |" for old, new in RENAMED_ERRORS.items()]

    assert rows
    assert [row for row in rows if row not in PAGE] == []
