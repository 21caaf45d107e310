"""Several jobs advance at the same time, and never two on one item."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calls import Alone, Call, Steps, call, run_here
from core.errors import Fenced, PlexTemporaryError
from worker.lifecycle.in_flight import Ended, InFlight, Limits
from worker.lifecycle.request_pool import Answer


class FakePool:
    """Carries out a call when its answer is asked for; `pick` says which of those in flight."""

    def __init__(self, pick: Callable[[int], int] = lambda count: 0) -> None:
        self._pick = pick
        self.in_flight: list[tuple[int, Call]] = []
        self.sent: list[int] = []
        self.sizes: list[int] = []

    def start(self, key: int, call: Call, *, in_thread: bool = False) -> None:
        self.in_flight.append((key, call))
        self.sent.append(key)
        self.sizes.append(len(self.in_flight))

    def wait(self) -> list[Answer]:
        key, wanted = self.in_flight.pop(self._pick(len(self.in_flight)))
        try:
            return [Answer(key, wanted.run(), None, 2.0)]
        except PlexTemporaryError as error:
            return [Answer(key, None, error, 3.0)]

    def discard(self) -> None:
        self.in_flight.clear()

    def close(self) -> None:
        assert not self.in_flight


class Jobs:
    """A scheduler whose limits a test sets, and what was done in which order."""

    def __init__(self, pick: Callable[[int], int] = lambda count: 0) -> None:
        self.pool = FakePool(pick)
        self.limit = 4
        self.stopped: set[int] = set()
        self.is_rested = True
        self.write_times: list[float] = []
        self.checked: list[int] = []
        self.scheduler = InFlight(
            self.pool,
            Limits(
                in_flight=lambda: self.limit,
                before_requests=lambda: self.checked.append(len(self.pool.sent)),
                may_send=lambda key: key not in self.stopped,
                before_write=lambda: self.is_rested,
                may_sleep=lambda: False,
                on_write=self.write_times.append,
            ),
        )

    def start(
        self,
        key: int,
        steps: Steps[Any],
        items: Iterable[int] = (),
        *,
        is_alone: bool = False,
    ) -> None:
        assert self.scheduler.may_start(frozenset(items), is_alone=is_alone)
        self.scheduler.add(key, steps, frozenset(items), is_alone=is_alone)
        self.scheduler.start_added()

    def run_all(self) -> dict[int, Ended]:
        ended = {}
        while self.scheduler.has_any:
            ended.update({end.key: end for end in self.scheduler.next()})
        return ended


def requests(count: int, *, is_write: bool = False) -> Steps[list[int]]:
    """A job of so many requests; returns their answers."""
    answers = []
    for number in range(count):
        answer = yield from call(lambda number=number: number, is_write=is_write)  # type: ignore[misc]
        answers.append(answer)
    return answers


def failing() -> Steps[str]:
    """A job whose request fails; it returns the error's text."""

    def fail() -> None:
        raise PlexTemporaryError("slow")

    try:
        yield from call(fail)
    except PlexTemporaryError as error:
        return str(error)
    return "no error"


def test_four_jobs_have_a_request_in_flight_each() -> None:
    jobs = Jobs()
    for key in range(4):
        jobs.start(key, requests(2), [key])

    assert not jobs.scheduler.may_start([4])
    assert [key for key, _ in jobs.pool.in_flight] == [0, 1, 2, 3]


def test_requests_that_go_out_together_are_checked_together() -> None:
    jobs = Jobs()
    for key in range(3):
        jobs.scheduler.add(key, requests(1), [key])

    jobs.scheduler.start_added()

    assert jobs.pool.sent == [0, 1, 2]
    assert jobs.checked == [0]


def test_a_job_gets_the_answers_of_its_own_requests() -> None:
    jobs = Jobs(pick=lambda count: count - 1)
    jobs.start(1, requests(3))
    jobs.start(2, requests(2))

    ended = jobs.run_all()

    assert {key: end.value for key, end in ended.items()} == {1: [0, 1, 2], 2: [0, 1]}


def test_an_error_is_raised_in_the_job_that_waits_for_it() -> None:
    jobs = Jobs()
    jobs.start(1, failing())
    jobs.start(2, requests(1))

    ended = jobs.run_all()

    assert (ended[1].value, ended[2].value) == ("slow", [0])


def test_an_error_of_a_job_ends_it_alone() -> None:
    def fail() -> Steps[None]:
        yield from call(lambda: None)
        raise PlexTemporaryError("bad")

    jobs = Jobs()
    jobs.start(1, fail())
    jobs.start(2, requests(2))

    ended = jobs.run_all()

    assert str(ended[1].error) == "bad"
    assert ended[2].value == [0, 1]


def test_a_job_on_an_item_that_is_written_has_to_wait() -> None:
    jobs = Jobs()
    jobs.start(1, requests(2), [7, 8])

    before = jobs.scheduler.may_start([8, 9]), jobs.scheduler.may_start([9])
    jobs.run_all()

    assert before == (False, True)
    assert jobs.scheduler.may_start([8, 9])


def test_a_suspect_job_runs_beside_no_other() -> None:
    jobs = Jobs()
    jobs.start(1, requests(1), [1])
    beside = jobs.scheduler.may_start([2], is_alone=True)
    jobs.run_all()
    jobs.start(2, requests(1), [2], is_alone=True)

    assert not beside
    assert not jobs.scheduler.may_start([3])


def test_a_lower_limit_holds_requests_back() -> None:
    jobs = Jobs()
    for key in range(4):
        jobs.start(key, requests(3), [key])
    jobs.limit = 1
    jobs.pool.sizes.clear()

    ended = jobs.run_all()

    assert set(jobs.pool.sizes) == {1}
    assert len(ended) == 4


def test_an_abandoned_job_sends_no_further_request() -> None:
    jobs = Jobs()
    jobs.start(1, requests(3), [1])
    jobs.start(2, requests(3), [2])
    jobs.stopped.add(1)

    ended = jobs.run_all()

    assert ended[1].is_abandoned
    assert jobs.pool.sent.count(1) == 1
    assert ended[2].value == [0, 1, 2]


def test_a_write_that_must_not_start_abandons_its_job() -> None:
    jobs = Jobs()
    jobs.is_rested = False
    jobs.start(1, requests(1, is_write=True), [1])
    jobs.start(2, requests(1), [2])

    ended = jobs.run_all()

    assert ended[1].is_abandoned
    assert ended[2].value == [0]


def test_the_time_of_each_write_is_reported() -> None:
    jobs = Jobs()
    jobs.start(1, requests(2, is_write=True))
    jobs.start(2, requests(2))
    jobs.run_all()

    assert jobs.write_times == [2.0, 2.0]


def test_a_job_that_asks_to_be_alone_waits_for_the_others() -> None:
    seen: list[tuple[int, ...]] = []

    def alone() -> Steps[None]:
        yield Alone()
        seen.append(jobs.scheduler.keys)
        yield from call(lambda: None)

    jobs = Jobs()
    jobs.start(1, requests(3), [1])
    jobs.start(2, alone(), [2])
    beside = jobs.scheduler.may_start([3])
    jobs.run_all()

    assert not beside
    assert seen == [(2,)]


def test_two_jobs_that_ask_to_be_alone_take_turns() -> None:
    active: set[int] = set()
    counts: list[int] = []

    def alone(key: int) -> Steps[int]:
        yield from call(lambda: None)
        yield Alone()
        active.add(key)
        for _ in range(3):
            counts.append(len(active))
            yield from call(lambda: None)
        active.remove(key)
        return key

    jobs = Jobs()
    for key in range(3):
        jobs.start(key, alone(key), [key])
    ended = jobs.run_all()

    assert {end.value for end in ended.values()} == {0, 1, 2}
    assert set(counts) == {1}


def test_a_lost_lease_starts_no_further_request() -> None:
    def lost() -> Steps[None]:
        yield from call(lambda: None)
        raise Fenced("over")

    jobs = Jobs()
    with pytest.raises(Fenced), jobs.scheduler.closing():
        jobs.start(1, lost(), [1])
        jobs.start(2, requests(5), [2])
        jobs.run_all()

    assert jobs.pool.sent == [1, 2]
    assert not jobs.scheduler.has_any
    assert jobs.pool.in_flight == []


def test_a_closed_job_runs_its_cleanup() -> None:
    cleaned: list[str] = []

    def careful() -> Steps[None]:
        try:
            yield from requests(2)
        finally:
            cleaned.append("yes")

    jobs = Jobs()
    with pytest.raises(KeyboardInterrupt), jobs.scheduler.closing():
        jobs.start(1, careful())
        raise KeyboardInterrupt

    assert cleaned == ["yes"]


def test_steps_that_are_no_job_return_their_result() -> None:
    jobs = Jobs()

    assert jobs.scheduler.run(requests(3)) == [0, 1, 2]
    assert not jobs.scheduler.has_any


def test_an_error_of_steps_that_are_no_job_is_raised() -> None:
    def fail() -> Steps[None]:
        yield from call(lambda: None)
        raise PlexTemporaryError("bad")

    with pytest.raises(PlexTemporaryError):
        Jobs().scheduler.run(fail())


def test_steps_run_in_place_meet_the_same_answers() -> None:
    def both() -> Steps[tuple[list[int], str]]:
        yield Alone()
        return (yield from requests(2)), (yield from failing())

    assert run_here(both()) == ([0, 1], "slow")


ITEMS = st.frozensets(st.integers(0, 5), max_size=3)
PLANS = st.lists(st.tuples(ITEMS, st.integers(0, 3), st.booleans()), max_size=12)


@given(plans=PLANS, picks=st.lists(st.integers(0, 100)), limit=st.integers(1, 4))
def test_whatever_order_answers_come_in_items_keep_theirs(
    plans: list[tuple[frozenset[int], int, bool]], picks: list[int], limit: int
) -> None:
    """Each job of an item is over before the next one of the item begins, in the given order."""
    order = deque(picks)
    jobs = Jobs(pick=lambda count: order.popleft() % count if order else 0)
    jobs.limit = limit
    begun: list[int] = []
    open_items: dict[int, int] = {}

    def job(key: int, items: frozenset[int], count: int) -> Steps[int]:
        begun.append(key)
        for item in items:
            assert item not in open_items
            open_items[item] = key
        yield from requests(count, is_write=True)
        for item in items:
            del open_items[item]
        return key

    ended: list[int] = []
    for key, (items, count, is_alone) in enumerate(plans):
        while not jobs.scheduler.may_start(items, is_alone=is_alone):
            ended.extend(end.key for end in jobs.scheduler.next())
        jobs.start(key, job(key, items, count), items, is_alone=is_alone)
    ended.extend(jobs.run_all())

    assert begun == list(range(len(plans)))
    assert sorted(ended) == begun
    assert max(jobs.pool.sizes, default=0) <= limit
