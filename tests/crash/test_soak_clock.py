"""A short run of the soak with a clock that is moved; `python -m tests.crash.soak_clock` runs for
weeks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.soak_clock import soak

HALF_DAY = 0.5 / 7.0


@pytest.mark.parametrize("seed", [11])
def test_half_a_day_of_faults_ends_with_every_change_in_plex(tmp_path: Path, seed: int) -> None:
    report = soak(tmp_path, seed, HALF_DAY)

    assert report.errors == [], report.text()
    assert report.simulated_s >= 43_200.0
    assert report.workers > 1


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 21, 22, 23])
def test_weeks_of_faults_end_with_every_change_in_plex(tmp_path: Path, seed: int) -> None:
    report = soak(tmp_path, seed, 2.0)

    assert report.errors == [], report.text()
