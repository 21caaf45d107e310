"""Test that dead letters are kept, counted and requeued exactly once."""

from core.job import PRIORITY_BACKFILL
from sync_queue.dead_letters import DeadLetters
from tests.harness.queue import QueueHarness


def add_dead_letter(queue: QueueHarness, subject: str, reason: str = "WeakMatch") -> None:
    queue.store.dead_letter(queue.claimed(subject), title="T", reason=reason, message="M")
    queue.clock.advance(1)


def test_dead_letters_are_listed_newest_first(queue: QueueHarness) -> None:
    for number in (1, 2, 3):
        add_dead_letter(queue, f"scene:{number}")

    assert [dead_letter.subject for dead_letter in DeadLetters(queue.store).newest(2)] == [
        "scene:3",
        "scene:2",
    ]


def test_dead_letters_are_counted_by_reason(queue: QueueHarness) -> None:
    for number, reason in enumerate(["WeakMatch", "PlexRejected", "PlexRejected"]):
        add_dead_letter(queue, f"scene:{number}", reason)

    assert list(DeadLetters(queue.store).by_reason().items()) == [
        ("PlexRejected", 2),
        ("WeakMatch", 1),
    ]


def test_a_second_dead_letter_keeps_the_first_time(queue: QueueHarness) -> None:
    add_dead_letter(queue, "scene:1", "WeakMatch")
    first = DeadLetters(queue.store).newest()[0]

    add_dead_letter(queue, "scene:1", "PlexRejected")

    dead_letters = DeadLetters(queue.store).newest()
    assert [dead_letter.reason for dead_letter in dead_letters] == ["PlexRejected"]
    assert dead_letters[0].first_at == first.first_at
    assert dead_letters[0].last_at == first.last_at + 1


def test_a_dropped_dead_letter_is_gone_and_the_others_stay(queue: QueueHarness) -> None:
    dead_letters = DeadLetters(queue.store)
    for number in (1, 2, 3):
        add_dead_letter(queue, f"scene:{number}")

    assert dead_letters.drop("scene:2")
    assert not dead_letters.drop("scene:2")
    assert [dead_letter.subject for dead_letter in dead_letters.newest(limit=None)] == [
        "scene:3",
        "scene:1",
    ]


def test_a_requeued_dead_letter_keeps_its_priority(queue: QueueHarness) -> None:
    queue.store.enqueue("scene:1", "sync", PRIORITY_BACKFILL)
    queue.store.dead_letter(queue.store.claim()[0], title="", reason="PlexNotFound", message="")
    dead_letters = DeadLetters(queue.store)

    requeued = dead_letters.requeue(dead_letters.newest()[0], queue.clock.wall())

    assert requeued
    assert dead_letters.newest() == []
    job = queue.store.claim()[0]
    assert (job.subject, job.cause, job.priority, job.attempts) == (
        "scene:1",
        "revived",
        PRIORITY_BACKFILL,
        0,
    )


def test_a_dead_letter_is_requeued_once(queue: QueueHarness) -> None:
    add_dead_letter(queue, "scene:1")
    dead_letters = DeadLetters(queue.store)
    dead_letter = dead_letters.newest()[0]

    answers = [dead_letters.requeue(dead_letter, queue.clock.wall()) for _ in range(2)]

    assert answers == [True, False]
    assert len(queue.store.claim()) == 1
