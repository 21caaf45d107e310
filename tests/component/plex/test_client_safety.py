"""What the way to Plex never does: follow a redirect, trust any certificate unasked, unfold
entities.
"""

import tracemalloc
from collections.abc import Callable

import pytest

from core.errors import PlexAccessError, PlexError, PlexTemporaryError
from plex.client import PlexClient
from plex.lazy_server import PlexAddress
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.plex_clients import IDENTITY, PATIENT_S, RawServer, client_at, client_of

REQUESTS: dict[str, Callable[[PlexClient], object]] = {
    "a health check": lambda client: client.machine_identifier(),
    "a list of libraries": lambda client: client.sections(),
    "a listing": lambda client: client.list_page(1, 0),
    "a read": lambda client: client.items(1, [1]),
    "a list of images": lambda client: client.images(1, "posters"),
    "an edit": lambda client: client.edit("/library/sections/1/all?type=1&id=1&title.value=a"),
    "an upload": lambda client: client.upload_image(1, "posters", b"\x89PNG"),
    "the choice of an image": lambda client: client.select_image(
        1, "posters", "upload://posters/1"
    ),
    "the choice of no image": lambda client: client.deselect_image(1, "posters"),
}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY l0 "ha">{LAUGHS}]><MediaContainer machineIdentifier="m" note="&l9;"/>'


def answered(body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml;charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_follows_a_redirect(plex: PlexEmulator, name: str, status: int) -> None:
    with PlexEmulator() as elsewhere:
        plex.faults.add(
            Fault("status", status=status, location=f"{elsewhere.url}/identity", times=None)
        )

        with client_of(plex) as client, pytest.raises(PlexAccessError, match="redirects elsewhere"):
            REQUESTS[name](client)

        assert elsewhere.count() == 0


def test_an_untrusted_certificate_is_refused_unless_allowed() -> None:
    with PlexEmulator(tls=True) as guarded:
        with (
            client_of(guarded) as client,
            pytest.raises(PlexAccessError, match="Verify TLS certificate"),
        ):
            client.sections()
        asked = guarded.count()
        client = PlexClient(
            PlexAddress(guarded.url, guarded.token, PATIENT_S, verify=False),
            IDENTITY,
            lambda s: None,
        )

        assert client.sections() == ()
        client.close()

    assert asked == 0


def test_an_answer_with_nested_entities_is_refused() -> None:
    with RawServer(answered(BILLION_LAUGHS)) as server, client_at(server.url) as client:
        tracemalloc.start()
        with pytest.raises(PlexTemporaryError, match="entities"):
            client.machine_identifier()
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak_bytes < 50_000_000


@pytest.mark.parametrize(
    "document", ["<a>" * 200_000, "<a>" * 100_000 + "</a>" * 100_000, "<a b='" + "x" * 2_000_000]
)
def test_deep_and_endless_documents_are_only_a_passing_fault(document: str) -> None:
    with (
        RawServer(answered(document)) as server,
        client_at(server.url, timeout_s=(5.0, 5.0)) as client,
        pytest.raises(PlexError),
    ):
        client.machine_identifier()
