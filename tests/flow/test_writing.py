"""What is written to an item, what is left alone there, and that no other item is ever touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.fields import EDIT_FIELDS
from core.match import Confidence
from tests.emulators.plex_server import Fault
from tests.emulators.stash_images import png
from tests.flow.inproc import Inproc, arguments, opened, removed_names, sent_names

EDIT = "/library/sections/{S}/all"
POSTERS = "GET /library/metadata/{}/posters"
FULL: dict[str, Any] = {
    "title": "Night Train",
    "studio": "Aurora",
    "details": "Two strangers.",
    "date": "2024-03-09",
    "performers": ["Mia", "Jon"],
    "tags": ["train", "night"],
    "rating100": 80,
    "director": "Ada",
}


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Inproc]:
    """A house with bystanders: items of everything, which nobody may touch."""
    with opened(tmp_path, c_sync_rating=True, c_tagline_source="director") as made:
        made.plex.switches.tags_replace = request.param
        for number in range(3):
            key = made.item(f"/media/bystander/{number}.mp4", genres=["train", "keep"], roles=["Mia"], studio="Aurora")
            made.plex.library.change(key, collections=["Aurora", "Mine"])
        yield made


def genres(house: Inproc, item: int) -> set[str]:
    return set(house.shown(item).genres)


# -- names --------------------------------------------------------------------------------------


def test_genres_and_actors_that_stash_lacks_go_and_collections_of_others_stay(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.library.change(item, genres=["old", "train"], roles=["Nobody"], collections=["Mine"], labels=["x"])

    with house.writes_only(item):
        house.sync(scene)

    shown = house.shown(item)
    assert genres(house, item) == {"train", "night"}
    assert (set(shown.roles), set(shown.collections)) == ({"Mia", "Jon"}, {"Aurora", "Mine"})
    assert shown.labels == ["x"]


def test_our_collection_goes_with_the_studio_and_those_of_others_stay(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.plex.library.change(item, collections=["Aurora", "Mine"])
    house.change(scene, studio="Borealis")

    with house.writes_only(item):
        house.sync(scene)

    assert set(house.shown(item).collections) == {"Borealis", "Mine"}


def test_a_collection_that_was_there_before_us_is_never_ours(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.library.change(item, collections=["Aurora"])
    house.sync(scene)
    house.change(scene, studio="Borealis")

    with house.writes_only(item):
        house.sync(scene)

    assert set(house.shown(item).collections) == {"Aurora", "Borealis"}


def test_another_spelling_of_a_name_is_the_same_name(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.plex.library.change(item, genres=["TRAIN", "Night"], roles=["MIA", "jon"], collections=["AURORA"])

    with house.writes_only():
        house.sync(scene)


def test_a_tag_that_the_server_spells_otherwise_is_not_written_for_ever(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", tags=["TRAIN"])  # the bystanders' "train" is the server's spelling

    house.sync(scene)
    with house.writes_only():
        house.change(scene, tags=["Train"])
        house.sync(scene)

    assert genres(house, item) == {"train"}


def test_actors_of_a_fresh_item_keep_their_order_however_many(house: Inproc) -> None:
    names = [f"Actor {number:02}" for number in range(25)]
    scene, item = house.pair("a.mp4", performers=list(reversed(names)))

    with house.writes_only(item):
        house.sync(scene)

    assert house.shown(item).roles == names


def test_commas_and_plus_signs_survive_writing_and_removing(house: Inproc) -> None:
    odd = ["A, B", "A", "B", "C+D", "C D", "50%2C", "E&F", "100%", "G=H#I"]
    scene, item = house.pair("a.mp4", tags=odd)
    house.sync(scene)
    assert genres(house, item) == set(odd)

    for gone in ("A, B", "C+D", "50%2C", "100%"):
        odd.remove(gone)
        house.change(scene, tags=odd)
        with house.writes_only(item):
            house.sync(scene)
        assert genres(house, item) == set(odd)


def test_the_full_list_and_explicit_removals_travel_together(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", tags=["one", "two"])
    house.sync(scene)
    house.change(scene, tags=["two", "three"])

    house.sync(scene)

    edit = house.plex.writes()[-1]
    assert (sent_names(edit, "genre"), removed_names(edit, "genre")) == (["three", "two"], ["one"])
    assert genres(house, item) == {"two", "three"}


def test_all_names_can_go(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.change(scene, tags=[], performers=[], studio=None)

    with house.writes_only(item):
        house.sync(scene)

    shown = house.shown(item)
    assert (shown.genres, shown.roles, shown.collections, shown.studio) == ([], [], [], None)


# -- hand edits ---------------------------------------------------------------------------------


@pytest.fixture
def kept(house: Inproc) -> Inproc:
    """The house with "Preserve Plex edits" on."""
    house.configure(c_preserve_plex_edits=True)
    return house


def test_a_genre_that_a_person_added_survives_and_ours_goes_when_it_leaves_stash(kept: Inproc) -> None:
    scene, item = kept.pair("a.mp4", tags=["ours", "both"])
    kept.sync(scene)
    kept.plex.library.change(item, genres=["ours", "both", "by hand"])
    kept.change(scene, tags=["both", "new"])

    with kept.writes_only(item):
        kept.sync(scene)

    assert genres(kept, item) == {"both", "new", "by hand"}


def test_what_was_there_before_us_survives_too(kept: Inproc) -> None:
    scene, item = kept.pair("a.mp4", tags=["ours", "shared"], performers=["Mia"])
    kept.plex.library.change(item, genres=["before", "shared"], roles=["Before"])
    kept.sync(scene)
    kept.change(scene, tags=[], performers=[])

    with kept.writes_only(item):
        kept.sync(scene)

    assert genres(kept, item) == {"before", "shared"}
    assert kept.shown(item).roles == ["Before"]


@pytest.mark.parametrize(
    ("attribute", "by_hand", "field"),
    [
        ("title", "My title", "title"),
        ("summary", "My summary.", "details"),
        ("studio", "My studio", "studio"),
        ("tagline", "My tagline", "director"),
        ("date", "1999-09-09", "date"),
        ("user_rating", 3.0, "rating100"),
    ],
)
def test_a_hand_edit_of_a_field_survives_and_the_others_follow_stash(
    kept: Inproc, attribute: str, by_hand: object, field: str
) -> None:
    scene, item = kept.pair("a.mp4", **FULL)
    kept.sync(scene)
    kept.plex.library.change(item, **{attribute: by_hand})
    changed = {**FULL, "title": "New", "details": "New.", "studio": "New", "director": "New", "date": "2025-01-01"}
    kept.change(scene, **{**changed, "rating100": 60})

    with kept.writes_only(item):
        kept.sync(scene)

    shown = kept.shown(item)
    values = {
        "title": shown.title,
        "summary": shown.summary,
        "studio": shown.studio,
        "tagline": shown.tagline,
        "date": shown.date,
        "user_rating": shown.user_rating,
    }
    followed = {
        "title": "New",
        "summary": "New.",
        "studio": "New",
        "tagline": "New",
        "date": "2025-01-01",
        "user_rating": 6.0,
    }
    assert values == {**followed, attribute: by_hand}, field


def test_the_title_of_a_fresh_item_is_nobodys(kept: Inproc) -> None:
    first, item = kept.pair("a.mp4", title="From Stash")
    second, locked = kept.pair("b.mp4", title="From Stash, too")
    kept.plex.library.change(locked, title="Somebody's", locked={"title"})

    with kept.writes_only(item):
        kept.sync(first, second)  # together: what one batch shares obeys the same rules

    assert kept.shown(item).title == "From Stash"
    assert kept.shown(locked).title == "Somebody's"


@pytest.mark.parametrize("trim", [False, True])
def test_a_value_that_plex_trims_is_never_a_hand_edit(kept: Inproc, trim: bool) -> None:
    kept.plex.switches.trim_text = trim
    scene, item = kept.pair("a.mp4", details="  One.\r\nTwo.\n ", title="  Spaces  ", tags=["TRAIN"])
    kept.sync(scene)
    kept.change(scene, details="  Three.\r\n ", title=" More spaces ", tags=["TRAIN", "x"])

    with kept.writes_only(item):
        kept.sync(scene)

    shown = kept.shown(item)
    assert (shown.summary.strip(), shown.title.strip()) == ("Three.", "More spaces")
    assert genres(kept, item) == {"train", "x"}
    kept.change(scene, tags=[])
    kept.sync(scene)
    assert genres(kept, item) == set()


def test_without_preserve_stash_wins(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.plex.library.change(item, title="By hand", genres=["by hand"])

    with house.writes_only(item):
        house.sync(scene)

    assert (house.shown(item).title, genres(house, item)) == ("Night Train", {"train", "night"})


# -- failures of single fields ------------------------------------------------------------------


def test_a_date_that_the_server_answers_with_500_fails_alone(house: Inproc) -> None:
    house.plex.switches.empty_date = "500"
    scene, item = house.pair("a.mp4", **FULL)
    fine, other = house.pair("b.mp4", **FULL)
    house.sync(scene, fine)
    house.change(scene, title="New", date=None, tags=["new"])

    with house.writes_only(item):
        house.sync(scene)
        house.look_for(600.0)

    shown = house.shown(item)
    assert (shown.title, genres(house, item), shown.date) == ("New", {"new"}, "2024-03-09")
    assert "date" in house.letter(scene).message
    assert house.letter(scene).reason == "PlexRejected"
    assert house.waiting() == {}
    assert house.shown(other).title == "Night Train"


def test_the_retry_of_a_refused_field_sends_that_field_alone(house: Inproc) -> None:
    house.plex.switches.empty_date = "500"
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.change(scene, title="New", date=None)
    house.sync(scene)
    house.look_for(600.0)
    house.plex.switches.empty_date = "clears"

    with house.writes_only(item):
        house.sync(scene)

    assert {name for name in arguments(house.plex.writes()[-1]) if name.endswith(".value")} == {
        "originallyAvailableAt.value"
    }
    assert house.shown(item).date is None
    assert house.letters() == {}


def test_an_edit_that_the_server_drops_in_silence_is_reported_once(house: Inproc) -> None:
    house.plex.switches.empty_date = "ignored"
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.change(scene, date=None)

    with house.writes_only(item):
        house.sync(scene)
        house.look_for(600.0)

    told = [text for text in house.notices() if "does not show it" in text]
    assert len(told) == 1
    assert f"scene {scene}" in told[0]
    assert "date" in told[0]
    assert house.letters() == {}


def test_a_refused_edit_leaves_no_half_of_it_behind(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.faults.add(Fault("status", method="PUT", status=400, times=1))

    with house.writes_only(item):
        house.sync(scene)

    shown = house.shown(item)
    assert (shown.title, shown.studio, shown.date) == ("Night Train", "Aurora", "2024-03-09")
    assert house.letters() == {}


# -- locks --------------------------------------------------------------------------------------


def test_everything_written_is_locked_except_the_rating(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1), **FULL)

    house.sync(scene)

    written = {field.plex for field in EDIT_FIELDS if field.name != "rating"}
    assert house.shown(item).locked == written | {"thumb"}
    assert house.shown(item).user_rating == 8.0


def test_an_agent_changes_nothing_of_ours(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1), **FULL)
    house.sync(scene)

    house.plex.library.agent_refresh(item)

    shown = house.shown(item)
    assert (shown.title, shown.studio, shown.summary) == ("Night Train", "Aurora", "Two strangers.")
    assert (shown.tagline, shown.date, shown.user_rating) == ("Ada", "2024-03-09", 8.0)
    assert (genres(house, item), set(shown.roles)) == ({"train", "night"}, {"Mia", "Jon"})
    assert (shown.collections, shown.poster_bytes) == (["Aurora"], png(1))


def test_without_locking_the_agent_may_overwrite_and_locks_of_others_stay(house: Inproc) -> None:
    house.configure(c_lock_fields=False)
    scene, item = house.pair("a.mp4", **FULL)
    house.plex.library.change(item, locked={"studio"})

    house.sync(scene)
    locked = house.shown(item).locked
    house.plex.library.agent_refresh(item)

    assert locked == {"studio"}
    assert (house.shown(item).studio, house.shown(item).summary) == ("Aurora", "Written by the agent.")


# -- settings that change later -----------------------------------------------------------------


def test_a_toggle_switched_off_leaves_plexs_value_and_switched_on_takes_effect_at_the_next_sync_all(
    house: Inproc,
) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.configure(c_sync_tags=False, c_sync_studio=False)
    house.change(scene, tags=["later"], studio="Later", title="Later")
    with house.writes_only(item):
        house.sync_all()
    off = (genres(house, item), house.shown(item).studio, house.shown(item).title)

    house.configure(c_sync_tags=True, c_sync_studio=True)
    with house.writes_only(item):
        house.sync_all()

    assert off == ({"train", "night"}, "Aurora", "Later")
    assert (genres(house, item), house.shown(item).studio) == ({"later"}, "Later")


@pytest.mark.parametrize("preserve", [False, True])
def test_a_limit_changed_later_takes_effect_at_the_next_sync_all(house: Inproc, preserve: bool) -> None:
    house.configure(c_preserve_plex_edits=preserve)
    scene, item = house.pair("a.mp4", tags=[f"tag {number}" for number in range(6)])
    house.sync(scene)
    house.configure(c_max_tags=2)

    with house.writes_only(item):
        house.sync_all()
    few = genres(house, item)
    house.configure(c_max_tags=4)
    with house.writes_only(item):
        house.sync_all()

    assert few == {"tag 0", "tag 1"}
    assert genres(house, item) == {"tag 0", "tag 1", "tag 2", "tag 3"}


def test_a_source_switched_off_leaves_the_field_alone(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    house.sync(scene)
    house.configure(c_tagline_source="none")
    house.change(scene, director="Somebody else")

    with house.writes_only():
        house.sync_all()

    assert house.shown(item).tagline == "Ada"


def test_with_the_master_switch_off_nothing_is_written_and_nothing_recorded(house: Inproc) -> None:
    house.configure(c_sync_metadata=False)
    scene, item = house.pair("a.mp4", cover=png(1), **FULL)

    with house.writes_only():
        asked = house.requests_of(lambda: house.sync(scene))
    house.configure(c_sync_metadata=True)
    recorded = house.records(scene)
    with house.writes_only(item):
        house.sync_all()

    assert asked == []
    assert recorded == {}
    assert house.shown(item).title == "Night Train"


def test_with_the_plugin_disabled_changes_are_kept_and_nothing_is_written(house: Inproc) -> None:
    house.sync(house.pair("first.mp4")[0])
    house.configure(a_enabled=False)
    scene, item = house.pair("a.mp4", **FULL)

    with house.writes_only():
        house.clock.advance(5.0)
        house.note(scene)
        for _ in range(4):
            house.clock.advance(30.0)
            assert house.worker.life.turn() is None
    house.configure(a_enabled=True)
    with house.writes_only(item):
        house.look_for(60.0)

    assert house.shown(item).title == "Night Train"


# -- images -------------------------------------------------------------------------------------


def test_unchanged_scenes_upload_nothing_and_ask_for_no_cover(house: Inproc) -> None:
    pairs = [house.pair(f"{number}.mp4", cover=png(number)) for number in range(60)]
    house.sync_all()
    house.clock.advance(10.0)
    asked = len(covers(house))

    with house.writes_only():
        requests = house.requests_of(house.sync_all)

    assert len(covers(house)) == asked
    assert not any("/posters" in request for request in requests)
    assert [house.shown(item).poster_bytes for _, item in pairs] == [png(number) for number in range(60)]


def covers(house: Inproc) -> list[int]:
    """The statuses of every cover that was asked for at Stash."""
    return [record.status for record in house.stash.requests if record.kind == "screenshot"]


def test_a_scene_that_moved_costs_one_conditional_request_and_no_upload(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.sync(scene)
    house.change(scene, title="Only the title")
    before = len(covers(house))

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert covers(house)[before:] == [304]
    assert not any("/posters" in request for request in asked)


def test_a_changed_cover_is_looked_for_once_and_sent(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.sync(scene)
    house.stash.library.set_cover(scene, png(2))

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert house.shown(item).poster_bytes == png(2)
    assert [request for request in asked if "/posters" in request] == [
        f"GET /library/metadata/{item}/posters",
        f"POST /library/metadata/{item}/posters",
    ]


def test_an_image_that_plex_has_already_is_selected_and_not_uploaded(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.plex.library.change(item, poster=png(1))
    house.plex.library.change(item, poster=png(2))

    with house.writes_only(item):
        asked = house.requests_of(lambda: house.sync(scene))

    assert house.shown(item).poster_bytes == png(1)
    assert f"POST /library/metadata/{item}/posters" not in asked


def test_a_scene_without_a_cover_never_sends_the_placeholder(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)
    before = house.shown(item).poster_bytes

    asked = house.requests_of(lambda: house.sync(scene))

    assert house.shown(item).poster_bytes == before
    assert not any("/posters" in request for request in asked)


def test_a_cover_that_was_taken_away_leaves_plexs_image(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", cover=png(1))
    house.sync(scene)
    house.stash.library.set_cover(scene, None)

    with house.writes_only():
        house.sync(scene)

    assert house.shown(item).poster_bytes == png(1)


@pytest.mark.parametrize("cover", [b"GIF89a....", b"\x00\x00\x00 ftypmp42 a video", b""])
def test_a_cover_that_is_no_picture_is_not_sent_and_the_rest_is_written(house: Inproc, cover: bytes) -> None:
    scene, item = house.pair("a.mp4", cover=cover, **FULL)
    before = house.shown(item).poster_bytes

    with house.writes_only(item):
        house.sync(scene)

    assert (house.shown(item).poster_bytes, house.shown(item).title) == (before, "Night Train")
    assert house.letters() == {}


def test_a_background_is_sent_from_the_same_cover_with_one_request_to_stash(house: Inproc) -> None:
    house.configure(c_background_source="cover")
    scene, item = house.pair("a.mp4", cover=png(1))

    with house.writes_only(item):
        house.sync(scene)

    assert (house.shown(item).poster_bytes, house.shown(item).art_bytes) == (png(1), png(1))
    assert covers(house) == [200]


def test_a_scene_with_two_items_asks_for_its_cover_once(house: Inproc) -> None:
    second = house.plex.library.add_section("Also", ["/media"]).key
    scene, item = house.pair("a.mp4", cover=png(1))
    other = house.item("/media/a.mp4", section=second)
    house.sync(scene)
    house.stash.library.set_cover(scene, png(2))

    with house.writes_only(item, other):
        house.sync(scene)

    assert covers(house) == [200, 200]  # once for each sync
    assert {house.shown(key).poster_bytes for key in (item, other)} == {png(2)}


# -- cost and confidence ------------------------------------------------------------------------


def test_unchanged_scenes_write_nothing(house: Inproc) -> None:
    for number in range(40):
        house.pair(f"{number}.mp4", **{**FULL, "title": f"Scene {number}"})
    house.sync_all()

    with house.writes_only():
        asked = house.requests_of(house.sync_all)

    assert len(asked) <= 2 + 2  # one read for each batch of twenty, and the markers


def test_the_record_says_how_sure_the_match_was(house: Inproc) -> None:
    scene, item = house.pair("a.mp4", **FULL)

    house.sync(scene)

    assert house.records(scene)[item].confidence == Confidence.HIGH.value
