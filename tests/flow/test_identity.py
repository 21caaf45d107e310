"""Ids change, files stay: after a full import nothing is sent anew and nothing lands on a wrong item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tasks.context import TaskContext
from tasks.queue import sync_all
from tasks.run import build_context
from tests.flow.house import PNG
from tests.flow.inproc import Inproc, opened
from tests.support import ROOT, query
from wiring import Environment

COUNT = 7
LATER_S = 5.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path) as made:
        yield made


def filled(house: Inproc, count: int = COUNT) -> dict[int, int]:
    """Scenes with something of their own and a cover, all of them in Plex; item by scene."""
    pairs = {}
    for n in range(count):
        cover = PNG + bytes([n]) * 200
        scene, item = house.pair(
            f"a/{n}.mp4",
            title=f"S {n}",
            tags=[f"tag {n}", "all"],
            performers=[f"p {n % 2}"],
            studio="H",
            cover=cover,
        )
        pairs[scene] = item
    house.clock.advance(3600.0)
    house.sync_all()
    return pairs


def button(house: Inproc) -> TaskContext:
    """What a task works with where no worker can be started: it does the work itself."""
    server = {
        "server_connection": {"Scheme": "http", "Host": "127.0.0.1", "Port": house.stash.port}
    }
    env = Environment(ROOT, house.data, house.clock, Random(1))
    return build_context(env, server, lambda cause: None, lambda line: None)


def uploads(house: Inproc) -> int:
    return sum(1 for record in house.plex.writes() if "/posters" in record.path)


OFFSETS = pytest.mark.parametrize("offset", [0, 1000], ids=["ids are swapped", "ids are new"])


@OFFSETS
def test_after_a_full_import_nothing_is_sent_again(house: Inproc, offset: int) -> None:
    filled(house)
    house.stash.library.full_import(offset)
    before, sent = house.snapshot(), len(house.plex.writes())

    house.sync_all()

    assert len(house.plex.writes()) == sent
    assert house.snapshot() == before
    assert house.dead_letters() == {}


@OFFSETS
def test_after_a_full_import_records_follow_their_items(house: Inproc, offset: int) -> None:
    pairs = filled(house)
    before = {item: house.records(scene)[item] for scene, item in pairs.items()}
    now = house.stash.library.full_import(offset)

    house.sync_all()

    for scene, item in pairs.items():
        (record,) = house.records(now[scene]).values()
        assert record.item == item
        assert (record.oshash, record.fields, record.images) == (
            before[item].oshash,
            before[item].fields,
            before[item].images,
        )
    assert query(house.data, "SELECT count(*) FROM records") == [(COUNT,)]


@OFFSETS
def test_an_edit_after_a_full_import_reaches_its_own_item(house: Inproc, offset: int) -> None:
    pairs = filled(house)
    now = house.stash.library.full_import(offset)
    scene, item = next(iter(pairs.items()))

    with house.writes_only(item):
        house.change(now[scene], studio=None, title="Edited")
        house.sync(now[scene])

    assert (house.shown(item).title, house.shown(item).collections) == (
        "Edited",
        [],
    )  # the collection was ours


@OFFSETS
def test_scenes_may_be_seen_one_by_one_in_any_order(house: Inproc, offset: int) -> None:
    pairs = filled(house)
    now = house.stash.library.full_import(offset)
    sent = uploads(house)

    for scene in (3, 1, 7, 5, 2, 4, 6):
        house.change(now[scene], title=f"New {scene}")
        house.sync(now[scene])

    assert [house.shown(item).title for item in pairs.values()] == [
        f"New {scene}" for scene in pairs
    ]
    assert uploads(house) == sent
    assert "claimed" not in house.log()


def test_a_record_of_another_file_does_not_prove_a_scene_current(house: Inproc) -> None:
    filled(house, 2)
    house.stash.library.full_import(0)
    house.end_worker()

    answer = sync_all(button(house))

    assert (answer["queued"], answer["current"]) == (2, 0)


@OFFSETS
def test_the_catch_up_after_a_full_import_finds_edits_only(house: Inproc, offset: int) -> None:
    pairs = filled(house)
    house.look_for(1800.0)
    sent = len(house.plex.writes())
    now = house.stash.library.full_import(offset)
    house.clock.advance(600.0)
    house.stash.library.change_scene(now[2], touch=True, title="No hook")

    house.look_for(1800.0)

    assert house.shown(pairs[2]).title == "No hook"
    assert len(house.plex.writes()) == sent + 1


@OFFSETS
def test_a_worker_started_after_a_full_import_loses_no_record(house: Inproc, offset: int) -> None:
    filled(house)
    house.stash.library.full_import(offset)
    house.restart()
    house.look_for(120.0)
    sent = uploads(house)

    house.sync_all()

    assert uploads(house) == sent
    assert query(house.data, "SELECT count(*) FROM records WHERE scene_id > 0") == [(COUNT,)]


def test_a_tag_deleted_after_a_full_import_leaves_its_scenes(house: Inproc) -> None:
    pairs = filled(house)
    now = house.stash.library.full_import(0)
    house.sync_all()

    tag = house.stash.library.tag_id("tag 3")
    house.stash.library.remove_tag(tag)
    house.worker.components.store.enqueue(f"tag:{tag}", "destroy")
    house.look(LATER_S)

    assert now
    assert [set(house.shown(item).genres) for item in pairs.values()] == [
        {"all"} if n == 3 else {"all", f"tag {n}"} for n in range(COUNT)
    ]


# -- pins and letters -----------------------------------------------------------------------------


def test_an_override_with_a_reused_id_writes_nothing(house: Inproc) -> None:
    scene, _ = house.pair("a.mp4", title="Pinned")
    other, other_item = house.pair("b.mp4", title="Other")
    target = house.item("/media/somewhere/else.mp4")
    house.configure(b_match_overrides=f"scene {scene} => item {target}")
    house.sync(scene, other)
    now = house.stash.library.full_import(0)
    assert now == {scene: other, other: scene}

    with house.touches_only(other_item):
        house.sync(scene)

    assert house.dead_letter(scene).reason == "MatchError"
    assert f"scene {other} now" in house.dead_letter(scene).message
    assert house.shown(target).title == "Pinned"


def test_a_corrected_pin_takes_the_record_over(house: Inproc) -> None:
    scene, _ = house.pair("a.mp4", title="Pinned")
    other, _ = house.pair("b.mp4", title="Other")
    target = house.item("/media/somewhere/else.mp4")
    house.configure(b_match_overrides=f"scene {scene} => item {target}")
    house.sync(scene, other)
    now = house.stash.library.full_import(0)

    house.configure(b_match_overrides=f"scene {now[scene]} => item {target}")
    house.look(60.0)
    house.sync(scene, other)

    assert list(house.records(now[scene])) == [target]
    assert house.shown(target).title == "Pinned"


def test_a_pinned_scene_whose_file_was_replaced_is_still_pinned(house: Inproc) -> None:
    scene, _ = house.pair("a.mp4", title="Pinned")
    target = house.item("/media/somewhere/else.mp4")
    house.configure(b_match_overrides=f"scene {scene} => item {target}")
    house.sync(scene)
    file = house.stash.library.scenes[scene].file_ids[0]
    house.stash.library.change_file(file, oshash="00000000000000ff", path="/data/better.mp4")

    house.change(scene, title="Better")
    house.sync(scene)

    assert house.shown(target).title == "Better"


def test_a_file_that_was_replaced_in_its_place_keeps_its_record(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", title="A", studio="H")
    house.sync(scene)
    house.stash.library.change_file(
        house.stash.library.scenes[scene].file_ids[0], oshash="00000000000000ff"
    )

    house.change(scene, studio=None)
    house.sync(scene)

    assert house.shown(item).collections == []
    assert house.records(scene)[item].oshash == "00000000000000ff"


def test_two_scenes_of_one_item_do_not_swap_its_record(
    house: Inproc,
) -> None:
    first, item = house.pair("a.mp4", 1_000, title="First")
    second = house.scene("/data/copies/a.mp4", 1_000, title="Second")
    house.sync(first)

    for _ in range(3):
        house.sync(first, second)

    assert list(house.records(first)) == [item]
    assert house.shown(item).title == "First"
    assert "record.adopted" not in house.log()
