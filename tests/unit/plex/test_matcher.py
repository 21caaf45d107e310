"""The right item is found and named with its evidence; a wrong one is never chosen with confidence."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import AmbiguousMatch, PlexNotFound, WeakMatch
from core.match import Confidence, Evidence, MatchResult, PlexFile
from plex.matcher import KEPT_CANDIDATES, accept, match_scene
from plex.path_map import PathMap
from validation.metadata import SceneFile

HIGH, LOW, NONE = Confidence.HIGH, Confidence.LOW, Confidence.NONE
MAP = PathMap((("/data", "/media"),))


def scene(path: str = "/data/a/b/x.mp4", size: int = 100) -> SceneFile:
    return SceneFile(path=path, size=size, oshash="")


def plex(path: str, item: int = 1, size: int = 100, section: int = 1) -> PlexFile:
    return PlexFile(path, size, item, section)


def match(files: Sequence[PlexFile], *scenes: SceneFile, path_map: PathMap = MAP) -> MatchResult:
    return match_scene(scenes or (scene(),), lambda _: files, path_map)


@pytest.mark.parametrize(
    ("files", "items", "confidence", "evidence"),
    [
        ([plex("/media/a/b/x.mp4")], (1,), HIGH, Evidence.EXACT_PATH),
        # The same path in two libraries is one file, and both items are written.
        (
            [plex("/media/a/b/x.mp4", 7), plex("/media/a/b/x.mp4", 3, section=2)],
            (3, 7),
            HIGH,
            Evidence.EXACT_PATH,
        ),
        # A replaced file keeps its path.
        ([plex("/media/a/b/x.mp4", size=5)], (1,), HIGH, Evidence.EXACT_PATH),
        ([plex("/MEDIA/a/b/X.mp4")], (1,), HIGH, Evidence.EXACT_PATH),
        # Another spelling with another size can be another file.
        ([plex("/media/a/b/X.mp4", size=5)], (), NONE, None),
        # The very spelling comes first.
        (
            [plex("/media/a/b/X.mp4", 1, 0), plex("/media/a/b/x.mp4", 2, 0)],
            (2,),
            HIGH,
            Evidence.EXACT_PATH,
        ),
        # Two spellings, none of them ours, and nothing known of their sizes.
        (
            [plex("/media/a/b/X.mp4", 1, 0), plex("/media/A/b/x.mp4", 2, 0)],
            (2,),
            LOW,
            Evidence.NAME_ONLY,
        ),
        # Two spellings with the scene's size: a share that ignores the case, in two libraries.
        (
            [plex("/media/a/b/X.mp4", 1), plex("/media/A/b/x.mp4", 2)],
            (1, 2),
            HIGH,
            Evidence.EXACT_PATH,
        ),
        ([plex("/other/a/b/x.mp4", size=0)], (1,), HIGH, Evidence.COMMON_SUFFIX),
        ([plex("/other/a/b/x.mp4", size=5)], (), NONE, None),
        ([plex("/other/b/x.mp4", size=0)], (1,), LOW, Evidence.NAME_ONLY),
        ([plex("/other/b/x.mp4")], (1,), HIGH, Evidence.NAME_AND_SIZE),
        ([plex("/other/c/x.mp4", 1), plex("/other/d/x.mp4", 2)], (1,), LOW, Evidence.NAME_ONLY),
        (
            [plex("/other/c/x.mp4", 1), plex("/other/d/x.mp4", 2, 5)],
            (1,),
            HIGH,
            Evidence.NAME_AND_SIZE,
        ),
        ([plex("/p/a/b/x.mp4", 1, 0), plex("/q/a/b/x.mp4", 2, 0)], (1,), LOW, Evidence.NAME_ONLY),
        (
            [plex("/p/data/a/b/x.mp4", 1, 0), plex("/q/media/a/b/x.mp4", 2, 0)],
            (2,),
            HIGH,
            Evidence.COMMON_SUFFIX,
        ),
        (
            [plex("/p/a/b/x.mp4", 1, 0), plex("/q/x.mp4", 2)],
            (1,),
            HIGH,
            Evidence.COMMON_SUFFIX,
        ),  # a gap of just 0.1
        ([plex("/media/a/b/y.mp4")], (), NONE, None),
        ([], (), NONE, None),
    ],
)
def test_the_evidence_decides_what_is_written(
    files: list[PlexFile], items: tuple[int, ...], confidence: Confidence, evidence: Evidence | None
) -> None:
    result = match(files)

    best = result.candidates[0].evidence if result.candidates else None
    assert (result.items, result.confidence, best) == (items, confidence, evidence)


def test_an_unknown_size_in_stash_excludes_no_item() -> None:
    result = match([plex("/other/a/b/x.mp4", size=5)], scene(size=0))

    assert result.confidence is HIGH


def test_each_file_is_evaluated_alone_and_sure_ones_united() -> None:
    files = [plex("/media/a/b/x.mp4", 4), plex("/media/a/b/y.mp4", 2), plex("/other/z.mp4", 9, 0)]
    scenes = [scene(f"/data/a/b/{name}.mp4") for name in "xyz"]

    result = match(files, *scenes)

    assert (result.items, result.confidence) == ((2, 4), HIGH)


def test_every_item_to_write_is_among_the_candidates() -> None:
    names = [f"{dead_letter}.mp4" for dead_letter in "abcdefgh"]
    files = [
        plex(f"/media/{name}", number * 2 + copy)
        for number, name in enumerate(names)
        for copy in (0, 1)
    ]

    result = match(files, *(scene(f"/data/{name}") for name in names))

    assert result.items == tuple(range(16))
    assert {candidate.file.item for candidate in result.candidates} == set(result.items)


def test_the_best_guess_is_the_answer_when_no_file_is_sure() -> None:
    files = [plex("/other/x.mp4", 1, 0), plex("/p/y.mp4", 2), plex("/q/y.mp4", 3)]

    result = match(files, scene("/data/y.mp4"), scene("/data/x.mp4"))

    assert (result.items, result.confidence) == ((2,), LOW)


def test_a_scene_without_files_matches_nothing() -> None:
    result = match_scene((), {}, MAP)

    assert result.confidence is NONE


def test_candidates_may_be_a_mapping_by_the_scenes_path() -> None:
    result = match_scene([scene()], {"/data/a/b/x.mp4": [plex("/media/a/b/x.mp4", 5)]}, MAP)

    assert result.items == (5,)


def test_two_existing_targets_of_one_prefix_are_ambiguous() -> None:
    path_map = PathMap((("/data", "/p"), ("/data", "/q")))

    result = match([plex("/p/a/b/x.mp4", 1), plex("/q/a/b/x.mp4", 2)], path_map=path_map)

    assert (result.items, result.confidence) == ((1,), LOW)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([plex("/media/a/b/x.mp4")], "exact_path 1.0, no other file of this name"),
        (
            [plex("/media/a/b/x.mp4"), plex("/q/x.mp4", 2, 0)],
            "exact_path 1.0, gap 0.6 to the next file",
        ),
        (
            [plex("/q/x.mp4", 2, 7), plex("/r/x.mp4", 2, 8)],
            "Plex has 2 of this name, of another size",
        ),
        ([], "Plex has no file of this name"),
    ],
)
def test_the_verdict_says_why(files: list[PlexFile], reason: str) -> None:
    assert match(files).reason == reason


def test_the_right_file_is_first_among_thousands_of_one_name() -> None:
    files = [plex(f"/media/{number}/x.mp4", number, 0) for number in range(3_000)]

    result = match([*files, plex("/media/a/b/x.mp4", 9_999)])

    assert result.items == (9_999,)
    assert len(result.candidates) == KEPT_CANDIDATES


# -- require ----------------------------------------------------------------------------------

ONE_WEAK = [plex("/other/x.mp4", 1, 0)]
TWO_ALIKE = [plex("/p/x.mp4", 1, 0), plex("/q/x.mp4", 2, 0)]
TWO_IN_LIBRARIES = [plex("/p/x.mp4", 1, 0), plex("/p/x.mp4", 2, 0, section=2)]


def test_a_sure_match_is_written_strict_or_not() -> None:
    result = match([plex("/media/a/b/x.mp4")])

    assert accept(result, strict=True) == accept(result, strict=False) == (1,)


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([], PlexNotFound),
        (ONE_WEAK, WeakMatch),
        (TWO_ALIKE, AmbiguousMatch),
        (TWO_IN_LIBRARIES, WeakMatch),
    ],
)
def test_strict_matching_refuses_a_guess_and_says_what_kind(
    files: list[PlexFile], error: type[Exception]
) -> None:
    result = match(files)

    with pytest.raises(error):
        accept(result, strict=True)


def test_a_refused_guess_carries_its_candidates() -> None:
    result = match(TWO_ALIKE)

    with pytest.raises(AmbiguousMatch) as caught:
        accept(result, strict=True)

    assert [candidate.file.item for candidate in caught.value.candidates] == [1, 2]


@pytest.mark.parametrize(
    ("files", "items"), [(ONE_WEAK, (1,)), (TWO_ALIKE, (1,)), (TWO_IN_LIBRARIES, (1, 2))]
)
def test_without_strict_matching_the_best_guess_is_written(
    files: list[PlexFile], items: tuple[int, ...]
) -> None:
    assert accept(match(files), strict=False) == items


def test_equally_likely_files_of_other_sizes_are_not_guessed() -> None:
    result = match([plex("/p/x.mp4", 1, 5), plex("/q/x.mp4", 2, 6)], scene(size=0))

    with pytest.raises(AmbiguousMatch):
        accept(result, strict=False)


def test_a_rival_is_seen_behind_a_file_that_many_items_play() -> None:
    files = [*(plex("/p/x.mp4", number, 0) for number in range(20)), plex("/q/x.mp4", 99, 0)]

    with pytest.raises(AmbiguousMatch):
        accept(match(files), strict=True)


# -- properties -------------------------------------------------------------------------------

FOLDERS = st.sampled_from(
    ["/media/a/b", "/media/A/b", "/media/b", "/p/a/b", "/q/a/b", "/q/media/a/b", "/r", "/s/b"]
)
FILES = st.lists(
    st.builds(
        PlexFile,
        path=st.tuples(FOLDERS, st.sampled_from(["x.mp4", "X.mp4"])).map("/".join),
        size=st.sampled_from([0, 100, 200]),
        item=st.integers(1, 5),
        section=st.integers(1, 2),
    ),
    max_size=8,
)
SIZES = st.sampled_from([0, 100])


@given(FILES, st.randoms(), SIZES)
def test_the_order_of_candidates_does_not_change_the_verdict(
    files: list[PlexFile], rng: Random, size: int
) -> None:
    shuffled = list(files)
    rng.shuffle(shuffled)

    assert match(shuffled, scene(size=size)) == match(files, scene(size=size))


@given(FILES, SIZES, st.sampled_from([0, 200]))
def test_a_worse_candidate_does_not_change_the_best(
    files: list[PlexFile], size: int, other: int
) -> None:
    before = match(files, scene(size=size))
    assume(before.confidence is HIGH)

    after = match([*files, plex("/unrelated/x.mp4", 99, other)], scene(size=size))

    assert (after.items, after.confidence) == (before.items, HIGH)


@given(FILES)
def test_a_size_that_contradicts_is_only_chosen_at_the_very_path(files: list[PlexFile]) -> None:
    result = match(files)

    chosen = [
        candidate.file for candidate in result.candidates if candidate.file.item in result.items
    ]
    for file in chosen[:1]:
        assert file.size in (0, 100) or file.path == "/media/a/b/x.mp4"


@given(FILES, SIZES)
def test_there_are_items_exactly_when_there_are_candidates(
    files: list[PlexFile], size: int
) -> None:
    result = match(files, scene(size=size))

    assert bool(result.items) == bool(result.candidates) == (result.confidence is not NONE)


COLON = scene("/data/a/b/Part: 1.mp4")
MANGLED = ("/media/a/b/Part\uf022 1.mp4", "/media/a/b/Part\uf03a 1.mp4")


@pytest.mark.parametrize("path", MANGLED)
def test_a_name_that_an_smb_client_mangles_matches(path: str) -> None:
    result = match([plex(path)], COLON)

    assert (result.items, result.confidence) == ((1,), HIGH)
    assert result.candidates[0].evidence is Evidence.EXACT_PATH


def test_a_name_that_stash_sees_mangled_matches() -> None:
    mangled = scene("/data/a/b/Part\uf022 1.mp4")

    result = match([plex("/media/a/b/Part: 1.mp4", size=0)], mangled)

    assert (result.items, result.confidence) == ((1,), HIGH)


@pytest.mark.parametrize("size", [0, 100])
def test_two_files_that_fold_alike_are_ambiguous(size: int) -> None:
    result = match([plex(MANGLED[0], 1, size), plex(MANGLED[1], 2, size)], COLON)

    assert result.confidence is LOW
    with pytest.raises(AmbiguousMatch):
        accept(result, strict=True)


def test_the_very_spelling_wins_over_one_that_folds_alike() -> None:
    files = [plex("/media/a/b/Part: 1.mp4", 2), plex(MANGLED[0], 1)]

    result = match(files, COLON)

    assert (result.items, result.confidence) == ((2,), HIGH)


def test_the_size_tells_files_apart_that_fold_alike() -> None:
    result = match([plex(MANGLED[0], 1, 5), plex(MANGLED[1], 2)], COLON)

    assert (result.items, result.confidence) == ((2,), HIGH)
