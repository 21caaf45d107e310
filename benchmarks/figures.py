"""Keep the figures in docs/limits.md: `make figures` replaces those of the parts it measured."""

from collections.abc import Sequence

from benchmarks.environment import PROJECT
from benchmarks.report import Row
from tools.generated_sections import table, with_part

PAGE = PROJECT / "docs" / "limits.md"
COMMAND = "make figures"


def with_figures(page: str, part: str, rows: Sequence[Row], other: str, when: str) -> str:
    """Return `page` with the figures of one part replaced.

    `other` is the revision that `rows` compare with, "" if they do not; `when` says what was
    measured, the date and the load.

    Raises:
        ValueError: the page has no place for this part.
    """
    shown = [row for row in rows if row.is_figure]
    if other:
        heading = ["figure", "this revision", other, "ratio", "target"]
        lines = [[row.what, row.measured, row.other, row.ratio, row.budget] for row in shown]
    else:
        heading = ["figure", "measured", "target"]
        lines = [[row.what, row.measured, row.budget] for row in shown]
    # The spaces that align columns on a terminal
    cells = [[" ".join(cell.split()) for cell in line] for line in lines]
    text = f"{shown[0].part}.\n\nPart `{part}`, {when}:\n\n{table(heading, cells)}"
    return with_part(page, f"figures {part}", text, command=COMMAND)
