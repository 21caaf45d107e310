"""docs/troubleshoot.md is found by event name and by reason, so it must know all of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from core.errors import PlexSyncError, SceneDeleted, SceneHasNoFile, error_classes
from core.outcome import Disposition
from tests.unit.test_layers import shipped
from worker.reporting.log_alerts import NOT_WORTH_TELLING, TEXTS, TOLD_BY_OTHERS

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
DONE = (SceneDeleted, SceneHasNoFile)  # a job that ends so has neither waited nor failed


def log_calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of an event log, whatever it is kept in: `log.info(...)`, `self._p.log.debug(...)`."""
    for path in shipped():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if (
                is_call
                and node.func.attr in _LEVELS
                and _LOG.fullmatch(ast.unparse(node.func.value))
            ):
                yield f"{path.relative_to(PROJECT)}:{node.lineno}", node


def texts_in(node: ast.expr) -> list[str]:
    """Every text that is written out anywhere in an expression, e.g. in both arms of an `if`."""
    found = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [text for text in found if isinstance(text, str)]


def logged_events() -> set[str]:
    """Every event name that the code can write, beside those of a job's fates."""
    return {text for _, call in log_calls() for text in texts_in(call.args[0])}


def test_every_log_call_has_a_readable_event_name() -> None:
    unreadable = [
        place
        for place, call in log_calls()
        if not (texts := texts_in(call.args[0])) or not all(map(_EVENT.fullmatch, texts))
    ]

    assert unreadable == []
    assert {"sync.claimed", "step.match", "slow_start.resumed", "worker.crashed"} <= logged_events()


@pytest.mark.parametrize("event", sorted(logged_events()))
def test_every_event_of_the_log_is_explained(event: str) -> None:
    assert f"`{event}`" in PAGE


def test_every_warning_reaches_stashs_log_or_has_a_reason() -> None:
    loud = {
        text
        for _, call in log_calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("warning", "error")
        for text in texts_in(call.args[0])
    }

    assert loud == set(TEXTS) | TOLD_BY_OTHERS | NOT_WORTH_TELLING


@pytest.mark.parametrize("event", sorted(TEXTS))
def test_every_warning_carries_the_facts_that_its_text_tells(event: str) -> None:
    told = {name for _, name, _, _ in Formatter().parse(TEXTS[event]) if name}
    calls = [call for _, call in log_calls() if event in texts_in(call.args[0])]

    assert calls
    assert all(told <= {str(keyword.arg) for keyword in call.keywords} for call in calls)


@pytest.mark.parametrize("fate", Disposition)
def test_every_fate_of_a_job_is_explained(fate: Disposition) -> None:
    assert f"`sync.{fate.value}`" in PAGE


@pytest.mark.parametrize("error", LEAVES)
def test_every_class_of_error_is_explained(error: type[PlexSyncError]) -> None:
    assert error in DONE or f"`{error.__name__}`" in PAGE
