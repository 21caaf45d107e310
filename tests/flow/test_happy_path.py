"""A person saves a scene in Stash, and Plex shows it: every field, once, with its locks."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.flow.house import House, Workroom, picture, wait_for

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
def test_a_saved_scene_shows_every_field_in_plex(house: House, tags_replace: bool) -> None:
    house.plex.switches.tags_replace = tags_replace
    house.configure(**ALL_FIELDS)
    scene = house.scene(cover=picture(1))
    house.plex.library.change(house.item().rating_key, genres=["stale"], roles=["Nobody"])

    house.edit(scene, **EVERYTHING)
    house.drained()

    item = house.item()
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


def test_one_put_carries_all_fields_of_a_scene(house: House) -> None:
    scene = house.scene()

    house.edit(scene, **EVERYTHING)
    house.drained()

    (target,) = house.edits("a.mp4")
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


def test_what_plex_shows_already_is_not_written_again(house: House) -> None:
    scene = house.scene(cover=picture(1))
    house.edit(scene, **EVERYTHING)
    house.drained()
    writes = len(house.plex.writes())

    house.edit(scene, **EVERYTHING)
    wait_for(lambda: house.worker_log().count("sync.done") == 2, "the second sync")
    house.drained()

    assert writes > 0
    assert len(house.plex.writes()) == writes


def test_nothing_in_plex_is_touched_before_the_first_edit(house: House) -> None:
    house.scene(title="There for years")

    house.stash.run_operation({"mode": "wake"})
    wait_for(lambda: house.rows("SELECT 1 FROM meta WHERE key = 'watermark'"), "the first catch-up")

    assert house.jobs() == []
    assert house.plex.writes() == []


@pytest.mark.parametrize(("stash", "plex"), [("2021", "2021-01-01"), ("2021-06", "2021-06-01")])
def test_a_partial_date_becomes_its_first_day(room: Workroom, stash: str, plex: str) -> None:
    scene = room.scene()

    room.edit(scene, date=stash)
    room.work()

    assert room.item().date == plex


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_names_that_a_scene_has_lost_go_from_plex(room: Workroom, tags_replace: bool) -> None:
    room.plex.switches.tags_replace = tags_replace
    scene = room.scene()
    room.edit(scene, **EVERYTHING)
    room.work()

    room.edit(scene, tags=["night", "sea"], performers=["Mia Sol"], studio="Old Mill")
    room.work()

    item = room.item()
    assert (sorted(item.genres), item.roles) == (["night", "sea"], ["Mia Sol"])
    assert item.collections == ["Old Mill"]


@pytest.mark.parametrize("tags_replace", [False, True], ids=["tags are added", "tags are replaced"])
def test_names_with_commas_plus_signs_and_scripts_arrive(
    room: Workroom, tags_replace: bool
) -> None:
    room.plex.switches.tags_replace = tags_replace
    scene = room.scene()
    names = ["A, B", "A", "C++ & D", "50% = 1/2", "Ünïcødé", "日本語", "🎬 film"]

    room.edit(scene, tags=names, performers=["Åsa Öberg, Jr."], title="Zoë & «Ωmega» + 1%")
    room.work()
    room.edit(scene, tags=names[1:])
    room.work()

    item = room.item()
    assert sorted(item.genres) == sorted(names[1:])
    assert (item.roles, item.title) == (["Åsa Öberg, Jr."], "Zoë & «Ωmega» + 1%")


def test_a_file_name_in_another_script_is_found(room: Workroom) -> None:
    name = "Fïlme/日本/vidéo & co #1 100%.mp4"
    scene = room.scene(name)

    room.edit(scene, title="Found")
    room.work()

    assert room.item(name).title == "Found"


def test_a_new_cover_is_sent_and_an_unchanged_one_is_not(room: Workroom) -> None:
    scene = room.scene(cover=picture(1))
    room.edit(scene, title="One")
    room.work()
    uploads = room.plex.count("POST")

    room.edit(scene, title="Two")
    room.work()
    same = room.plex.count("POST")
    room.stash.library.set_cover(scene, picture(2))
    room.edit(scene, title="Three")
    room.work()

    assert (uploads, same) == (1, 1)
    assert room.item().poster_bytes == picture(2)


def test_a_cover_changed_in_the_second_of_the_read_is_sent(room: Workroom) -> None:
    scene = room.scene(cover=picture(1))
    room.note(scene)
    room.work(0.0)

    room.stash.library.set_cover(scene, picture(2))
    room.edit(scene, title="Same second")
    room.work()

    assert room.item().poster_bytes == picture(2)
