"""docs/troubleshoot.md is found by event name and by reason, so it must know all of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import NoFile, PlexSyncError, SceneGone, error_classes
from core.outcome import Fate

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = (PROJECT / "docs" / "troubleshoot.md").read_text(encoding="utf-8")
_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
_LEVELS = {"info", "warning", "error"}
LEAVES = [error for error in error_classes() if error.__module__ == "core.errors" and not error.__subclasses__()]
DONE = (SceneGone, NoFile)  # a job that ends so has neither waited nor failed


def logged_events() -> Iterator[str]:
    """Every event name that is written out in a call of a log."""
    for path in [*PROJECT.glob("*.py"), *PROJECT.glob("worker/*.py"), *PROJECT.glob("reconciliation/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and _EVENT.fullmatch(first.value):
                    yield first.value


@pytest.mark.parametrize("event", sorted(set(logged_events())))
def test_every_event_of_the_log_is_explained(event: str) -> None:
    assert f"`{event}`" in PAGE


@pytest.mark.parametrize("fate", Fate)
def test_every_fate_of_a_job_is_explained(fate: Fate) -> None:
    assert f"`sync.{fate.value}`" in PAGE


@pytest.mark.parametrize("error", LEAVES)
def test_every_class_of_error_is_explained(error: type[PlexSyncError]) -> None:
    assert error in DONE or f"`{error.__name__}`" in PAGE
