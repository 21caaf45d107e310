"""A setting that is changed later takes effect for scenes that were synced long ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.stash_images import png
from tests.flow.inproc import FULL, Inproc, opened_among_others


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inproc]:
    with opened_among_others(tmp_path, request.param) as made:
        yield made


def genres(house: Inproc, item: int) -> set[str]:
    return set(house.shown(item).genres)


def test_a_toggled_field_takes_effect_at_the_next_sync_all(
    house: Inproc,
) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.configure(c_sync_tags=False, c_sync_studio=False)
    house.change(scene, tags=["later"], studio="Later", title="Later")
    with house.writes_only(item):
        house.sync_all()
    off = (genres(house, item), house.shown(item).studio, house.shown(item).title)

    house.configure(c_sync_tags=True, c_sync_studio=True)
    with house.writes_only(item):
        house.sync_all()

    assert off == ({"train", "night"}, "Aurora", "Later")
    assert (genres(house, item), house.shown(item).studio) == ({"later"}, "Later")


@pytest.mark.parametrize("preserve", [False, True])
def test_a_limit_changed_later_takes_effect_at_the_next_sync_all(
    house: Inproc, preserve: bool
) -> None:
    house.configure(c_preserve_plex_edits=preserve)
    scene, item = house.pair("a.mp4", tags=[f"tag {number}" for number in range(6)])
    house.sync(scene)
    house.configure(c_max_tags=2)

    with house.writes_only(item):
        house.sync_all()
    few = genres(house, item)
    house.configure(c_max_tags=4)
    with house.writes_only(item):
        house.sync_all()

    assert few == {"tag 0", "tag 1"}
    assert genres(house, item) == {"tag 0", "tag 1", "tag 2", "tag 3"}


def test_a_source_switched_off_leaves_the_field_alone(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.configure(c_tagline_source="none")
    house.change(scene, director="Somebody else")

    with house.writes_only():
        house.sync_all()

    assert house.shown(item).tagline == "Ada"


def test_with_the_master_switch_off_nothing_is_written(house: Inproc) -> None:
    house.configure(c_sync_metadata=False)
    scene, item = house.pair("a.mp4", cover=png(1), **FULL)

    with house.writes_only():
        asked = house.requests_of(lambda: house.sync(scene))
    house.configure(c_sync_metadata=True)
    recorded = house.records(scene)
    with house.writes_only(item):
        house.sync_all()

    assert asked == []
    assert recorded == {}
    assert house.shown(item).title == "Night Train"


def test_a_disabled_plugin_keeps_changes_and_writes_nothing(house: Inproc) -> None:
    house.sync(house.pair("first.mp4")[0])
    house.configure(a_enabled=False)
    scene, item = house.pair("a.mp4", **FULL)

    with house.writes_only():
        house.clock.advance(5.0)
        house.note(scene)
        for _ in range(4):
            house.clock.advance(30.0)
            assert house.worker.loop.tick() is None
    house.configure(a_enabled=True)
    with house.writes_only(item):
        house.look_for(60.0)

    assert house.shown(item).title == "Night Train"


def test_a_shorter_interval_counts_without_any_edit(house: Inproc) -> None:
    house.configure(d_reconcile_interval="never")
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.look_for(7200.0, every_s=600.0)
    house.stash.library.change_scene(scene, touch=False, title="Silent")

    house.configure(d_reconcile_interval="hourly")
    with house.writes_only(item):
        house.look_for(3600.0, every_s=300.0)

    assert house.shown(item).title == "Silent"
