"""Formats numbers as users read them."""

from collections.abc import Mapping, Sequence

from core.field_values import FieldValue
from core.units import DAY_S, HOUR_S, MINUTE_S

_UNITS = ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min"))


def pluralize(count: int, noun: str) -> str:
    """Return a count with its noun: `1 scene`, `1,200 scenes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def are_not_set(settings: Sequence[str]) -> str:
    """Return the beginning of a sentence about settings, which must not be empty.

    Examples:
        >>> are_not_set(["Plex URL"]), are_not_set(["Plex URL", "Plex token"])
        ('Plex URL is not set', 'Plex URL and Plex token are not set')
    """
    return f"{' and '.join(settings)} {'is' if len(settings) == 1 else 'are'} not set"


def join_counts(counts: Mapping[str, int], sign: str = " ") -> str:
    """Return `3 stale, 1,200 missing` in the given order; "" for none."""
    return ", ".join(f"{count:,}{sign}{name}" for name, count in counts.items())


def format_counts(counts: Mapping[str, int], limit: int = 5) -> str:
    """Return `3 x AmbiguousMatch, 1 x WeakMatch`, highest count first; "" for none.

    What is beyond `limit` is added up as `others`.
    """
    ordered = sorted(counts.items(), key=lambda row: -row[1])
    rest = sum(count for _, count in ordered[limit:])
    others = {"others": rest} if rest else {}
    return join_counts({**dict(ordered[:limit]), **others}, " x ")


def format_duration(seconds: float) -> str:
    """Return a length of time as users read it: `45 s`, `12.5 min`, `3 h`, `2.1 d`."""
    for unit_s, name in _UNITS:
        if seconds >= unit_s:
            return f"{seconds / unit_s:.1f}".removesuffix(".0") + f" {name}"
    return f"{max(0.0, seconds):.0f} s"


def format_value(value: FieldValue, max_chars: int) -> str:
    """Return a field's value on one line, cut to `max_chars` characters; "" for an empty value.

    Examples:
        >>> format_value(("night", "train"), 8)
        'night, t...'
    """
    text = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    text = " ".join(text.split())
    return text if len(text) <= max_chars else f"{text[:max_chars]}..."


def unchanged(text: str) -> str:
    """Return the text as it is; the default where a text may be sanitized."""
    return text
