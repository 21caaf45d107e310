"""Who pays for a failure of Plex."""

from worker.resilience.blame import FailureAttribution


def test_a_failure_with_a_closed_breaker_is_the_jobs_own() -> None:
    assert FailureAttribution().counts_against_job("scene:1", was_closed=True, is_closed=True)


def test_failed_jobs_are_refunded_when_the_breaker_opens() -> None:
    blame = FailureAttribution()
    for number in (1, 2, 3, 1):
        blame.counts_against_job(f"scene:{number}", was_closed=True, is_closed=True)

    opening = blame.counts_against_job("scene:4", was_closed=True, is_closed=False)

    assert not opening
    assert blame.jobs_to_refund() == ("scene:1", "scene:2", "scene:3")
    assert blame.jobs_to_refund() == ()


def test_a_job_that_failed_alone_is_not_refunded() -> None:
    blame = FailureAttribution()
    for _ in range(4):
        blame.counts_against_job("scene:1", was_closed=True, is_closed=True)

    assert blame.jobs_to_refund() == ()


def test_a_success_ends_the_streak() -> None:
    blame = FailureAttribution()
    blame.counts_against_job("scene:1", was_closed=True, is_closed=True)
    blame.succeeded()
    blame.counts_against_job("scene:2", was_closed=True, is_closed=True)

    assert blame.jobs_to_refund() == ()


def test_the_second_failed_half_open_test_of_one_job_is_its_own() -> None:
    blame = FailureAttribution()

    first = blame.counts_against_job("scene:1", was_closed=False, is_closed=False)
    second = blame.counts_against_job("scene:1", was_closed=False, is_closed=False)

    assert (first, second) == (False, True)
