"""What the worker warns of in its own log is heard by people, once per kind and hour."""

import sqlite3

import pytest

from tests.unit.worker.rig import Rig
from worker.troubles import TEXTS


def test_a_disk_that_does_not_take_the_statistics_is_told_in_stashs_log(rig: Rig) -> None:
    (rig.data_dir / "stats.json").mkdir()
    rig.note(rig.scene("a"))
    rig.turn()
    rig.turn(2.0)
    rig.turn()

    assert rig.notices()["trouble:stats.unsaved"].startswith("PlexSync's statistics could not be kept: ")
    assert any(line.startswith("stats.unsaved") for line in rig.lines)


def test_a_warning_within_a_transaction_disturbs_nothing(rig: Rig) -> None:
    with rig.worker.parts.store.transaction() as connection:
        rig.log.warning("backup.failed", detail="no space")
        assert isinstance(connection, sqlite3.Connection)

    rig.turn()

    assert "no space" in rig.notices()["trouble:backup.failed"]


@pytest.mark.parametrize("event", TEXTS)
def test_every_text_says_what_happened_in_one_short_line(rig: Rig, event: str) -> None:
    rig.log.warning(event, detail="the reason", scene=7, jobs=5, folder="/c", source="/a", target="/b")
    rig.turn()

    text = rig.notices()[f"trouble:{event}"]
    assert "{" not in text
    assert len(text.splitlines()) == 1
