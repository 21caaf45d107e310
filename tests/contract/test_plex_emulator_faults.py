"""Misbehaviour of the Plex emulator, and what `plexapi` and `requests` make of it."""

from __future__ import annotations

import dataclasses
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized

from tests.emulators.fixtures_plex import SettableClock, connect, connect_to
from tests.emulators.plex_server import Fault, PlexEmulator

LISTING = "/library/sections/1/all?X-Plex-Container-Size=10"


@pytest.fixture
def server(plex: PlexEmulator) -> Any:
    plex.library.add_items(1, 3)
    return connect(plex)


@pytest.mark.parametrize("body", ["html", "xml", "text", "json", "empty"])
@pytest.mark.parametrize("status", [400, 403, 409, 429, 500, 503])
def test_a_status_with_any_body_is_a_bad_request(
    plex: PlexEmulator, server: Any, status: int, body: str
) -> None:
    plex.faults.add(Fault(status=status, body=body))

    with pytest.raises(BadRequest, match=rf"^\({status}\)"):
        server.query(LISTING)

    assert plex.requests[-1].status == status
    assert len(server.query(LISTING)) == 3


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (404, NotFound), (498, TypeError), (530, TypeError)]
)
def test_other_statuses_are_what_plexapi_makes_of_them(
    plex: PlexEmulator, server: Any, status: int, error: type[Exception]
) -> None:
    plex.faults.add(Fault(status=status))

    with pytest.raises(error):
        server.query(LISTING)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("refuse"), requests.exceptions.ConnectionError),
        (Fault("stall"), requests.exceptions.ReadTimeout),
        (Fault("slow"), requests.exceptions.ReadTimeout),
        (Fault("cut"), requests.exceptions.ChunkedEncodingError),
        (Fault("truncated_xml"), ParseError),
        (Fault(status=200, body="json"), ParseError),
    ],
    ids=lambda value: value.kind + value.body if isinstance(value, Fault) else "",
)
def test_a_broken_answer_is_the_error_that_a_real_one_gives(
    plex: PlexEmulator, server: Any, fault: Fault, error: type[Exception]
) -> None:
    plex.faults.add(dataclasses.replace(fault))

    with pytest.raises(error):
        server.query(LISTING, timeout=0.2 if fault.kind in ("stall", "slow") else 10)

    plex.faults.release()
    assert len(server.query(LISTING)) == 3


def test_control_characters_are_cleaned_by_plexapi(plex: PlexEmulator, server: Any) -> None:
    plex.faults.add(Fault("control_chars"))

    assert server.query(LISTING).get("totalSize") == "3"


def test_well_formed_html_with_200_looks_like_an_empty_list(
    plex: PlexEmulator, server: Any
) -> None:
    plex.faults.add(Fault("html_200"))

    assert server.fetchItems(LISTING) == []


def test_an_empty_answer_with_200_is_none(plex: PlexEmulator, server: Any) -> None:
    plex.faults.add(Fault(status=200, body="empty"))

    assert server.query(LISTING) is None


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("apply_then_drop", requests.exceptions.ConnectionError),
        ("apply_then_stall", requests.exceptions.ReadTimeout),
        ("apply_then_status", BadRequest),
        ("cut", requests.exceptions.ChunkedEncodingError),
    ],
)
def test_an_edit_can_be_done_although_the_answer_is_lost(
    plex: PlexEmulator, server: Any, kind: str, error: type[Exception]
) -> None:
    key = plex.library.items()[0].rating_key
    fault = plex.faults.add(Fault(kind, "PUT"))
    target = f"/library/sections/1/all?type=1&id={key}&title.value=Done"

    with pytest.raises(error):
        server.query(
            target, method=server._session.put, timeout=0.2 if kind == "apply_then_stall" else 10
        )

    assert fault.struck.wait(10)
    assert plex.library.item(key).title == "Done"


@pytest.mark.parametrize("kind", ["status", "refuse", "stall"])
def test_an_edit_that_meets_another_fault_is_not_done(
    plex: PlexEmulator, server: Any, kind: str
) -> None:
    item = plex.library.items()[0]
    plex.faults.add(Fault(kind, "PUT"))

    with pytest.raises((BadRequest, requests.exceptions.RequestException)):
        server.query(
            f"/library/sections/1/all?id={item.rating_key}&title.value=Done",
            method=server._session.put,
            timeout=0.2,
        )

    assert item.title == "scene-000000"


def test_a_fault_strikes_the_nth_request_of_its_route(plex: PlexEmulator, server: Any) -> None:
    fault = plex.faults.add(Fault(method="GET", route="/library/sections/{S}/all", nth=2, times=2))
    outcomes = []

    for _ in range(4):
        server.query("/identity")
        try:
            server.query(LISTING)
            outcomes.append("fine")
        except BadRequest:
            outcomes.append("failed")

    assert outcomes == ["fine", "failed", "failed", "fine"]
    assert (fault.seen, fault.fired) == (4, 2)


def test_a_fault_for_ever_ends_when_cleared(plex: PlexEmulator, server: Any) -> None:
    plex.faults.add(Fault(route=r"/library/sec", times=None))
    for _ in range(3):
        with pytest.raises(BadRequest):
            server.query(LISTING)

    plex.faults.clear()

    assert len(server.query(LISTING)) == 3


def test_a_redirected_edit_becomes_a_harmless_read(plex: PlexEmulator, server: Any) -> None:
    item = plex.library.items()[0]
    plex.faults.add(Fault(method="PUT", status=302, location="/identity"))

    server.query(
        f"/library/sections/1/all?id={item.rating_key}&title.value=X", method=server._session.put
    )

    assert item.title == "scene-000000"
    assert plex.requests[-1].method == "GET"


def test_when_down_connections_are_refused_and_closed(plex: PlexEmulator, server: Any) -> None:
    address = plex.url
    plex.down()
    for client in (server, None):
        with pytest.raises(requests.exceptions.ConnectionError):
            client.query("/identity") if client else requests.get(f"{address}/identity", timeout=5)

    plex.up()

    assert plex.url == address
    assert len(server.query(LISTING)) == 3


@pytest.mark.parametrize(
    ("phase", "words"), [("migration", "database migrations"), ("loading", "starting up")]
)
def test_maintenance_answers_503_on_every_path_until_it_is_over(
    timed_plex: PlexEmulator, plex_clock: SettableClock, phase: str, words: str
) -> None:
    server = connect(timed_plex)
    timed_plex.maintenance(30, phase)

    for path in ("/identity", LISTING):
        with pytest.raises(BadRequest, match=rf"^\(503\).*{words}"):
            server.query(path)
    plex_clock.advance(30)

    assert server.query("/identity").get("size") == "0"


def test_the_identity_may_answer_during_start_up(plex: PlexEmulator, server: Any) -> None:
    plex.switches.identity_during_startup = 200
    plex.maintenance(600)

    assert server.query("/identity") is not None
    with pytest.raises(BadRequest):
        server.query(LISTING)


def test_a_changed_token_and_a_changed_identity_are_noticed(
    plex: PlexEmulator, server: Any
) -> None:
    before = plex.machine_identifier
    plex.change_identity()
    identity = server.query("/identity").get("machineIdentifier")

    plex.change_token("new-token")

    assert identity == plex.machine_identifier != before
    with pytest.raises(Unauthorized):
        server.query(LISTING)


def test_a_self_signed_certificate_is_refused_until_trusted() -> None:
    with PlexEmulator(tls=True) as plex:
        with pytest.raises(requests.exceptions.SSLError):
            connect(plex)
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(plex.certificate)

            assert connect_to(plex.url, plex.token, session).friendlyName == "attic"

        assert plex.violations == []


def test_https_to_the_http_port_is_a_tls_error(plex: PlexEmulator) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(plex.url.replace("http:", "https:"), timeout=5)
