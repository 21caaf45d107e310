"""Fail `make test` if too little of what ships was run: 85 % overall, 80 % in every layer unit.

Reads the report that `coverage json` wrote. A shipped file that no test loaded counts in full.
"""

import ast
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.layout import module_name, shipped_modules, unit_of

ROOT = Path(__file__).resolve().parent.parent
REPORT = ".coverage_report.json"
OVERALL_PERCENT = 85.0
UNIT_PERCENT = 80.0


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of statements that were run, and of all statements."""

    covered: int = 0
    statements: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.covered + other.covered, self.statements + other.statements)

    @property
    def percent(self) -> float:
        """Return the share that was run; 100 if there is nothing to run."""
        return 100.0 * self.covered / self.statements if self.statements else 100.0


def measured(report: Mapping[str, object]) -> dict[str, Count]:
    """Return the counts of a `coverage json` report by path relative to the project (`a/b.py`)."""
    files = report["files"]
    if not isinstance(files, dict):
        raise ValueError("the coverage report lists no files")
    return {
        name.replace("\\", "/"): Count(
            entry["summary"]["covered_lines"], entry["summary"]["num_statements"]
        )
        for name, entry in files.items()
    }


def shipped_files(root: Path) -> list[str]:
    """Return every Python file that ships, relative to `root`."""
    return [path.relative_to(root).as_posix() for path in shipped_modules(root)]


def by_unit(root: Path, files: Iterable[str], counts: Mapping[str, Count]) -> dict[str, Count]:
    """Return the sums per layer unit, for units that hold anything to run."""
    sums: dict[str, Count] = {}
    for name in files:
        count = counts.get(name) or Count(0, _statements(root / name))
        unit = unit_of(module_name(Path(name)))
        sums[unit] = sums.get(unit, Count()) + count
    return {unit: count for unit, count in sums.items() if count.statements}


def complaints(sums: Mapping[str, Count]) -> list[str]:
    """Return one line for each count below its bound; [] if all are high enough."""
    overall = sum(sums.values(), Count())
    bounds = [("everything", overall, OVERALL_PERCENT)]
    bounds += [(unit, count, UNIT_PERCENT) for unit, count in sums.items()]
    return [
        f"{name}: {count.percent:.1f} % is below {bound:g} %"
        for name, count, bound in bounds
        if count.percent < bound
    ]


def main(root: Path = ROOT) -> int:
    """Print the sums; return 1 if one is too low, else 0."""
    counts = measured(json.loads((root / REPORT).read_text(encoding="utf-8")))
    sums = by_unit(root, shipped_files(root), counts)
    for unit, count in {**sums, "everything": sum(sums.values(), Count())}.items():
        print(f"coverage  {unit:<20} {count.percent:5.1f} %  {count.covered} of {count.statements}")
    failures = complaints(sums)
    for line in failures:
        print(f"coverage too low: {line}")
    return 1 if failures else 0


def _statements(path: Path) -> int:
    """Return about how many statements a file has that never ran, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sum(isinstance(node, ast.stmt) and not _is_docstring(node) for node in ast.walk(tree))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


if __name__ == "__main__":
    sys.exit(main())
