"""Which items a scene is written to, and that no other item is ever touched."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.harness.images import picture
from tests.harness.in_process import POLL_S, InProcessHarness, in_process


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path) as made:
        yield made


# -- which item ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path_map", ["/data => /media", ""], ids=["mapped", "not mapped"])
def test_the_same_file_name_in_two_folders_is_two_files(
    worker: InProcessHarness, path_map: str
) -> None:
    worker.configure(b_path_map=path_map)
    scene = worker.add_scene("/data/2019/trip/a.mp4", 10)
    right = worker.add_item("/media/2019/trip/a.mp4", 10)
    worker.add_item("/media/2020/trip/a.mp4", 20)

    with worker.writes_only(right):
        worker.sync(scene)


def test_equal_names_and_sizes_in_two_folders_match_neither(
    worker: InProcessHarness,
) -> None:
    worker.configure(b_path_map="")
    scene = worker.add_scene("/data/a.mp4", 10)
    first, second = (
        worker.add_item("/media/2019/a.mp4", 10),
        worker.add_item("/media/2020/a.mp4", 10),
    )

    with worker.writes_only():
        worker.sync(scene)

    dead_letter = worker.dead_letter(scene)
    assert dead_letter.reason == "AmbiguousMatch"
    assert {f"item {first} name_only 0.4", f"item {second} name_only 0.4"} == {
        line.partition(" /")[0] for line in dead_letter.candidates
    }


def test_weak_evidence_is_written_only_if_not_strict(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="")
    scene, item = worker.add_scene("/data/a.mp4", 0), worker.add_item("/media/deep/down/a.mp4", 5)

    with worker.writes_only():
        worker.sync(scene)
    assert worker.dead_letter(scene).reason == "WeakMatch"
    worker.configure(b_strict_matching=False)
    with worker.writes_only(item):
        worker.sync(scene)


@pytest.mark.parametrize("strict", [True, False])
def test_a_file_of_another_size_is_never_written(worker: InProcessHarness, strict: bool) -> None:
    worker.configure(b_path_map="", b_strict_matching=strict)
    scene = worker.add_scene("/data/2019/a.mp4", 10)
    worker.add_item("/media/2019/a.mp4", 20)

    with worker.writes_only():
        worker.sync(scene)


@pytest.mark.parametrize("strict", [True, False])
def test_where_years_are_swapped_between_mounts_the_size_decides(
    worker: InProcessHarness, strict: bool
) -> None:
    worker.configure(b_path_map="", b_strict_matching=strict)
    scene = worker.add_scene("/data/2019/a.mp4", 10)
    worker.add_item("/data/2019/a.mp4", 20)  # what Plex calls 2019 is another folder
    right = worker.add_item("/data/2020/a.mp4", 10)

    with worker.writes_only(right):
        worker.sync(scene)


def test_a_replaced_file_is_found_at_its_path(worker: InProcessHarness) -> None:
    scene = worker.add_scene("/data/a/b.mp4", 10)
    item = worker.add_item("/media/a/b.mp4", 20)
    worker.add_item("/media/b/b.mp4", 30)

    with worker.writes_only(item):
        worker.sync(scene)


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
    worker: InProcessHarness, parts: list[list[tuple[str, int]]]
) -> None:
    item = worker.plex.library.add_item(worker.section, parts=parts)
    worker.add_item("/media/a/c.mp4", 9)
    scene = worker.add_scene("/data/a/b.mp4", 9)

    with worker.writes_only(item):
        worker.sync(scene)


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
    worker: InProcessHarness, stash: str, plex: str, path_map: str
) -> None:
    worker.configure(b_path_map=path_map)
    scene, item = worker.add_scene(stash, 77), worker.add_item(plex, 77)
    worker.add_item("/media/other/film.mp4", 78)
    worker.add_item("/media/other/bébé.mp4", 78)

    with worker.writes_only(item):
        worker.sync(scene)


def test_two_spellings_that_differ_in_size_are_two_files(worker: InProcessHarness) -> None:
    scene = worker.add_scene("/data/a/film.mp4", 10)
    right = worker.add_item("/media/a/film.mp4", 10)
    worker.add_item("/media/a/Film.mp4", 20)

    with worker.writes_only(right):
        worker.sync(scene)


def test_a_root_behind_a_symbolic_link_is_matched_by_suffix(worker: InProcessHarness) -> None:
    worker.configure(b_path_map="")
    scene = worker.add_scene("/mnt/link/films/2019/trip/a.mp4", 10)
    right = worker.add_item("/volume1/real/films/2019/trip/a.mp4", 10)
    worker.add_item("/volume1/real/films/2020/trip/a.mp4", 10)

    with worker.writes_only(right):
        worker.sync(scene)


def test_the_same_file_in_two_libraries_is_written_in_both(worker: InProcessHarness) -> None:
    second = worker.plex.library.add_section("Also", ["/media"])
    scene = worker.add_scene("/data/a/b.mp4", 10)
    items = [
        worker.add_item("/media/a/b.mp4", 10),
        worker.add_item("/media/a/b.mp4", 10, section=second.key),
    ]
    worker.add_item("/media/a/c.mp4", 10)

    with worker.writes_only(*items):
        worker.sync(scene)

    assert set(worker.records(scene)) == set(items)


def test_a_library_that_is_not_configured_is_left_alone(worker: InProcessHarness) -> None:
    second = worker.plex.library.add_section("Films", ["/media"])
    worker.configure(a_plex_libraries="scenes")
    scene, item = worker.pair("a/b.mp4")
    worker.add_item("/media/a/b.mp4", 1_000, section=second.key)

    with worker.writes_only(item):
        worker.sync(scene)


def test_a_scene_with_two_files_is_written_to_the_items_of_both(worker: InProcessHarness) -> None:
    scene = worker.add_scene("/data/a/b.mp4", 10, files=[{"path": "/data/hd/b.mkv", "size": 30}])
    items = [worker.add_item("/media/a/b.mp4", 10), worker.add_item("/media/hd/b.mkv", 30)]
    worker.add_item("/media/hd/b.mp4", 11)

    with worker.writes_only(*items):
        worker.sync(scene)


def test_the_first_of_two_scenes_on_one_item_writes(
    worker: InProcessHarness,
) -> None:
    item = worker.plex.library.add_item(
        worker.section, parts=[[("/media/a.mp4", 1), ("/media/b.mp4", 2)]]
    )
    worker.add_item("/media/c.mp4", 3)
    first, second = (
        worker.add_scene("/data/a.mp4", 1, title="A"),
        worker.add_scene("/data/b.mp4", 2, title="B"),
    )

    with worker.writes_only(item):
        worker.sync(second, first)

    assert worker.shown(item).title == "A"
    assert any(f"Scene {second} was not written" in text for text in worker.notices().values())
    assert worker.records(second) == {}


def test_the_scene_in_an_items_record_continues_to_write_it(worker: InProcessHarness) -> None:
    item = worker.plex.library.add_item(
        worker.section, parts=[[("/media/a.mp4", 1), ("/media/b.mp4", 2)]]
    )
    first, second = (
        worker.add_scene("/data/a.mp4", 1, title="A"),
        worker.add_scene("/data/b.mp4", 2, title="B"),
    )
    worker.sync(second)

    worker.change(first, title="A changed")
    with worker.writes_only():
        worker.sync(first)

    assert worker.shown(item).title == "B"


@pytest.mark.parametrize("preserve", [False, True], ids=["Stash wins", "Plex edits stay"])
def test_a_scene_with_a_new_id_knows_its_predecessors_writes(
    worker: InProcessHarness, preserve: bool
) -> None:
    worker.configure(c_preserve_plex_edits=preserve)
    old, item = worker.pair(
        "a.mp4", title="Old", studio="Aurora", tags=["one", "two"], cover=picture(1)
    )
    others = [
        worker.pair(f"other-{number}.mp4", studio="Aurora", tags=["one"])[0] for number in range(2)
    ]
    worker.sync(old, *others)
    worker.plex.library.change(item, collections=["Aurora", "Mine"])
    worker.stash.library.drop_scene(old)  # no hook ran
    new = worker.add_scene(
        "/data/a.mp4", title="New", studio="Borealis", tags=["two", "three"], cover=picture(1)
    )

    with worker.writes_only(item):
        worker.sync(new)

    shown = worker.shown(item)
    assert (shown.title, sorted(shown.collections)) == ("New", ["Borealis", "Mine"])
    assert set(shown.genres) == {"two", "three"}
    assert list(worker.records(new)) == [item]
    assert worker.records(old) == {}


def test_a_moved_file_is_followed_and_the_old_item_left_alone(worker: InProcessHarness) -> None:
    scene, old = worker.pair("a/b.mp4")
    worker.sync(scene)
    new = worker.plex.library.move_out(old, "/media/z/b.mp4")
    worker.stash.library.move_file("/data/a/b.mp4", "/data/z/b.mp4")
    worker.clock.advance(60.0)

    with worker.writes_only(new):
        worker.sync(scene)

    assert set(worker.records(scene)) == {new}


def test_an_item_that_plays_another_file_is_matched_again(worker: InProcessHarness) -> None:
    scene, old = worker.pair("a/b.mp4", 10)
    worker.sync(scene)
    worker.plex.library.rename_file("/media/a/b.mp4", "/media/a/other.mp4")
    new = worker.add_item("/media/a/b.mp4", 10)
    worker.change(scene, title="Moved on")

    with worker.writes_only(new):
        worker.sync(scene)

    assert set(worker.records(scene)) == {new}
    assert old not in worker.records(scene)


@pytest.mark.parametrize("seed", range(4))
def test_no_wrong_item_is_written_in_a_random_tree(worker: InProcessHarness, seed: int) -> None:
    rng = Random(seed)
    worker.configure(b_path_map="")
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
        scene = worker.add_scene(f"/data/{year}/{sub}{name}", 100 + number, title=f"Scene {number}")
        scenes.append(scene)
        if rng.random() < 0.7:
            right[scene] = worker.add_item(f"/media/{swapped[year]}/{sub}{name}", 100 + number)
    rng.shuffle(scenes)

    with worker.touches_only(*right.values()):
        worker.sync(*scenes)

    for scene, item in right.items():
        desired = worker.stash.library.scene(scene).title
        assert worker.shown(item).title in (
            desired,
            worker.shown(item).files[0].rpartition("/")[2][:-4],
        )
        assert set(worker.records(scene)) <= {item}
    assert (
        sum(worker.shown(item).title.startswith("Scene ") for item in right.values())
        >= len(right) * 0.9
    )


# -- learned paths ------------------------------------------------------------------------------


def library_of(
    worker: InProcessHarness, source: str, target: str, count: int = 24
) -> list[tuple[int, int]]:
    """Scenes and items in four folders, called otherwise in Plex; every name and size once."""
    return [
        (
            worker.add_scene(f"{source}/{number % 4}/clip {number}.mp4", 100 + number),
            worker.add_item(f"{target}/{number % 4}/clip {number}.mp4", 100 + number),
        )
        for number in range(count)
    ]


@pytest.fixture
def learning(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, b_path_map="") as made:
        yield made


def test_a_learned_mapping_separates_equal_names(learning: InProcessHarness) -> None:
    library_of(learning, "/data", "/media")
    scene = learning.add_scene("/data/x/same.mp4", 7)
    right = learning.add_item("/media/x/same.mp4", 7)
    learning.add_item("/media/y/same.mp4", 7)

    with learning.writes_only(right):
        learning.sync(scene)

    assert learning.records(scene)[right].confidence == "learned"
    assert "/data=>/media" in learning.worker_log()


def test_what_was_learned_outlives_the_worker(learning: InProcessHarness) -> None:
    learning.sync(*(scene for scene, _ in library_of(learning, "/data", "/media")))
    learning.restart()
    scene = learning.add_scene("/data/x/same.mp4", 7)
    right = learning.add_item("/media/x/same.mp4", 7)
    learning.add_item("/media/y/same.mp4", 7)

    with learning.writes_only(right):
        learning.sync(scene)

    assert learning.worker_log().count("paths.learned") == 1


def test_the_setting_overrules_what_was_learned(learning: InProcessHarness) -> None:
    library_of(learning, "/data", "/media")
    scene = learning.add_scene("/data/x/same.mp4", 7)
    learning.add_item("/media/x/same.mp4", 7)
    by_setting = learning.add_item("/elsewhere/x/same.mp4", 7)
    learning.configure(b_path_map="/data => /elsewhere")

    with learning.writes_only(by_setting):
        learning.sync(scene)

    assert learning.records(scene)[by_setting].confidence == "high"


def test_a_learned_match_needs_the_same_size(learning: InProcessHarness) -> None:
    pairs = library_of(learning, "/data", "/media")
    learning.sync(pairs[0][0])
    scene = learning.add_scene("/data/x/same.mp4", 7)
    learning.add_item("/media/x/same.mp4", 0)
    learning.add_item("/media/y/same.mp4", 0)

    with learning.writes_only():
        learning.sync(scene)


def test_one_contradiction_removes_a_mapping(learning: InProcessHarness) -> None:
    library_of(learning, "/data", "/media")
    scene = learning.add_scene("/data/x/same.mp4", 7)
    right = learning.add_item("/media/x/same.mp4", 7)
    learning.add_item("/media/y/same.mp4", 7)
    learning.sync(scene)
    learning.clock.advance(60.0)
    learning.add_item("/media/z/odd.mp4", 99)
    odd = learning.add_scene("/data/z/odd.mp4", 98)

    with learning.writes_only():
        learning.sync(odd)
        learning.run_until_idle(POLL_S)

    assert "paths.contradicted" in learning.worker_log()
    assert (
        learning.dead_letter(scene).reason == "AmbiguousMatch"
    )  # without the pair nothing tells the two apart
    assert learning.shown(right).title == "Scene of /data/x/same.mp4"
    learning.clock.advance(100_000.0)
    learning.sync(odd)
    assert learning.worker_log().count("/data=>/media") == 1


# -- what is reported -------------------------------------------------------------------------------


def test_the_confidence_of_every_sync_is_recorded_and_counted(worker: InProcessHarness) -> None:
    sure = [worker.pair(f"a/{number}.mp4")[0] for number in range(3)]
    worker.configure(b_strict_matching=False)
    guessed, item = (
        worker.add_scene("/elsewhere/guess.mp4", 0),
        worker.add_item("/media/deep/guess.mp4", 5),
    )

    worker.sync(*sure, guessed)

    assert worker.records(guessed)[item].confidence == "low"
    assert [next(iter(worker.records(scene).values())).confidence for scene in sure] == ["high"] * 3
    assert worker.components.statistics.now().confidence == {"high": 3, "low": 1}
