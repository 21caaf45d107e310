"""Numbers as people read them."""

from collections.abc import Mapping


def several(count: int, noun: str) -> str:
    """`1 scene`, `1,200 scenes`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def by_name(counts: Mapping[str, int], most: int = 5) -> str:
    """`3 x AmbiguousMatch, 1 x WeakMatch`, most first; "" for none. What is beyond `most` is added up."""
    ordered = sorted(counts.items(), key=lambda row: -row[1])
    parts = [f"{count:,} x {name}" for name, count in ordered[:most]]
    rest = sum(count for _, count in ordered[most:])
    return ", ".join([*parts, *([f"{rest:,} x others"] if rest else [])])
