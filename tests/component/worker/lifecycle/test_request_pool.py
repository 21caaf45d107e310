"""Calls are carried out at the same time, in threads only where they have to wait."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from core.calls import Call
from core.clock import SystemClock
from core.errors import PlexTemporaryError, PlexUnavailable
from core.own_thread import OwnThread
from plex.client import PlexClient
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.clocks import FakeClock
from tests.harness.plex_clients import client_of
from tests.harness.waiting import wait_for
from worker.lifecycle.request_pool import Answer, RequestPool

TARGET = "/library/sections/1/all?type=1&id={}&title.value={}"
ITEMS = 4


@pytest.fixture
def pool() -> Iterator[RequestPool]:
    with_threads = RequestPool(SystemClock(), OwnThread())
    yield with_threads
    with_threads.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timed(clock: FakeClock) -> Iterator[RequestPool]:
    """A pool that measures with a clock which the test moves."""
    with_threads = RequestPool(clock, OwnThread())
    yield with_threads
    with_threads.close()


@pytest.fixture
def items(plex: PlexEmulator) -> list[int]:
    return [
        plex.library.add_item(1, [(f"/media/scenes/{number}.mp4", 10)]) for number in range(ITEMS)
    ]


@pytest.fixture
def client(plex: PlexEmulator) -> Iterator[PlexClient]:
    with client_of(plex, timeout_s=(5.0, 5.0)) as opened:
        yield opened


def edit(client: PlexClient, item: int, title: str = "New") -> Call:
    target = TARGET.format(item, title)
    begin = partial(client.begin_edit, target)
    return Call(partial(client.edit, target), is_write=True, begin=begin)


def answers_of(pool: RequestPool, count: int) -> dict[int, Answer]:
    answers: dict[int, Answer] = {}
    while len(answers) < count:
        answers.update({answer.key: answer for answer in pool.wait()})
    return answers


def connect(pool: RequestPool, client: PlexClient, items: list[int]) -> None:
    """Leave as many idle connections as there are items."""
    held = threading.Barrier(len(items))
    for item in items:
        pool.start(item, Call(lambda: (held.wait(), client.sections())))
    answers_of(pool, len(items))


def names_of(threads: list[threading.Thread]) -> set[str]:
    return {thread.name for thread in threads if thread.name.startswith("request_")}


def test_a_call_that_has_to_connect_takes_a_thread(
    pool: RequestPool, plex: PlexEmulator, client: PlexClient, items: list[int]
) -> None:
    pool.start(0, edit(client, items[0]))
    [answer] = pool.wait()

    assert answer.error is None
    assert plex.library.item(items[0]).title == "New"
    assert names_of(threading.enumerate()) == {"request_0"}


def test_edits_on_idle_connections_need_no_thread(
    plex: PlexEmulator, client: PlexClient, items: list[int]
) -> None:
    warming, pool = (RequestPool(SystemClock(), OwnThread()) for _ in range(2))
    connect(warming, client, items)
    warming.close()
    plex.faults.add(Fault("slow", method="PUT", times=None, delay_s=60.0))
    for item in items:
        pool.start(item, edit(client, item))
    wait_for(
        lambda: len([one for one in plex.writes() if not one.ended]) == ITEMS,
        "all edits are in flight",
    )
    threads = names_of(threading.enumerate())
    plex.faults.clear()
    answers = answers_of(pool, ITEMS)
    pool.close()

    assert threads == set()
    assert {answer.error for answer in answers.values()} == {None}


def test_an_answer_does_not_wait_for_a_slower_one(
    pool: RequestPool, plex: PlexEmulator, client: PlexClient, items: list[int]
) -> None:
    connect(pool, client, items[:2])
    plex.faults.add(Fault("slow", method="PUT", delay_s=0.5))
    pool.start(0, edit(client, items[0]))
    wait_for(lambda: len(plex.writes()) == 1, "the slow edit is in flight")
    pool.start(1, edit(client, items[1]))

    first, second = pool.wait(), pool.wait()

    assert [answer.key for answer in first + second] == [1, 0]
    assert second[0].took_s >= 0.4


def test_a_thread_that_ends_wakes_the_owner(
    pool: RequestPool, plex: PlexEmulator, client: PlexClient, items: list[int]
) -> None:
    connect(pool, client, items[:1])
    plex.faults.add(Fault("slow", method="PUT", delay_s=1.0))
    pool.start(0, edit(client, items[0]))
    pool.start(1, Call(partial(time.sleep, 0.1)))

    assert [answer.key for answer in pool.wait()] == [1]
    assert [answer.key for answer in pool.wait()] == [0]


def test_what_the_owner_does_meanwhile_does_not_count(
    timed: RequestPool,
    clock: FakeClock,
    plex: PlexEmulator,
    client: PlexClient,
    items: list[int],
) -> None:
    """A commit on a slow disk must not look like a slow write of Plex."""
    connect(timed, client, items[:1])
    timed.start(0, edit(client, items[0]))
    wait_for(lambda: any(one.ended for one in plex.writes()), "Plex has answered")
    clock.advance(0.5)
    [answer] = timed.wait()

    assert answer.error is None
    assert answer.took_s < 0.5


def test_where_the_owner_may_sleep_a_thread_measures_the_time(
    timed: RequestPool, clock: FakeClock, client: PlexClient, items: list[int]
) -> None:
    connect(timed, client, items[:1])
    timed.start(0, edit(client, items[0]), in_thread=True)
    wait_for(lambda: not timed._ended.empty(), "the thread has measured")
    clock.advance(0.5)
    [answer] = timed.wait()

    assert answer.error is None
    assert answer.took_s < 0.5


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("refuse", times=None), PlexUnavailable),
        (Fault("status", status=500), PlexTemporaryError),
        (Fault("stall"), PlexTemporaryError),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_failure_is_the_answer(
    pool: RequestPool, plex: PlexEmulator, items: list[int], fault: Fault, error: type[Exception]
) -> None:
    with client_of(plex, timeout_s=(5.0, 0.3)) as client:
        client.sections()
        plex.faults.add(fault)
        pool.start(0, edit(client, items[0]))
        [answer] = pool.wait()

    assert type(answer.error) is error


def test_what_waits_for_a_retry_holds_up_no_other_answer(
    pool: RequestPool, plex: PlexEmulator, items: list[int]
) -> None:
    is_over = threading.Event()
    with client_of(plex, sleep=lambda seconds: wait_until(is_over.is_set)) as client:
        connect(pool, client, items[:2])
        plex.faults.add(Fault("refuse", method="PUT"))
        pool.start(0, edit(client, items[0]))
        wait_for(lambda: len(plex.writes()) == 1, "the connection is cut")
        pool.start(1, edit(client, items[1]))
        first = pool.wait()
        is_over.set()
        second = pool.wait()

    assert [(answer.key, answer.error) for answer in first + second] == [(1, None), (0, None)]


def test_the_question_after_a_web_page_holds_up_no_answer(
    pool: RequestPool, plex: PlexEmulator, client: PlexClient, items: list[int]
) -> None:
    connect(pool, client, items[:2])
    plex.faults.add(Fault("html_200", method="PUT"))
    plex.faults.add(Fault("slow", method="GET", delay_s=60.0))
    pool.start(0, edit(client, items[0]))
    wait_for(lambda: len(plex.writes()) == 1, "the page is on its way")
    pool.start(1, edit(client, items[1]))
    first = pool.wait()
    plex.faults.clear()

    assert [answer.key for answer in first] == [1]
    assert [type(answer.error) for answer in pool.wait()] == [PlexTemporaryError]


def wait_until(condition: Callable[[], bool]) -> None:
    wait_for(condition, "the test is over")


def test_a_call_that_cannot_begin_says_why(pool: RequestPool, client: PlexClient) -> None:
    client.sections()
    target = "/library/sections/1/all?type=1&title.value=New"
    pool.start(0, Call(partial(client.edit, target), begin=partial(client.begin_edit, target)))
    [answer] = pool.wait()

    assert isinstance(answer.error, ValueError)


def test_what_is_in_flight_is_waited_for_and_forgotten(
    pool: RequestPool, plex: PlexEmulator, client: PlexClient, items: list[int]
) -> None:
    connect(pool, client, items[:2])
    plex.faults.add(Fault("slow", method="PUT", times=2, delay_s=0.3))
    pool.start(0, edit(client, items[0]))
    pool.start(1, edit(client, items[1]), in_thread=True)
    pool.discard()
    titles = [plex.library.item(item).title for item in items[:2]]
    pool.start(2, edit(client, items[2]))

    assert titles == ["New", "New"]
    assert [answer.key for answer in pool.wait()] == [2]


def test_without_a_free_descriptor_a_thread_reads_the_answer(
    pool: RequestPool, client: PlexClient, items: list[int]
) -> None:
    limits = pytest.importorskip("resource", reason="this system has no limit of descriptors")
    connect(pool, client, items[:1])
    usual = limits.getrlimit(limits.RLIMIT_NOFILE)
    limits.setrlimit(limits.RLIMIT_NOFILE, (3, usual[1]))
    try:
        pool.start(0, edit(client, items[0]))
        answers = pool.wait()
    finally:
        limits.setrlimit(limits.RLIMIT_NOFILE, usual)
    pool.start(1, edit(client, items[0]))
    answers += pool.wait()

    assert [(answer.key, answer.error) for answer in answers] == [(0, None), (1, None)]


@pytest.mark.skipif(sys.platform != "linux", reason="only here such a stack is refused")
def test_a_thread_that_does_not_start_is_not_waited_for(pool: RequestPool) -> None:
    usual = threading.stack_size(1 << 46)
    try:
        with pytest.raises(RuntimeError):
            pool.start(0, Call(bool))
    finally:
        threading.stack_size(usual)
    pool.discard()
    pool.start(1, Call(bool))

    assert [answer.key for answer in pool.wait()] == [1]
