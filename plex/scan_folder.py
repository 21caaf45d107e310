"""Which folder of which library Plex has to scan to find a file. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.file_names import components
from plex.client import Section
from plex.paths import folded_path


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """One folder of one library.

    `path` is absolute, as Plex sees it, and `location` or below it.
    """

    section: int
    location: str
    path: str


def folders_of(paths: Iterable[str], sections: Sequence[Section]) -> tuple[ScanFolder, ...]:
    """Return the folders of these files as Plex sees them, in every library that holds them.

    Return () if no library does.
    """
    found: dict[ScanFolder, None] = {}
    for path in paths:
        for section in sections:
            for location in section.locations:
                folder = _below(path, location)
                if folder:
                    found[ScanFolder(section.key, location, folder)] = None
                    break
    return tuple(found)


def with_ancestors(folder: ScanFolder) -> Iterator[ScanFolder]:
    """Yield the folder and its ancestors up to the library's location: a scan of any finds its
    files.
    """
    separator, path, root = _separator(folder.location), folder.path, _bare(folder.location)
    while len(path) > len(root):
        yield replace(folder, path=path)
        path = path.rpartition(separator)[0]
    yield replace(folder, path=folder.location)


def common_folder(folders: Sequence[ScanFolder]) -> ScanFolder:
    """Return the innermost folder that holds them all; they are of one location of one library."""
    chains = [list(with_ancestors(folder)) for folder in folders]
    shared = set(chains[0]).intersection(*chains[1:])
    return next(folder for folder in chains[0] if folder in shared)


def _below(path: str, location: str) -> str:
    """The file's folder, spelled as the location is; "" when the file lies elsewhere."""
    root, parts = components(_bare(location)), components(path)[:-1]
    if not location or len(parts) < len(root):
        return ""
    if any(
        folded_path(ours) != folded_path(theirs) for ours, theirs in zip(parts, root, strict=False)
    ):
        return ""
    rest = parts[len(root) :]
    return _separator(location).join([_bare(location), *rest]) if rest else location


def _bare(location: str) -> str:
    return location.rstrip("/\\")


def _separator(location: str) -> str:
    return "\\" if "\\" in location else "/"
