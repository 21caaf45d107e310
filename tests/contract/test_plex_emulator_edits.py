"""Edits on the Plex emulator by `plexapi`: every field, tags in both readings, locks, stars,
refused edits.
"""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import quote

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound
from plexapi.utils import joinArgs

from tests.emulators.fixtures_plex import SettableClock, connect
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator


@pytest.fixture
def server(plex: PlexEmulator) -> Any:
    return connect(plex)


@pytest.fixture
def item(plex: PlexEmulator) -> Item:
    return plex.library.item(plex.library.add_item(1, [("/media/scenes/The start.mp4", 1)]))


def edit(server: Any, *keys: int, **arguments: object) -> None:
    values = {name.replace("__", "."): value for name, value in arguments.items()}
    raw_edit(server, keys, values)


def raw_edit(server: Any, keys: tuple[int, ...], arguments: dict[str, object]) -> None:
    args = {"type": 1, "id": ",".join(map(str, keys)), **arguments}
    arguments_in_url = joinArgs(args)  # type: ignore[no-untyped-call]
    server.query(f"/library/sections/1/all{arguments_in_url}", method=server._session.put)


class TestFields:
    def test_text_fields_are_kept_as_sent(self, server: Any, item: Item) -> None:
        video = server.fetchItem(item.rating_key)

        video.editTitle("Été & sun + 1/2").editStudio("Blue, Door").editTagline("100 % <b>")
        video.editSummary("one\ntwo 😀").editContentRating("X")

        assert (item.title, item.studio, item.tagline) == (
            "Été & sun + 1/2",
            "Blue, Door",
            "100 % <b>",
        )
        assert (item.summary, item.content_rating) == ("one\ntwo 😀", "X")
        assert item.locked == {"title", "studio", "tagline", "summary", "contentRating"}

    def test_the_sort_title_follows_the_title_until_it_is_locked(
        self, server: Any, item: Item
    ) -> None:
        edit(server, item.rating_key, title__value="The Quiet Evening")
        derived = item.title_sort
        edit(server, item.rating_key, titleSort__value="zzz", titleSort__locked=1)
        edit(server, item.rating_key, title__value="A Loud Morning")

        assert derived == "Quiet Evening"
        assert item.title_sort == "zzz"

    def test_an_empty_title_is_ignored_and_other_empty_texts_clear(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, studio="Blue Door", summary="Text")

        edit(server, item.rating_key, title__value="", studio__value="", summary__value="")

        assert (item.title, item.studio, item.summary) == ("The start", None, "")

    def test_the_year_follows_the_date(self, server: Any, item: Item) -> None:
        server.fetchItem(item.rating_key).editOriginallyAvailable(datetime.datetime(2024, 2, 29))

        assert (item.date, item.year) == ("2024-02-29", 2024)

    def test_an_empty_date_clears_date_and_year(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, date="2024-02-29")

        edit(server, item.rating_key, originallyAvailableAt__value="")

        assert (item.date, item.year) == (None, None)

    def test_an_empty_date_can_be_ignored(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.switches.empty_date = "ignored"
        plex.library.change(item.rating_key, date="2024-02-29")

        edit(server, item.rating_key, originallyAvailableAt__value="")

        assert item.date == "2024-02-29"

    def test_an_empty_date_can_be_an_error(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.switches.empty_date = "500"

        with pytest.raises(BadRequest, match=r"^\(500\)"):
            edit(server, item.rating_key, originallyAvailableAt__value="")

    @pytest.mark.parametrize(
        ("arguments", "status"),
        [
            ({"originallyAvailableAt__value": "2023"}, 500),
            ({"originallyAvailableAt__value": "2023-02-30"}, 500),
            ({"userRating__value": "many"}, 500),
            ({"userRating__value": 11}, 500),
            ({"nonsense__value": "x"}, 400),
        ],
    )
    def test_a_value_that_does_not_fit_leaves_the_item_alone(
        self, server: Any, item: Item, arguments: dict[str, object], status: int
    ) -> None:
        with pytest.raises(BadRequest, match=rf"^\({status}\)"):
            edit(server, item.rating_key, title__value="Changed", **arguments)

        assert item.title == "The start"

    def test_ratings_are_set_and_cleared_by_edit_or_by_stars(self, server: Any, item: Item) -> None:
        video = server.fetchItem(item.rating_key)

        edit(server, item.rating_key, userRating__value=7.5)
        by_edit = item.user_rating
        video.editUserRating(0)
        cleared = item.user_rating
        video.rate(9.0)
        by_stars = item.user_rating
        video.rate()

        assert (by_edit, cleared, by_stars, item.user_rating) == (7.5, None, 9.0, None)

    def test_text_can_be_trimmed(self, plex: PlexEmulator, server: Any, item: Item) -> None:
        plex.switches.trim_text = True

        edit(server, item.rating_key, summary__value=" a\r\nb ")

        assert item.summary == "a\nb"

    def test_keys_in_the_path_are_the_same_edit(self, server: Any, item: Item) -> None:
        server.query(
            f"/library/metadata/{item.rating_key}?title.value=Direct", method=server._session.put
        )

        assert item.title == "Direct"

    def test_an_edit_answers_200_with_an_empty_html_body(
        self, plex: PlexEmulator, item: Item
    ) -> None:
        target = f"{plex.url}/library/sections/1/all?type=1&id={item.rating_key}&studio.value=S"

        answer = requests.put(target, headers={"X-Plex-Token": plex.token}, timeout=5)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Type"] == "text/html"


class TestManyItems:
    def test_one_edit_reaches_many_items_and_skips_the_gone(
        self, plex: PlexEmulator, server: Any
    ) -> None:
        made = plex.library.add_items(1, 3)

        edit(server, *made[:2], 99999, studio__value="Same")

        assert [plex.library.item(key).studio for key in made] == ["Same", "Same", None]
        assert len(plex.writes()) == 1

    def test_plexapi_multi_edit_works(self, plex: PlexEmulator, server: Any) -> None:
        made = plex.library.add_items(1, 2)
        section = server.library.section("Scenes")

        section.multiEdit(server.fetchItems(made), **{"studio.value": "Same"})

        assert [plex.library.item(key).studio for key in made] == ["Same", "Same"]

    def test_an_edit_of_only_unknown_items_is_not_found(self, server: Any) -> None:
        with pytest.raises(NotFound):
            edit(server, 99999, title__value="x")

    def test_an_edit_without_ids_is_refused_and_flagged(
        self, item: Item, plex: PlexEmulator
    ) -> None:
        server = connect(plex)

        with pytest.raises(BadRequest, match=r"^\(500\)"):
            server.query(
                "/library/sections/1/all?type=1&title.value=Everything", method=server._session.put
            )

        assert item.title == "The start"
        assert len(plex.violations) == 1
        plex.violations.clear()


ODD_NAMES = ["A, B", "C+D", "Grün & 100%", "x|y", "Über/unter", 'O\'Neil "Q"', "%2C"]


class TestTags:
    def test_tags_are_appended_by_default(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, genres=["Old"])

        raw_edit(server, (item.rating_key,), {"genre[0].tag.tag": "New", "actor[0].tag.tag": "Ann"})

        assert (item.genres, item.roles) == (["Old", "New"], ["Ann"])

    def test_tags_replace_per_kind_when_switched(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.switches.tags_replace = True
        plex.library.change(item.rating_key, genres=["Old", "Kept"], roles=["Ann"])

        raw_edit(
            server, (item.rating_key,), {"genre[0].tag.tag": "kept", "genre[1].tag.tag": "New"}
        )

        assert (item.genres, item.roles) == (["Kept", "New"], ["Ann"])

    @pytest.mark.parametrize("replace", [False, True])
    def test_full_list_with_removals_is_right_in_both_readings(
        self, plex: PlexEmulator, server: Any, item: Item, replace: bool
    ) -> None:
        plex.switches.tags_replace = replace
        plex.library.change(item.rating_key, genres=["Old, one", "Kept"])

        raw_edit(
            server,
            (item.rating_key,),
            {
                "genre[0].tag.tag": "Kept",
                "genre[1].tag.tag": "New",
                "genre[].tag.tag-": quote("Old, one"),
            },
        )

        assert item.genres == ["Kept", "New"]

    @pytest.mark.parametrize("replace", [False, True])
    def test_odd_names_come_and_go(
        self, plex: PlexEmulator, server: Any, item: Item, replace: bool
    ) -> None:
        plex.switches.tags_replace = replace
        video = server.fetchItem(item.rating_key)

        video.addGenre(ODD_NAMES)
        added = list(item.genres)
        video.reload().removeGenre(ODD_NAMES[:-1])

        assert added == ODD_NAMES
        assert item.genres == ODD_NAMES[-1:]

    def test_the_number_in_the_brackets_is_the_order(self, server: Any, item: Item) -> None:
        names = [f"Tag {number}" for number in range(12)]

        raw_edit(
            server,
            (item.rating_key,),
            {f"actor[{number}].tag.tag": name for number, name in enumerate(names)},
        )

        assert item.roles == names

    def test_names_match_in_any_case_and_the_first_spelling_stays(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.add_item(1, [("/media/scenes/b.mp4", 1)], genres=["Drama"])

        raw_edit(
            server, (item.rating_key,), {"genre[0].tag.tag": "drama", "genre[1].tag.tag": "DRAMA"}
        )
        spelled = list(item.genres)
        raw_edit(server, (item.rating_key,), {"genre[].tag.tag-": "dRaMa"})

        assert spelled == ["Drama"]
        assert item.genres == []

    def test_a_tag_both_added_and_removed_stays(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, genres=["A", "B"])

        raw_edit(server, (item.rating_key,), {"genre[0].tag.tag": "A", "genre[].tag.tag-": "A,B"})

        assert item.genres == ["A"]

    def test_an_empty_tag_argument_clears_the_kind(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, genres=["A", "B"], roles=["Ann"])

        raw_edit(server, (item.rating_key,), {"genre[].tag": "", "genre[0].tag.tag": "C"})

        assert (item.genres, item.roles) == (["C"], ["Ann"])

    def test_clear_and_set_can_follow_the_order_of_the_wire(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.switches.tag_wire_order = True

        raw_edit(server, (item.rating_key,), {"genre[].tag": "", "genre[0].tag.tag": "C"})

        assert item.genres == []

    def test_empty_names_are_dropped_and_a_lock_alone_clears_nothing(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, genres=["A"])

        raw_edit(server, (item.rating_key,), {"genre[0].tag.tag": "", "genre.locked": 1})

        assert item.genres == ["A"]
        assert item.locked == {"genre"}

    def test_role_text_and_picture_are_kept(self, server: Any, item: Item) -> None:
        raw_edit(
            server,
            (item.rating_key,),
            {
                "actor[0].tag.tag": "Ann",
                "actor[0].tagging.text": "Host",
                "actor[0].tag.thumb": "https://host/ann.jpg",
            },
        )

        role = server.fetchItem(item.rating_key).roles[0]

        assert (role.tag, role.role, role.thumb) == ("Ann", "Host", "https://host/ann.jpg")

    def test_a_tag_that_no_item_carries_is_no_choice_any_more(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        plex.library.change(item.rating_key, genres=["Drama"])
        before = [each.get("title") for each in server.query("/library/sections/1/genre")]

        raw_edit(server, (item.rating_key,), {"genre[].tag.tag-": "Drama"})

        assert before == ["Drama"]
        assert len(server.query("/library/sections/1/genre")) == 0


class TestLocks:
    def test_a_lock_protects_from_the_agent_and_not_from_an_edit(
        self, plex: PlexEmulator, server: Any, item: Item
    ) -> None:
        edit(server, item.rating_key, title__value="Mine", title__locked=1, studio__value="Mine")
        raw_edit(server, (item.rating_key,), {"genre[0].tag.tag": "Mine", "genre.locked": 1})

        plex.library.agent_refresh(item.rating_key)
        after_agent = (item.title, item.studio, item.genres, item.roles)
        edit(server, item.rating_key, title__value="Mine again")

        assert after_agent == ("Mine", "Agent studio", ["Mine"], ["Agent actor"])
        assert item.title == "Mine again"

    def test_locks_are_shown_and_taken_off(self, server: Any, item: Item) -> None:
        video = server.fetchItem(item.rating_key)

        video.lockPoster().editTitle("T")
        locked = {field.name for field in server.fetchItem(item.rating_key).fields}
        video.unlockPoster().editField("title", "T", locked=False)

        assert locked == {"thumb", "title"}
        assert item.locked == set()

    @pytest.mark.parametrize(
        ("automatic", "expected"), [(False, set()), (True, {"title", "genre"})]
    )
    def test_an_edit_without_a_lock_argument_locks_only_if_switched(
        self, plex: PlexEmulator, server: Any, item: Item, automatic: bool, expected: set[str]
    ) -> None:
        plex.switches.autolock = automatic

        raw_edit(server, (item.rating_key,), {"title.value": "T", "genre[0].tag.tag": "G"})

        assert item.locked == expected


class TestMarkers:
    def test_which_edits_move_updated_at(
        self, timed_plex: PlexEmulator, plex_clock: SettableClock
    ) -> None:
        server = connect(timed_plex)
        item = timed_plex.library.item(timed_plex.library.add_items(1, 1)[0])
        start = item.updated_at
        plex_clock.advance(10)

        raw_edit(
            server,
            (item.rating_key,),
            {"genre[0].tag.tag": "G", "userRating.value": 5, "title.locked": 1},
        )
        after_tags = item.updated_at
        edit(server, item.rating_key, title__value="T")

        assert after_tags == start
        assert item.updated_at == start + 10

    def test_tag_edits_move_updated_at_when_switched(
        self, timed_plex: PlexEmulator, plex_clock: SettableClock
    ) -> None:
        timed_plex.switches.tag_edits_move_updated_at = True
        server = connect(timed_plex)
        item = timed_plex.library.item(timed_plex.library.add_items(1, 1)[0])
        plex_clock.advance(10)

        raw_edit(server, (item.rating_key,), {"genre[0].tag.tag": "G"})

        assert item.updated_at == plex_clock()

    @pytest.mark.parametrize("moves", [False, True])
    def test_edits_move_the_content_marker_only_when_switched(
        self, plex: PlexEmulator, server: Any, item: Item, moves: bool
    ) -> None:
        plex.switches.edits_move_content_changed_at = moves
        before = plex.library.section(1).content_changed_at

        edit(server, item.rating_key, title__value="T")

        assert (plex.library.section(1).content_changed_at > before) is moves
