"""Spread the tests of each kind over the whole run, where several run at the same time.

Tests of real processes wait most of their time, and others need a processor all the time. One kind
after the other would leave the processors idle, or overloaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import pytest

from tests.harness.repeat import MARKER

_T = TypeVar("_T")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the modules of each kind evenly between those of the others; each stays together."""
    if hasattr(config, "workerinput"):
        modules = [list(group) for _, group in groupby(items, lambda item: item.path)]
        kinds: dict[Hashable, list[list[pytest.Item]]] = defaultdict(list)
        for module in modules:
            kinds[_kind(module)].append(module)
        items[:] = [item for module in spread(kinds.values()) for item in module]


def spread(kinds: Iterable[Sequence[Sequence[_T]]]) -> list[Sequence[_T]]:
    """Return the groups of all kinds, so that at each place as much of every kind lies before it.

    >>> spread([["aa", "AA"], ["b", "B", "c"]])
    ['b', 'aa', 'B', 'AA', 'c']
    """
    placed = [pair for groups in kinds for pair in _placed(groups)]
    return [group for _, group in sorted(placed, key=lambda pair: pair[0])]


def _placed(groups: Sequence[Sequence[_T]]) -> Iterator[tuple[float, Sequence[_T]]]:
    """Yield each group with the place of its middle: 0 is the begin of its kind, 1 the end."""
    whole, before = sum(map(len, groups)), 0
    for group in groups:
        yield (before + len(group) / 2) / whole, group
        before += len(group)


def _kind(module: Sequence[pytest.Item]) -> Hashable:
    """Return what tests of a module have in common: their folder, and whether most of them wait."""
    waiting = sum(item.get_closest_marker(MARKER) is not None for item in module)
    return module[0].nodeid.split("/")[:2][-1], 2 * waiting > len(module)
