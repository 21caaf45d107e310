"""Figures of two revisions: gains, budgets, and what the other revision cannot do."""

import subprocess

import pytest

from benchmarks.pair import Budget, Figure, attempt
from benchmarks.report import NONE, Row


def milliseconds(value: float) -> str:
    return f"{value:.0f} ms"


def row(this: float, other: float | None, budget: Budget, *, is_speed: bool = False) -> Row:
    return Figure(this, other, is_speed).row("A part", "a hook", milliseconds, budget)


@pytest.mark.parametrize(("is_speed", "gain"), [(False, 2.0), (True, 0.5)])
def test_gain_counts_how_many_times_better_this_one_is(is_speed: bool, gain: float) -> None:
    assert Figure(40.0, 80.0, is_speed).gain == gain


def test_a_row_has_both_figures_and_their_ratio() -> None:
    found = row(40.0, 80.0, Budget("at least 1.4 x", gain=1.4))

    assert (found.measured, found.other, found.ratio) == ("40 ms", "80 ms", "2.00 x")
    assert found.verdict == "within"


def test_what_the_other_revision_lacks_is_a_dash() -> None:
    found = row(40.0, None, Budget("at least 1.4 x", gain=1.4))

    assert (found.other, found.ratio, found.is_within) == (NONE, NONE, None)


def test_what_this_system_cannot_measure_has_no_verdict() -> None:
    found = row(0.0, 0.0, Budget("at most 50 ms", maximum=50.0, gain=2.0))

    assert (found.measured, found.other, found.is_within) == ("?", NONE, None)


@pytest.mark.parametrize(
    ("this", "other", "is_within"),
    [(40.0, 80.0, True), (60.0, 180.0, False), (40.0, 50.0, False), (40.0, None, True)],
)
def test_every_demand_of_a_budget_counts(this: float, other: float | None, is_within: bool) -> None:
    assert row(this, other, Budget("both", maximum=50.0, gain=2.0)).is_within is is_within


def test_an_attempt_reports_why_it_failed(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> float:
        raise subprocess.CalledProcessError(1, "PlexSync.py")

    assert attempt("the page's poll", fail) is None
    assert "the page's poll" in capsys.readouterr().err


def test_an_attempt_hides_no_fault_of_the_benchmark() -> None:
    def fail() -> float:
        raise TypeError

    with pytest.raises(TypeError):
        attempt("the page's poll", fail)
