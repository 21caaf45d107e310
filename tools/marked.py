"""A generated part within a page that people write: it stands between two marks and is all that changes."""

from collections.abc import Iterable, Sequence


def marks(name: str) -> tuple[str, str]:
    """The lines before and after the part of this name."""
    return f"<!-- {name}:begin, written by `make tables` -->", f"<!-- {name}:end -->"


def with_part(page: str, name: str, part: str) -> str:
    """`page` with `part` between the marks of this name; an empty page becomes the part alone.

    Raises:
        ValueError: the marks are missing or in the wrong order.
    """
    first, last = marks(name)
    before, begin, rest = (page or f"{first}\n{last}\n").partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        raise ValueError(f"the page has no {first} followed by {last}")
    return f"{before}{first}\n{part.strip()}\n{last}{after}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
