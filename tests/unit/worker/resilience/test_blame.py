"""Who pays for a failure of Plex."""

from worker.resilience.blame import Blame


def test_a_failure_while_the_breaker_stays_closed_is_the_jobs_own() -> None:
    assert Blame().is_own("scene:1", was_closed=True, is_closed=True)


def test_several_jobs_that_failed_in_a_row_get_their_attempts_back_when_the_breaker_opens() -> None:
    blame = Blame()
    for number in (1, 2, 3, 1):
        blame.is_own(f"scene:{number}", was_closed=True, is_closed=True)

    opening = blame.is_own("scene:4", was_closed=True, is_closed=False)

    assert not opening
    assert blame.excused() == ("scene:1", "scene:2", "scene:3")
    assert blame.excused() == ()


def test_a_job_that_failed_alone_again_and_again_gets_nothing_back() -> None:
    blame = Blame()
    for _ in range(4):
        blame.is_own("scene:1", was_closed=True, is_closed=True)

    assert blame.excused() == ()


def test_a_success_ends_the_streak() -> None:
    blame = Blame()
    blame.is_own("scene:1", was_closed=True, is_closed=True)
    blame.succeeded()
    blame.is_own("scene:2", was_closed=True, is_closed=True)

    assert blame.excused() == ()


def test_the_second_failed_half_open_test_of_one_job_is_its_own() -> None:
    blame = Blame()

    first = blame.is_own("scene:1", was_closed=False, is_closed=False)
    second = blame.is_own("scene:1", was_closed=False, is_closed=False)

    assert (first, second) == (False, True)
