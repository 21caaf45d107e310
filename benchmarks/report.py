"""Format the table that `make bench` prints: figures, budgets and verdicts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

WITHIN = "within"
OVER = "OVER"
# What a revision cannot do.
NONE = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `is_within` None: there is no budget, the figure is for information.

    `other` is the same figure of the revision that this one is compared with, `ratio` how many
    times better this one is. `is_figure`: docs/limits.md shows it.
    """

    part: str
    what: str
    measured: str
    budget: str = ""
    is_within: bool | None = None
    is_figure: bool = False
    other: str = NONE
    ratio: str = NONE

    @property
    def verdict(self) -> str:
        """Return `within`, `OVER`, or "" if there is no budget."""
        return "" if self.is_within is None else WITHIN if self.is_within else OVER


def table(rows: Iterable[Row], other: str = "") -> str:
    """Return all rows in columns, grouped by their parts.

    `other` is the name of the revision that this one is compared with; "" leaves its columns out.
    """
    rows = list(rows)
    heading = ["", "this revision", other, "ratio"] if other else ["", "measured"]
    columns = [[*heading, "budget", ""], *(_cells(row, bool(other)) for row in rows)]
    widths = [max(len(cells[place]) for cells in columns) for place in range(len(columns[0]))]
    lines = [_line(columns[0], widths)]
    for part, group in groupby(rows, key=lambda row: row.part):
        lines += ["", part, *(_line(_cells(row, bool(other)), widths) for row in group)]
    return "\n".join(lines)


def _cells(row: Row, is_compared: bool) -> list[str]:
    compared = [row.other, row.ratio] if is_compared else []
    return [f"  {row.what}", row.measured, *compared, row.budget, row.verdict]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()
