"""Test the client: one request each, with its identity, and only Plex's own answers count."""

import os
import subprocess
import sys

import pytest

from core.errors import PlexNotFound, PlexTemporaryError, PlexUnavailable
from plex.client import READ_BATCH, PlexClient, Section
from plex.lazy_server import PlexAddress
from plex.transport import QUICK_TRIES, QUICK_WAIT_S
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.emulators.stash_images import png
from tests.harness.plex_clients import IDENTITY, RawServer, client_at, client_of, xml_answer
from tests.harness.plugin_copy import ROOT


def test_building_a_client_sends_nothing(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        known = client.cached_machine_identifier

    assert (known, plex.count()) == ("", 0)


def test_the_machine_identifier_is_asked_once(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        answers = {client.machine_identifier() for _ in range(3)}

    assert answers == {plex.machine_identifier}
    assert plex.count() == plex.count("GET", "/identity") == 1


def test_a_server_without_an_identifier_is_not_believed() -> None:
    with (
        RawServer(xml_answer(b"<MediaContainer/>")) as server,
        client_at(server.url) as client,
        pytest.raises(PlexTemporaryError),
    ):
        client.machine_identifier()


def test_a_health_check_notices_that_another_server_answers_now(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        client.machine_identifier()
        plex.change_identity()
        client.check_identity()
        known = client.cached_machine_identifier

    assert known == plex.machine_identifier
    assert plex.count() == 2


def test_a_health_check_that_fails_forgets_nothing(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        client.machine_identifier()
        plex.faults.add(Fault("status", status=503))
        with pytest.raises(PlexUnavailable):
            client.check_identity()
        known = client.cached_machine_identifier

    assert known == plex.machine_identifier


def test_the_sections_are_one_request_and_carry_their_markers(plex: PlexEmulator) -> None:
    before = plex.library.section(1).content_changed_at
    plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])

    with client_of(plex) as client:
        (section,) = client.sections()

    assert section == Section(
        1,
        plex.library.section(1).uuid,
        "Scenes",
        "movie",
        str(before + 1),
        ("/media/scenes",),
    )
    assert plex.count() == 1


def test_a_page_is_one_request(plex: PlexEmulator) -> None:
    plex.library.add_items(1, 5)

    with client_of(plex) as client:
        page = client.list_page(1, 1, 3)

    assert [video.get("title") for video in page.videos] == [
        "scene-000001",
        "scene-000002",
        "scene-000003",
    ]
    assert page.total == 5
    assert plex.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<MediaContainer size='0'/>",
        b"<MediaContainer size='0' totalSize='0'/>",
        b"<MediaContainer size='0' totalSize='0' librarySectionID='2'/>",
        b"<MediaContainer size='0' totalSize='many' librarySectionID='1'/>",
        b"<html><body>Please sign in</body></html>",
    ],
)
def test_a_listing_that_is_not_the_sections_own_is_not_believed(body: bytes) -> None:
    with (
        RawServer(xml_answer(body)) as server,
        client_at(server.url) as client,
        pytest.raises(PlexTemporaryError),
    ):
        client.list_page(1, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"<MediaContainer><Directory key='x'/></MediaContainer>",
        b"<MediaContainer><Directory/></MediaContainer>",
    ],
)
def test_invalid_sections_are_a_fault_of_plex(body: bytes) -> None:
    with (
        RawServer(xml_answer(body)) as server,
        client_at(server.url) as client,
        pytest.raises(PlexTemporaryError),
    ):
        client.sections()


def test_invalid_items_are_a_fault_of_plex() -> None:
    with (
        RawServer(
            xml_answer(b"<MediaContainer><Video title='no key'/></MediaContainer>")
        ) as server,
        client_at(server.url) as client,
        pytest.raises(PlexTemporaryError),
    ):
        client.items(1, [1])


@pytest.mark.parametrize(("count", "requests"), [(0, 0), (1, 1), (200, 1), (201, 2), (450, 3)])
def test_items_are_read_two_hundred_to_a_request(
    plex: PlexEmulator, count: int, requests: int
) -> None:
    keys = plex.library.add_items(1, count)

    with client_of(plex) as client:
        found = client.items(1, keys)

    assert READ_BATCH == 200
    assert sorted(found) == keys
    assert plex.count() == requests


def test_an_item_that_is_gone_is_absent_and_costs_nothing_extra(plex: PlexEmulator) -> None:
    keys = plex.library.add_items(1, 3)
    plex.library.remove_item(keys[1])

    with client_of(plex) as client:
        found = client.items(1, keys)

    assert sorted(found) == [keys[0], keys[2]]
    assert plex.count() == 1


def test_a_batch_of_which_nothing_is_left_is_empty(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        found = client.items(1, [901, 902])

    assert found == {}


def test_an_edit_is_one_request(plex: PlexEmulator) -> None:
    item = plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])

    with client_of(plex) as client:
        client.edit(f"/library/sections/1/all?type=1&id={item}&title.value=New")

    assert plex.library.item(item).title == "New"
    assert [record.method for record in plex.requests] == ["PUT"]


@pytest.mark.parametrize(
    "target",
    [
        "/library/sections/1/all?type=1&title.value=New",
        "/library/sections/1/all?type=1&id=&title.value=New",
        "/library/sections/1/all?type=1&title.value=id=7",
        "/library/sections/1/all",
    ],
)
def test_an_edit_that_names_no_item_is_never_sent(plex: PlexEmulator, target: str) -> None:
    with client_of(plex) as client, pytest.raises(ValueError, match="whole library"):
        client.edit(target)

    assert plex.count() == 0


def test_an_edit_answered_without_a_body_is_done(plex: PlexEmulator) -> None:
    plex.faults.add(Fault("status", status=200, body="empty"))

    with client_of(plex) as client:
        client.edit("/library/sections/1/all?type=1&id=1&title.value=New")

    assert plex.count() == 1


def test_a_scan_is_one_request_for_one_folder(plex: PlexEmulator) -> None:
    section = plex.library.add_section("Scans", ["/scans"]).key
    plex.library.add_file_on_disk("/scans/a + b & c/new.mp4", 1_000)
    plex.library.add_file_on_disk("/scans/other/new.mp4", 1_000)
    plex.switches.scan_lag = 0.0

    with client_of(plex) as client:
        client.scan_folder(section, "/scans/a + b & c")

    assert [item.files for item in plex.library.items(section)] == [["/scans/a + b & c/new.mp4"]]
    assert plex.count() == plex.count("GET", "/library/sections/{S}/refresh") == 1


def test_a_scan_without_a_folder_is_never_sent(plex: PlexEmulator) -> None:
    with client_of(plex) as client, pytest.raises(ValueError, match="whole library"):
        client.scan_folder(1, "")

    assert plex.count() == 0


def test_a_scan_of_a_library_that_is_gone_is_not_found(plex: PlexEmulator) -> None:
    with client_of(plex) as client, pytest.raises(PlexNotFound):
        client.scan_folder(4242, "/media")


def test_uploading_listing_and_selecting_cost_one_request_each(plex: PlexEmulator) -> None:
    item = plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])

    with client_of(plex) as client:
        client.upload_image(item, "posters", png(1))
        client.upload_image(item, "posters", png(2))
        keys = client.images(item, "posters")
        first = next(key for key, selected in keys if not selected and key.startswith("upload://"))
        client.select_image(item, "posters", first)

    assert plex.library.item(item).poster_bytes == png(1)
    assert plex.count() == 4


def test_an_image_for_an_item_that_is_gone_is_not_found(plex: PlexEmulator) -> None:
    with client_of(plex) as client, pytest.raises(PlexNotFound):
        client.upload_image(999, "posters", png())


def test_a_dropped_connection_is_retried_twice_immediately(plex: PlexEmulator) -> None:
    waits: list[float] = []
    plex.faults.add(Fault("refuse", times=2))

    with client_of(plex, sleep=waits.append) as client:
        sections = client.sections()

    assert len(sections) == 1
    assert waits == [QUICK_WAIT_S, QUICK_WAIT_S]
    assert plex.count() == QUICK_TRIES == 3


def test_an_upload_that_plex_may_have_got_is_not_repeated(plex: PlexEmulator) -> None:
    waits: list[float] = []
    item = plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])
    plex.faults.add(Fault("apply_then_drop", method="POST"))

    with client_of(plex, sleep=waits.append) as client, pytest.raises(PlexUnavailable):
        client.upload_image(item, "posters", png())

    assert (waits, plex.count("POST")) == ([], 1)


def test_an_upload_to_a_closed_port_is_retried_twice(plex: PlexEmulator) -> None:
    waits: list[float] = []
    plex.down()

    with client_of(plex, sleep=waits.append) as client, pytest.raises(PlexUnavailable):
        client.upload_image(1, "posters", png())

    assert waits == [QUICK_WAIT_S, QUICK_WAIT_S]


def test_after_two_quick_retries_the_queue_takes_over(plex: PlexEmulator) -> None:
    waits: list[float] = []
    plex.faults.add(Fault("refuse", times=None))

    with client_of(plex, sleep=waits.append) as client, pytest.raises(PlexUnavailable):
        client.sections()

    assert len(waits) == 2
    assert plex.count() == 3


@pytest.mark.parametrize(
    "fault", [Fault("status", status=503, times=None), Fault("status", status=429, times=None)]
)
def test_an_answer_however_bad_is_never_retried_immediately(
    plex: PlexEmulator, fault: Fault
) -> None:
    waits: list[float] = []
    plex.faults.add(fault)

    with (
        client_of(plex, sleep=waits.append) as client,
        pytest.raises((PlexUnavailable, PlexTemporaryError)),
    ):
        client.sections()

    assert (waits, plex.count()) == ([], 1)


def test_a_read_timeout_is_never_retried_immediately(plex: PlexEmulator) -> None:
    waits: list[float] = []
    plex.faults.add(Fault("stall", times=None))

    with (
        client_of(plex, timeout_s=(5.0, 0.2), sleep=waits.append) as client,
        pytest.raises(PlexTemporaryError),
    ):
        client.sections()

    assert (waits, plex.count()) == ([], 1)


def test_a_redirect_is_not_followed(
    plex: PlexEmulator,
) -> None:
    plex.faults.add(Fault("status", status=302, location=f"{plex.url}/identity"))

    with client_of(plex) as client, pytest.raises(Exception, match="302"):
        client.sections()

    assert plex.count() == 1


def test_every_answered_request_is_a_heartbeat(plex: PlexEmulator) -> None:
    heartbeats: list[str] = []
    client = PlexClient(
        PlexAddress(plex.url, plex.token, (5.0, 30.0)),
        IDENTITY,
        lambda seconds: None,
        lambda took_s, status: heartbeats.append("heartbeat"),
    )

    client.machine_identifier()
    client.sections()
    client.close()

    assert len(heartbeats) == 2


def test_every_request_says_the_same_who_we_are(plex: PlexEmulator) -> None:
    item = plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])

    with client_of(plex) as client:
        client.machine_identifier()
        client.sections()
        client.list_page(1, 0)
        client.items(1, [item])
        client.edit(f"/library/sections/1/all?type=1&id={item}&title.value=New")
        client.upload_image(item, "posters", png())

    sent = [{name: record.headers.get(name) for name in IDENTITY} for record in plex.requests]
    assert sent == [IDENTITY] * 6
    assert list(plex.devices) == [IDENTITY["X-Plex-Client-Identifier"]]


def test_the_token_travels_in_a_header_and_never_in_the_target(plex: PlexEmulator) -> None:
    with client_of(plex) as client:
        client.sections()

    assert plex.requests[0].headers["X-Plex-Token"] == plex.token
    assert plex.token not in plex.requests[0].target


def test_a_proxy_in_the_environment_is_not_used(plex: PlexEmulator) -> None:
    code = (
        "import sys\n"
        "from plex.client import PlexClient\n"
        "from plex.lazy_server import PlexAddress\n"
        "client = PlexClient(PlexAddress(sys.argv[1], sys.argv[2], (5, 30)), {}, lambda seconds: None)\n"
        "print(len(client.sections()))\n"
    )
    closed_port = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), closed_port)
    environment = {**os.environ, **proxies, "NO_PROXY": "", "no_proxy": "", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", code, plex.url, plex.token],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.stdout.strip(), done.returncode) == ("1", 0), done.stderr
