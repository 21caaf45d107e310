"""Compare how many scenes of a sample Plex's files are found for under a path mapping. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.match import Confidence
from plex.matcher import is_exact, match_scene
from plex.path_learner import Candidates, LearnedMapping, StashFile, match_learned
from plex.path_map import PathMap
from plex.reversed_mapping import find_reversed
from validation.metadata import SceneFile

Pairs = tuple[tuple[str, str], ...]
Sample = Sequence[Sequence[SceneFile]]
"""The files of each scene."""


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What a mapping finds.

    Attributes:
        found: scenes that certainly have an item.
        exact: those of them whose path is certain.
        lost: the first file of each other scene, as Stash sees it.
    """

    found: int
    exact: int
    lost: tuple[str, ...]


def check_sample(
    sample: Sample,
    candidates: Candidates,
    pairs: Pairs,
    learned: Sequence[LearnedMapping] = (),
) -> SampleResult:
    """Return what a mapping finds; `learned` is used where there are no pairs, as in a sync.

    Examples:
        >>> from core.match import PlexFile
        >>> scene = SceneFile(path="/data/clip.mp4", size=5, oshash="")
        >>> in_plex = [PlexFile("/media/clip.mp4", 6, 1, 1)]
        >>> check_sample([[scene]], lambda path: in_plex, ()).lost
        ('/data/clip.mp4',)
        >>> check_sample([[scene]], lambda path: in_plex, (("/data", "/media"),)).exact
        1
    """
    path_map = PathMap(pairs)
    found = exact = 0
    lost = []
    for files in sample:
        result = match_scene(files, candidates, path_map)
        if result.confidence is not Confidence.HIGH and not pairs:
            stash_files = [StashFile(file.path, file.size) for file in files]
            result = match_learned(stash_files, candidates, learned) or result
        if result.confidence is Confidence.HIGH:
            found += 1
            exact += is_exact(result)
        elif files:
            lost.append(files[0].path)
    return SampleResult(found, exact, tuple(lost))


def turned_pairs(sample: Sample, candidates: Candidates, pairs: Pairs) -> Pairs:
    """Return the mapping with every pair that was entered the wrong way round turned.

    () if no pair is: as it stands it leads to no file of the sample, and exchanged to some.
    """
    path_map = PathMap(pairs)
    wrong = set()
    for files in sample:
        reversed_pair = find_reversed(files, candidates, path_map)
        if reversed_pair is not None:
            wrong.add((reversed_pair.source, reversed_pair.target))
    wrong = {pair for pair in wrong if not _leads_to_a_file(pair, sample, candidates)}
    if not wrong:
        return ()
    turned = tuple((pair[1], pair[0]) if pair in wrong else pair for pair in pairs)
    before, after = (check_sample(sample, candidates, some).exact for some in (pairs, turned))
    return turned if after > before else ()


def _leads_to_a_file(pair: tuple[str, str], sample: Sample, candidates: Candidates) -> bool:
    """Whether any file inside the pair's source is found exactly where the pair puts it."""
    path_map = PathMap((pair,))
    inside = [
        [file for file in files if path_map.mapped(file.path) != (file.path,)] for files in sample
    ]
    return any(is_exact(match_scene(files, candidates, path_map)) for files in inside if files)
