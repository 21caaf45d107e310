"""A listing is read to its end in as few pages as the server allows, and only real files count."""

from xml.etree.ElementTree import fromstring

import pytest

from core.errors import PlexTemporaryError
from core.match import PlexFile
from plex.library_listing import added_at, files_of, iter_items
from tests.emulators.plex_server import PlexEmulator
from tests.harness.plex_clients import RawServer, client_at, client_of, xml_answer


@pytest.mark.parametrize(
    ("items", "page", "requests"), [(0, 3, 1), (3, 3, 1), (4, 3, 2), (7, 3, 3)]
)
def test_a_listing_costs_one_request_a_page(
    plex: PlexEmulator, items: int, page: int, requests: int
) -> None:
    keys = plex.library.add_items(1, items)

    with client_of(plex) as client:
        seen = [int(video.get("ratingKey", "")) for video in iter_items(client, 1, page=page)]

    assert seen == keys
    assert plex.count() == requests


def test_a_server_that_sends_smaller_pages_loses_nothing(plex: PlexEmulator) -> None:
    keys = plex.library.add_items(1, 10)
    plex.switches.max_page = 4

    with client_of(plex) as client:
        seen = [int(video.get("ratingKey", "")) for video in iter_items(client, 1, page=100)]

    assert seen == keys
    assert plex.count() == 3


def test_a_listing_that_ends_before_its_total_proves_nothing() -> None:
    body = b"<MediaContainer size='0' totalSize='5' librarySectionID='1'/>"

    with (
        RawServer(xml_answer(body)) as server,
        client_at(server.url) as client,
        pytest.raises(PlexTemporaryError, match="0 of 5"),
    ):
        list(iter_items(client, 1))


def test_only_what_was_added_since_is_listed(timed_plex: PlexEmulator) -> None:
    plex = timed_plex
    plex.library.add_items(1, 3)
    now = plex.library.now
    newer = plex.library.add_item(1, [("/media/scenes/new.mp4", 5)], added_at=now + 100)

    with client_of(plex) as client:
        seen = [
            int(video.get("ratingKey", "")) for video in iter_items(client, 1, added_since=now + 50)
        ]

    assert seen == [newer]


def test_every_part_of_every_version_is_a_file() -> None:
    video = fromstring(
        "<Video ratingKey='7'><Media><Part file='/a1.mp4' size='1'/><Part file='/a2.mp4' size='2'/></Media>"
        "<Media><Part file='/b.mkv' size='3'/></Media></Video>"
    )

    files = list(files_of(video, 4))

    assert files == [
        PlexFile("/a1.mp4", 1, 7, 4),
        PlexFile("/a2.mp4", 2, 7, 4),
        PlexFile("/b.mkv", 3, 7, 4),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<Video ratingKey='7' deletedAt='1700000000'><Media><Part file='/a.mp4' size='1'/></Media></Video>",
        "<Video ratingKey='7'><Media proxyType='42'><Part file='/a.mp4' size='1'/></Media></Video>",
        "<Video ratingKey='7'><Media deletedAt='1700000000'><Part file='/a.mp4' size='1'/></Media></Video>",
        "<Video ratingKey='7'><Media><Part size='1'/><Part file=''/></Media></Video>",
        "<Video ratingKey='7'/>",
    ],
    ids=["trashed", "optimised", "version gone", "no path", "no version"],
)
def test_what_no_scene_can_be_is_left_out(text: str) -> None:
    assert list(files_of(fromstring(text), 1)) == []


def test_a_size_or_time_that_is_missing_or_nonsense_is_zero() -> None:
    video = fromstring(
        "<Video ratingKey='7' addedAt='soon'><Media><Part file='/a.mp4'/><Part file='/b.mp4' size='?'/></Media></Video>"
    )

    assert [file.size for file in files_of(video, 1)] == [0, 0]
    assert added_at(video) == 0
    assert added_at(fromstring("<Video addedAt='17'/>")) == 17
