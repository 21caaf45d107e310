"""Splits and compares paths of Stash and Plex, whatever system each runs on.

Separators, case and the Unicode form of the same file name differ between systems. Both
separators count everywhere; a POSIX name that holds a backslash is cut at it, on both sides alike.
"""

import re

from core.unicode_form import caseless

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


def folders(path: str) -> tuple[str, ...]:
    """Return the folder names from the root down to the file, a drive such as `d:` included."""
    return tuple(part for part in components(path)[:-1] if part)


def normal_path(path: str) -> str:
    """Return the form in which two spellings of one path are equal: NFC, caseless, single slashes.

    Trailing spaces of components are dropped too, since some shares hide them. So different files
    can have one normal form: compare the raw paths first, and accept a normal form only where it is
    unique.

    Examples:
        >>> normal_path("D:\\\\Films\\\\Été.MP4") == normal_path("d:/films/e\\u0301te\\u0301.mp4")
        True
    """
    parts = components(caseless(path))
    root = "/" if len(parts) > 1 and not parts[0] else ""
    return root + "/".join(part for part in (part.rstrip(" ") for part in parts) if part)


def same_path(left: str, right: str) -> bool:
    """Return True if two of Plex's paths name one file."""
    return left == right or normal_path(left) == normal_path(right)


def normal_name(path: str) -> str:
    """Return the file name of a path, without case, composed, for any separator of folders."""
    return normal_path(file_name(path))
