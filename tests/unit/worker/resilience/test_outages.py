"""One record per outage, the last thirty of them, and figures that never break."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import format_duration
from tests.harness.clocks import FakeClock
from worker.reporting.outage_report import NONE_YET, report_lines
from worker.resilience.breaker import BreakerStatus, BreakerTransition, CircuitState
from worker.resilience.outages import (
    FILE_NAME,
    KEPT,
    MAX_TEXT,
    MAX_TIMESTAMP,
    PASSED_TEST,
    STATE_LOST,
    Metrics,
    Outage,
    OutageHistory,
    OutageRecorder,
    add_affected_jobs,
    begin_outage,
    end_outage,
    is_during_outage,
    metrics,
    read_history,
)

DOWN = "PlexUnavailable"
NO_CONNECTION = "no connection to Plex"
TIMES = st.floats(-1e12, 1e12)
MOVES = st.lists(
    st.tuples(st.sampled_from(["opened", "refused", "closed", "job"]), TIMES, st.text(max_size=20)),
    max_size=80,
)


def away(*spans: tuple[float, float | None], refused: bool = False) -> OutageHistory:
    """A history of outages with these starts and ends."""
    return OutageHistory(
        outages=tuple(Outage(start=a, end=b, cause=DOWN, refused=refused) for a, b in spans)
    )


def joined(*histories: OutageHistory) -> OutageHistory:
    return OutageHistory(outages=tuple(one for history in histories for one in history.outages))


def play(moves: list[tuple[str, float, str]]) -> OutageHistory:
    history = OutageHistory()
    for move, now, text in moves:
        if move == "closed":
            history = end_outage(history, now, text)
        elif move == "job":
            history = add_affected_jobs(history)
        else:
            history = begin_outage(history, now, DOWN, text, move == "refused")
    return history


# -- records ---------------------------------------------------------------------------------------


def test_an_outage_is_one_record_despite_failed_tests() -> None:
    history = begin_outage(OutageHistory(), 100.0, DOWN, NO_CONNECTION, refused=False)

    for again in range(50):
        history = begin_outage(
            history, 110.0 + again, "PlexTemporaryError", "Plex answered 500", refused=False
        )

    assert history.outages == (Outage(start=100.0, cause=DOWN, error=NO_CONNECTION),)


def test_a_record_has_its_end_cause_and_affected_jobs() -> None:
    history = begin_outage(OutageHistory(), 100.0, DOWN, NO_CONNECTION, refused=False)

    history = end_outage(add_affected_jobs(add_affected_jobs(history), 3), 160.0, "it came back")

    expected = Outage(
        start=100.0, end=160.0, cause=DOWN, error=NO_CONNECTION, jobs=4, how="it came back"
    )
    assert history.outages == (expected,)
    assert history.current is None


def test_an_outage_after_a_recovery_is_a_new_record() -> None:
    history = begin_outage(away((100.0, 160.0)), 200.0, DOWN, "", refused=False)

    assert [one.start for one in history.outages] == [100.0, 200.0]


def test_an_outage_that_becomes_a_refusal_stays_one() -> None:
    history = begin_outage(OutageHistory(), 100.0, DOWN, "", refused=False)

    history = begin_outage(
        begin_outage(history, 110.0, "PlexAccessError", "", refused=True),
        120.0,
        DOWN,
        "",
        refused=False,
    )

    assert [(one.cause, one.refused) for one in history.outages] == [(DOWN, True)]


@pytest.mark.parametrize("history", [OutageHistory(), away((100.0, 160.0))])
def test_without_a_current_outage_nothing_ends_and_no_job_counts(history: OutageHistory) -> None:
    assert end_outage(history, 200.0, "") == history
    assert add_affected_jobs(history) == history


def test_an_outage_never_ends_before_it_began() -> None:
    history = end_outage(away((100.0, None)), 40.0, "")

    assert history.outages[0].end == 100.0


def test_foreign_text_becomes_one_short_line() -> None:
    history = begin_outage(
        OutageHistory(), 1.0, DOWN, "broken \udcff\n" + "x" * 1_000, refused=False
    )

    error = history.outages[0].error
    assert error.startswith("broken ? xxx")
    assert len(error) == MAX_TEXT


def test_only_the_newest_thirty_are_kept() -> None:
    history = OutageHistory()

    for number in range(100):
        history = end_outage(
            begin_outage(history, number * 10.0, DOWN, "", refused=False), number * 10.0 + 5.0, ""
        )

    assert [one.start for one in history.outages] == [number * 10.0 for number in range(70, 100)]


# -- within ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (89.0, False),
        (90.0, True),
        (100.0, True),
        (150.0, True),
        (170.0, True),
        (171.0, False),
        (489.0, False),
        (490.0, True),
        (1e9, True),  # the current outage lasts
    ],
)
def test_a_moment_lies_within_an_outage_or_close_to_it(moment: float, inside: bool) -> None:
    history = away((100.0, 160.0), (500.0, None))

    assert is_during_outage(history, moment, margin_s=10.0) is inside


def test_no_moment_lies_within_an_empty_history() -> None:
    assert not is_during_outage(OutageHistory(), 100.0, margin_s=1e9)


# -- figures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("history", "figures"),
    [
        (OutageHistory(), Metrics()),
        (
            away((100.0, None)),  # the only one, and it lasts
            Metrics(count=1, availability=0.0, since_last_s=0.0),
        ),
        (
            away((100.0, 200.0)),  # the only one, over
            Metrics(count=1, mttr_s=100.0, availability=0.9, since_last_s=900.0),
        ),
        (
            away((100.0, 200.0), (500.0, 600.0)),
            Metrics(count=2, mtbf_s=300.0, mttr_s=100.0, availability=0.8, since_last_s=500.0),
        ),
        (
            away(
                (100.0, 200.0), (900.0, None)
            ),  # the current one is not repaired yet, and Plex is away all the same
            Metrics(count=2, mtbf_s=700.0, mttr_s=100.0, availability=0.7, since_last_s=0.0),
        ),
        (
            away((100.0, 200.0), refused=True),  # the settings were wrong; Plex was there
            Metrics(refused=1),
        ),
        (
            joined(
                away((100.0, 200.0)), away((300.0, 800.0), refused=True), away((900.0, 1_000.0))
            ),
            Metrics(count=2, refused=1, mttr_s=100.0, availability=0.6, since_last_s=100.0),
        ),
    ],
)
def test_the_figures_of_a_history(history: OutageHistory, figures: Metrics) -> None:
    found = metrics(history, 1_100.0)

    assert found.availability == pytest.approx(figures.availability)
    assert (found.count, found.refused) == (figures.count, figures.refused)
    assert (found.mtbf_s, found.mttr_s) == (figures.mtbf_s, figures.mttr_s)
    assert found.since_last_s == figures.since_last_s


def test_an_outage_just_begun_has_no_availability() -> None:
    assert metrics(away((100.0, None)), 100.0).availability is None


@given(MOVES, TIMES)
def test_figures_never_break_and_stay_in_their_limits(
    moves: list[tuple[str, float, str]], now: float
) -> None:
    figures = metrics(play(moves), now)

    lengths = [figures.mtbf_s, figures.mttr_s, figures.since_last_s]
    assert all(one is None or one >= 0.0 for one in lengths)
    assert figures.availability is None or 0.0 <= figures.availability <= 1.0


@given(MOVES)
def test_the_history_is_bounded_and_only_its_last_record_is_open(
    moves: list[tuple[str, float, str]],
) -> None:
    history = play(moves)

    assert len(history.outages) <= KEPT
    assert all(one.end is not None for one in history.outages[:-1])


@given(MOVES)
def test_a_history_is_read_as_it_was_written(moves: list[tuple[str, float, str]]) -> None:
    history = play(moves)

    again = OutageHistory.model_validate(json.loads(json.dumps(history.model_dump(mode="json"))))

    assert again == history


# -- for users ----------------------------------------------------------------------------------


@given(MOVES, st.floats(0.0, MAX_TIMESTAMP))
def test_the_report_stays_short(moves: list[tuple[str, float, str]], now: float) -> None:
    lines = report_lines(play(moves), now)

    assert 1 <= len(lines) <= 20
    assert all("\n" not in line for line in lines)


def test_the_report_of_an_empty_history_is_one_line() -> None:
    assert report_lines(OutageHistory(), 100.0) == [NONE_YET]


def test_the_report_shows_figures_and_the_newest_outage_first() -> None:
    history = end_outage(
        begin_outage(away((1_000.0, 1_060.0)), 5_000.0, DOWN, NO_CONNECTION, refused=False),
        5_120.0,
        "back",
    )

    lines = report_lines(add_affected_jobs(history), 8_720.0)

    assert lines[0] == "Plex is available; the last outage ended 1 h ago."
    assert "2 outages; the last 30 are kept." in lines
    assert "Plex was available 97.67% of the time since the first of them." in lines
    assert "Mean time between outages: 1.1 h." in lines
    assert "Mean time to recovery: 1.5 min." in lines
    assert lines[-2].endswith(f", 2 min, 0 jobs affected: {DOWN}: {NO_CONNECTION}; back.")
    assert lines[-1].endswith(f", 1 min, 0 jobs affected: {DOWN}.")


def test_the_report_shows_since_when_plex_is_unavailable() -> None:
    lines = report_lines(add_affected_jobs(away((1_000.0, None))), 1_090.0)

    assert lines[0].startswith("Plex is unavailable since ")
    assert lines[0].endswith(", for 1.5 min.")
    assert lines[-1].endswith(f", 1.5 min so far, 1 job affected: {DOWN}.")


def test_the_report_counts_the_outages_it_leaves_out() -> None:
    history = away(*((number * 100.0, number * 100.0 + 1.0) for number in range(KEPT)))

    lines = report_lines(history, 10_000.0)

    assert lines[-1] == "17 older outages are not shown."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5.0, "0 s"),
        (0.0, "0 s"),
        (45.4, "45 s"),
        (60.0, "1 min"),
        (90.0, "1.5 min"),
        (3_600.0, "1 h"),
        (180_000.0, "2.1 d"),
    ],
)
def test_a_length_of_time_has_a_fitting_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


# -- kept ------------------------------------------------------------------------------------------


def kept(folder: Path) -> OutageHistory:
    return read_history(folder, FakeClock())[0]


def open_log(folder: Path, clock: FakeClock, unsaved: list[str] | None = None) -> OutageRecorder:
    return OutageRecorder(folder, clock, ([] if unsaved is None else unsaved).append)


def broken(since: float, *, refused: bool = False) -> CircuitState:
    return CircuitState(
        BreakerStatus.OPEN, since=since, reason=f"{DOWN}: {NO_CONNECTION}", refused=refused
    )


def test_an_outage_is_kept_from_its_first_moment_to_its_end(tmp_path: Path) -> None:
    clock = FakeClock(1_000.0)
    log = open_log(tmp_path, clock)

    log.on_breaker_transition(BreakerTransition(CircuitState(), broken(1_000.0)))
    begun = kept(tmp_path)
    clock.advance(60.0)
    log.add_affected_jobs()
    log.on_breaker_transition(
        BreakerTransition(broken(1_000.0), CircuitState(BreakerStatus.HALF_OPEN, since=1_000.0))
    )
    log.on_breaker_transition(
        BreakerTransition(CircuitState(BreakerStatus.HALF_OPEN, since=1_000.0), CircuitState())
    )

    assert begun.outages == (Outage(start=1_000.0, cause=DOWN, error=NO_CONNECTION),)
    ended = Outage(
        start=1_000.0, end=1_060.0, cause=DOWN, error=NO_CONNECTION, jobs=1, how=PASSED_TEST
    )
    assert kept(tmp_path).outages == (ended,)


def test_an_outage_continues_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock(1_000.0)
    open_log(tmp_path, clock).on_breaker_transition(
        BreakerTransition(CircuitState(), broken(1_000.0))
    )
    clock.advance(3_600.0)

    log = open_log(tmp_path, clock)
    log.sync_with_breaker(broken(1_000.0))
    log.on_breaker_transition(
        BreakerTransition(CircuitState(BreakerStatus.HALF_OPEN), broken(1_000.0))
    )

    assert [one.start for one in log.history.outages] == [1_000.0]
    assert log.history.current is not None


def test_an_outage_whose_breaker_was_lost_ends_with_the_start(tmp_path: Path) -> None:
    clock = FakeClock(1_000.0)
    open_log(tmp_path, clock).on_breaker_transition(
        BreakerTransition(CircuitState(), broken(1_000.0))
    )
    clock.advance(50.0)

    log = open_log(tmp_path, clock)
    log.sync_with_breaker(CircuitState())

    assert [(one.end, one.how) for one in log.history.outages] == [(1_050.0, STATE_LOST)]


def test_an_outage_whose_record_was_lost_is_recorded_again(tmp_path: Path) -> None:
    log = open_log(tmp_path, FakeClock(5_000.0))

    log.sync_with_breaker(broken(1_000.0, refused=True))

    assert [(one.start, one.refused) for one in kept(tmp_path).outages] == [(1_000.0, True)]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"outages": 7}',
        '{"outages": [{}]}',
        '{"outages": [{"start": NaN, "cause": ""}]}',
        '{"outages": [{"start": 1, "cause": "", "jobs": -1}]}',
        '{"outages": [{"start": 1e300, "cause": ""}]}',
    ],
)
def test_an_invalid_history_is_quarantined_and_reset(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content, "utf-8")

    log = open_log(tmp_path, FakeClock(1_000.0))
    log.on_breaker_transition(BreakerTransition(CircuitState(), broken(1_000.0)))

    assert (
        log.warning == f"{FILE_NAME} is corrupt; it was renamed to {FILE_NAME}.corrupt and reset."
    )
    assert (tmp_path / f"{FILE_NAME}.corrupt").read_text("utf-8") == content
    assert len(kept(tmp_path).outages) == 1


def test_a_history_of_a_hundred_is_cut_and_not_thrown_away(tmp_path: Path) -> None:
    records = [
        {"start": float(number), "end": float(number), "cause": DOWN} for number in range(100)
    ]
    (tmp_path / FILE_NAME).write_text(json.dumps({"outages": records}), "utf-8")

    history, warning = read_history(tmp_path, FakeClock())

    assert (len(history.outages), history.outages[-1].start, warning) == (KEPT, 99.0, "")


def test_without_a_file_the_history_is_empty_without_warning(tmp_path: Path) -> None:
    assert read_history(tmp_path, FakeClock()) == (OutageHistory(), "")


def test_what_cannot_be_saved_is_reported_and_kept_in_memory(tmp_path: Path) -> None:
    unsaved: list[str] = []
    log = open_log(tmp_path / "missing", FakeClock(1_000.0), unsaved)

    log.on_breaker_transition(BreakerTransition(CircuitState(), broken(1_000.0)))

    assert len(unsaved) == 1
    assert "No such file or directory" in unsaved[0]
    assert log.history.current is not None


def test_news_that_changes_nothing_is_not_written(tmp_path: Path) -> None:
    unsaved: list[str] = []
    log = open_log(tmp_path / "missing", FakeClock(1_000.0), unsaved)

    log.add_affected_jobs()
    log.sync_with_breaker(CircuitState())

    assert unsaved == []
