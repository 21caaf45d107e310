"""Replace a generated part of a page: what is between two marked lines."""

from collections.abc import Iterable, Sequence

MARKDOWN = "<!-- {} -->"
HASH = "# {}"  # YAML, INI
COMMAND = "make tables"


def marks(name: str, comment: str = MARKDOWN, command: str = COMMAND) -> tuple[str, str]:
    """Return the lines before and after the part; the first names the command that writes it."""
    return comment.format(f"{name}:begin, written by `{command}`"), comment.format(f"{name}:end")


def with_part(
    page: str, name: str, part: str, comment: str = MARKDOWN, command: str = COMMAND
) -> str:
    """Return `page` with `part` between the marks of this name; an empty page becomes the part.

    Raises:
        ValueError: the marks are missing or in the wrong order.
    """
    first, last = marks(name, comment, command)
    before, begin, rest = (page or f"{first}\n{last}\n").partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        raise ValueError(f"the page has no {first} followed by {last}")
    indent = before[before.rfind("\n") + 1 :]
    return f"{before}{first}\n{part.strip(chr(10))}\n{indent}{last}{after}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )
