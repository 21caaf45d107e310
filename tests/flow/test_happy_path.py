"""Test that Plex shows a scene saved in Stash: every field, once, with its locks."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.processes import ProcessHarness
from tests.harness.waiting import wait_for

EVERYTHING = {
    "title": "Night Train",
    "studio": "Aurora Films",
    "details": "Two strangers.\nNeither has a ticket.",
    "date": "2024-03-09",
    "performers": ["Mia Sol", "Jon Berg"],
    "tags": ["train", "night"],
    "rating100": 80,
    "director": "Ada Winter",
    "code": "AF-017",
}
LOCKED = {
    "title",
    "studio",
    "summary",
    "tagline",
    "originallyAvailableAt",
    "actor",
    "genre",
    "collection",
    "thumb",
    "art",
}
ALL_FIELDS = {"c_sync_rating": True, "c_tagline_source": "director", "c_background_source": "cover"}


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_a_saved_scene_shows_every_field_in_plex(
    installed: ProcessHarness, tags_replace: bool
) -> None:
    installed.plex.switches.tags_replace = tags_replace
    installed.configure(**ALL_FIELDS)
    scene = installed.scene(cover=picture(1))
    installed.plex.library.change(installed.item().rating_key, genres=["stale"], roles=["Theirs"])

    installed.edit(scene, **EVERYTHING)
    installed.wait_until_drained()

    item = installed.item()
    assert (item.title, item.studio, item.summary) == (
        "Night Train",
        "Aurora Films",
        EVERYTHING["details"],
    )
    assert (item.tagline, item.date, item.user_rating) == ("Ada Winter", "2024-03-09", 8.0)
    assert sorted(item.roles) == ["Jon Berg", "Mia Sol"]
    assert (sorted(item.genres), item.collections) == (["night", "train"], ["Aurora Films"])
    assert (item.poster_bytes, item.art_bytes) == (picture(1), picture(1))
    assert item.locked >= LOCKED - {"thumb", "art"}
    assert "userRating" not in item.locked


def test_one_put_carries_all_fields_of_a_scene(installed: ProcessHarness) -> None:
    scene = installed.scene()

    installed.edit(scene, **EVERYTHING)
    installed.wait_until_drained()

    (target,) = installed.edits("a.mp4")
    sent = parse_qs(urlsplit(target).query)
    assert {
        "title.value",
        "studio.value",
        "summary.value",
        "originallyAvailableAt.value",
    } <= sent.keys()
    assert {
        "actor[0].tag.tag",
        "genre[0].tag.tag",
        "collection[0].tag.tag",
        "genre.locked",
    } <= sent.keys()


def test_what_plex_shows_already_is_not_written_again(installed: ProcessHarness) -> None:
    scene = installed.scene(cover=picture(1))
    installed.edit(scene, **EVERYTHING)
    installed.wait_until_drained()
    writes = len(installed.plex.writes())

    installed.edit(scene, **EVERYTHING)
    wait_for(lambda: installed.worker_log().count("sync.done") == 2, "the second sync")
    installed.wait_until_drained()

    assert writes > 0
    assert len(installed.plex.writes()) == writes


def test_nothing_in_plex_is_touched_before_the_first_edit(installed: ProcessHarness) -> None:
    installed.scene(title="There for years")

    installed.stash.run_operation({"mode": "wake"})
    wait_for(
        lambda: installed.rows("SELECT 1 FROM meta WHERE key = 'watermark'"), "the first catch-up"
    )

    assert installed.jobs() == []
    assert installed.plex.writes() == []


@pytest.mark.parametrize(("stash", "plex"), [("2021", "2021-01-01"), ("2021-06", "2021-06-01")])
def test_a_partial_date_becomes_its_first_day(
    worker: InProcessHarness, stash: str, plex: str
) -> None:
    scene = worker.scene()

    worker.edit(scene, date=stash)
    worker.work()

    assert worker.item().date == plex


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_names_that_a_scene_has_lost_go_from_plex(
    worker: InProcessHarness, tags_replace: bool
) -> None:
    worker.plex.switches.tags_replace = tags_replace
    scene = worker.scene()
    worker.edit(scene, **EVERYTHING)
    worker.work()

    worker.edit(scene, tags=["night", "sea"], performers=["Mia Sol"], studio="Old Mill")
    worker.work()

    item = worker.item()
    assert (sorted(item.genres), item.roles) == (["night", "sea"], ["Mia Sol"])
    assert item.collections == ["Old Mill"]


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_names_with_commas_plus_signs_and_scripts_arrive(
    worker: InProcessHarness, tags_replace: bool
) -> None:
    worker.plex.switches.tags_replace = tags_replace
    scene = worker.scene()
    names = ["A, B", "A", "C++ & D", "50% = 1/2", "Ünïcødé", "日本語", "🎬 film"]

    worker.edit(scene, tags=names, performers=["Åsa Öberg, Jr."], title="Zoë & «Ωmega» + 1%")
    worker.work()
    worker.edit(scene, tags=names[1:])
    worker.work()

    item = worker.item()
    assert sorted(item.genres) == sorted(names[1:])
    assert (item.roles, item.title) == (["Åsa Öberg, Jr."], "Zoë & «Ωmega» + 1%")


def test_a_file_name_in_another_script_is_found(worker: InProcessHarness) -> None:
    name = "Fïlme/日本/vidéo & co #1 100%.mp4"
    scene = worker.scene(name)

    worker.edit(scene, title="Found")
    worker.work()

    assert worker.item(name).title == "Found"


def test_a_new_cover_is_sent_and_an_unchanged_one_is_not(worker: InProcessHarness) -> None:
    scene = worker.scene(cover=picture(1))
    worker.edit(scene, title="One")
    worker.work()
    uploads = worker.plex.count("POST")

    worker.edit(scene, title="Two")
    worker.work()
    same = worker.plex.count("POST")
    worker.stash.library.set_cover(scene, picture(2))
    worker.edit(scene, title="Three")
    worker.work()

    assert (uploads, same) == (1, 1)
    assert worker.item().poster_bytes == picture(2)


def test_a_cover_changed_in_the_second_of_the_read_is_sent(worker: InProcessHarness) -> None:
    scene = worker.scene(cover=picture(1))
    worker.enqueue(scene)
    worker.work(0.0)

    worker.stash.library.set_cover(scene, picture(2))
    worker.edit(scene, title="Same second")
    worker.work()

    assert worker.item().poster_bytes == picture(2)
