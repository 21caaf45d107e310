"""An edit or upload that needs no thread ends as one that a thread waits for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import PlexError, PlexTemporaryError, PlexUnavailable
from plex.client import PlexClient
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.emulators.stash_images import png
from tests.harness.begun_calls import finished
from tests.harness.plex_clients import client_of

EDIT = "/library/sections/1/all?type=1&id={}&title.value=New"
POSTERS = "posters"
Ask = Callable[[PlexClient, int], Any]
WAYS: dict[str, tuple[Ask, Ask]] = {
    "edit": (
        lambda client, item: client.edit(EDIT.format(item)),
        lambda client, item: finished(client.begin_edit(EDIT.format(item))),
    ),
    "upload": (
        lambda client, item: client.upload_image(item, POSTERS, png()),
        lambda client, item: finished(client.begin_upload(item, POSTERS, png())),
    ),
}


@pytest.fixture
def item(plex: PlexEmulator) -> int:
    return plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])


def outcome(plex: PlexEmulator, ask: Ask, item: int, fault: Fault) -> tuple[object, ...]:
    """Return the error and the requests of one call after the connection was used."""
    slept: list[float] = []
    with client_of(plex, timeout_s=(5.0, 0.3), sleep=slept.append) as client:
        client.sections()
        plex.reset_counts()
        plex.faults.clear()
        plex.faults.add(fault)
        error = None
        try:
            ask(client, item)
        except PlexError as raised:
            error = (type(raised), str(raised), type(raised.__cause__))
        plex.faults.clear()
    return error, [(record.method, record.path) for record in plex.requests], slept


FAULTS = (
    *(Fault("status", status=status, times=None) for status in (200, 400, 401, 404, 414, 429)),
    *(Fault("status", status=status, times=None) for status in (302, 500, 503, 520)),
    Fault("status", status=200, body="empty"),
    Fault("status", status=200, body="text"),
    Fault("status", status=500, body="html"),
    Fault("truncated_xml"),
    Fault("html_200"),
    Fault("cut"),
    Fault("refuse"),
    Fault("refuse", times=2),
    Fault("refuse", times=None),
    Fault("stall", times=None),
    Fault("apply_then_drop"),
    Fault("apply_then_stall"),
    Fault("apply_then_status", status=500),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body}-{fault.times}"
)
def test_every_failure_is_that_of_a_call_that_waits(
    plex: PlexEmulator, item: int, way: str, fault: Fault
) -> None:
    waiting, begun = WAYS[way]

    expected = outcome(plex, waiting, item, replace(fault))

    assert outcome(plex, begun, item, replace(fault)) == expected


def test_a_begun_edit_is_one_request_and_reports_its_time(plex: PlexEmulator, item: int) -> None:
    plex.switches.latency_s = 0.05
    answers: list[tuple[float, int]] = []
    with client_of(plex, on_answer=lambda *answer: answers.append(answer)) as client:
        client.sections()
        plex.reset_counts()
        finished(client.begin_edit(EDIT.format(item)))

    assert plex.library.item(item).title == "New"
    assert [record.method for record in plex.requests] == ["PUT"]
    assert [status for _, status in answers] == [200, 200]
    assert answers[1][0] >= 0.05


def test_a_begun_upload_is_shown(plex: PlexEmulator, item: int) -> None:
    with client_of(plex) as client:
        client.sections()
        finished(client.begin_upload(item, POSTERS, png()))

        [shown] = [name for name, is_selected in client.images(item, POSTERS) if is_selected]

    assert shown.startswith("upload://")


def test_before_the_first_connection_nothing_begins(plex: PlexEmulator, item: int) -> None:
    with client_of(plex) as client:
        assert client.begin_edit(EDIT.format(item)) is None

    assert plex.count() == 0


def test_a_plex_with_tls_is_left_to_threads(item: int) -> None:
    with PlexEmulator(tls=True) as guarded, client_of(guarded) as client:
        client._session.verify = str(guarded.certificate)
        client.sections()

        assert client.begin_edit(EDIT.format(item)) is None


@pytest.mark.parametrize("token", ["a\nb", "tök€n"])
def test_with_a_token_that_cannot_travel_nothing_begins(
    plex: PlexEmulator, item: int, token: str
) -> None:
    with client_of(plex, token=token) as client:
        assert client.begin_edit(EDIT.format(item)) is None


def test_an_edit_without_an_item_does_not_begin(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        client.sections()

        assert client.begin_edit("/library/sections/1/all?type=1&title.value=New") is None


def test_plex_may_go_away_while_an_edit_is_under_way(plex: PlexEmulator, item: int) -> None:
    with client_of(plex) as client:
        client.sections()
        plex.faults.add(Fault("stall"))
        begun = client.begin_edit(EDIT.format(item))
        plex.down()

        with pytest.raises((PlexUnavailable, PlexTemporaryError)):
            finished(begun)
