"""Every way in which a request to Plex can fail, and what PlexSync makes of it."""

from collections.abc import Callable

import plexapi.exceptions
import pytest

from core.errors import (
    PlexAccessError,
    PlexError,
    PlexNotFound,
    PlexRejected,
    PlexTemporaryError,
    PlexUnavailable,
)
from plex.client import PlexClient
from plex.connection_faults import (
    EXPIRED,
    NAME_AWAY,
    NEEDS_TLS,
    NO_NAME,
    NO_TLS,
    OTHER_NAME,
    UNTRUSTED,
)
from plex.transport import FOREIGN
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.plex_clients import RawServer, client_at, client_of, full_backlog, xml_answer

STATUSES: dict[int, type[PlexError]] = {
    401: PlexAccessError,
    403: PlexAccessError,
    498: PlexAccessError,
    404: PlexNotFound,
    400: PlexRejected,
    405: PlexRejected,
    409: PlexRejected,
    413: PlexRejected,
    414: PlexRejected,
    422: PlexRejected,
    431: PlexRejected,
    408: PlexTemporaryError,
    423: PlexTemporaryError,
    429: PlexTemporaryError,
    500: PlexTemporaryError,
    502: PlexTemporaryError,
    504: PlexTemporaryError,
    507: PlexTemporaryError,
    202: PlexTemporaryError,
    206: PlexTemporaryError,
    304: PlexTemporaryError,
    499: PlexTemporaryError,
    520: PlexTemporaryError,
    522: PlexTemporaryError,
    530: PlexTemporaryError,
    503: PlexUnavailable,
    301: PlexAccessError,
    302: PlexAccessError,
    307: PlexAccessError,
}

UNUSABLE_URLS = (
    "",
    "plex",
    "plex:32400",
    "//plex",
    "ftp://plex",
    "http://",
    "http://[",
    "http://a b",
    "http://127.0.0.1:abc",
    "http://127.0.0.1:99999",
    "http://user@:80",
    "http://.example",
    f"http://{'a' * 70}.example",
)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_decides_the_class_and_is_asked_for_once(plex: PlexEmulator, status: int) -> None:
    plex.faults.add(Fault("status", status=status, times=None, location=f"{plex.url}/elsewhere"))

    with client_of(plex) as client, pytest.raises(PlexError) as caught:
        client.sections()

    assert type(caught.value) is STATUSES[status]
    assert plex.count() == 1
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("body", ["html", "xml", "text", "json", "empty"])
def test_the_body_of_an_error_changes_nothing(plex: PlexEmulator, body: str) -> None:
    plex.faults.add(Fault("status", status=500, body=body))

    with client_of(plex) as client, pytest.raises(PlexTemporaryError):
        client.sections()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("truncated_xml"),
        Fault("html_200"),
        Fault("status", status=200, body="html"),
        Fault("status", status=200, body="xml"),
        Fault("status", status=200, body="text"),
        Fault("status", status=200, body="json"),
        Fault("status", status=200, body="empty"),
        Fault("status", status=204, body="empty"),
        Fault("cut"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.body}",
)
def test_an_answer_that_is_not_plexs_is_temporary(plex: PlexEmulator, fault: Fault) -> None:
    plex.faults.add(fault)

    with client_of(plex) as client, pytest.raises(PlexTemporaryError):
        client.sections()


def test_control_characters_in_the_xml_do_no_harm(plex: PlexEmulator) -> None:
    plex.faults.add(Fault("control_chars"))

    with client_of(plex) as client:
        sections = client.sections()

    assert [section.title for section in sections] == ["Scenes"]


def test_a_closed_port_is_a_server_that_is_down(plex: PlexEmulator) -> None:
    plex.down()

    with client_of(plex) as client, pytest.raises(PlexUnavailable):
        client.sections()


def test_a_connection_closed_without_an_answer_is_unavailable(
    plex: PlexEmulator,
) -> None:
    plex.faults.add(Fault("refuse", times=None))

    with client_of(plex) as client, pytest.raises(PlexUnavailable):
        client.sections()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_never_resolved_is_a_matter_of_settings(scheme: str) -> None:
    with (
        client_at(f"{scheme}://plex.invalid:32400") as client,
        pytest.raises(PlexAccessError) as caught,
    ):
        client.sections()

    assert str(caught.value) == NO_NAME


def test_a_name_that_resolved_before_is_a_server_that_is_down() -> None:
    with (
        client_at("http://plex.invalid:32400", was_reached=True) as client,
        pytest.raises(PlexUnavailable) as caught,
    ):
        client.sections()

    assert str(caught.value) == NAME_AWAY


def test_a_plex_that_demands_tls_is_a_matter_of_settings() -> None:
    with PlexEmulator(tls=True) as plex:
        url = plex.url.replace("https://", "http://")
        with client_at(url) as client, pytest.raises(PlexAccessError) as caught:
            client.sections()

    assert str(caught.value) == NEEDS_TLS


@pytest.mark.parametrize(("flaw", "text"), [("other name", OTHER_NAME), ("expired", EXPIRED)])
def test_a_flaw_of_the_certificate_is_named(flaw: str, text: str) -> None:
    with PlexEmulator(tls=True, tls_flaw=flaw) as plex, client_at(plex.url) as client:
        client._session.verify = str(plex.certificate)
        with pytest.raises(PlexAccessError) as caught:
            client.sections()

    assert str(caught.value) == text


def test_a_connection_lost_in_the_handshake_is_an_outage() -> None:
    with RawServer(b"", keeps_open=False) as server:
        url = server.url.replace("http://", "https://")
        with client_at(url, timeout_s=(0.5, 0.5)) as client, pytest.raises(PlexUnavailable):
            client.sections()


ACTS: dict[str, Callable[[PlexClient], object]] = {
    "sections": lambda client: client.sections(),
    "machine_identifier": lambda client: client.machine_identifier(),
    "edit": lambda client: client.edit("/library/sections/1/all?type=1&id=1"),
}


@pytest.mark.parametrize("body", [b"<html><p>Sign in", b"<html><body>Sign in</body></html>"])
@pytest.mark.parametrize("act", ["sections", "machine_identifier", "edit"])
def test_a_login_page_everywhere_is_a_matter_of_settings(body: bytes, act: str) -> None:
    with (
        RawServer(xml_answer(body), keeps_open=False) as server,
        client_at(server.url) as client,
        pytest.raises(PlexAccessError) as caught,
    ):
        ACTS[act](client)

    assert str(caught.value) == FOREIGN


def test_one_foreign_answer_is_temporary(plex: PlexEmulator) -> None:
    plex.faults.add(Fault("html_200", route="/library/sections"))

    with client_of(plex) as client, pytest.raises(PlexTemporaryError):
        client.sections()


@pytest.mark.parametrize("status", [400, 404, 405])
def test_another_server_is_a_matter_of_settings(plex: PlexEmulator, status: int) -> None:
    plex.faults.add(Fault("status", status=status, route="/identity"))

    with client_of(plex) as client, pytest.raises(PlexAccessError, match=str(status)):
        client.machine_identifier()


def test_a_connect_timeout_is_a_server_that_is_down() -> None:
    with full_backlog() as url:
        if url is None:
            pytest.skip("this system accepts every connection")
        with (
            client_at(url, timeout_s=(0.3, 30.0)) as client,
            pytest.raises(PlexUnavailable, match="within 0.3 s"),
        ):
            client.sections()
        with (
            client_at(url, timeout_s=(0.2, 30.0)) as client,
            pytest.raises(PlexUnavailable, match="within 0.2 s"),
        ):
            client.machine_identifier()


def test_a_read_timeout_is_temporary(
    plex: PlexEmulator,
) -> None:
    plex.faults.add(Fault("stall", times=None))

    with (
        client_of(plex, timeout_s=(5.0, 0.2)) as client,
        pytest.raises(PlexTemporaryError, match="within 0.2 s"),
    ):
        client.sections()


def test_a_truncated_answer_is_temporary_and_not_repeated() -> None:
    with RawServer(xml_answer(b"<MediaContainer", length=1_000)) as server:
        with (
            client_at(server.url, timeout_s=(5.0, 0.2)) as client,
            pytest.raises(PlexTemporaryError),
        ):
            client.sections()

        assert server.connections == 1


def test_a_self_signed_certificate_is_a_matter_of_settings() -> None:
    with (
        PlexEmulator(tls=True) as plex,
        client_at(plex.url) as client,
        pytest.raises(PlexAccessError) as caught,
    ):
        client.sections()

    assert str(caught.value) == UNTRUSTED


def test_https_to_a_port_without_tls_is_a_matter_of_settings(plex: PlexEmulator) -> None:
    url = plex.url.replace("http://", "https://")

    with client_at(url) as client, pytest.raises(PlexAccessError) as caught:
        client.sections()

    assert str(caught.value) == NO_TLS


@pytest.mark.parametrize("url", UNUSABLE_URLS)
def test_a_nonsense_url_is_a_matter_of_settings(url: str) -> None:
    with client_at(url) as client, pytest.raises(PlexAccessError, match="URL"):
        client.sections()


@pytest.mark.parametrize("token", ["a\nb", "tök€n"])
def test_a_token_that_cannot_travel_is_a_matter_of_settings(plex: PlexEmulator, token: str) -> None:
    with client_of(plex, token=token) as client, pytest.raises(PlexAccessError, match="token"):
        client.sections()


def test_a_wrong_token_is_a_matter_of_settings(plex: PlexEmulator) -> None:
    with client_of(plex, token="wrong") as client, pytest.raises(PlexAccessError, match="token"):
        client.sections()


def test_an_address_with_the_web_path_is_not_plex(plex: PlexEmulator) -> None:
    with (
        client_at(f"{plex.url}/web/index.html", token=plex.token) as client,
        pytest.raises(PlexError),
    ):
        client.sections()


@pytest.mark.parametrize("status", [413, 414, 431])
def test_a_request_that_is_too_long_says_so(plex: PlexEmulator, status: int) -> None:
    plex.faults.add(Fault("status", status=status))

    with client_of(plex) as client, pytest.raises(PlexRejected) as caught:
        client.edit("/library/sections/1/all?type=1&id=1&title.value=x")

    assert caught.value.too_long


def test_no_message_holds_the_address_the_token_or_the_body(plex: PlexEmulator) -> None:
    plex.faults.add(Fault("status", status=500))

    with client_of(plex) as client, pytest.raises(PlexTemporaryError) as caught:
        client.sections()

    assert str(caught.value) == "Plex answered 500"
    assert plex.token not in str(caught.value)


def test_the_original_failure_stays_as_the_cause(plex: PlexEmulator) -> None:
    plex.faults.add(Fault("status", status=500))

    with client_of(plex) as client, pytest.raises(PlexTemporaryError) as caught:
        client.sections()

    assert isinstance(caught.value.__cause__, plexapi.exceptions.BadRequest)
