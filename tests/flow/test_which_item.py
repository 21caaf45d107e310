"""Which items a scene is written to, and that no other item is ever touched."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.flow.house import picture
from tests.flow.inproc import LOOK_S, Inproc, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path) as made:
        yield made


# -- which item ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path_map", ["/data => /media", ""], ids=["mapped", "not mapped"])
def test_the_same_file_name_in_two_folders_is_two_files(house: Inproc, path_map: str) -> None:
    house.configure(b_path_map=path_map)
    scene = house.scene("/data/2019/trip/a.mp4", 10)
    right = house.item("/media/2019/trip/a.mp4", 10)
    house.item("/media/2020/trip/a.mp4", 20)

    with house.writes_only(right):
        house.sync(scene)


def test_equal_names_and_sizes_in_two_folders_match_neither(
    house: Inproc,
) -> None:
    house.configure(b_path_map="")
    scene = house.scene("/data/a.mp4", 10)
    first, second = house.item("/media/2019/a.mp4", 10), house.item("/media/2020/a.mp4", 10)

    with house.writes_only():
        house.sync(scene)

    dead_letter = house.dead_letter(scene)
    assert dead_letter.reason == "AmbiguousMatch"
    assert {f"item {first} name_only 0.4", f"item {second} name_only 0.4"} == {
        line.partition(" /")[0] for line in dead_letter.candidates
    }


def test_weak_evidence_is_written_only_if_not_strict(house: Inproc) -> None:
    house.configure(b_path_map="")
    scene, item = house.scene("/data/a.mp4", 0), house.item("/media/deep/down/a.mp4", 5)

    with house.writes_only():
        house.sync(scene)
    assert house.dead_letter(scene).reason == "WeakMatch"
    house.configure(b_strict_matching=False)
    with house.writes_only(item):
        house.sync(scene)


@pytest.mark.parametrize("strict", [True, False])
def test_a_file_of_another_size_is_never_written(house: Inproc, strict: bool) -> None:
    house.configure(b_path_map="", b_strict_matching=strict)
    scene = house.scene("/data/2019/a.mp4", 10)
    house.item("/media/2019/a.mp4", 20)

    with house.writes_only():
        house.sync(scene)


@pytest.mark.parametrize("strict", [True, False])
def test_where_years_are_swapped_between_mounts_the_size_decides(
    house: Inproc, strict: bool
) -> None:
    house.configure(b_path_map="", b_strict_matching=strict)
    scene = house.scene("/data/2019/a.mp4", 10)
    house.item("/data/2019/a.mp4", 20)  # what Plex calls 2019 is another folder
    right = house.item("/data/2020/a.mp4", 10)

    with house.writes_only(right):
        house.sync(scene)


def test_a_replaced_file_is_found_at_its_path(house: Inproc) -> None:
    scene = house.scene("/data/a/b.mp4", 10)
    item = house.item("/media/a/b.mp4", 20)
    house.item("/media/b/b.mp4", 30)

    with house.writes_only(item):
        house.sync(scene)


@pytest.mark.parametrize(
    "parts",
    [
        [[("/media/a/small.mp4", 5)], [("/media/a/b.mp4", 9)]],
        [[("/media/a/b.mp4", 9), ("/media/a/b-cd2.mp4", 8)]],
        [[("/media/a/b-cd1.mp4", 8), ("/media/a/b.mp4", 9)], [("/media/x/b.mp4", 9)]],
    ],
    ids=["another version", "the first of two parts", "the second part of a version"],
)
def test_any_part_of_any_version_leads_to_the_item(
    house: Inproc, parts: list[list[tuple[str, int]]]
) -> None:
    item = house.plex.library.add_item(house.section, parts=parts)
    house.item("/media/a/c.mp4", 9)
    scene = house.scene("/data/a/b.mp4", 9)

    with house.writes_only(item):
        house.sync(scene)


@pytest.mark.parametrize(
    ("stash", "plex", "path_map"),
    [
        ("/data/A/Film.MP4", "/media/a/film.mp4", "/data => /media"),
        ("/data/a/b/film.mp4", r"D:\Media\a\b\film.mp4", r"/data => D:\Media"),
        ("/data/a/b/film.mp4", r"\\nas\share\a\b\film.mp4", r"/data => \\nas\share"),
        (r"C:\Videos\a\b\film.mp4", "/media/a/b/film.mp4", r"C:\Videos => /media"),
        ("/data/é/bébé.mp4", unicodedata.normalize("NFD", "/media/é/bébé.mp4"), "/data => /media"),
        (unicodedata.normalize("NFD", "/data/é/bébé.mp4"), "/media/é/bébé.mp4", "/data => /media"),
        (
            "/data/ends with a space /film.mp4",
            "/media/ends with a space/film.mp4",
            "/data => /media",
        ),
        ("/data/a/film.mp4 ", "/media/a/film.mp4", "/data => /media"),
        ("/data/STRASSE/film.mp4", "/media/straße/film.mp4", "/data => /media"),
    ],
)
def test_two_spellings_of_one_path_meet(
    house: Inproc, stash: str, plex: str, path_map: str
) -> None:
    house.configure(b_path_map=path_map)
    scene, item = house.scene(stash, 77), house.item(plex, 77)
    house.item("/media/other/film.mp4", 78)
    house.item("/media/other/bébé.mp4", 78)

    with house.writes_only(item):
        house.sync(scene)


def test_two_spellings_that_differ_in_size_are_two_files(house: Inproc) -> None:
    scene = house.scene("/data/a/film.mp4", 10)
    right = house.item("/media/a/film.mp4", 10)
    house.item("/media/a/Film.mp4", 20)

    with house.writes_only(right):
        house.sync(scene)


def test_a_root_behind_a_symbolic_link_is_matched_by_suffix(house: Inproc) -> None:
    house.configure(b_path_map="")
    scene = house.scene("/mnt/link/films/2019/trip/a.mp4", 10)
    right = house.item("/volume1/real/films/2019/trip/a.mp4", 10)
    house.item("/volume1/real/films/2020/trip/a.mp4", 10)

    with house.writes_only(right):
        house.sync(scene)


def test_the_same_file_in_two_libraries_is_written_in_both(house: Inproc) -> None:
    second = house.plex.library.add_section("Also", ["/media"])
    scene = house.scene("/data/a/b.mp4", 10)
    items = [house.item("/media/a/b.mp4", 10), house.item("/media/a/b.mp4", 10, section=second.key)]
    house.item("/media/a/c.mp4", 10)

    with house.writes_only(*items):
        house.sync(scene)

    assert set(house.records(scene)) == set(items)


def test_a_library_that_is_not_configured_is_left_alone(house: Inproc) -> None:
    second = house.plex.library.add_section("Films", ["/media"])
    house.configure(a_plex_libraries="scenes")
    scene, item = house.pair("a/b.mp4")
    house.item("/media/a/b.mp4", 1_000, section=second.key)

    with house.writes_only(item):
        house.sync(scene)


def test_a_scene_with_two_files_is_written_to_the_items_of_both(house: Inproc) -> None:
    scene = house.scene("/data/a/b.mp4", 10, files=[{"path": "/data/hd/b.mkv", "size": 30}])
    items = [house.item("/media/a/b.mp4", 10), house.item("/media/hd/b.mkv", 30)]
    house.item("/media/hd/b.mp4", 11)

    with house.writes_only(*items):
        house.sync(scene)


def test_the_first_of_two_scenes_on_one_item_writes(
    house: Inproc,
) -> None:
    item = house.plex.library.add_item(
        house.section, parts=[[("/media/a.mp4", 1), ("/media/b.mp4", 2)]]
    )
    house.item("/media/c.mp4", 3)
    first, second = (
        house.scene("/data/a.mp4", 1, title="A"),
        house.scene("/data/b.mp4", 2, title="B"),
    )

    with house.writes_only(item):
        house.sync(second, first)

    assert house.shown(item).title == "A"
    assert any(f"Scene {second} was not written" in text for text in house.notices())
    assert house.records(second) == {}


def test_the_scene_that_an_items_record_names_goes_on_writing_it(house: Inproc) -> None:
    item = house.plex.library.add_item(
        house.section, parts=[[("/media/a.mp4", 1), ("/media/b.mp4", 2)]]
    )
    first, second = (
        house.scene("/data/a.mp4", 1, title="A"),
        house.scene("/data/b.mp4", 2, title="B"),
    )
    house.sync(second)

    house.change(first, title="A changed")
    with house.writes_only():
        house.sync(first)

    assert house.shown(item).title == "B"


@pytest.mark.parametrize("preserve", [False, True], ids=["Stash wins", "Plex edits stay"])
def test_a_scene_with_a_new_id_knows_its_predecessors_writes(house: Inproc, preserve: bool) -> None:
    house.configure(c_preserve_plex_edits=preserve)
    old, item = house.pair(
        "a.mp4", title="Old", studio="Aurora", tags=["one", "two"], cover=picture(1)
    )
    others = [
        house.pair(f"other-{number}.mp4", studio="Aurora", tags=["one"])[0] for number in range(2)
    ]
    house.sync(old, *others)
    house.plex.library.change(item, collections=["Aurora", "Mine"])
    house.stash.library.drop_scene(old)  # nobody was told
    new = house.scene(
        "/data/a.mp4", title="New", studio="Borealis", tags=["two", "three"], cover=picture(1)
    )

    with house.writes_only(item):
        house.sync(new)

    shown = house.shown(item)
    assert (shown.title, sorted(shown.collections)) == ("New", ["Borealis", "Mine"])
    assert set(shown.genres) == {"two", "three"}
    assert list(house.records(new)) == [item]
    assert house.records(old) == {}


def test_a_moved_file_is_followed_and_the_old_item_left_alone(house: Inproc) -> None:
    scene, old = house.pair("a/b.mp4")
    house.sync(scene)
    new = house.plex.library.move_out(old, "/media/z/b.mp4")
    house.stash.library.move_file("/data/a/b.mp4", "/data/z/b.mp4")
    house.clock.advance(60.0)

    with house.writes_only(new):
        house.sync(scene)

    assert set(house.records(scene)) == {new}


def test_an_item_that_plays_another_file_now_is_matched_anew(house: Inproc) -> None:
    scene, old = house.pair("a/b.mp4", 10)
    house.sync(scene)
    house.plex.library.rename_file("/media/a/b.mp4", "/media/a/other.mp4")
    new = house.item("/media/a/b.mp4", 10)
    house.change(scene, title="Moved on")

    with house.writes_only(new):
        house.sync(scene)

    assert set(house.records(scene)) == {new}
    assert old not in house.records(scene)


@pytest.mark.parametrize("seed", range(4))
def test_no_wrong_item_is_written_in_a_random_tree(house: Inproc, seed: int) -> None:
    rng = Random(seed)
    house.configure(b_path_map="")
    years = ["2019", "2020", "2021"]
    swapped = dict(zip(years, rng.sample(years, 3), strict=True))
    places = [
        (y, sub, f"{n}.mp4")
        for y in years
        for sub in ("", "trip/", "trip/one/")
        for n in ("a", "b", "video")
    ]
    places += [(years[n % 3], "", f"clip {n}.mp4") for n in range(30)]
    right: dict[int, int] = {}
    scenes = []
    for number, (year, sub, name) in enumerate(places):
        scene = house.scene(f"/data/{year}/{sub}{name}", 100 + number, title=f"Scene {number}")
        scenes.append(scene)
        if rng.random() < 0.7:
            right[scene] = house.item(f"/media/{swapped[year]}/{sub}{name}", 100 + number)
    rng.shuffle(scenes)

    with house.touches_only(*right.values()):
        house.sync(*scenes)

    for scene, item in right.items():
        desired = house.stash.library.scene(scene).title
        assert house.shown(item).title in (
            desired,
            house.shown(item).files[0].rpartition("/")[2][:-4],
        )
        assert set(house.records(scene)) <= {item}
    assert (
        sum(house.shown(item).title.startswith("Scene ") for item in right.values())
        >= len(right) * 0.9
    )


# -- learned paths ------------------------------------------------------------------------------


def library_of(house: Inproc, source: str, target: str, count: int = 24) -> list[tuple[int, int]]:
    """Scenes and items in four folders, called otherwise in Plex; every name and size once."""
    return [
        (
            house.scene(f"{source}/{number % 4}/clip {number}.mp4", 100 + number),
            house.item(f"{target}/{number % 4}/clip {number}.mp4", 100 + number),
        )
        for number in range(count)
    ]


@pytest.fixture
def learning(tmp_path: Path) -> Iterator[Inproc]:
    with opened(tmp_path, b_path_map="") as made:
        yield made


def test_a_learned_mapping_separates_equal_names(learning: Inproc) -> None:
    library_of(learning, "/data", "/media")
    scene = learning.scene("/data/x/same.mp4", 7)
    right = learning.item("/media/x/same.mp4", 7)
    learning.item("/media/y/same.mp4", 7)

    with learning.writes_only(right):
        learning.sync(scene)

    assert learning.records(scene)[right].confidence == "learned"
    assert "/data=>/media" in learning.log()


def test_what_was_learned_outlives_the_worker(learning: Inproc) -> None:
    learning.sync(*(scene for scene, _ in library_of(learning, "/data", "/media")))
    learning.restart()
    scene = learning.scene("/data/x/same.mp4", 7)
    right = learning.item("/media/x/same.mp4", 7)
    learning.item("/media/y/same.mp4", 7)

    with learning.writes_only(right):
        learning.sync(scene)

    assert learning.log().count("paths.learned") == 1


def test_the_setting_overrules_what_was_learned(learning: Inproc) -> None:
    library_of(learning, "/data", "/media")
    scene = learning.scene("/data/x/same.mp4", 7)
    learning.item("/media/x/same.mp4", 7)
    by_setting = learning.item("/elsewhere/x/same.mp4", 7)
    learning.configure(b_path_map="/data => /elsewhere")

    with learning.writes_only(by_setting):
        learning.sync(scene)

    assert learning.records(scene)[by_setting].confidence == "high"


def test_a_learned_match_needs_the_same_size(learning: Inproc) -> None:
    pairs = library_of(learning, "/data", "/media")
    learning.sync(pairs[0][0])
    scene = learning.scene("/data/x/same.mp4", 7)
    learning.item("/media/x/same.mp4", 0)
    learning.item("/media/y/same.mp4", 0)

    with learning.writes_only():
        learning.sync(scene)


def test_one_contradiction_removes_a_mapping(learning: Inproc) -> None:
    library_of(learning, "/data", "/media")
    scene = learning.scene("/data/x/same.mp4", 7)
    right = learning.item("/media/x/same.mp4", 7)
    learning.item("/media/y/same.mp4", 7)
    learning.sync(scene)
    learning.clock.advance(60.0)
    learning.item("/media/z/odd.mp4", 99)
    odd = learning.scene("/data/z/odd.mp4", 98)

    with learning.writes_only():
        learning.sync(odd)
        learning.look(LOOK_S)

    assert "paths.contradicted" in learning.log()
    assert (
        learning.dead_letter(scene).reason == "AmbiguousMatch"
    )  # without the pair nothing tells the two apart
    assert learning.shown(right).title == "Scene of /data/x/same.mp4"
    learning.clock.advance(100_000.0)
    learning.sync(odd)
    assert learning.log().count("/data=>/media") == 1


# -- what is told -------------------------------------------------------------------------------


def test_the_confidence_of_every_sync_is_recorded_and_counted(house: Inproc) -> None:
    sure = [house.pair(f"a/{number}.mp4")[0] for number in range(3)]
    house.configure(b_strict_matching=False)
    guessed, item = house.scene("/elsewhere/guess.mp4", 0), house.item("/media/deep/guess.mp4", 5)

    house.sync(*sure, guessed)

    assert house.records(guessed)[item].confidence == "low"
    assert [next(iter(house.records(scene).values())).confidence for scene in sure] == ["high"] * 3
    assert house.worker.components.statistics.now().confidence == {"high": 3, "low": 1}
