"""Test that a notice is shown once, and again only while its cause lasts."""

import pytest

from sync_queue.hook_queue import pop_notices
from sync_queue.notices import AGAIN_S, Notices
from tests.harness.queue import QueueHarness


def add_notice(
    queue: QueueHarness, text: str = "Check the token.", kind: str = "PlexAccessError"
) -> None:
    Notices(queue.store).add(kind, "error", text, queue.clock.wall())


def shown_by_hook(queue: QueueHarness) -> list[tuple[str, str]]:
    """Return the notices that the next hook prints."""
    return pop_notices(queue.store.connection, queue.clock.wall())


def test_a_notice_is_shown_once(queue: QueueHarness) -> None:
    add_notice(queue)

    shown = [shown_by_hook(queue) for _ in range(2)]

    assert shown == [[("error", "Check the token.")], []]


def test_a_class_is_not_repeated_within_the_hour(queue: QueueHarness) -> None:
    add_notice(queue)
    shown_by_hook(queue)

    for _ in range(59):
        queue.clock.advance(60)
        add_notice(queue)

    assert shown_by_hook(queue) == []


def test_a_class_that_is_still_true_is_repeated_after_an_hour(queue: QueueHarness) -> None:
    add_notice(queue, "old")
    shown_by_hook(queue)
    queue.clock.advance(AGAIN_S)

    add_notice(queue, "new")

    assert shown_by_hook(queue) == [("error", "new")]


@pytest.mark.parametrize("seconds", [-1_000_000, 1_000_000])
def test_a_clock_that_jumped_does_not_silence_a_class(queue: QueueHarness, seconds: int) -> None:
    add_notice(queue)
    shown_by_hook(queue)
    queue.clock.jump(seconds)

    add_notice(queue)

    assert len(shown_by_hook(queue)) == 1


def test_classes_are_shown_side_by_side_the_oldest_first(queue: QueueHarness) -> None:
    add_notice(queue, "first", "PlexAccessError")
    queue.clock.advance(1)
    add_notice(queue, "second", "Settings")

    assert Notices(queue.store).pending() == [
        ("PlexAccessError", "error", "first"),
        ("Settings", "error", "second"),
    ]
    assert shown_by_hook(queue) == [("error", "first"), ("error", "second")]


def test_one_hook_shows_a_few_notices_and_the_next_the_others(queue: QueueHarness) -> None:
    for number in range(7):
        add_notice(queue, str(number), f"class {number}")
        queue.clock.advance(1)

    shown = [len(shown_by_hook(queue)) for _ in range(3)]

    assert shown == [5, 2, 0]


def test_a_cause_that_returns_is_reported_immediately(queue: QueueHarness) -> None:
    notices = Notices(queue.store)
    add_notice(queue)
    shown_by_hook(queue)
    notices.drop("PlexAccessError")

    add_notice(queue)

    assert len(shown_by_hook(queue)) == 1


def test_a_notice_the_worker_delivered_is_not_shown_by_a_hook(queue: QueueHarness) -> None:
    add_notice(queue)

    Notices(queue.store).mark_delivered("PlexAccessError", queue.clock.wall())

    assert shown_by_hook(queue) == []
