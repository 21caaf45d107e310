"""Run callbacks on the thread that owns their state, whichever thread calls them."""

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import ParamSpec

_P = ParamSpec("_P")


class OwnThread:
    """Belongs to the thread that makes it: what other threads call waits for `run_pending`.

    Examples:
        >>> owner, times = OwnThread(), []
        >>> record = owner.wrap(times.append)
        >>> record(0.5)
        >>> times
        [0.5]
    """

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._pending: deque[Callable[[], object]] = deque()

    def wrap(self, callback: Callable[_P, object]) -> Callable[_P, None]:
        """Return the callback so that any thread may call it; it runs on the owner's thread."""

        def run_or_keep(*args: _P.args, **kwargs: _P.kwargs) -> None:
            if threading.get_ident() == self._ident:
                callback(*args, **kwargs)
            else:
                self._pending.append(partial(callback, *args, **kwargs))

        return run_or_keep

    def run_pending(self) -> None:
        """Run what other threads have called meanwhile, oldest first."""
        while self._pending:
            self._pending.popleft()()
