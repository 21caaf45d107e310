"""Finds files that could be a missing one under another name. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from core.match import PlexFile
from plex.paths import folded_path, folders

MAX_SIMILAR = 3


class FilesBySize:
    """Every file of known size, by its size in bytes."""

    def __init__(self, files: Iterable[PlexFile]) -> None:
        self._files: dict[int, list[PlexFile]] = defaultdict(list)
        for file in files:
            if file.size:
                self._files[file.size].append(file)

    def similar(self, paths: Sequence[str], sizes: Sequence[int]) -> tuple[PlexFile, ...]:
        """Return the first files of one of these sizes in a folder of the same name.

        The folders above it may have other names: Plex may see them elsewhere.
        """
        names = {_folder_name(path) for path in paths} - {""}
        similar = {
            file.path: file
            for size in dict.fromkeys(sizes)
            for file in self._files.get(size, ())
            if _folder_name(file.path) in names
        }
        return tuple(similar[path] for path in sorted(similar)[:MAX_SIMILAR])


def _folder_name(path: str) -> str:
    return (folders(folded_path(path)) or ("",))[-1]
