"""The same word in another Unicode form is the same word: nothing is doubled, nothing rewritten."""

from dataclasses import replace

from tests.harness.in_process import InProcessHarness

NFC, NFD = "\u00c9t\u00e9", "E\u0301te\u0301"
# What version 1.1 stored for "Cafe" with a combining accent, and for the tags and the collection.
TITLE_1_1 = "08bb0730d7f3765c"


def test_decomposed_values_of_stash_are_sent_composed(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", title="Cafe\u0301", tags=[NFD], studio=NFD)

    worker.drain_scenes(scene)

    item = worker.titled_item("a")
    assert (item.title, item.genres, item.collections) == ("Caf\u00e9", [NFC], [NFC])


def test_names_that_plex_has_composed_are_not_doubled(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=[NFD, "New"], studio=NFD)
    item = worker.titled_item("a")
    worker.plex.library.change(item.rating_key, genres=[NFC], collections=[NFC])

    worker.drain_scenes(scene)

    assert sorted(item.genres) == ["New", NFC]
    assert item.collections == [NFC]


def test_names_that_plex_has_decomposed_are_not_doubled(worker: InProcessHarness) -> None:
    scene = worker.titled_scene("a", tags=[NFC, "New"], studio=NFC)
    item = worker.titled_item("a")
    worker.plex.library.change(item.rating_key, genres=[NFD], collections=[NFD])

    worker.drain_scenes(scene)

    assert sorted(item.genres) == [NFD, "New"]
    assert item.collections == [NFD]


def test_an_upgrade_from_1_1_rewrites_nothing(worker: InProcessHarness) -> None:
    """Version 1.1 sent decomposed texts as they were and stored digests of that form."""
    scene = worker.titled_scene("a", title="Cafe\u0301")
    worker.drain_scenes(scene)
    item = worker.titled_item("a")
    worker.plex.library.change(item.rating_key, title="Cafe\u0301")
    record = worker.record(scene)
    title = replace(record.fields["title"], pushed=TITLE_1_1, verified=TITLE_1_1)
    worker.context().records.save(record.with_fields({"title": title}))
    worker.plex.reset_counts()

    worker.clock.advance(10)
    worker.drain_scenes(scene)

    assert worker.plex.writes() == []
    assert item.title == "Cafe\u0301"


def test_a_library_is_found_by_its_name_in_either_form(worker: InProcessHarness) -> None:
    worker.plex.library.sections[worker.section].title = NFD
    worker.configure(plex_libraries=NFC)
    scene = worker.titled_scene("a", title="Found")

    worker.drain_scenes(scene)

    assert worker.titled_item("a").title == "Found"
