"""What several items have in common is written by one request, and never costs an item a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.plex_http import RequestRecord
from tests.emulators.plex_server import Fault
from tests.flow.inproc import Inproc, arguments, opened, removed_names, sent_names, written_items

MANY = 30
LONGEST_TARGET = 4_000


class Killed(BaseException):
    """Stands for SIGKILL at a checkpoint."""


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path) as made:
        made.plex.switches.tags_replace = request.param
        for number in range(3):
            made.item(f"/media/bystander/{number}.mp4", genres=["keep", "Old"], roles=["Mia"])
        yield made


def appends(house: Inproc) -> bool:
    return not house.plex.switches.tags_replace


def fill(house: Inproc, count: int = MANY, **fields: Any) -> tuple[list[int], list[int]]:
    """Scenes with one tag of their own and one in common, already in Plex; scenes and items."""
    pairs = [
        house.pair(f"a/{n}.mp4", **{"title": f"S {n}", "tags": [f"own {n}", "Old"], **fields})
        for n in range(count)
    ]
    scenes, items = [scene for scene, _ in pairs], [item for _, item in pairs]
    house.sync(*scenes)
    return scenes, items


def edits(house: Inproc, since: int) -> list[RequestRecord]:
    return house.plex.writes()[since:]


def genres(house: Inproc, item: int) -> set[str]:
    return set(house.shown(item).genres)


def test_a_bulk_edit_of_absolute_values_is_one_request(house: Inproc) -> None:
    scenes, items = fill(house)
    for scene in scenes:
        house.change(scene, studio="Aurora", details="The same for all.", date="2024-01-01")
    before = len(house.plex.writes())

    with house.writes_only(*items):
        house.sync(*scenes)

    shared = [record for record in edits(house, before) if len(written_items([record])) > 1]
    assert {house.shown(item).studio for item in items} == {"Aurora"}
    assert len(edits(house, before)) == len(shared) == 1


def test_an_identical_set_of_names_is_shared_on_every_server(house: Inproc) -> None:
    scenes, items = fill(house, tags=["Old", "x"])
    for scene in scenes:
        house.change(scene, tags=["x", "New"])
    before = len(house.plex.writes())

    with house.writes_only(*items):
        house.sync(*scenes)

    (edit,) = edits(house, before)
    assert (set(sent_names(edit, "genre")), removed_names(edit, "genre")) == ({"x", "New"}, ["Old"])
    assert all(genres(house, item) == {"x", "New"} for item in items)


def test_a_renamed_tag_is_shared_only_where_plex_appends(house: Inproc) -> None:
    scenes, items = fill(house)
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "New"])
    before = len(house.plex.writes())

    with house.writes_only(*items):
        house.sync(*scenes)

    assert [genres(house, item) for item in items] == [
        {f"own {number}", "New"} for number in range(MANY)
    ]
    sent = len(edits(house, before))
    assert sent == (
        2 if appends(house) else MANY + 1
    )  # a trial, then one for all or each by itself
    assert f"append={appends(house)}" in house.log()


def test_what_a_server_was_proven_to_do_is_kept_for_that_server(house: Inproc) -> None:
    scenes, items = fill(house)
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "New"])
    house.sync(*scenes)
    house.restart()
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "Newer"])
    before = len(house.plex.writes())

    with house.writes_only(*items):
        house.sync(*scenes)

    assert [genres(house, item) for item in items] == [
        {f"own {number}", "Newer"} for number in range(MANY)
    ]
    assert len(edits(house, before)) == (1 if appends(house) else MANY)
    assert house.log().count("plex.tag_mode") == 1


def test_another_server_at_the_same_address_is_tried_anew(house: Inproc) -> None:
    scenes, items = fill(house)
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "New"])
    house.sync(*scenes)
    house.plex.switches.tags_replace = not house.plex.switches.tags_replace
    house.plex.change_identity()
    house.restart()
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "Newer"])

    with house.writes_only(*items):
        house.sync(*scenes)

    assert [genres(house, item) for item in items] == [
        {f"own {number}", "Newer"} for number in range(MANY)
    ]
    assert house.log().count("plex.tag_mode") == 2


def test_removals_are_shared_on_every_server_without_a_trial(house: Inproc) -> None:
    scenes, items = fill(house)
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}"])
    before = len(house.plex.writes())

    with house.writes_only(*items):
        house.sync(*scenes)

    (edit,) = edits(house, before)
    assert (sent_names(edit, "genre"), removed_names(edit, "genre")) == ([], ["Old"])
    assert [genres(house, item) for item in items] == [{f"own {number}"} for number in range(MANY)]
    assert "plex.tag_mode" not in house.log()


@pytest.mark.parametrize("preserve", [False, True])
def test_names_of_others_survive_every_kind_of_sharing(house: Inproc, preserve: bool) -> None:
    house.configure(c_preserve_plex_edits=preserve)
    scenes, items = fill(house, studio="Aurora")
    for number, item in enumerate(items):
        shown = house.shown(item)
        by_hand = {"genres": [*shown.genres, f"by hand {number}"]} if preserve else {}
        house.plex.library.change(
            item, collections=[*shown.collections, f"Mine {number}"], **by_hand
        )
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "New"], studio="Borealis")

    with house.writes_only(*items):
        house.sync(*scenes)

    for number, item in enumerate(items):
        kept = {f"by hand {number}"} if preserve else set()
        assert genres(house, item) == {f"own {number}", "New"} | kept
        assert set(house.shown(item).collections) == {"Borealis", f"Mine {number}"}


@pytest.mark.parametrize("preserve", [False, True])
@pytest.mark.parametrize("point", ["drain.shared", "drain.job_started", "drain.synced"])
def test_a_worker_that_dies_after_sharing_costs_no_name(
    house: Inproc, point: str, preserve: bool
) -> None:
    house.configure(c_preserve_plex_edits=preserve)
    scenes, items = fill(house, 6)
    for number, item in enumerate(items):
        by_hand = (
            [f"own {number}", "Old", f"by hand {number}"] if preserve else [f"own {number}", "Old"]
        )
        house.plex.library.change(item, genres=by_hand, collections=[f"Mine {number}"])
    for number, scene in enumerate(scenes):
        house.change(scene, tags=[f"own {number}", "New"], studio="Borealis")

    def die(name: str) -> None:
        if name == point:
            raise Killed

    house.end_worker()
    house.begin_worker(die)
    with house.touches_only(*items):
        with pytest.raises(Killed):
            house.sync(*scenes)
        house.restart()
        house.look()

    for number, item in enumerate(items):
        kept = {f"by hand {number}"} if preserve else set()
        assert genres(house, item) == {f"own {number}", "New"} | kept
        assert set(house.shown(item).collections) == {"Borealis", f"Mine {number}"}


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_shared_request_that_fails_is_made_good_by_each_job(house: Inproc, status: int) -> None:
    scenes, items = fill(house)
    for scene in scenes:
        house.change(scene, studio="Aurora")
    house.plex.faults.add(Fault("status", method="PUT", status=status, times=1))

    with house.writes_only(*items):
        house.sync(*scenes)
        house.look_for(300.0)

    assert {house.shown(item).studio for item in items} == {"Aurora"}
    assert (house.waiting(), house.dead_letters()) == ({}, {})


@pytest.mark.parametrize("count", [20, 60])
def test_shared_requests_stay_short_however_many_items_and_names(house: Inproc, count: int) -> None:
    names = [f"a rather long name of a tag, number {number} & more" for number in range(count)]
    scenes, items = fill(house, 150, tags=names)
    for scene in scenes:
        house.change(scene, tags=[name.upper() + "!" for name in names], studio="Aurora")
    before = len(house.plex.writes())

    with house.writes_only(*items):
        house.sync(*scenes)

    desired = {name.upper() + "!" for name in names}
    assert all(genres(house, item) == desired for item in items)
    shared = [record for record in edits(house, before) if len(written_items([record])) > 1]
    assert all(len(record.target) <= LONGEST_TARGET for record in shared)
    assert bool(shared) == (
        count == 20
    )  # a longer list would be sent in parts, which not every server adds up


def test_a_long_text_in_common_is_never_cut(house: Inproc) -> None:
    text = "A long story, told to the end. " * 200
    scenes, items = fill(house, 5)
    for scene in scenes:
        house.change(scene, details=text)

    with house.writes_only(*items):
        house.sync(*scenes)

    assert {house.shown(item).summary for item in items} == {text.strip()}
    assert not any("does not show it" in notice for notice in house.notices())


def test_what_differs_in_a_title_is_not_shared(house: Inproc) -> None:
    scenes, items = fill(house)
    for number, scene in enumerate(scenes):
        house.change(scene, title=f"New {number}", studio="Aurora")

    with house.writes_only(*items):
        house.sync(*scenes)

    assert [house.shown(item).title for item in items] == [
        f"New {number}" for number in range(MANY)
    ]
    assert all(
        "title.value" not in arguments(one)
        for one in house.plex.writes()
        if len(written_items([one])) > 1
    )


def test_an_item_owned_by_another_scene_is_not_shared(house: Inproc) -> None:
    item = house.plex.library.add_item(
        house.section, parts=[[("/media/x.mp4", 1), ("/media/y.mp4", 2)]]
    )
    first = house.scene("/data/x.mp4", 1, title="X", studio="Aurora")
    second = house.scene("/data/y.mp4", 2, title="X", studio="Aurora")
    third, other = house.pair("a/z.mp4", title="X", studio="Aurora")

    with house.writes_only(item, other):
        house.sync(first, second, third)

    assert house.records(second) == {}
    assert (house.shown(item).studio, house.shown(other).studio) == ("Aurora", "Aurora")


def test_what_was_shared_is_recorded_and_verified(house: Inproc) -> None:
    scenes, items = fill(house)
    for scene in scenes:
        house.change(scene, studio="Aurora")
    house.sync(*scenes)

    with house.writes_only():
        house.sync(*scenes)

    records = [house.records(scene)[item] for scene, item in zip(scenes, items, strict=True)]
    assert all(
        record.fields["studio"].verified == record.fields["studio"].pushed != ""
        for record in records
    )
