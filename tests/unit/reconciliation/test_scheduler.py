"""When a comparison is due, over a simulated month and at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.units import DAY_S, HOUR_S
from reconciliation.history import KEPT_RUNS, History
from reconciliation.run import Run
from reconciliation.scheduler import INTERVALS_S, NEVER, DueRun, due_run, next_run_at
from tests.harness.clocks import FakeClock
from validation.scope import ALL, RECENT, WEEK, Scope

START = FakeClock().now


def ended(scope: Scope, began: float, failed: str = "") -> Run:
    return Run(
        cause="task", scope=scope.text, started_at=began, ended_at=began + 1.0, failed=failed
    )


class Month:
    """Thirty days with a check every ten minutes; every run ends immediately."""

    def __init__(self, interval: str, scope: Scope = RECENT) -> None:
        self.clock = FakeClock()
        self.history = History()
        self.runs: list[tuple[float, DueRun]] = []
        self._interval, self._scope = interval, scope

    def live(self, days: float, restarts: frozenset[int] = frozenset()) -> "Month":
        """`restarts`: the hours since the beginning at which Stash was restarted."""
        for _ in range(int(days * 144)):
            self.clock.advance(600.0)
            passed_s = self.clock.now - START
            has_restarted = passed_s / HOUR_S in restarts
            due = due_run(
                self.history,
                self._interval,
                self._scope,
                self.clock.now,
                START,
                has_restarted=has_restarted,
            )
            if due is not None:
                self.runs.append((passed_s, due))
                self.history = self.history.including(ended(due.scope, self.clock.now))
        return self

    def hours(self, cause: str) -> list[float]:
        return [passed_s / HOUR_S for passed_s, due in self.runs if due.cause == cause]


def test_a_month_has_daily_runs_and_every_seventh_is_full() -> None:
    month = Month("daily").live(30)

    assert month.hours("full") == [7 * 24.0, 14 * 24.0, 21 * 24.0, 28 * 24.0]
    assert sorted(month.hours("interval") + month.hours("full")) == [
        24.0 * day for day in range(1, 31)
    ]
    assert {due.scope for _, due in month.runs if due.cause == "interval"} == {RECENT}
    assert month.hours("start") == []


def test_a_month_of_hourly_runs_has_one_an_hour() -> None:
    month = Month("hourly").live(30)

    assert len(month.runs) == 30 * 24
    assert len(month.hours("full")) == 4


def test_a_month_of_weekly_runs_has_four_and_all_over_everything() -> None:
    month = Month("weekly").live(30)

    assert [due.cause for _, due in month.runs] == ["full"] * 4


def test_never_means_never_whatever_is_restarted() -> None:
    month = Month("never").live(30, restarts=frozenset(range(0, 700, 5)))

    assert month.runs == []


def test_a_start_of_stash_brings_one_run_per_hour() -> None:
    month = Month("daily").live(3, restarts=frozenset({5, 29, 33}))

    assert month.hours("start") == [5.0, 33.0]
    assert month.hours("interval") == [29.0, 57.0]


def test_a_restart_within_an_hour_of_the_last_run_brings_none() -> None:
    history = History().including(ended(RECENT, START + 10 * HOUR_S))

    due = due_run(history, "daily", RECENT, START + 10.9 * HOUR_S, START, has_restarted=True)

    assert due is None


def test_a_run_over_everything_by_a_button_counts_for_both() -> None:
    history = History().including(ended(ALL, START + 6.5 * DAY_S))

    due = due_run(history, "daily", RECENT, START + 7.1 * DAY_S, START, has_restarted=False)

    assert due is None


def test_a_run_with_a_smaller_scope_does_not_count() -> None:
    history = History().including(ended(RECENT, START + DAY_S))

    due = due_run(history, "daily", WEEK, START + 1.1 * DAY_S, START, has_restarted=False)

    assert due == DueRun("interval", WEEK)


def test_a_failed_run_does_not_count_as_full() -> None:
    history = History().including(ended(ALL, START + 7 * DAY_S, failed="a bug"))

    due = due_run(history, "daily", RECENT, START + 7.1 * DAY_S, START, has_restarted=False)

    assert history.full_at == 0.0
    assert due is None or due.cause != "interval"


@pytest.mark.parametrize("back_s", [1.0, 400 * DAY_S])
def test_a_clock_that_was_set_back_does_not_put_runs_off(back_s: float) -> None:
    history = History().including(ended(ALL, START))

    due = due_run(
        history, "daily", RECENT, START - back_s, START - 500 * DAY_S, has_restarted=False
    )

    assert due == DueRun("full", ALL)


@given(st.lists(st.tuples(st.sampled_from([ALL, RECENT, WEEK]), st.floats(1.0, 1e6)), max_size=60))
def test_the_history_is_short_and_knows_the_last_full_run(
    runs: list[tuple[Scope, float]],
) -> None:
    history, now, full_at = History(), START, 0.0

    for scope, gap in runs:
        now += gap
        full_at = now if scope.is_full else full_at
        history = history.including(ended(scope, now))

    assert len(history.runs) == min(len(runs), KEPT_RUNS)
    assert history.full_at == full_at
    assert history.last_covering(ALL) == full_at


def test_the_end_of_a_run_that_a_kill_repeats_is_one_run() -> None:
    run = ended(RECENT, START)

    history = History().including(run).including(run.model_copy(update={"ended_at": START + 9.0}))

    assert [one.ended_at for one in history.runs] == [START + 9.0]


@given(
    st.lists(st.tuples(st.sampled_from([ALL, RECENT, WEEK]), st.floats(1.0, 1e6)), max_size=9),
    st.sampled_from([NEVER, *INTERVALS_S]),
    st.sampled_from([ALL, RECENT, WEEK, Scope(library="Films")]),
    st.floats(0.0, 2e6),
)
def test_the_next_run_is_due_at_the_time_that_is_shown(
    runs: list[tuple[Scope, float]], interval: str, scope: Scope, passed_s: float
) -> None:
    history, began = History(), START
    for run_scope, gap in runs:
        began += gap
        history = history.including(ended(run_scope, began))
    now = began + passed_s

    def is_due(at: float) -> bool:
        return due_run(history, interval, scope, at, START, has_restarted=False) is not None

    next_at = next_run_at(history, interval, scope, now, START)

    assert next_at >= now or interval == NEVER
    assert is_due(now) == (next_at == now)
    assert is_due(next_at) == (interval != NEVER)
    assert interval == NEVER or next_at == now or not is_due(next_at - 1.0)
