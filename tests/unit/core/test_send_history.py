"""A value that Plex does not keep, or that something replaces each time, is given up."""

from core.send_history import (
    MAX_NOT_KEPT,
    MAX_SENDS,
    NO_HISTORY,
    WINDOW_S,
    SendHistory,
    Suspension,
)
from core.units import DAY_S

NOW = 1_780_000_000.0


def sent(times: int, every_s: float = DAY_S) -> SendHistory:
    """Return a history of so many sends, the last one at NOW."""
    history = NO_HISTORY
    for number in range(times):
        history = history.sent(NOW - (times - 1 - number) * every_s)
    return history


def test_two_reads_that_show_another_value_suspend_it() -> None:
    once = NO_HISTORY.verified(is_kept=False)
    twice = once.verified(is_kept=False)

    assert MAX_NOT_KEPT == 2
    assert (once.is_suspended, twice.suspension) == (False, Suspension.NOT_KEPT)


def test_a_read_that_shows_the_value_resets_the_count() -> None:
    history = NO_HISTORY.verified(is_kept=False).verified(is_kept=True).verified(is_kept=False)

    assert not history.is_suspended


def test_three_sends_within_a_week_suffice() -> None:
    assert MAX_SENDS == 3
    assert not sent(2).is_overwritten(NOW)
    assert sent(3).is_overwritten(NOW)
    assert sent(3).is_overwritten(NOW + 4 * DAY_S)


def test_sends_older_than_a_week_do_not_count() -> None:
    assert not sent(3).is_overwritten(NOW + WINDOW_S)
    assert not sent(3, every_s=4 * DAY_S).is_overwritten(NOW)


def test_a_clock_that_was_set_back_keeps_no_send_for_ever() -> None:
    assert not sent(3).is_overwritten(NOW - 30 * DAY_S)


def test_a_value_that_plex_does_not_keep_is_not_overwritten() -> None:
    assert not sent(3).verified(is_kept=False).is_overwritten(NOW)


def test_only_the_newest_sends_are_kept() -> None:
    assert len(sent(10).sent_at) == MAX_SENDS
