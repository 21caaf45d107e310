"""Test new ids for the same files: nothing is sent again, and never to a wrong item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tasks.context import TaskContext
from tasks.queue import sync_all
from tasks.run import build_context
from tests.harness.database import query
from tests.harness.images import PNG
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.plugin_copy import ROOT
from wiring import Environment

COUNT = 7
LATER_S = 5.0


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


def filled(worker: InProcessHarness, count: int = COUNT) -> dict[int, int]:
    """Scenes with something of their own and a cover, all of them in Plex; item by scene."""
    pairs = {}
    for n in range(count):
        cover = PNG + bytes([n]) * 200
        scene, item = worker.pair(
            f"a/{n}.mp4",
            title=f"S {n}",
            tags=[f"tag {n}", "all"],
            performers=[f"p {n % 2}"],
            studio="H",
            cover=cover,
        )
        pairs[scene] = item
    worker.clock.advance(3600.0)
    worker.sync_all()
    return pairs


def button(worker: InProcessHarness) -> TaskContext:
    """What a task works with where no worker can be started: it does the work itself."""
    server = {
        "server_connection": {"Scheme": "http", "Host": "127.0.0.1", "Port": worker.stash.port}
    }
    env = Environment(ROOT, worker.data, worker.clock, Random(1))
    return build_context(env, server, lambda cause: None, lambda line: None)


def uploads(worker: InProcessHarness) -> int:
    return sum(1 for record in worker.plex.writes() if "/posters" in record.path)


OFFSETS = pytest.mark.parametrize("offset", [0, 1000], ids=["ids are swapped", "ids are new"])


@OFFSETS
def test_after_a_full_import_nothing_is_sent_again(worker: InProcessHarness, offset: int) -> None:
    filled(worker)
    worker.stash.library.full_import(offset)
    before, sent = worker.snapshot(), len(worker.plex.writes())

    worker.sync_all()

    assert len(worker.plex.writes()) == sent
    assert worker.snapshot() == before
    assert worker.dead_letters() == []


@OFFSETS
def test_after_a_full_import_records_follow_their_items(
    worker: InProcessHarness, offset: int
) -> None:
    pairs = filled(worker)
    before = {item: worker.records(scene)[item] for scene, item in pairs.items()}
    now = worker.stash.library.full_import(offset)

    worker.sync_all()

    for scene, item in pairs.items():
        (record,) = worker.records(now[scene]).values()
        assert record.item == item
        assert (record.oshash, record.fields, record.images) == (
            before[item].oshash,
            before[item].fields,
            before[item].images,
        )
    assert query(worker.data, "SELECT count(*) FROM records") == [(COUNT,)]


@OFFSETS
def test_an_edit_after_a_full_import_reaches_its_own_item(
    worker: InProcessHarness, offset: int
) -> None:
    pairs = filled(worker)
    now = worker.stash.library.full_import(offset)
    scene, item = next(iter(pairs.items()))

    with worker.writes_only(item):
        worker.change(now[scene], studio=None, title="Edited")
        worker.sync(now[scene])

    assert (worker.shown(item).title, worker.shown(item).collections) == (
        "Edited",
        [],
    )  # the collection was ours


@OFFSETS
def test_scenes_may_be_seen_one_by_one_in_any_order(worker: InProcessHarness, offset: int) -> None:
    pairs = filled(worker)
    now = worker.stash.library.full_import(offset)
    sent = uploads(worker)

    for scene in (3, 1, 7, 5, 2, 4, 6):
        worker.change(now[scene], title=f"New {scene}")
        worker.sync(now[scene])

    assert [worker.shown(item).title for item in pairs.values()] == [
        f"New {scene}" for scene in pairs
    ]
    assert uploads(worker) == sent
    assert "claimed" not in worker.worker_log()


def test_a_record_of_another_file_does_not_prove_a_scene_current(worker: InProcessHarness) -> None:
    filled(worker, 2)
    worker.stash.library.full_import(0)
    worker.end_worker()

    answer = sync_all(button(worker))

    assert (answer["queued"], answer["current"]) == (2, 0)


@OFFSETS
def test_the_catch_up_after_a_full_import_finds_edits_only(
    worker: InProcessHarness, offset: int
) -> None:
    pairs = filled(worker)
    worker.run_for(1800.0)
    sent = len(worker.plex.writes())
    now = worker.stash.library.full_import(offset)
    worker.clock.advance(600.0)
    worker.stash.library.change_scene(now[2], touch=True, title="No hook")

    worker.run_for(1800.0)

    assert worker.shown(pairs[2]).title == "No hook"
    assert len(worker.plex.writes()) == sent + 1


@OFFSETS
def test_a_worker_started_after_a_full_import_loses_no_record(
    worker: InProcessHarness, offset: int
) -> None:
    filled(worker)
    worker.stash.library.full_import(offset)
    worker.restart()
    worker.run_for(120.0)
    sent = uploads(worker)

    worker.sync_all()

    assert uploads(worker) == sent
    assert query(worker.data, "SELECT count(*) FROM records WHERE scene_id > 0") == [(COUNT,)]


def test_a_tag_deleted_after_a_full_import_leaves_its_scenes(worker: InProcessHarness) -> None:
    pairs = filled(worker)
    now = worker.stash.library.full_import(0)
    worker.sync_all()

    tag = worker.stash.library.tag_id("tag 3")
    worker.stash.library.remove_tag(tag)
    worker.store.enqueue(f"tag:{tag}", "destroy")
    worker.run_until_idle(LATER_S)

    assert now
    assert [set(worker.shown(item).genres) for item in pairs.values()] == [
        {"all"} if n == 3 else {"all", f"tag {n}"} for n in range(COUNT)
    ]


# -- pins and dead letters -----------------------------------------------------------------------------


def test_an_override_with_a_reused_id_writes_nothing(worker: InProcessHarness) -> None:
    scene, _ = worker.pair("a.mp4", title="Pinned")
    other, other_item = worker.pair("b.mp4", title="Other")
    target = worker.add_item("/media/somewhere/else.mp4")
    worker.configure(b_match_overrides=f"scene {scene} => item {target}")
    worker.sync(scene, other)
    now = worker.stash.library.full_import(0)
    assert now == {scene: other, other: scene}

    with worker.touches_only(other_item):
        worker.sync(scene)

    assert worker.dead_letter(scene).reason == "MatchError"
    assert f"scene {other} now" in worker.dead_letter(scene).message
    assert worker.shown(target).title == "Pinned"


def test_a_corrected_pin_takes_the_record_over(worker: InProcessHarness) -> None:
    scene, _ = worker.pair("a.mp4", title="Pinned")
    other, _ = worker.pair("b.mp4", title="Other")
    target = worker.add_item("/media/somewhere/else.mp4")
    worker.configure(b_match_overrides=f"scene {scene} => item {target}")
    worker.sync(scene, other)
    now = worker.stash.library.full_import(0)

    worker.configure(b_match_overrides=f"scene {now[scene]} => item {target}")
    worker.run_until_idle(60.0)
    worker.sync(scene, other)

    assert list(worker.records(now[scene])) == [target]
    assert worker.shown(target).title == "Pinned"


def test_a_pinned_scene_whose_file_was_replaced_is_still_pinned(worker: InProcessHarness) -> None:
    scene, _ = worker.pair("a.mp4", title="Pinned")
    target = worker.add_item("/media/somewhere/else.mp4")
    worker.configure(b_match_overrides=f"scene {scene} => item {target}")
    worker.sync(scene)
    file = worker.stash.library.scenes[scene].file_ids[0]
    worker.stash.library.change_file(file, oshash="00000000000000ff", path="/data/better.mp4")

    worker.change(scene, title="Better")
    worker.sync(scene)

    assert worker.shown(target).title == "Better"


def test_a_file_that_was_replaced_in_its_place_keeps_its_record(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", title="A", studio="H")
    worker.sync(scene)
    worker.stash.library.change_file(
        worker.stash.library.scenes[scene].file_ids[0], oshash="00000000000000ff"
    )

    worker.change(scene, studio=None)
    worker.sync(scene)

    assert worker.shown(item).collections == []
    assert worker.records(scene)[item].oshash == "00000000000000ff"


def test_two_scenes_of_one_item_do_not_swap_its_record(
    worker: InProcessHarness,
) -> None:
    first, item = worker.pair("a.mp4", 1_000, title="First")
    second = worker.add_scene("/data/copies/a.mp4", 1_000, title="Second")
    worker.sync(first)

    for _ in range(3):
        worker.sync(first, second)

    assert list(worker.records(first)) == [item]
    assert worker.shown(item).title == "First"
    assert "record.adopted" not in worker.worker_log()
