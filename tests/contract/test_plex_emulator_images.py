"""Posters and backgrounds on the Plex emulator."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound

from tests.emulators.fixtures_plex import connect
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator

JPEG = b"\xff\xd8\xff\xe0 one"
PNG = b"\x89PNG\r\n\x1a\n two"


def digest(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def item(plex: PlexEmulator) -> Item:
    return plex.library.item(plex.library.add_items(1, 1)[0])


@pytest.fixture
def video(plex: PlexEmulator, item: Item) -> Any:
    return connect(plex).fetchItem(item.rating_key)


@pytest.fixture
def picture_url() -> Iterator[str]:
    class Pictures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(200)
            self.end_headers()
            self.wfile.write(JPEG)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Pictures) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ann.jpg"
        server.shutdown()
        thread.join()


def test_an_item_starts_with_a_generated_poster_only(video: Any, item: Item) -> None:
    posters = video.posters()

    assert [poster.ratingKey.partition(":")[0] for poster in posters] == ["media"]
    assert posters[0].selected
    assert video.arts() == []
    assert item.art is None


def test_an_upload_is_selected_locked_and_filed_by_its_digest(video: Any, item: Item) -> None:
    before = item.thumb

    video.uploadPoster(filepath=JPEG)

    assert item.poster_bytes == JPEG
    assert item.thumb != before
    assert item.locked == {"thumb"}
    assert [(poster.ratingKey, poster.selected) for poster in video.posters()][0] == (
        f"upload://posters/{digest(JPEG)}",
        True,
    )


def test_backgrounds_work_the_same(video: Any, item: Item) -> None:
    video.uploadArt(filepath=PNG)

    assert item.art_bytes == PNG
    assert item.locked == {"art"}
    assert video.arts()[0].ratingKey == f"upload://art/{digest(PNG)}"


@pytest.mark.parametrize(("dedupe", "expected"), [(True, 1), (False, 2)])
def test_the_same_bytes_are_one_entry_or_pile_up(
    plex: PlexEmulator, video: Any, item: Item, dedupe: bool, expected: int
) -> None:
    plex.switches.upload_dedupe = dedupe

    video.uploadPoster(filepath=JPEG)
    video.uploadPoster(filepath=JPEG)

    assert [image.sha1 for image in item.posters].count(digest(JPEG)) == expected
    assert item.poster_bytes == JPEG


def test_different_bytes_accumulate_and_stay_selectable(video: Any, item: Item) -> None:
    video.uploadPoster(filepath=JPEG)
    video.uploadPoster(filepath=PNG)

    video.posters()[1].select()

    assert len(item.posters) == 3
    assert item.poster_bytes == JPEG


def test_images_can_be_read_back_with_the_token_in_the_address(
    plex: PlexEmulator, video: Any, item: Item
) -> None:
    video.uploadPoster(filepath=JPEG)
    key = video.posters()[0].key

    shown = requests.get(video.reload().thumbUrl, timeout=5)
    by_name = requests.get(f"{plex.url}{key}&X-Plex-Token={plex.token}", timeout=5)
    without = requests.get(f"{plex.url}{item.thumb}", timeout=5)

    assert shown.content == by_name.content == JPEG
    assert without.status_code == 401


def test_deleting_the_poster_leaves_none_selected(video: Any, item: Item) -> None:
    video.deletePoster()

    assert item.selected_poster is None
    assert item.thumb is None
    assert len(item.posters) == 1


@pytest.mark.parametrize("data", [b"", b"<html></html>"])
def test_what_is_no_image_is_a_bad_request(video: Any, data: bytes) -> None:
    with pytest.raises(BadRequest, match=r"^\(400\)"):
        video._server.query(f"{video.key}/posters", method=video._server._session.post, data=data)


def test_an_upload_that_is_too_large_is_an_error(
    plex: PlexEmulator, video: Any, item: Item
) -> None:
    plex.switches.max_upload = 100

    with pytest.raises(BadRequest, match=r"^\(500\)"):
        video.uploadPoster(filepath=JPEG + b"x" * 100)

    assert len(item.posters) == 1


def test_an_upload_for_an_unknown_item_is_not_found(plex: PlexEmulator, video: Any) -> None:
    plex.library.remove_item(video.ratingKey)

    with pytest.raises(NotFound):
        video.uploadPoster(filepath=JPEG)


def test_the_server_can_fetch_the_image_itself(video: Any, item: Item, picture_url: str) -> None:
    video.uploadPoster(url=picture_url)

    assert item.poster_bytes == JPEG


def test_the_list_of_posters_may_lag_behind_an_upload(plex: PlexEmulator, video: Any) -> None:
    plex.switches.posters_list_lag = 1

    video.uploadPoster(filepath=JPEG)

    assert [len(video.posters()) for _ in range(2)] == [1, 2]


def test_a_locked_poster_survives_the_agent(plex: PlexEmulator, video: Any, item: Item) -> None:
    video.uploadPoster(filepath=JPEG)

    plex.library.agent_refresh(item.rating_key)

    assert item.poster_bytes == JPEG
    assert item.art_bytes != JPEG
