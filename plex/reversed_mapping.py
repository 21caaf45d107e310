"""Recognises a path mapping that was entered the wrong way round. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.match import Confidence, Evidence
from plex.matcher import Candidates, match_scene
from plex.path_map import PathMap
from validation.metadata import SceneFile
from validation.settings import BY_NAME

_SETTING = BY_NAME["path_map"].display_name


@dataclass(frozen=True, slots=True)
class ReversedPair:
    """A pair of the setting whose sides are exchanged, and what Plex shows of the file.

    `plex_path` is where the exchanged pair leads to.
    """

    source: str
    target: str
    plex_path: str

    @property
    def advice(self) -> str:
        """Return what is wrong and what to enter, as text for the user."""
        return (
            f"The {_SETTING} has '{self.source} => {self.target}' the wrong way round, because "
            f"Stash's folder comes first: enter '{self.target} => {self.source}'. Plex has the "
            f"file under {self.plex_path}."
        )


def find_reversed(
    files: Sequence[SceneFile], candidates: Candidates, path_map: PathMap
) -> ReversedPair | None:
    """Return the pair that leads to one of these files if its sides are exchanged, else None.

    Ask this for files that the mapping as it is does not find. Only the exact path counts.
    """
    for pair, plex_path, exchanged in _exchanged(path_map, [file.path for file in files]):
        named = [file for file in files if plex_path in exchanged.mapped(file.path)]
        match = match_scene(named, candidates, exchanged)
        is_exact = bool(match.items) and match.candidates[0].evidence is Evidence.EXACT_PATH
        if is_exact and match.confidence is Confidence.HIGH:
            return ReversedPair(*pair, plex_path)
    return None


def find_reversed_folder(
    path: str, path_map: PathMap, is_in_library: Callable[[str], bool]
) -> ReversedPair | None:
    """Return the pair that leads into a library if its sides are exchanged, else None.

    For a file that Plex has not listed yet, whose mapped path is in none of its libraries.
    """
    for pair, plex_path, _ in _exchanged(path_map, [path]):
        if is_in_library(plex_path):
            return ReversedPair(*pair, plex_path)
    return None


def _exchanged(
    path_map: PathMap, paths: Sequence[str]
) -> Iterator[tuple[tuple[str, str], str, PathMap]]:
    """Yield each pair whose target holds a path, where that path would be, and the exchange."""
    for source, target in path_map.pairs:
        exchanged = PathMap(((target, source),))
        for path in paths:
            for plex_path in exchanged.mapped(path):
                if plex_path != path:
                    yield (source, target), plex_path, exchanged
