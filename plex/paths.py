"""Compares paths of Stash and Plex, whatever system each runs on.

Separators, case and the Unicode form of the same file name differ between systems. Both
separators count everywhere; a POSIX name that holds a backslash is cut at it, on both sides alike.
SMB clients show characters that Windows forbids in names as private-use characters.
"""

from functools import lru_cache

from core.file_names import components, file_name
from core.unicode_form import caseless

# Services for Unix and cifs: U+F000 plus the character.
_SFU = {0xF000 + ord(character): character for character in "*?:><|\\"}
# Services for Macintosh, macOS and Samba's vfs_fruit: a table; the last two stand at a name's end.
_SFM = {0xF020 + place: character for place, character in enumerate('"*:<>?\\| .')}
_UNMANGLED = _SFM | _SFU


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


# The path of a scene and that of its item are folded several times while they are compared.
@lru_cache(maxsize=256)
def folded_path(path: str) -> str:
    """Return the normal form in which the names that SMB clients mangle are equal as well.

    Two files of one folder can have one folded form, so use it to find files; that two of them are
    one file needs equal normal forms.

    Examples:
        >>> folded_path("/media/Who\uf025/a\uf022 b.mp4") == folded_path("/media/who?/a: b.mp4")
        True
    """
    return normal_path(path.translate(_UNMANGLED))


def same_path(left: str, right: str) -> bool:
    """Return True if two of Plex's paths name one file."""
    return left == right or normal_path(left) == normal_path(right)


def folded_name(path: str) -> str:
    """Return the folded file name of a path, for any separator of folders."""
    return normal_path(file_name(path.translate(_UNMANGLED)))
