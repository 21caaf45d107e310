"""Describe network calls as values, so that code which decides does not carry them out.

A function that needs a server's answer is a generator: it yields a `Call` and continues with the
answer, or with the error that the call raised. `run_here` carries out each call in place, the
worker in a thread while it advances another job.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One network call. `run` touches no state that anything but this call uses.

    `is_write`: it changes something in Plex.
    """

    run: Callable[[], Any]
    is_write: bool = False


@dataclass(frozen=True, slots=True)
class Alone:
    """Ask to continue only when no other job is between two of its calls."""


Steps = Generator[Call | Alone, Any, _T]
"""A generator of calls that returns a result."""


def call(run: Callable[[], _T], *, is_write: bool = False) -> Steps[_T]:
    """Yield one call and return its answer; write `answer = yield from call(...)`.

    Examples:
        >>> run_here(call(lambda: 42))
        42
    """
    answer: _T = yield Call(run, is_write=is_write)
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
