"""The path mapping: what is offered, how well a mapping fits, and one that is the wrong way round."""

from typing import Any

import pytest

from core.clock import SystemClock
from page import paths
from page.unread_library import MAX_LISTED
from plex.path_learner import LearnedMapping
from sync.path_learning import LearnedPaths, learned_paths_file
from tests.emulators.plex_server import PlexEmulator
from tests.harness.page_calls import PageCalls, WorkerPage

RIGHT = [{"source": "/data", "target": "/media/scenes"}]
TURNED = [{"source": "/media/scenes", "target": "/data"}]


def fill(page: PageCalls, plex: PlexEmulator, count: int = 6) -> None:
    """Add scenes whose names occur twice, so that only their paths tell the files apart."""
    for number in range(count):
        for folder in ("one", "two"):
            page.stash.library.add_scene(f"/data/{folder}/{number}.mp4", 5)
            plex.library.add_item(1, [(f"/media/scenes/{folder}/{number}.mp4", 5)])


def check(page: PageCalls, pairs: list[dict[str, str]]) -> Any:
    return page("check_paths", pairs=pairs)


def test_a_mapping_that_fits_is_counted(page: PageCalls, plex: PlexEmulator) -> None:
    fill(page, plex)

    answer = check(page, RIGHT)

    assert (answer["sample"], answer["found_before"], answer["found_after"]) == (12, 0, 12)
    assert (answer["is_reversed"], answer["turned"], answer["examples"]) == (False, [], [])


def test_a_check_that_finds_scenes_is_a_step_of_the_first_run(worker_page: WorkerPage) -> None:
    worker_page.worker.configure(b_path_map="")
    worker_page.worker.scene("only.mp4")
    assert not worker_page("overview")["first_run"]["has_paths"]

    check(worker_page, [])

    assert worker_page("overview")["first_run"]["has_paths"]


def test_a_mapping_the_wrong_way_round_is_turned(page: PageCalls, plex: PlexEmulator) -> None:
    fill(page, plex)

    answer = check(page, TURNED)

    assert (answer["found_after"], answer["is_reversed"]) == (0, True)
    assert answer["turned"] == RIGHT
    assert len(answer["examples"]) == paths.MAX_EXAMPLES
    assert check(page, answer["turned"])["found_after"] == 12


def test_only_the_wrong_one_of_two_pairs_is_turned(page: PageCalls, plex: PlexEmulator) -> None:
    fill(page, plex)
    plex.library.add_section("Films", ["/films"])
    for folder in ("one", "two"):
        page.stash.library.add_scene(f"/more/{folder}/film.mp4", 5)
        plex.library.add_item(2, [(f"/films/{folder}/film.mp4", 5)])

    answer = check(page, [*RIGHT, {"source": "/films", "target": "/more"}])

    assert answer["turned"] == [*RIGHT, {"source": "/more", "target": "/films"}]
    assert check(page, answer["turned"])["is_reversed"] is False


def test_the_stored_mapping_is_what_was_before(page: PageCalls, plex: PlexEmulator) -> None:
    fill(page, plex)
    page.stash.configure(b_path_map="/data => /media/scenes")

    answer = check(page, [])

    assert (answer["found_before"], answer["found_after"]) == (12, 0)


def test_without_a_mapping_what_was_learned_counts(page: PageCalls, plex: PlexEmulator) -> None:
    fill(page, plex)
    learn(page)

    assert check(page, [])["found_after"] == 12


def learn(page: PageCalls) -> None:
    document = LearnedPaths(1.0, (LearnedMapping("/data", "/media/scenes", 24, 3),))
    assert learned_paths_file(page.data_dir, SystemClock()).save(document) == ""


def test_a_mapping_is_proposed_from_unique_files(page: PageCalls, plex: PlexEmulator) -> None:
    for number in range(30):
        folder = number % 5
        page.stash.library.add_scene(f"/data/{folder}/{number}.mp4", 100 + number)
        plex.library.add_item(1, [(f"/media/scenes/{folder}/{number}.mp4", 100 + number)])

    assert check(page, [])["proposed"] == RIGHT


@pytest.mark.parametrize(
    ("source", "target", "text"),
    [
        ("/data", " ", "Enter the folder"),
        ("", "/media", "Enter the folder"),
        ("/data;x", "/media", "cannot be mapped"),
        ("/data => x", "/media", "cannot be mapped"),
    ],
)
def test_an_unusable_row_is_named_and_nothing_is_asked(
    page: PageCalls, plex: PlexEmulator, source: str, target: str, text: str
) -> None:
    answer = check(page, [*RIGHT, {"source": source, "target": target}])

    assert text in answer["errors"]["1"]
    assert list(answer["errors"]) == ["1"]
    assert plex.requests == []


def test_a_large_unread_library_is_left_to_a_task(page: PageCalls, plex: PlexEmulator) -> None:
    plex.library.add_items(1, MAX_LISTED + 1)

    text = page.error("check_paths", pairs=RIGHT)

    assert "Health Check" in text
    assert plex.count("GET", "/library/sections/{S}/all") == 1  # the count


def test_a_check_lists_a_library_one_time(page: PageCalls, plex: PlexEmulator) -> None:
    fill(page, plex)
    check(page, RIGHT)
    plex.reset_counts()

    check(page, TURNED)

    assert plex.count("GET", "/library/sections/{S}/all") == 0


def test_the_folders_of_both_servers_are_offered(page: PageCalls, plex: PlexEmulator) -> None:
    plex.library.add_section("Films", ["/films", "/more"])
    plex.library.add_section("Series", ["/tv"], type="show")
    page.stash.configure(b_path_map="/data => /media/scenes")
    learn(page)

    answer = page("paths")

    assert answer == {
        "pairs": RIGHT,
        "learned": [{**RIGHT[0], "files": 24}],
        "stash_folders": ["/data"],
        "plex_folders": ["/media/scenes", "/films", "/more"],
        "problem": "",
    }


def test_without_plex_the_rest_is_offered(page: PageCalls, plex: PlexEmulator) -> None:
    plex.down()

    answer = page("paths")

    assert answer["stash_folders"] == ["/data"]
    assert answer["plex_folders"] == []
    assert "connection" in answer["problem"]
    assert "connection" in page.error("check_paths", pairs=RIGHT)
