"""Name the points at which a test may stop or kill a process."""

from collections.abc import Callable

Checkpoint = Callable[[str], object]
"""Called with the name of the point that was just reached, e.g. `store.enqueue`."""


def no_checkpoint(name: str) -> None:
    """Do nothing; the default outside of crash tests."""
