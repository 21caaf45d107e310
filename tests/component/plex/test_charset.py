"""A proxy that drops the charset of the header, or adds one, changes no character."""

import pytest

from tests.harness.in_process import InProcessHarness
from tests.harness.plex_clients import RawServer, client_at, xml_answer

PROXIES = pytest.mark.parametrize(
    "content_type", ["text/xml", "text/xml;charset=iso-8859-1", "text/plain", "application/xml"]
)


@PROXIES
def test_accents_survive_a_proxy(worker: InProcessHarness, content_type: str) -> None:
    worker.plex.switches.xml_type = content_type
    scene = worker.titled_scene("Café", title="Été", tags=["Naïve"], details="Déjà vu")
    item = worker.titled_item("Café")
    worker.plex.library.change(item.rating_key, summary="Déjà vu")

    worker.drain_scenes(scene)
    worker.clock.advance(10)
    worker.drain_scenes(scene)

    assert (item.title, item.genres) == ("Été", ["Naïve"])
    assert worker.plex.count("PUT") == 1
    assert worker.record(scene).path == "/media/scenes/Café.mp4"


@PROXIES
def test_originals_are_kept_as_plex_shows_them(worker: InProcessHarness, content_type: str) -> None:
    worker.plex.switches.xml_type = content_type
    scene = worker.titled_scene("a", title="New")
    worker.plex.library.change(worker.titled_item("a").rating_key, title="Été")

    worker.drain_scenes(scene)

    ((_, _, fields),) = worker.context().records.originals.page(
        worker.plex.machine_identifier, 0, 10
    )
    assert fields["title"].value == "Été"


def test_a_declared_encoding_is_believed() -> None:
    body = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>'
        '<MediaContainer><Directory key="1" title="Été"/></MediaContainer>'
    ).encode("latin-1")

    with RawServer(xml_answer(body)) as server, client_at(server.url) as client:
        (section,) = client.sections()

    assert section.title == "Été"
