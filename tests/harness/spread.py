"""Spread the tests of each kind over the whole run, where several run at the same time.

Tests of real processes wait most of their time, and others need a processor all the time. One kind
after the other would leave the processors idle, or overloaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import pytest

from tests.harness.repeat import MARKER

_T = TypeVar("_T")
# At the end of a run every test needs a processor, so that none is idle while the last ones wait.
WAITING_END = 0.8


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the modules of each kind evenly between those of the others; each stays together."""
    if hasattr(config, "workerinput"):
        modules = [list(group) for _, group in groupby(items, lambda item: item.path)]
        kinds: dict[tuple[str, float], list[list[pytest.Item]]] = defaultdict(list)
        for module in modules:
            kinds[_folder(module), WAITING_END if _waits(module) else 1.0].append(module)
        spread_out = spread((groups, end) for (_, end), groups in kinds.items())
        items[:] = [item for module in spread_out for item in module]


def spread(kinds: Iterable[tuple[Sequence[Sequence[_T]], float]]) -> list[Sequence[_T]]:
    """Return the groups of all kinds, each kind evenly from the begin to its end: 1 is the last.

    >>> spread([(["aa", "AA"], 1.0), (["b", "B", "c"], 1.0)])
    ['b', 'aa', 'B', 'AA', 'c']
    """
    placed = [(place * end, group) for groups, end in kinds for place, group in _placed(groups)]
    return [group for _, group in sorted(placed, key=lambda pair: pair[0])]


def _placed(groups: Sequence[Sequence[_T]]) -> Iterator[tuple[float, Sequence[_T]]]:
    """Yield each group with the place of its middle: 0 is the begin of its kind, 1 the end."""
    whole, before = sum(map(len, groups)), 0
    for group in groups:
        yield (before + len(group) / 2) / whole, group
        before += len(group)


def _folder(module: Sequence[pytest.Item]) -> str:
    return "/".join(module[0].nodeid.split("/")[:2])


def _waits(module: Sequence[pytest.Item]) -> bool:
    """Return True if most tests of a module start processes."""
    return 2 * sum(item.get_closest_marker(MARKER) is not None for item in module) > len(module)
