"""Wait for a condition with a limit."""

import time
from collections.abc import Callable
from typing import Any

POLL_S = 0.02
LIMIT_S = 240.0  # a success never takes this long; a stalled machine may


def wait_for(condition: Callable[[], Any], what: str = "", limit: float = LIMIT_S) -> None:
    """Poll until the condition holds.

    Raises:
        AssertionError: it did not hold within `limit` seconds.
    """
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"never came true: {what or condition}"
        time.sleep(POLL_S)
