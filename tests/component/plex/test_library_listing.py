"""Test that a listing is read to its end in few pages, and that only real files count."""

import pytest

from core.errors import PlexTemporaryError
from plex.library_listing import iter_items
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
