"""A short random day with a fixed seed; the long ones are run by hand."""

from __future__ import annotations

from pathlib import Path

from tests.crash.soak import live_through

KILLS = 15
SECONDS = 25.0


def test_a_day_of_random_kills_loses_no_change_and_no_job(tmp_path: Path) -> None:
    kills = live_through(tmp_path, seed=7, kills=KILLS, seconds=SECONDS, creates=False)

    assert sum(kills.values()) > 0
