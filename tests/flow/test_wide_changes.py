"""A renamed group and a moved grandparent studio of many scenes cost few requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flow.test_trees import collections, hook, studios, update
from tests.harness.in_process import InProcessHarness, in_process

SCENES, OTHERS = 600, 10
# Scenes in one query to Stash, items in one reading, scene IDs on one page.
STASH_READS, PLEX_READS, PAGE = 100, 50, 500
FEW = 15


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessHarness]:
    """Yield a worker that has synced scenes of a group, below three studios, and a few others."""
    settings = {"c_sync_groups": True, "c_parent_studio_collections": "all"}
    with in_process(tmp_path_factory.mktemp("many"), **settings) as made:
        made.stash.core.hook_listeners.append(lambda event: hook(made, event))
        made.stash.library.add_group("Saga", synopsis="All.")
        studios(made, "World", "Network", "Aurora")
        for number in range(SCENES):
            made.pair(f"many/{number}.mp4", studio="Aurora", groups=["Saga"])
        for number in range(OTHERS):
            made.pair(f"other/{number}.mp4", studio="Elsewhere", groups=["Other"])
        made.sync_all()
        made.run_until_idle(5.0)
        yield made


def check_shown(worker: InProcessHarness, new: set[str], old: str) -> None:
    """Every scene of many shows the new names and not the old one; the others show theirs."""
    shown = collections(worker, [item.rating_key for item in worker.plex.library.items()])
    assert [names for names in shown[:SCENES] if not new <= names or old in names] == []
    assert shown[SCENES:] == [{"Elsewhere", "Other"}] * OTHERS


def check_bounds(worker: InProcessHarness) -> None:
    """What was sent since the counts began: N/100 + N/500 queries, N/50 reads, N/50 edits."""
    writes, requests = worker.plex.writes(), worker.plex.requests
    assert {one.method for one in writes} == {"PUT"}
    assert len(writes) <= SCENES // PLEX_READS + FEW
    assert len(requests) - len(writes) <= SCENES // PLEX_READS + FEW
    assert len(worker.stash.requests) <= SCENES // STASH_READS + SCENES // PAGE + FEW


def reset_counts(worker: InProcessHarness) -> None:
    worker.plex.reset_counts()
    worker.stash.reset_counts()


def test_a_renamed_group_of_many_scenes(worker: InProcessHarness) -> None:
    reset_counts(worker)

    update(worker, "group", "Saga", name="Legend")

    check_bounds(worker)
    check_shown(worker, {"Legend"}, "Saga")


def test_a_moved_grandparent_of_many_scenes(worker: InProcessHarness) -> None:
    moon = worker.stash.library.add_studio("Moon", parent=worker.stash.library.add_studio("Sky"))
    reset_counts(worker)

    update(worker, "studio", "Network", parent_id=str(moon))

    check_bounds(worker)
    check_shown(worker, {"Aurora", "Network", "Moon", "Sky"}, "World")
