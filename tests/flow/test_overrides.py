"""Scenes matched by hand on the page: what is written, and what follows a scene to its new id."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from reconciliation.run import request_run
from sync.preview import preview
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore
from sync_queue.overrides import OverrideRows
from sync_queue.schema import back_up
from sync_queue.store import JobStore
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.page_calls import PageCalls
from validation.scope import ALL

OFFSETS = pytest.mark.parametrize("offset", [0, 1000], ids=["ids are swapped", "ids are new"])


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


@pytest.fixture
def page(worker: InProcessHarness) -> PageCalls:
    return PageCalls(worker.data, worker.stash)


def ambiguous(worker: InProcessHarness, title: str = "Holiday") -> tuple[int, list[int]]:
    """A scene that ended in the dead letters, and its two candidates."""
    items = [worker.add_item(f"/media/{year}/holiday.mp4", 1_000) for year in (2019, 2024)]
    scene = worker.add_scene("/inbox/holiday.mp4", 1_000, title=title)
    worker.sync(scene)
    assert worker.dead_letter(scene).reason == "AmbiguousMatch"
    return scene, items


def test_a_dead_letter_is_matched_by_hand(worker: InProcessHarness, page: PageCalls) -> None:
    scene, items = ambiguous(worker)
    (row,) = page("dead_letters")["rows"]
    assert sorted(candidate["item"] for candidate in row["candidates"]) == items
    server = worker.plex.machine_identifier
    assert row["candidates"][0]["link"] == (
        f"{worker.plex.url}/web/index.html#!/server/{server}/details"
        f"?key=%2Flibrary%2Fmetadata%2F{row['candidates'][0]['item']}"
    )

    answer = page("set_override", scenes=[scene], item=items[1])

    assert page("dead_letters")["total"] == 0
    assert f"item {items[1]}" in answer["text"]
    with worker.writes_only(items[1]):
        worker.run_until_idle(1.0)
    assert worker.shown(items[1]).title == "Holiday"


def test_never_leaves_a_scene_alone(worker: InProcessHarness, page: PageCalls) -> None:
    scene, item = worker.pair("a.mp4", title="Private")
    worker.enqueue(scene)

    page("set_override", scenes=[scene], item=None)
    assert page("queue")["total"] == 0
    with worker.touches_only():
        worker.sync(scene)

    (row,) = page("overrides")["rows"]
    assert (row["scene"], row["item"], row["source"]) == (scene, None, "page")
    page("remove_override", scenes=[scene])
    worker.run_until_idle(1.0)
    assert worker.shown(item).title == "Private"


def test_never_keeps_the_job_of_a_deletion(worker: InProcessHarness, page: PageCalls) -> None:
    scene, _ = worker.pair("a.mp4")
    worker.enqueue(scene)
    worker.enqueue(scene, cause="destroy")

    page("set_override", scenes=[scene], item=None)

    assert page("queue")["total"] == 1


def test_the_setting_wins_over_the_page(worker: InProcessHarness, page: PageCalls) -> None:
    scene, items = ambiguous(worker)
    worker.configure(b_match_overrides=f"scene {scene} => item {items[0]}")
    worker.run_until_idle(60.0)

    answer = page("set_override", scenes=[scene], item=items[1])
    worker.run_until_idle(1.0)

    assert "wins" in answer["text"]
    assert worker.shown(items[0]).title == "Holiday"
    rows = page("overrides")["rows"]
    assert [(row["source"], row["item"], row["is_shadowed"]) for row in rows] == [
        ("setting", items[0], False),
        ("page", items[1], True),
    ]


def test_a_chosen_item_that_is_gone_is_a_dead_letter(
    worker: InProcessHarness, page: PageCalls
) -> None:
    scene, items = ambiguous(worker)
    page("set_override", scenes=[scene], item=items[1])
    worker.plex.library.remove_item(items[1])

    worker.run_until_idle(1.0)

    dead_letter = worker.dead_letter(scene)
    assert dead_letter.reason == "MatchError"
    assert f"item {items[1]}, which Plex does not have" in dead_letter.message
    assert "no item" in page.error("set_override", scenes=[scene], item=items[1])


def test_a_choice_follows_the_newest(worker: InProcessHarness, page: PageCalls) -> None:
    scene, items = ambiguous(worker)

    for item in (items[0], None, items[1]):
        page("set_override", scenes=[scene], item=item)

    assert [row["item"] for row in page("overrides")["rows"]] == [items[1]]


def test_only_scenes_of_stash_can_be_chosen(worker: InProcessHarness, page: PageCalls) -> None:
    scene, items = ambiguous(worker)

    assert "none of these scenes" in page.error("set_override", scenes=[scene + 9], item=items[0])
    page("set_override", scenes=[scene + 9, scene], item=items[0])
    assert [row["scene"] for row in page("overrides")["rows"]] == [scene]


def test_an_item_of_another_server_is_not_used(worker: InProcessHarness, page: PageCalls) -> None:
    scene, items = ambiguous(worker)
    page("set_override", scenes=[scene], item=items[1])
    with worker.store.transaction() as connection:
        connection.execute("UPDATE overrides SET server = 'another'")

    with worker.touches_only():
        worker.run_until_idle(1.0)

    assert worker.dead_letter(scene).reason == "AmbiguousMatch"
    assert page("overrides")["rows"][0]["is_other_server"]


@OFFSETS
def test_decisions_follow_their_files_to_new_ids(
    worker: InProcessHarness, page: PageCalls, offset: int
) -> None:
    scenes = [worker.pair(f"{number}.mp4", title=f"S {number}")[0] for number in range(7)]
    targets = [worker.add_item(f"/media/there/{number}.mp4") for number in range(3)]
    for scene, item in zip(scenes, [*targets, None], strict=False):
        page("set_override", scenes=[scene], item=item)
    worker.sync_all()
    before, writes = worker.snapshot(), len(worker.plex.writes())
    now = worker.stash.library.full_import(offset)

    # One by one, in any order: a scene may be read before the one that has its old id.
    ids = [now[scene] for scene in scenes]
    Random(3).shuffle(ids)
    for scene in ids:
        worker.sync(scene)

    assert (worker.snapshot(), len(worker.plex.writes())) == (before, writes)
    assert worker.dead_letters() == []
    shown = {row["scene"]: row["item"] for row in page("overrides")["rows"]}
    assert shown == dict(zip((now[scene] for scene in scenes), [*targets, None], strict=False))


def test_a_replaced_file_keeps_its_decision(worker: InProcessHarness, page: PageCalls) -> None:
    scene, _ = worker.pair("a.mp4", title="Pinned")
    target = worker.add_item("/media/somewhere/else.mp4")
    page("set_override", scenes=[scene], item=target)
    file = worker.stash.library.scenes[scene].file_ids[0]
    worker.stash.library.change_file(file, oshash="00000000000000ff", path="/data/better.mp4")

    worker.change(scene, title="Better")
    worker.sync(scene)

    assert worker.shown(target).title == "Better"
    (row,) = OverrideRows(worker.store).all()
    assert (row.path, row.oshash) == ("/data/better.mp4", "00000000000000ff")


def test_reconciliation_and_previews_see_decisions(
    worker: InProcessHarness, page: PageCalls
) -> None:
    scene, items = ambiguous(worker)
    hidden, _ = worker.pair("hidden.mp4", title="Hidden")
    page("set_override", scenes=[scene], item=items[1])
    page("set_override", scenes=[hidden], item=None)
    worker.run_until_idle(1.0)
    worker.plex.library.change(items[1], title="Other")

    worker.clock.advance(10.0)
    with contextlib.closing(connect(str(worker.data))) as connection:
        request_run(MetaStore(JobStore(connection, worker.clock)), ALL, worker.clock.wall())
    worker.work_until(lambda: worker.shown(items[1]).title == "Holiday", step=1.0)

    seen, left_alone = preview(worker.context(), [scene, hidden])
    assert [item for item, _ in seen.items] == [items[1]]
    assert left_alone.problem == "the match overrides say never"


def test_decisions_survive_backup_and_repair(worker: InProcessHarness, page: PageCalls) -> None:
    scene, items = ambiguous(worker)
    page("set_override", scenes=[scene], item=items[1])
    chosen = OverrideRows(worker.store).all()
    back_up(worker.store.connection, worker.data)
    page("set_override", scenes=[scene], item=items[0])
    newest = OverrideRows(worker.store).all()
    worker.end_worker()
    (worker.data / "queue.db.suspect").touch()

    worker.begin_worker()

    assert chosen != newest
    assert OverrideRows(worker.store).all() == newest
