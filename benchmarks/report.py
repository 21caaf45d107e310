"""Format the table that `make bench` prints: figures, budgets and verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

WITHIN = "within"
OVER = "OVER"


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `is_within` None: there is no budget, the figure is for information."""

    part: str
    what: str
    measured: str
    budget: str = ""
    is_within: bool | None = None

    @property
    def verdict(self) -> str:
        """Return `within`, `OVER`, or "" if there is no budget."""
        return "" if self.is_within is None else WITHIN if self.is_within else OVER


def table(rows: Iterable[Row]) -> str:
    """Return all rows in columns, grouped by their parts."""
    rows = list(rows)
    columns = [("", "measured", "budget", "")]
    columns += [(f"  {row.what}", row.measured, row.budget, row.verdict) for row in rows]
    widths = [max(len(cells[place]) for cells in columns) for place in range(3)]
    lines = [_line(columns[0], widths)]
    for part, group in groupby(rows, key=lambda row: row.part):
        lines += ["", part]
        lines += [
            _line((f"  {row.what}", row.measured, row.budget, row.verdict), widths) for row in group
        ]
    return "\n".join(lines)


def _line(cells: tuple[str, str, str, str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([*padded, cells[3]]).rstrip()
