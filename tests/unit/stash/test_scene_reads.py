"""Scenes that Stash fails on are found with few queries, and the others are read."""

from collections.abc import Sequence

import pytest

from core.errors import StashQueryError, StashSchemaError, StashUnavailable
from stash.scene_reads import RawScene, read_halves


class FakeStash:
    """A Stash that fails on every query for one of the bad scenes."""

    def __init__(self, *bad: int) -> None:
        self.bad = set(bad)
        self.queries = 0

    def read(self, ids: Sequence[int]) -> dict[int, RawScene | None]:
        self.queries += 1
        if self.bad & set(ids):
            raise StashQueryError("a bug of Stash")
        return {number: {"id": str(number)} for number in ids}


@pytest.mark.parametrize(
    ("bad", "queries"), [((), 2), ((1,), 14), ((100,), 14), ((50, 51), 26), (range(1, 101), 198)]
)
def test_only_the_failing_scenes_are_left_out(bad: Sequence[int], queries: int) -> None:
    stash, ids = FakeStash(*bad), range(1, 101)

    result = read_halves(stash.read, ids, "a bug of Stash")

    assert set(result.failed) == set(bad)
    assert set(result.scenes) == set(ids) - set(bad)
    assert stash.queries <= queries


def test_one_scene_is_not_asked_for_again() -> None:
    stash = FakeStash(7)

    result = read_halves(stash.read, [7], "a bug of Stash")

    assert (result.failed, result.scenes, stash.queries) == ({7: "a bug of Stash"}, {}, 0)


@pytest.mark.parametrize("error", [StashUnavailable("away"), StashSchemaError("refused")])
def test_a_failure_of_all_queries_ends_the_halving(error: Exception) -> None:
    def read(ids: Sequence[int]) -> dict[int, RawScene | None]:
        raise error

    with pytest.raises(type(error)):
        read_halves(read, [1, 2, 3], "a bug of Stash")
