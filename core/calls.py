"""Describe network calls as values, so that code which decides does not carry them out.

A function that needs a server's answer is a generator: it yields a `Call` and continues with the
answer, or with the error that the call raised. `run_here` carries out each call in place, the
worker while it advances other jobs: by sending a request and looking after its answer, or in a
thread.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")


class Exchange(Protocol):
    """A request that is being sent, or whose answer is awaited, without a thread that waits."""

    @property
    def is_sending(self) -> bool:
        """Return True while the socket must take more; False while it must bring something."""

    @property
    def has_stopped(self) -> bool:
        """Return True if nothing is left for `advance`."""

    @property
    def is_quick(self) -> bool:
        """Return True if `Begun.finish` waits for nothing: the whole answer is there, and no other
        request follows from it.
        """

    @property
    def remaining_s(self) -> float:
        """Return how many seconds the server still has for its next bytes; 0.0 for none."""

    def fileno(self) -> int:
        """Return the number of the socket."""

    def advance(self) -> None:
        """Send or receive what is possible without waiting."""

    def expire(self) -> None:
        """Give up, because the server took too long."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call whose request is on its way. `finish` waits for the rest and returns its answer."""

    exchange: Exchange
    finish: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One network call. `run` touches no state that anything but this call uses.

    `is_write`: it changes something in Plex. `begin`, which raises nothing, begins what `run` does
    without waiting; it returns None where only `run` can do it now. None if nothing can begin it.
    """

    run: Callable[[], Any]
    is_write: bool = False
    begin: Callable[[], Begun | None] | None = None


@dataclass(frozen=True, slots=True)
class Alone:
    """Ask to continue only when no other job is between two of its calls."""


Steps = Generator[Call | Alone, Any, _T]
"""A generator of calls that returns a result."""


def call(
    run: Callable[[], _T],
    *,
    is_write: bool = False,
    begin: Callable[[], Begun | None] | None = None,
) -> Steps[_T]:
    """Yield one call and return its answer; write `answer = yield from call(...)`.

    Examples:
        >>> run_here(call(lambda: 42))
        42
    """
    answer: _T = yield Call(run, is_write=is_write, begin=begin)
    return answer


def run_here(steps: Steps[_T]) -> _T:
    """Carry out the steps one after another in this thread and return their result.

    Raises:
        Exception: what the steps raise.
    """
    try:
        step = next(steps)
        while True:
            step = _advance(steps, step)
    except StopIteration as end:
        result: _T = end.value
        return result


def _advance(steps: Steps[_T], step: Call | Alone) -> Call | Alone:
    """Carry out one step and return the next one."""
    if isinstance(step, Alone):
        return steps.send(None)
    try:
        answer = step.run()
    except Exception as error:  # noqa: BLE001 broad: the steps decide which errors they expect
        return steps.throw(error)
    return steps.send(answer)
