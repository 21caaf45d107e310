"""Warnings of the worker's own log become notices, once per event and hour."""

import ast
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from tests.harness.in_process import InProcessHarness
from tests.harness.plugin_copy import ROOT
from tools.layout import shipped_modules
from worker.reporting.log_alerts import TEXTS, UNKNOWN


def facts_of(text: str) -> set[str]:
    """Return the facts that a text names."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def warnings_in(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield (event, names of its facts) of each warning and error that a module logs."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="warning" | "error"), args=[ast.Constant(value=str(event))]
            ):
                yield event, {keyword.arg for keyword in node.keywords if keyword.arg}


def test_a_failed_save_of_the_statistics_is_a_notice(worker: InProcessHarness) -> None:
    (worker.data / "stats.json").mkdir()
    worker.enqueue(worker.titled_scene("a"))
    worker.run_once()
    worker.run_once(2.0)
    worker.run_once()

    assert worker.notices()["trouble:state.save_failed:stats.json"].startswith(
        "stats.json could not be saved: "
    )
    assert any(line.startswith("state.save_failed") for line in worker.lines)


def test_a_warning_within_a_transaction_disturbs_nothing(worker: InProcessHarness) -> None:
    with worker.store.transaction() as connection:
        worker.log.warning("backup.failed", detail="no space")
        assert isinstance(connection, sqlite3.Connection)

    worker.run_once()

    assert "no space" in worker.notices()["trouble:backup.failed"]


@pytest.mark.parametrize("event", TEXTS)
def test_every_text_says_what_happened_in_one_short_line(
    worker: InProcessHarness, event: str
) -> None:
    facts = dict.fromkeys(facts_of(TEXTS[event]), "this")
    worker.log.warning(event, **facts)
    worker.run_once()

    text = worker.notices()[f"trouble:{event}"]
    assert "{" not in text
    assert UNKNOWN not in text
    assert len(text.splitlines()) == 1


def test_a_warning_without_a_fact_of_its_text_does_no_harm(worker: InProcessHarness) -> None:
    worker.log.warning("plex.scan_failed", detail="the reason")
    worker.run_once()

    assert (
        f"scan {UNKNOWN} for a new scene: the reason"
        in worker.notices()["trouble:plex.scan_failed"]
    )


def test_every_warning_has_the_facts_that_its_text_names() -> None:
    warnings = [
        (event, facts)
        for path in shipped_modules(ROOT)
        for event, facts in warnings_in(path)
        if event in TEXTS
    ]

    assert {event for event, _ in warnings} == set(TEXTS)
    # The alert adds what is lost by a failed save.
    assert [
        (event, facts)
        for event, facts in warnings
        if not facts_of(TEXTS[event]) - {"lost"} <= facts
    ] == []
