"""Compares field values of Stash and Plex in one normal form per kind.

Plex may trim text, change line ends and the Unicode form, and keep another spelling of a tag. So
values are compared, and digests are made, in a normal form.
"""

import hashlib
import unicodedata
from functools import lru_cache
from typing import TypeAlias

from core.fields import Kind
from core.unicode_form import caseless, composed

FieldValue: TypeAlias = str | float | tuple[str, ...] | None
"""Text and dates are `str`, names a tuple, ratings a float 0 to 10. Empty is "", () or None."""


_KNOWN_VALUES = 4096  # about twice the values of a batch


def is_empty(value: FieldValue) -> bool:
    """True for None, "", () and a rating of 0, which Plex shows as unrated."""
    return not value


# A sync compares each value of a batch several times, and many scenes have the same names.
@lru_cache(maxsize=_KNOWN_VALUES)
def normal_form(kind: Kind, value: FieldValue) -> str:
    """Return the comparable text of a value; "" for every empty value. Names compare as a caseless
    set.
    """
    if is_empty(value):
        return ""
    if isinstance(value, tuple):
        return _joined({caseless(name.strip()) for name in value})
    if isinstance(value, float | int):
        return f"{value:.1f}"
    return composed(_trimmed(kind, str(value)))


def same_value(kind: Kind, left: FieldValue, right: FieldValue) -> bool:
    """Return True if the user would see no difference in Plex.

    Examples:
        >>> same_value(Kind.NAMES, ("Blue", "red"), ("RED", "blue "))
        True
        >>> same_value(Kind.TEXT, "two\\r\\nlines", "two\\nlines")
        True
        >>> same_value(Kind.TEXT, "Caf\\u00e9", "Cafe\\u0301")
        True
    """
    return left == right or normal_form(kind, left) == normal_form(kind, right)


@lru_cache(maxsize=_KNOWN_VALUES)
def digest(kind: Kind, value: FieldValue) -> str:
    """Return 16 hex digits of the normal form; "" for every empty value."""
    return _digest_of(normal_form(kind, value))


@lru_cache(maxsize=_KNOWN_VALUES)
def digests(kind: Kind, value: FieldValue) -> frozenset[str]:
    """Return every digest under which the value may be stored; `{""}` for an empty value.

    PlexSync 1.1 made digests of texts as they were, composed or not.
    """
    forms = {normal_form(kind, value), _form_of_1_1(kind, value)}
    text = "".join(value) if isinstance(value, tuple) else value
    if isinstance(text, str) and not text.isascii():
        forms.add(_form_of_1_1(kind, _decomposed(value)))
    return frozenset(map(_digest_of, forms))


def _form_of_1_1(kind: Kind, value: FieldValue) -> str:
    if isinstance(value, tuple):
        return _joined({name.strip().casefold() for name in value})
    if isinstance(value, str):
        return _trimmed(kind, value)
    return normal_form(kind, value)


def _decomposed(value: FieldValue) -> FieldValue:
    if isinstance(value, tuple):
        return tuple(unicodedata.normalize("NFD", name) for name in value)
    return unicodedata.normalize("NFD", value) if isinstance(value, str) else value


def _joined(names: set[str]) -> str:
    return "\x1f".join(sorted(names - {""}))


def _trimmed(kind: Kind, value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return text[:10] if kind is Kind.DATE else text


def _digest_of(text: str) -> str:
    if not text:
        return ""
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()[:16]
