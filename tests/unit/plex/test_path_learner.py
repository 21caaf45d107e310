"""A pair of folders is learned from files that leave no doubt, or not at all."""

from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.match import Confidence, PlexFile
from plex.matcher import match_scene
from plex.path_learner import (
    MIN_FILES,
    MIN_FOLDERS,
    Candidates,
    LearnedMapping,
    StashFile,
    apply,
    contradicts,
    learn,
    match_learned,
    split_pair,
)
from plex.path_map import PathMap
from plex.paths import folded_name
from tests.harness.examples import fuzzed
from validation.metadata import SceneFile

LESSON = LearnedMapping("/data", "/media", 20, 3)


def by_name(files: Sequence[PlexFile]) -> Candidates:
    """Looks files up as the index does."""
    found: dict[str, list[PlexFile]] = defaultdict(list)
    for file in files:
        found[folded_name(file.path)].append(file)
    return lambda path: found[folded_name(path)]


def tree(
    count: int, folders: int = 4, source: str = "/data", target: str = "/media"
) -> tuple[list[StashFile], list[PlexFile]]:
    """The same files on both sides, every name and size once."""
    paths = [f"{number % folders}/clip {number}.mp4" for number in range(count)]
    known = [StashFile(f"{source}/{path}", 100 + number) for number, path in enumerate(paths)]
    plex = [
        PlexFile(f"{target}/{path}", 100 + number, number, 1) for number, path in enumerate(paths)
    ]
    return known, plex


def pairs(lessons: Sequence[LearnedMapping]) -> list[tuple[str, str]]:
    return [(lesson.source, lesson.target) for lesson in lessons]


# -- support ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "folders", "learned"),
    [
        (MIN_FILES, MIN_FOLDERS, True),
        (200, 10, True),
        (MIN_FOLDERS, MIN_FOLDERS, True),  # fewer than twenty, and all of them agree
        (200, MIN_FOLDERS - 1, False),
        (2, 2, False),
        (0, 1, False),
    ],
)
def test_a_pair_needs_many_files_of_several_folders(
    files: int, folders: int, learned: bool
) -> None:
    known, plex = tree(files, folders)

    lessons = learn(known, by_name(plex))

    assert pairs(lessons) == ([("/data", "/media")] if learned else [])


def test_a_mapping_counts_supporting_files_and_folders() -> None:
    known, plex = tree(24, 4)

    lessons = learn(known, by_name(plex))

    assert lessons == (LearnedMapping("/data", "/media", 24, 4),)


def test_with_few_files_one_contradiction_prevents_learning() -> None:
    known, plex = tree(10)
    odd = StashFile("/elsewhere/odd.mp4", 7)

    lessons = learn([*known, odd], by_name([*plex, PlexFile("/nowhere/odd.mp4", 7, 99, 1)]))

    assert lessons == ()


def test_two_roots_are_two_pairs_the_better_supported_first() -> None:
    first, second = tree(40), tree(24, source="/more", target="/other")
    renamed = [StashFile(file.path.replace("clip", "film"), file.size) for file in second[0]]
    plex = [
        PlexFile(one.path.replace("clip", "film"), one.size, one.item + 500, 1) for one in second[1]
    ]

    lessons = learn([*first[0], *renamed], by_name([*first[1], *plex]))

    assert pairs(lessons) == [("/data", "/media"), ("/more", "/other")]


@pytest.mark.parametrize("sizes", ["unknown in Stash", "unknown in Plex", "different"])
def test_only_an_equal_size_supports(sizes: str) -> None:
    known, plex = tree(40)
    if sizes == "unknown in Stash":
        known = [StashFile(file.path, 0) for file in known]
    else:
        off = 0 if sizes == "unknown in Plex" else 7
        plex = [PlexFile(file.path, off, file.item, 1) for file in plex]

    assert learn(known, by_name(plex)) == ()


def test_a_name_that_exists_twice_supports_nothing() -> None:
    known, plex = tree(40)
    twice_in_stash = [
        *known,
        *(StashFile(file.path.replace("/data", "/copy"), file.size) for file in known),
    ]
    twice_in_plex = [
        *plex,
        *(PlexFile(file.path.replace("/media", "/copy"), 1, file.item + 99, 1) for file in plex),
    ]

    assert learn(twice_in_stash, by_name(plex)) == ()
    assert learn(known, by_name(twice_in_plex)) == ()


def test_the_same_path_in_two_libraries_is_one_file() -> None:
    known, plex = tree(40)

    lessons = learn(
        known, by_name([*plex, *(PlexFile(one.path, one.size, one.item + 99, 2) for one in plex)])
    )

    assert pairs(lessons) == [("/data", "/media")]


def test_paths_that_are_the_same_on_both_sides_teach_nothing() -> None:
    known, plex = tree(40, target="/data")

    assert learn(known, by_name(plex)) == ()


def test_a_single_contradiction_drops_the_pair() -> None:
    known, plex = tree(200)
    odd = StashFile("/data/1/odd.mp4", 5)

    assert learn([*known, odd], by_name([*plex, PlexFile("/media/1/odd.mp4", 6, 999, 1)])) == ()


# -- contradiction ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "size", "plex", "contradicted"),
    [
        ("/data/a/x.mp4", 5, [("/media/a/x.mp4", 6)], True),
        ("/data/A/X.mp4", 5, [("/media/a/x.mp4", 6)], True),
        ("/data/a/x.mp4", 5, [("/media/a/x.mp4", 5)], False),
        ("/data/a/x.mp4", 5, [("/media/a/x.mp4", 0)], False),  # unknown proves nothing
        ("/data/a/x.mp4", 0, [("/media/a/x.mp4", 6)], False),
        (
            "/data/a/x.mp4",
            5,
            [("/media/a/x.mp4", 6), ("/media/a/x.mp4", 5)],
            False,
        ),  # two libraries, one is behind
        ("/data/a/x.mp4", 5, [("/media/b/x.mp4", 6)], False),  # another place
        ("/data/a/x.mp4", 5, [], False),
        ("/elsewhere/x.mp4", 5, [("/media/x.mp4", 6)], False),
        (
            "/database/x.mp4",
            5,
            [("/mediabase/x.mp4", 6)],
            False,
        ),  # a folder's name ends where it ends
    ],
)
def test_a_mapped_path_with_another_size_contradicts(
    path: str, size: int, plex: list[tuple[str, int]], contradicted: bool
) -> None:
    files = [PlexFile(name, length, number, number) for number, (name, length) in enumerate(plex)]

    assert contradicts(LESSON, StashFile(path, size), by_name(files)) is contradicted


# -- applying -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target", "path", "mapped"),
    [
        ("/data", "/media", "/data/a/x.mp4", "/media/a/x.mp4"),
        ("/data", r"D:\Media", "/data/a/x.mp4", r"D:\Media\a\x.mp4"),
        (r"C:\Videos", "/media", r"C:\videos\a\x.mp4", "/media/a/x.mp4"),
        ("/data", "/media", "/data", ""),
        ("/data", "/media", "/database/x.mp4", ""),
        ("/data/a", "/media", "/data/b/x.mp4", ""),
    ],
)
def test_a_lesson_moves_a_path_below_its_prefix_and_no_other(
    source: str, target: str, path: str, mapped: str
) -> None:
    assert apply(LearnedMapping(source, target, 20, 3), path) == mapped


@pytest.mark.parametrize(
    ("scene", "plex", "pair"),
    [
        ("/data/a/b/x.mp4", "/media/a/b/x.mp4", ("/data", "/media")),
        ("/data/a/x.mp4", "/srv/plex/media/a/x.mp4", ("/data", "/srv/plex/media")),
        ("/data/A/x.mp4", "/media/a/X.mp4", ("/data", "/media")),
        (r"C:\v\a\x.mp4", "/media/a/x.mp4", (r"C:\v", "/media")),
        ("/data/2019/x.mp4", "/media/2020/x.mp4", ("/data/2019", "/media/2020")),
    ],
)
def test_a_pair_is_what_two_paths_of_one_file_begin_with(
    scene: str, plex: str, pair: tuple[str, str]
) -> None:
    assert split_pair(scene, plex)[0] == pair


def test_a_learned_match_names_its_pair_and_needs_an_equal_size() -> None:
    plex = [PlexFile("/media/a/x.mp4", 5, 7, 1), PlexFile("/media/b/x.mp4", 5, 8, 1)]

    found = match_learned([StashFile("/data/a/x.mp4", 5)], by_name(plex), [LESSON])
    other_size = match_learned([StashFile("/data/a/x.mp4", 6)], by_name(plex), [LESSON])
    no_size = match_learned([StashFile("/data/a/x.mp4", 0)], by_name(plex), [LESSON])

    assert found is not None
    assert (found.items, found.confidence, found.is_learned) == ((7,), Confidence.HIGH, True)
    assert "learned /data => /media" in found.reason
    assert (other_size, no_size) == (None, None)


def test_a_learned_path_finds_a_name_that_smb_mangles() -> None:
    plex = [PlexFile("/media/a/x\uf022.mp4", 5, 7, 1)]

    found = match_learned([StashFile("/data/a/x:.mp4", 5)], by_name(plex), [LESSON])

    assert found is not None
    assert found.items == (7,)


def test_a_learned_path_to_files_that_fold_alike_finds_none() -> None:
    plex = [PlexFile("/media/a/x\uf022.mp4", 5, 7, 1), PlexFile("/media/a/x\uf03a.mp4", 5, 8, 1)]
    exact = [*plex, PlexFile("/media/a/x:.mp4", 5, 9, 1)]
    file = StashFile("/data/a/x:.mp4", 5)

    found = match_learned([file], by_name(exact), [LESSON])

    assert match_learned([file], by_name(plex), [LESSON]) is None
    assert found is not None
    assert found.items == (9,)


# -- never a wrong item -------------------------------------------------------------------------

YEARS = ("2019", "2020", "2021")
SUBS = ("", "trip/", "trip/day 1/")
NAMES = ("a.mp4", "b.mp4", "video.mp4")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[StashFile], list[PlexFile]]:
    """Files with names that are equal everywhere; Plex calls the years otherwise. A size tells
    which is which.

    The item of each file in Plex has the file's size as its key.
    """
    places = draw(
        st.sets(
            st.tuples(st.sampled_from(YEARS), st.sampled_from(SUBS), st.sampled_from(NAMES)),
            max_size=27,
        )
    )
    unique = draw(st.integers(0, 40))
    tree = [*sorted(places), *((YEARS[n % 3], SUBS[n % 2], f"clip {n}.mp4") for n in range(unique))]
    swapped = dict(zip(YEARS, draw(st.permutations(YEARS)), strict=True))
    target = draw(st.sampled_from(["/media", "/data", "/srv/data", "D:\\Media"]))
    files = [
        (StashFile(f"/data/{year}/{sub}{name}", 1 + number), year, sub, name)
        for number, (year, sub, name) in enumerate(tree)
    ]
    shown = draw(st.lists(st.booleans(), min_size=len(files), max_size=len(files)))
    is_same_root = target == "/data"
    separator = "\\" if "\\" in target else "/"
    plex = [
        PlexFile(
            f"{target}/{swapped[year]}/{sub}{name}".replace("/", separator), file.size, file.size, 1
        )
        for (file, year, sub, name), is_shown in zip(files, shown, strict=True)
        if is_shown
        # at the very path a file of another size counts as replaced, if ours is nowhere
        or is_same_root
    ]
    return [file for file, *_ in files], plex


@given(worlds())
@fuzzed(75)
def test_a_learned_mapping_never_matches_another_file(
    world: tuple[list[StashFile], list[PlexFile]],
) -> None:
    known, plex = world
    candidates = by_name(plex)

    lessons = learn(known[::2], candidates)

    for file in known:
        learned = match_learned([file], candidates, lessons)
        plain = match_scene(
            [SceneFile(path=file.path, size=file.size, oshash="")], candidates, PathMap()
        )
        assert learned is None or learned.items == (file.size,)
        assert plain.confidence is not Confidence.HIGH or plain.items == (file.size,)


@given(worlds())
@fuzzed(75)
def test_a_learned_mapping_is_supported_and_uncontradicted(
    world: tuple[list[StashFile], list[PlexFile]],
) -> None:
    known, plex = world
    candidates = by_name(plex)

    lessons = learn(known, candidates)

    for lesson in lessons:
        assert lesson.folders >= MIN_FOLDERS
        assert lesson.source != lesson.target
        assert not any(contradicts(lesson, file, candidates) for file in known)
        assert sum(apply(lesson, file.path) != "" for file in known) >= lesson.files
