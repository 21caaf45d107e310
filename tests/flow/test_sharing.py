"""Test that a change shared by several items is one request and costs no item a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_queue.store import BATCH
from tests.emulators.plex_http import RequestRecord
from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.requests import arguments, removed_names, sent_names, written_items

MANY = 30
MAX_TARGET_CHARS = 4_000


class Killed(BaseException):
    """Stands for SIGKILL at a checkpoint."""


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        made.plex.switches.tags_replace = request.param
        for number in range(3):
            made.add_item(f"/media/bystander/{number}.mp4", genres=["keep", "Old"], roles=["Mia"])
        yield made


def appends(worker: InProcessHarness) -> bool:
    return not worker.plex.switches.tags_replace


def fill(worker: InProcessHarness, count: int = MANY, **fields: Any) -> tuple[list[int], list[int]]:
    """Scenes with one tag of their own and one in common, already in Plex; scenes and items."""
    pairs = [
        worker.pair(f"a/{n}.mp4", **{"title": f"S {n}", "tags": [f"own {n}", "Old"], **fields})
        for n in range(count)
    ]
    scenes, items = [scene for scene, _ in pairs], [item for _, item in pairs]
    worker.sync(*scenes)
    return scenes, items


def edits(worker: InProcessHarness, since: int) -> list[RequestRecord]:
    return worker.plex.writes()[since:]


def genres(worker: InProcessHarness, item: int) -> set[str]:
    return set(worker.shown(item).genres)


def test_a_bulk_edit_of_absolute_values_is_one_request(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for scene in scenes:
        worker.change(scene, studio="Aurora", details="The same for all.", date="2024-01-01")
    before = len(worker.plex.writes())

    with worker.writes_only(*items):
        worker.sync(*scenes)

    shared = [record for record in edits(worker, before) if len(written_items([record])) > 1]
    assert {worker.shown(item).studio for item in items} == {"Aurora"}
    assert len(edits(worker, before)) == len(shared) == 1


def test_an_identical_set_of_names_is_shared_on_every_server(worker: InProcessHarness) -> None:
    scenes, items = fill(worker, tags=["Old", "x"])
    for scene in scenes:
        worker.change(scene, tags=["x", "New"])
    before = len(worker.plex.writes())

    with worker.writes_only(*items):
        worker.sync(*scenes)

    (edit,) = edits(worker, before)
    assert (set(sent_names(edit, "genre")), removed_names(edit, "genre")) == ({"x", "New"}, ["Old"])
    assert all(genres(worker, item) == {"x", "New"} for item in items)


def test_a_renamed_tag_is_shared_only_where_plex_appends(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "New"])
    before = len(worker.plex.writes())

    with worker.writes_only(*items):
        worker.sync(*scenes)

    assert [genres(worker, item) for item in items] == [
        {f"own {number}", "New"} for number in range(MANY)
    ]
    sent = len(edits(worker, before))
    assert sent == (
        2 if appends(worker) else MANY + 1
    )  # a trial, then one for all or each by itself
    assert f"append={appends(worker)}" in worker.worker_log()


def test_what_a_server_was_proven_to_do_is_kept_for_that_server(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "New"])
    worker.sync(*scenes)
    worker.restart()
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "Newer"])
    before = len(worker.plex.writes())

    with worker.writes_only(*items):
        worker.sync(*scenes)

    assert [genres(worker, item) for item in items] == [
        {f"own {number}", "Newer"} for number in range(MANY)
    ]
    assert len(edits(worker, before)) == (1 if appends(worker) else MANY)
    assert worker.worker_log().count("plex.tag_mode") == 1


def test_another_server_at_the_same_address_is_tried_again(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "New"])
    worker.sync(*scenes)
    worker.plex.switches.tags_replace = not worker.plex.switches.tags_replace
    worker.plex.change_identity()
    worker.restart()
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "Newer"])

    with worker.writes_only(*items):
        worker.sync(*scenes)

    assert [genres(worker, item) for item in items] == [
        {f"own {number}", "Newer"} for number in range(MANY)
    ]
    assert worker.worker_log().count("plex.tag_mode") == 2


def test_removals_are_shared_on_every_server_without_a_trial(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}"])
    before = len(worker.plex.writes())

    with worker.writes_only(*items):
        worker.sync(*scenes)

    (edit,) = edits(worker, before)
    assert (sent_names(edit, "genre"), removed_names(edit, "genre")) == ([], ["Old"])
    assert [genres(worker, item) for item in items] == [{f"own {number}"} for number in range(MANY)]
    assert "plex.tag_mode" not in worker.worker_log()


@pytest.mark.parametrize("preserve", [False, True])
def test_names_of_others_survive_every_kind_of_sharing(
    worker: InProcessHarness, preserve: bool
) -> None:
    worker.configure(c_preserve_plex_edits=preserve)
    scenes, items = fill(worker, studio="Aurora")
    for number, item in enumerate(items):
        shown = worker.shown(item)
        by_hand = {"genres": [*shown.genres, f"by hand {number}"]} if preserve else {}
        worker.plex.library.change(
            item, collections=[*shown.collections, f"Mine {number}"], **by_hand
        )
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "New"], studio="Borealis")

    with worker.writes_only(*items):
        worker.sync(*scenes)

    for number, item in enumerate(items):
        kept = {f"by hand {number}"} if preserve else set()
        assert genres(worker, item) == {f"own {number}", "New"} | kept
        assert set(worker.shown(item).collections) == {"Borealis", f"Mine {number}"}


@pytest.mark.parametrize("preserve", [False, True])
@pytest.mark.parametrize("point", ["drain.shared", "drain.job_started", "drain.synced"])
def test_a_worker_killed_after_sharing_costs_no_name(
    worker: InProcessHarness, point: str, preserve: bool
) -> None:
    worker.configure(c_preserve_plex_edits=preserve)
    scenes, items = fill(worker, 6)
    for number, item in enumerate(items):
        by_hand = (
            [f"own {number}", "Old", f"by hand {number}"] if preserve else [f"own {number}", "Old"]
        )
        worker.plex.library.change(item, genres=by_hand, collections=[f"Mine {number}"])
    for number, scene in enumerate(scenes):
        worker.change(scene, tags=[f"own {number}", "New"], studio="Borealis")

    def die(name: str) -> None:
        if name == point:
            raise Killed

    worker.end_worker()
    worker.begin_worker(die)
    with worker.touches_only(*items):
        with pytest.raises(Killed):
            worker.sync(*scenes)
        worker.restart()
        worker.run_until_idle()

    for number, item in enumerate(items):
        kept = {f"by hand {number}"} if preserve else set()
        assert genres(worker, item) == {f"own {number}", "New"} | kept
        assert set(worker.shown(item).collections) == {"Borealis", f"Mine {number}"}


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_shared_request_that_fails_is_made_good_by_each_job(
    worker: InProcessHarness, status: int
) -> None:
    scenes, items = fill(worker)
    for scene in scenes:
        worker.change(scene, studio="Aurora")
    worker.plex.faults.add(Fault("status", method="PUT", status=status, times=1))

    with worker.writes_only(*items):
        worker.sync(*scenes)
        worker.run_for(300.0)

    assert {worker.shown(item).studio for item in items} == {"Aurora"}
    assert (worker.waiting(), worker.dead_letters()) == ({}, [])


@pytest.mark.parametrize(("count", "of_items"), [(20, BATCH), (60, 10)])
def test_shared_requests_stay_short_however_many_items_and_names(
    worker: InProcessHarness, count: int, of_items: int
) -> None:
    names = [f"a rather long name of a tag, number {number} & more" for number in range(count)]
    scenes, items = fill(worker, of_items, tags=names)
    for scene in scenes:
        worker.change(scene, tags=[name.upper() + "!" for name in names], studio="Aurora")
    before = len(worker.plex.writes())

    with worker.writes_only(*items):
        worker.sync(*scenes)

    desired = {name.upper() + "!" for name in names}
    assert all(genres(worker, item) == desired for item in items)
    shared = [record for record in edits(worker, before) if len(written_items([record])) > 1]
    assert all(len(record.target) <= MAX_TARGET_CHARS for record in shared)
    assert bool(shared) == (
        count == 20
    )  # a longer list would be sent in parts, which not every server adds up


def test_a_long_text_in_common_is_never_cut(worker: InProcessHarness) -> None:
    text = "A long story, up to the end. " * 200
    scenes, items = fill(worker, 5)
    for scene in scenes:
        worker.change(scene, details=text)

    with worker.writes_only(*items):
        worker.sync(*scenes)

    assert {worker.shown(item).summary for item in items} == {text.strip()}
    assert not any("does not show it" in notice for notice in worker.notices().values())


def test_what_differs_in_a_title_is_not_shared(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for number, scene in enumerate(scenes):
        worker.change(scene, title=f"New {number}", studio="Aurora")

    with worker.writes_only(*items):
        worker.sync(*scenes)

    assert [worker.shown(item).title for item in items] == [
        f"New {number}" for number in range(MANY)
    ]
    assert all(
        "title.value" not in arguments(one)
        for one in worker.plex.writes()
        if len(written_items([one])) > 1
    )


def test_an_item_owned_by_another_scene_is_not_shared(worker: InProcessHarness) -> None:
    item = worker.plex.library.add_item(
        worker.section, parts=[[("/media/x.mp4", 1), ("/media/y.mp4", 2)]]
    )
    first = worker.add_scene("/data/x.mp4", 1, title="X", studio="Aurora")
    second = worker.add_scene("/data/y.mp4", 2, title="X", studio="Aurora")
    third, other = worker.pair("a/z.mp4", title="X", studio="Aurora")

    with worker.writes_only(item, other):
        worker.sync(first, second, third)

    assert worker.records(second) == {}
    assert (worker.shown(item).studio, worker.shown(other).studio) == ("Aurora", "Aurora")


def test_what_was_shared_is_recorded_and_verified(worker: InProcessHarness) -> None:
    scenes, items = fill(worker)
    for scene in scenes:
        worker.change(scene, studio="Aurora")
    worker.sync(*scenes)

    with worker.writes_only():
        worker.sync(*scenes)

    records = [worker.records(scene)[item] for scene, item in zip(scenes, items, strict=True)]
    assert all(
        record.fields["studio"].verified == record.fields["studio"].pushed != ""
        for record in records
    )
