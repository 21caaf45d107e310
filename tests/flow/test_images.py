"""Covers: one conditional request for a scene that moved, an upload only for other bytes, never a
placeholder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulators.stash_images import png
from tests.harness.in_process import FULL, InProcessHarness, among_bystanders


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with among_bystanders(tmp_path, request.param) as made:
        yield made


def test_unchanged_scenes_upload_nothing_and_ask_for_no_cover(worker: InProcessHarness) -> None:
    pairs = [worker.pair(f"{number}.mp4", cover=png(number)) for number in range(60)]
    worker.sync_all()
    worker.clock.advance(10.0)
    asked = len(covers(worker))

    with worker.writes_only():
        requests = worker.requests_of(worker.sync_all)

    assert len(covers(worker)) == asked
    assert not any("/posters" in request for request in requests)
    assert [worker.shown(item).poster_bytes for _, item in pairs] == [
        png(number) for number in range(60)
    ]


def covers(worker: InProcessHarness) -> list[int]:
    """The statuses of every cover that was asked for at Stash."""
    return [record.status for record in worker.stash.requests if record.kind == "screenshot"]


def test_a_scene_that_moved_costs_one_conditional_request(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", cover=png(1))
    worker.sync(scene)
    worker.change(scene, title="Only the title")
    before = len(covers(worker))

    with worker.writes_only(item):
        asked = worker.requests_of(lambda: worker.sync(scene))

    assert covers(worker)[before:] == [304]
    assert not any("/posters" in request for request in asked)


def test_a_changed_cover_is_looked_for_once_and_sent(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", cover=png(1))
    worker.sync(scene)
    worker.stash.library.set_cover(scene, png(2))

    with worker.writes_only(item):
        asked = worker.requests_of(lambda: worker.sync(scene))

    assert worker.shown(item).poster_bytes == png(2)
    assert [request for request in asked if "/posters" in request] == [
        f"GET /library/metadata/{item}/posters",
        f"POST /library/metadata/{item}/posters",
    ]


def test_an_image_that_plex_has_is_selected_not_uploaded(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", cover=png(1))
    worker.plex.library.change(item, poster=png(1))
    worker.plex.library.change(item, poster=png(2))

    with worker.writes_only(item):
        asked = worker.requests_of(lambda: worker.sync(scene))

    assert worker.shown(item).poster_bytes == png(1)
    assert f"POST /library/metadata/{item}/posters" not in asked


def test_a_scene_without_a_cover_never_sends_the_placeholder(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", **FULL)
    before = worker.shown(item).poster_bytes

    asked = worker.requests_of(lambda: worker.sync(scene))

    assert worker.shown(item).poster_bytes == before
    assert not any("/posters" in request for request in asked)


def test_a_cover_that_was_taken_away_leaves_plexs_image(worker: InProcessHarness) -> None:
    scene, item = worker.pair("a.mp4", cover=png(1))
    worker.sync(scene)
    worker.stash.library.set_cover(scene, None)

    with worker.writes_only():
        worker.sync(scene)

    assert worker.shown(item).poster_bytes == png(1)


@pytest.mark.parametrize("cover", [b"GIF89a....", b"\x00\x00\x00 ftypmp42 a video", b""])
def test_a_cover_that_is_no_image_is_left_out(worker: InProcessHarness, cover: bytes) -> None:
    scene, item = worker.pair("a.mp4", cover=cover, **FULL)
    before = worker.shown(item).poster_bytes

    with worker.writes_only(item):
        worker.sync(scene)

    assert (worker.shown(item).poster_bytes, worker.shown(item).title) == (before, "Night Train")
    assert worker.dead_letters() == []


def test_a_background_shares_the_covers_single_request(worker: InProcessHarness) -> None:
    worker.configure(c_background_source="cover")
    scene, item = worker.pair("a.mp4", cover=png(1))

    with worker.writes_only(item):
        worker.sync(scene)

    assert (worker.shown(item).poster_bytes, worker.shown(item).art_bytes) == (png(1), png(1))
    assert covers(worker) == [200]


def test_a_scene_with_two_items_asks_for_its_cover_once(worker: InProcessHarness) -> None:
    second = worker.plex.library.add_section("Also", ["/media"]).key
    scene, item = worker.pair("a.mp4", cover=png(1))
    other = worker.add_item("/media/a.mp4", section=second)
    worker.sync(scene)
    worker.stash.library.set_cover(scene, png(2))

    with worker.writes_only(item, other):
        worker.sync(scene)

    assert covers(worker) == [200, 200]  # once for each sync
    assert {worker.shown(key).poster_bytes for key in (item, other)} == {png(2)}
