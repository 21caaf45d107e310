"""Covers: one conditional request for a scene that moved, an upload only for other bytes, never a placeholder."""

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


def test_unchanged_scenes_upload_nothing_and_ask_for_no_cover(house: Inproc) -> None:
    pairs = [house.pair(f"{number}.mp4", cover=png(number)) for number in range(60)]
    house.sync_all()
    house.clock.advance(10.0)
    asked = len(covers(house))

    with house.writes_only():
        requests = house.requests_of(house.sync_all)

    assert len(covers(house)) == asked
    assert not any("/posters" in request for request in requests)
    assert [house.shown(item).poster_bytes for _, item in pairs] == [
        png(number) for number in range(60)
    ]


def covers(house: Inproc) -> list[int]:
    """The statuses of every cover that was asked for at Stash."""
    return [record.status for record in house.stash.requests if record.kind == "screenshot"]


def test_a_scene_that_moved_costs_one_conditional_request(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.sync(scene)
    house.change(scene, title="Only the title")
    before = len(covers(house))

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert covers(house)[before:] == [304]
    assert not any("/posters" in request for request in asked)


def test_a_changed_cover_is_looked_for_once_and_sent(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.sync(scene)
    house.stash.library.set_cover(scene, png(2))

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert house.shown(item).poster_bytes == png(2)
    assert [request for request in asked if "/posters" in request] == [
        f"GET /library/metadata/{item}/posters",
        f"POST /library/metadata/{item}/posters",
    ]


def test_an_image_that_plex_has_is_selected_not_uploaded(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.plex.library.change(item, poster=png(1))
    house.plex.library.change(item, poster=png(2))

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert house.shown(item).poster_bytes == png(1)
    assert f"POST /library/metadata/{item}/posters" not in asked


def test_a_scene_without_a_cover_never_sends_the_placeholder(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    before = house.shown(item).poster_bytes

    asked = house.requests_of(lambda: house.sync(scene))

    assert house.shown(item).poster_bytes == before
    assert not any("/posters" in request for request in asked)


def test_a_cover_that_was_taken_away_leaves_plexs_image(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.sync(scene)
    house.stash.library.set_cover(scene, None)

    with house.writes_only():
        house.sync(scene)

    assert house.shown(item).poster_bytes == png(1)


@pytest.mark.parametrize("cover", [b"GIF89a....", b"\x00\x00\x00 ftypmp42 a video", b""])
def test_a_cover_that_is_no_image_is_left_out(house: Inproc, cover: bytes) -> None:
    scene, item = house.pair("a.mp4", cover=cover, **FULL)
    before = house.shown(item).poster_bytes

    with house.writes_only(item):
        house.sync(scene)

    assert (house.shown(item).poster_bytes, house.shown(item).title) == (before, "Night Train")
    assert house.dead_letters() == {}


def test_a_background_shares_the_covers_single_request(house: Inproc) -> None:
    house.configure(c_background_source="cover")
    scene, item = house.pair("a.mp4", cover=png(1))

    with house.writes_only(item):
        house.sync(scene)

    assert (house.shown(item).poster_bytes, house.shown(item).art_bytes) == (png(1), png(1))
    assert covers(house) == [200]


def test_a_scene_with_two_items_asks_for_its_cover_once(house: Inproc) -> None:
    second = house.plex.library.add_section("Also", ["/media"]).key
    scene, item = house.pair("a.mp4", cover=png(1))
    other = house.item("/media/a.mp4", section=second)
    house.sync(scene)
    house.stash.library.set_cover(scene, png(2))

    with house.writes_only(item, other):
        house.sync(scene)

    assert covers(house) == [200, 200]  # once for each sync
    assert {house.shown(key).poster_bytes for key in (item, other)} == {png(2)}
