"""The same file has one path in Stash and another in Plex; this carries a path across."""

import re
from dataclasses import dataclass

from core.file_names import components
from core.unicode_form import caseless, composed

_WINDOWS = re.compile(r"[A-Za-z]:($|[/\\])|.*\\")
_BARE_DRIVE = re.compile(r"[A-Za-z]:$")


@dataclass(frozen=True, slots=True)
class PathMap:
    """Prefix pairs, Stash's first. Without pairs every path stays as it is.

    Examples:
        >>> PathMap((("/data", "/media"), ("/data/new", "/incoming"))).mapped("/data/new/x.mp4")
        ('/incoming/x.mp4',)
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def mapped(self, path: str) -> tuple[str, ...]:
        """Return the path as Plex should show it; `path` itself if no prefix fits.

        Only the longest prefix counts, and it ends where a folder name ends. Several results mean
        that this prefix is given more than once, with different targets.
        """
        depths = [(_depth(source, path), target) for source, target in self.pairs]
        depth_used = max((depth for depth, _ in depths), default=0)
        if not depth_used:
            return (path,)
        rest = components(path)[depth_used:]
        return tuple(
            dict.fromkeys(_joined(target, rest) for depth, target in depths if depth == depth_used)
        )


def _depth(source: str, path: str) -> int:
    """How many components of `path` the prefix covers; 0 unless the path lies inside it."""
    if not source:
        return 0
    is_windows = _WINDOWS.match(source) is not None
    prefix = [_key(part, is_windows) for part in components(source.rstrip("/\\"))]
    start = [_key(part, is_windows) for part in components(path)]
    return len(prefix) if len(start) > len(prefix) and start[: len(prefix)] == prefix else 0


def _key(part: str, is_windows: bool) -> str:
    return caseless(part) if is_windows else composed(part)


def _joined(target: str, rest: list[str]) -> str:
    """`rest` below `target`, with the separator that the target is written with."""
    separator = "\\" if "\\" in target or _BARE_DRIVE.match(target) else "/"
    return separator.join([target.rstrip("/\\"), *rest])
