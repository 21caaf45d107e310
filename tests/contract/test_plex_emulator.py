"""The Plex emulator as `plexapi` sees it: connecting, sections, listings, filters, fetching by key."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized

from tests.emulators.fixtures_plex import SettableClock, connect
from tests.emulators.plex_server import PlexEmulator


def fill(plex: PlexEmulator, count: int) -> list[int]:
    return plex.library.add_items(1, count)


def keys(root: ElementTree.Element) -> list[int]:
    return [int(video.get("ratingKey", "0")) for video in root.findall("Video")]


class TestConnecting:
    def test_connecting_is_one_request_and_names_the_server(self, plex: PlexEmulator) -> None:
        server = connect(plex)

        assert server.machineIdentifier == plex.machine_identifier
        assert server.myPlexUsername == "owner@example.org"
        assert plex.count() == plex.count("GET", "/") == 1

    def test_the_identity_needs_no_token(self, plex: PlexEmulator) -> None:
        answer = requests.get(f"{plex.url}/identity", timeout=5)

        assert (
            ElementTree.fromstring(answer.content).get("machineIdentifier")
            == plex.machine_identifier
        )
        assert plex.devices == {}

    @pytest.mark.parametrize("token", ["wrong", ""])
    def test_a_wrong_or_missing_token_is_unauthorized(self, plex: PlexEmulator, token: str) -> None:
        with pytest.raises(Unauthorized):
            connect(plex, token)

    def test_the_token_may_come_in_the_query(self, plex: PlexEmulator) -> None:
        answer = requests.get(f"{plex.url}/library/sections?X-Plex-Token={plex.token}", timeout=5)

        assert answer.status_code == 200

    def test_an_expired_token_can_be_answered_with_498(self, plex: PlexEmulator) -> None:
        plex.switches.unknown_token_status = 498

        with pytest.raises(TypeError):
            connect(plex, "expired")

    def test_a_whole_session_is_one_connection_and_one_device(self, plex: PlexEmulator) -> None:
        fill(plex, 3)
        server = connect(plex)

        server.library.section("Scenes").all()[0].editTitle("New")

        assert len({record.connection for record in plex.requests}) == 1
        assert len(plex.devices) == 1
        assert next(iter(plex.devices.values())).product == "PlexAPI"

    def test_each_request_without_an_identifier_is_a_new_device(self, plex: PlexEmulator) -> None:
        for _ in range(3):
            requests.get(f"{plex.url}/library", headers={"X-Plex-Token": plex.token}, timeout=5)

        assert len(plex.devices) == 3

    def test_a_guest_sees_what_is_shared_and_edits_nothing(self, plex: PlexEmulator) -> None:
        plex.library.add_section("Private", ["/media/private"])
        key = fill(plex, 1)[0]
        plex.share_with("guest-token", [1])
        guest = connect(plex, "guest-token")

        titles = [section.title for section in guest.library.sections()]
        with pytest.raises(BadRequest, match=r"^\(403\)"):
            guest.fetchItem(key).editTitle("Mine now")

        assert titles == ["Scenes"]
        assert plex.library.item(key).title == "scene-000000"

    def test_an_unknown_path_is_a_short_html_page_with_404(self, plex: PlexEmulator) -> None:
        with pytest.raises(NotFound):
            connect(plex).query("/nowhere")

        assert plex.count("GET", "unknown") == 1


class TestSections:
    def test_sections_show_their_folders_and_markers(self, plex: PlexEmulator) -> None:
        plex.library.add_section("Films & more", ["/a", "C:\\b"], agent="tv.plex.agents.movie")

        found = connect(plex).library.section("films & more")

        assert found.locations == ["/a", "C:\\b"]
        assert (found.type, found.agent, found.scanner) == (
            "movie",
            "tv.plex.agents.movie",
            "Plex Movie",
        )
        assert found._data.get("contentChangedAt") == "1"

    def test_from_nothing_to_a_section_is_three_requests(self, plex: PlexEmulator) -> None:
        connect(plex).library.section("Scenes")

        assert [record.route for record in plex.requests] == ["/", "/library", "/library/sections"]

    def test_an_unknown_section_is_not_found(self, plex: PlexEmulator) -> None:
        with pytest.raises(NotFound):
            connect(plex).query("/library/sections/9/all")


class TestListing:
    def test_all_walks_the_pages_by_header(self, plex: PlexEmulator) -> None:
        made = fill(plex, 25)
        section = connect(plex).library.section("Scenes")
        plex.reset_counts()

        found = section.all(container_size=10)

        assert [item.ratingKey for item in found] == made
        assert plex.count("GET", "/library/sections/{S}/all") == 3

    def test_paging_works_in_the_query_too(self, plex: PlexEmulator) -> None:
        made = fill(plex, 5)
        path = "/library/sections/1/all?type=1&sort=id&X-Plex-Container-Start=2&X-Plex-Container-Size=2"

        root = connect(plex).query(path)

        assert keys(root) == made[2:4]
        assert (root.get("size"), root.get("totalSize"), root.get("offset")) == ("2", "5", "2")
        assert root.get("librarySectionID") == "1"

    def test_an_offset_past_the_end_is_an_empty_page_with_the_total(
        self, plex: PlexEmulator
    ) -> None:
        fill(plex, 2)

        root = connect(plex).query(
            "/library/sections/1/all?X-Plex-Container-Start=50&X-Plex-Container-Size=10"
        )

        assert (root.get("size"), root.get("totalSize")) == ("0", "2")

    def test_counting_sends_no_items(self, plex: PlexEmulator) -> None:
        fill(plex, 7)

        assert connect(plex).library.section("Scenes").totalSize == 7

    def test_a_server_may_give_smaller_pages_than_asked(self, plex: PlexEmulator) -> None:
        fill(plex, 5)
        plex.switches.max_page = 3

        root = connect(plex).query(
            "/library/sections/1/all?X-Plex-Container-Start=0&X-Plex-Container-Size=5"
        )

        assert (root.get("size"), root.get("totalSize")) == ("3", "5")

    def test_a_listing_without_a_size_can_be_refused(self, plex: PlexEmulator) -> None:
        plex.switches.require_container_size = True

        with pytest.raises(BadRequest, match=r"^\(400\)"):
            connect(plex).query("/library/sections/1/all")

    def test_a_listing_shows_two_genres_three_actors_and_no_locks(self, plex: PlexEmulator) -> None:
        names = ["A", "B", "C", "D"]
        plex.library.add_item(
            1,
            [("/media/scenes/a.mp4", 1)],
            genres=names,
            roles=names,
            collections=names,
            labels=names,
        )

        video = connect(plex).query("/library/sections/1/all")[0]

        counts = {
            name: len(video.findall(name))
            for name in ("Genre", "Role", "Collection", "Label", "Field")
        }
        assert counts == {"Genre": 2, "Role": 3, "Collection": 2, "Label": 0, "Field": 0}

    def test_excludes_drop_elements_and_attributes(self, plex: PlexEmulator) -> None:
        plex.library.add_item(
            1, [("/media/scenes/a.mp4", 1)], genres=["A"], roles=["B"], tagline="T"
        )
        path = "/library/sections/1/all?excludeElements=Genre,Role&excludeFields=summary,tagline"

        video = connect(plex).query(path)[0]

        assert {child.tag for child in video} == {"Media"}
        assert video.get("summary") is None and video.get("tagline") is None

    def test_excludes_can_be_ignored_on_listings(self, plex: PlexEmulator) -> None:
        plex.switches.exclude_elements_on_listing = False
        plex.library.add_item(1, [("/media/scenes/a.mp4", 1)], genres=["A"])

        video = connect(plex).query("/library/sections/1/all?excludeElements=Genre")[0]

        assert [genre.get("tag") for genre in video.findall("Genre")] == ["A"]

    def test_a_change_shows_immediately_although_fragments_are_kept(
        self, plex: PlexEmulator
    ) -> None:
        key = fill(plex, 1)[0]
        server = connect(plex)
        server.query("/library/sections/1/all")
        plex.library.change(key, studio="Blue Door", genres=["New"])

        video = server.query("/library/sections/1/all")[0]

        assert video.get("studio") == "Blue Door"
        assert [genre.get("tag") for genre in video.findall("Genre")] == ["New"]

    def test_versions_and_parts_are_all_listed(self, plex: PlexEmulator) -> None:
        key = plex.library.add_item(
            1, parts=[[("/m/cd1.mp4", 1), ("/m/cd2.mp4", 2)], [("/m/uhd.mkv", 3)]]
        )

        item = connect(plex).library.section("Scenes").all()[0]

        assert item.locations == ["/m/cd1.mp4", "/m/cd2.mp4", "/m/uhd.mkv"]
        assert [len(media.parts) for media in connect(plex).fetchItem(key).media] == [2, 1]

    def test_text_comes_back_as_it_is_with_line_breaks_and_all_signs(
        self, plex: PlexEmulator
    ) -> None:
        text = "one\ntwo\ttabbed\r\nthree <b> & \"quoted\" 'ä' 😀"
        key = plex.library.add_item(1, [("/media/scenes/a & <b>.mp4", 1)], summary=text)

        item = connect(plex).fetchItem(key)

        assert item.summary == text
        assert item.locations == ["/media/scenes/a & <b>.mp4"]

    def test_control_characters_are_written_out_raw(self, plex: PlexEmulator) -> None:
        plex.library.add_item(1, [("/media/scenes/a.mp4", 1)], title="a\x07b")

        answer = requests.get(
            f"{plex.url}/library/sections/1/all?X-Plex-Token={plex.token}", timeout=5
        )

        assert b'title="a\x07b"' in answer.content


class TestFilters:
    @pytest.fixture
    def three(self, timed_plex: PlexEmulator, plex_clock: SettableClock) -> list[int]:
        made = []
        for number, name in enumerate(("Alpha", "Beta", "Gamma")):
            made.append(
                timed_plex.library.add_item(
                    1,
                    [(f"/media/scenes/{name}.mp4", 100 * (number + 1))],
                    studio="Blue Door" if number else "Red Door",
                    date=f"202{number}-01-01",
                    genres=[name],
                )
            )
            plex_clock.advance(1000)
        return made

    @pytest.mark.parametrize(
        ("argument", "expected"),
        [
            ("addedAt>=1700001000", [1, 2]),
            ("addedAt>>=1700001000", [2]),
            ("addedAt<<=1700001000", [0]),
            ("updatedAt>=1700002000", [2]),
            ("addedAt>>=-20m", [2]),
            ("originallyAvailableAt>>=2020-06-01", [1, 2]),
            ("title=alph", [0]),
            ("title==alph", []),
            ("title==ALPHA", [0]),
            ("title!=alpha", [1, 2]),
            ("title<=be", [1]),
            ("title>=mma", [2]),
            ("title=alpha,gamma", [0, 2]),
            ("mediaSize=200", [1]),
            ("mediaSize>>=150&mediaSize<<=250", [1]),
            ("year>>=2020", [1, 2]),
            ("year=2020,2022", [0, 2]),
            ("studio==blue door", [1, 2]),
            ("push=1&title=alpha&or=1&title=beta&pop=1&studio=blue", [1]),
            ("trash=1", []),
            ("file=/media/scenes/Alpha.mp4", [0, 1, 2]),
        ],
    )
    def test_a_filter_selects(
        self, timed_plex: PlexEmulator, three: list[int], argument: str, expected: list[int]
    ) -> None:
        root = connect(timed_plex).query(f"/library/sections/1/all?type=1&sort=id&{argument}")

        assert keys(root) == [three[number] for number in expected]

    def test_a_filter_may_be_fully_encoded(
        self, timed_plex: PlexEmulator, three: list[int]
    ) -> None:
        argument = quote("addedAt>>") + "=1700001000"

        assert keys(connect(timed_plex).query(f"/library/sections/1/all?{argument}")) == three[2:]

    def test_items_by_key_come_in_listing_form(
        self, timed_plex: PlexEmulator, three: list[int]
    ) -> None:
        timed_plex.library.change(three[0], genres=["A", "B", "C"])

        root = connect(timed_plex).query(
            f"/library/sections/1/all?sort=id&id={three[2]},{three[0]},99999"
        )

        assert keys(root) == [three[0], three[2]]
        assert len(root[0].findall("Genre")) == 2

    def test_sorting_by_several_fields(self, timed_plex: PlexEmulator, three: list[int]) -> None:
        timed_plex.library.change(three[0], user_rating=5.0)
        timed_plex.library.change(three[1], user_rating=5.0)

        root = connect(timed_plex).query(
            "/library/sections/1/all?sort=userRating:nullsLast,year:desc"
        )

        assert keys(root) == [three[1], three[0], three[2]]

    def test_plexapi_search_with_sort_and_filters_works(
        self, timed_plex: PlexEmulator, three: list[int]
    ) -> None:
        section = connect(timed_plex).library.section("Scenes")

        newest = section.search(sort="addedAt:desc", maxresults=1)
        by_genre = section.search(genre="Beta")
        combined = section.search(
            filters={"or": [{"title": "alpha"}, {"genre": "Gamma"}]}, sort="titleSort"
        )

        assert [item.ratingKey for item in newest] == [three[2]]
        assert [item.ratingKey for item in by_genre] == [three[1]]
        assert [item.ratingKey for item in combined] == [three[0], three[2]]


class TestFetching:
    def test_a_batch_leaves_unknown_keys_out_in_silence(self, plex: PlexEmulator) -> None:
        made = fill(plex, 3)

        found = connect(plex).fetchItems([made[2], 99999, made[0], made[0]])

        assert [item.ratingKey for item in found] == [made[2], made[0]]
        assert plex.count("GET", "/library/metadata/{ids}") == 1

    def test_a_batch_of_only_unknown_keys_is_not_found(self, plex: PlexEmulator) -> None:
        with pytest.raises(NotFound):
            connect(plex).fetchItems([99998, 99999])

    @pytest.mark.parametrize(("pages", "expected"), [(True, 2), (False, 1)])
    def test_a_long_batch_is_paged_or_not(
        self, plex: PlexEmulator, pages: bool, expected: int
    ) -> None:
        plex.switches.batch_paging = pages
        made = fill(plex, 150)

        found = connect(plex).fetchItems(made)

        assert len(found) == 150
        assert plex.count("GET", "/library/metadata/{ids}") == expected

    def test_a_batch_may_come_in_any_order(self, plex: PlexEmulator) -> None:
        plex.switches.batch_order = "shuffled"
        made = fill(plex, 50)

        found = [item.ratingKey for item in connect(plex).fetchItems(made)]

        assert sorted(found) == made and found != made

    def test_full_metadata_has_all_tags_and_locks(self, plex: PlexEmulator) -> None:
        names = ["A", "B", "C", "D"]
        key = plex.library.add_item(
            1, [("/media/scenes/a.mp4", 1)], genres=names, roles=names, locked={"title", "actor"}
        )

        item = connect(plex).fetchItem(key)

        assert [genre.tag for genre in item.genres] == names
        assert [role.tag for role in item.roles] == names
        assert sorted(lock.name for lock in item.fields) == ["actor", "title"]

    def test_reading_an_empty_attribute_of_a_listed_item_reloads_it(
        self, plex: PlexEmulator
    ) -> None:
        fill(plex, 1)
        item = connect(plex).library.section("Scenes").all()[0]
        plex.reset_counts()

        assert item.studio is None

        assert plex.count("GET", "/library/metadata/{ids}") == 1

    def test_files_are_checked_on_demand(self, plex: PlexEmulator) -> None:
        key = fill(plex, 1)[0]
        plex.switches.auto_empty_trash = False
        plex.library.delete_file("/media/scenes/scene-000000.mp4")
        plex.library.scan(1)
        server = connect(plex)

        checked = server.query(f"/library/metadata/{key}?checkFiles=1").find("Video/Media/Part")
        unchecked = server.query(f"/library/metadata/{key}").find("Video/Media/Part")

        assert (checked.get("exists"), checked.get("accessible")) == ("0", "0")
        assert unchecked.get("exists") is None

    def test_a_target_that_is_too_long_is_a_bad_request(self, plex: PlexEmulator) -> None:
        with pytest.raises(BadRequest, match=r"^\(400\)"):
            connect(plex).query(f"/library/metadata/1?filler={'x' * 20_000}")
