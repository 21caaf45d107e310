"""What other threads report waits for the thread that owns the state."""

import threading

from core.own_thread import OwnThread


def test_a_callback_of_another_thread_waits_for_the_owner() -> None:
    owner, seen = OwnThread(), list[tuple[int, int]]()
    record = owner.wrap(lambda value: seen.append((value, threading.get_ident())))
    thread = threading.Thread(target=lambda: [record(value) for value in (1, 2)])
    thread.start()
    thread.join()
    before = list(seen)

    owner.run_pending()
    owner.run_pending()

    assert before == []
    assert seen == [(1, threading.get_ident()), (2, threading.get_ident())]


def test_a_callback_of_the_owner_runs_immediately() -> None:
    owner, seen = OwnThread(), list[int]()

    owner.wrap(seen.append)(1)

    assert seen == [1]
