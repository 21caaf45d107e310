"""One lock around the whole library: server threads and tests look at it at the same time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Guarded(Protocol):
    """Anything that owns the lock."""

    lock: threading.RLock


Self = TypeVar("Self", bound=Guarded)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def synchronized(
    method: Callable[Concatenate[Self, Arguments], Result],
) -> Callable[Concatenate[Self, Arguments], Result]:
    """Run a method with the owner's lock held."""

    @functools.wraps(method)
    def run(self: Self, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with self.lock:
            return method(self, *args, **kwargs)

    return run
