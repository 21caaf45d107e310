"""What the worker warns of in its own log is heard by people, once per kind and hour."""

import ast
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from tests.unit.test_layers import shipped
from tests.unit.worker.rig import Rig
from worker.reporting.log_alerts import TEXTS, UNKNOWN


def facts_of(text: str) -> set[str]:
    """The facts that a text names."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def warnings_in(path: Path) -> Iterator[tuple[str, set[str]]]:
    """(event, names of its facts) of each warning and error that a module writes to the log."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="warning" | "error"), args=[ast.Constant(value=str(event))]
            ):
                yield event, {keyword.arg for keyword in node.keywords if keyword.arg}


def test_a_failed_save_of_the_statistics_is_a_notice(rig: Rig) -> None:
    (rig.data_dir / "stats.json").mkdir()
    rig.note(rig.scene("a"))
    rig.turn()
    rig.turn(2.0)
    rig.turn()

    assert rig.notices()["trouble:state.save_failed:stats.json"].startswith(
        "stats.json could not be saved: "
    )
    assert any(line.startswith("state.save_failed") for line in rig.lines)


def test_a_warning_within_a_transaction_disturbs_nothing(rig: Rig) -> None:
    with rig.worker.components.store.transaction() as connection:
        rig.log.warning("backup.failed", detail="no space")
        assert isinstance(connection, sqlite3.Connection)

    rig.turn()

    assert "no space" in rig.notices()["trouble:backup.failed"]


@pytest.mark.parametrize("event", TEXTS)
def test_every_text_says_what_happened_in_one_short_line(rig: Rig, event: str) -> None:
    facts = dict.fromkeys(facts_of(TEXTS[event]), "this")
    rig.log.warning(event, **facts)
    rig.turn()

    text = rig.notices()[f"trouble:{event}" + (":this" if "file" in facts else "")]
    assert "{" not in text
    assert UNKNOWN not in text
    assert len(text.splitlines()) == 1


def test_a_warning_without_a_fact_of_its_text_stops_nobody(rig: Rig) -> None:
    rig.log.warning("plex.scan_failed", detail="the reason")
    rig.turn()

    assert (
        f"scan {UNKNOWN} for a new scene: the reason" in rig.notices()["trouble:plex.scan_failed"]
    )


def test_whoever_warns_gives_the_facts_that_the_text_names() -> None:
    told = [
        (event, facts) for path in shipped() for event, facts in warnings_in(path) if event in TEXTS
    ]

    assert {event for event, _ in told} == set(TEXTS)
    # The alert adds what is lost by a failed save.
    assert [
        (event, facts) for event, facts in told if not facts_of(TEXTS[event]) - {"lost"} <= facts
    ] == []
