"""One thread looks after several sockets, and other threads can wake it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from worker.lifecycle.request_pool import AwaitedSockets


class FakeExchange:
    """Sends nothing or one byte, and stops with the first byte that comes."""

    def __init__(self, *, remaining_s: float = 60.0, is_sending: bool = False) -> None:
        self.server, self.client = socket.socketpair()
        self.remaining_s = remaining_s
        self.is_sending = is_sending
        self.has_stopped = False
        self.is_expired = False

    @property
    def is_quick(self) -> bool:
        return self.has_stopped and not self.is_expired

    def fileno(self) -> int:
        return self.client.fileno()

    def advance(self) -> None:
        if self.is_sending:
            self.client.sendall(b"?")
            self.is_sending = False
        else:
            assert self.client.recv(1) == b"!"
            self.has_stopped = True

    def expire(self) -> None:
        self.has_stopped = self.is_expired = True

    def answer(self) -> None:
        self.server.sendall(b"!")

    def close(self) -> None:
        self.server.close()
        self.client.close()


@pytest.fixture
def sockets() -> Iterator[AwaitedSockets[str]]:
    awaited = AwaitedSockets[str]()
    yield awaited
    awaited.close()


@pytest.fixture
def exchanges() -> Iterator[list[FakeExchange]]:
    made = [FakeExchange() for _ in range(3)]
    yield made
    for exchange in made:
        exchange.close()


def test_what_has_stopped_is_returned_once(
    sockets: AwaitedSockets[str], exchanges: list[FakeExchange]
) -> None:
    for name, exchange in zip("abc", exchanges, strict=True):
        sockets.add(exchange, name)
    exchanges[1].answer()
    first = sockets.wait()
    exchanges[0].answer()
    exchanges[2].answer()
    others = sockets.wait()

    assert first == ["b"]
    assert others == ["a", "c"]
    assert sockets.count == 0


def test_a_request_is_sent_before_its_answer_is_awaited(
    sockets: AwaitedSockets[str], exchanges: list[FakeExchange]
) -> None:
    exchange = exchanges[0]
    exchange.is_sending = True
    sockets.add(exchange, "a")

    assert sockets.wait() == []
    assert exchange.server.recv(1) == b"?"

    exchange.answer()

    assert sockets.wait() == ["a"]


def test_another_thread_wakes_it(
    sockets: AwaitedSockets[str], exchanges: list[FakeExchange]
) -> None:
    sockets.add(exchanges[0], "a")
    thread = threading.Thread(target=sockets.wake)
    thread.start()

    assert sockets.wait() == []

    thread.join()
    exchanges[0].answer()

    assert sockets.wait() == ["a"]


def test_many_wakes_do_not_block(
    sockets: AwaitedSockets[str], exchanges: list[FakeExchange]
) -> None:
    sockets.add(exchanges[0], "a")
    for _ in range(100_000):
        sockets.wake()
    exchanges[0].answer()
    answers: list[str] = []
    while not answers:
        answers = sockets.wait()

    assert answers == ["a"]


def test_before_the_first_exchange_a_wake_does_nothing(sockets: AwaitedSockets[str]) -> None:
    sockets.wake()

    assert sockets.count == 0


def test_only_a_silent_server_is_given_up(
    sockets: AwaitedSockets[str], exchanges: list[FakeExchange]
) -> None:
    """An answer that has come counts, however late this thread looks at it."""
    silent, answered, patient = exchanges
    silent.remaining_s = answered.remaining_s = 0.0
    for name, exchange in zip("abc", exchanges, strict=True):
        sockets.add(exchange, name)
    answered.answer()

    assert sockets.wait() == ["a", "b"]
    assert (silent.is_expired, answered.is_expired, patient.is_expired) == (True, False, False)


def test_it_can_be_used_again_after_it_was_closed(
    sockets: AwaitedSockets[str], exchanges: list[FakeExchange]
) -> None:
    sockets.close()
    sockets.add(exchanges[0], "a")
    exchanges[0].answer()

    assert sockets.wait() == ["a"]
