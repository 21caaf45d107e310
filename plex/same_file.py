"""Decides whether listed files are one file, and whether sizes prove that two are not. Pure."""

from collections.abc import Sequence

from core.match import PlexFile
from plex.paths import normal_path


def is_one_file(entries: Sequence[PlexFile]) -> bool:
    """Return True if entries of one folded path are one file: one spelling, or one known size.

    Two spellings can be two files where case counts, so the size must confirm them. Where only an
    SMB client's mangling differs they are two files: one client shows each file once.
    """
    if len({entry.path for entry in entries}) <= 1:
        return True
    sizes = {entry.size for entry in entries}
    return (
        len(sizes) == 1
        and 0 not in sizes
        and len({normal_path(entry.path) for entry in entries}) == 1
    )


def sizes_differ(left: int, right: int) -> bool:
    """Return True if two sizes prove two different files; an unknown one (0) proves nothing."""
    return left != right and left > 0 and right > 0
