"""Folds spellings of names and paths that a user may take for the same."""

import unicodedata

from core.unicode_form import caseless

_INVISIBLE = "Cf"


def broad_form(text: str) -> str:
    """Return the form in which two texts count as equal in doubt.

    Case, Unicode form, blanks and invisible characters do not count; Windows puts one before a path
    that is copied from a file's properties. This is wider than what any file system takes for
    equal, so use it to leave something alone, never to choose it.

    Examples:
        >>> broad_form(" Cafe\\u0301  NOIR ") == broad_form("caf\\u00e9 noir")
        True
    """
    if not text.isascii():
        visible = "".join(
            character for character in text if unicodedata.category(character) != _INVISIBLE
        )
        # Case is folded on the decomposed form, as in `plex.paths.normal_path`.
        text = unicodedata.normalize("NFKD", visible)
    return " ".join(unicodedata.normalize("NFKC", text.casefold()).split())


def plain_form(text: str) -> str:
    """Return the form in which two spellings of one name are equal.

    Case, Unicode form and the number of blanks do not count. Stash takes two tags for one name
    without regard to case, so use it to find a name that the user has typed.

    Examples:
        >>> plain_form(" Cafe\\u0301  NOIR ") == plain_form("caf\\u00e9 noir")
        True
        >>> plain_form("caf\\u00e9") == plain_form("cafe")
        False
    """
    return " ".join(caseless(text).split())
