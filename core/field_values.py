"""Compares field values of Stash and Plex in one normal form per kind.

Plex may trim text, change line ends and keep another spelling of a tag. So values are compared, and
digests are made, in a normal form.
"""

import hashlib
from typing import TypeAlias

from core.fields import Kind

FieldValue: TypeAlias = str | float | tuple[str, ...] | None
"""Text and dates are `str`, names a tuple, ratings a float 0 to 10. Empty is "", () or None."""


def is_empty(value: FieldValue) -> bool:
    """True for None, "", () and a rating of 0, which Plex shows as unrated."""
    return not value


def normal_form(kind: Kind, value: FieldValue) -> str:
    """Return the comparable text of a value; "" for every empty value. Names compare as a caseless
    set.
    """
    if is_empty(value):
        return ""
    if isinstance(value, tuple):
        return "\x1f".join(sorted({name.strip().casefold() for name in value if name.strip()}))
    if isinstance(value, float | int):
        return f"{value:.1f}"
    text = str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    return text[:10] if kind is Kind.DATE else text


def same_value(kind: Kind, left: FieldValue, right: FieldValue) -> bool:
    """Return True if the user would see no difference in Plex.

    Examples:
        >>> same_value(Kind.NAMES, ("Blue", "red"), ("RED", "blue "))
        True
        >>> same_value(Kind.TEXT, "two\\r\\nlines", "two\\nlines")
        True
    """
    return normal_form(kind, left) == normal_form(kind, right)


def digest(kind: Kind, value: FieldValue) -> str:
    """Return 16 hex digits of the normal form; "" for every empty value."""
    text = normal_form(kind, value)
    return (
        hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:16]
        if text
        else ""
    )
