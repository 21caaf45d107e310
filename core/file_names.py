"""Split paths of Stash and Plex, whatever system each runs on: both separators count everywhere."""

import re

_SEPARATORS = re.compile(r"[/\\]+")


def components(path: str) -> list[str]:
    """Return the parts between separators; an absolute POSIX or network path starts with ""."""
    return _SEPARATORS.split(path)


def file_name(path: str) -> str:
    """Return what follows the last separator; "" for a path that ends with one."""
    return components(path)[-1]


def file_stem(path: str) -> str:
    """Return the file name without its last extension."""
    name = file_name(path)
    return name.rpartition(".")[0] or name
