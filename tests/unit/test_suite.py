"""Check the suite itself: test folders do not import each other, and test names stay short."""

import ast
from collections.abc import Iterator

import pytest

from tests.harness.measured import is_measured
from tests.harness.plugin_copy import ROOT
from tests.harness.sources import parsed

TESTS = ROOT / "tests"
SHARED = {"harness", "emulators", "fixtures"}
MAX_NAME = 60


def suite_modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield (folder or file below tests, parsed module) of every module of the suite."""
    for path in sorted(TESTS.rglob("*.py")):
        yield path.relative_to(TESTS).parts[0], parsed(path)


def imported_folders(tree: ast.Module) -> Iterator[str]:
    """Yield the folders below tests that a module imports from."""
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            parts = name.split(".")
            if parts[0] == "tests" and len(parts) > 1 and (TESTS / parts[1]).is_dir():
                yield parts[1]


def test_test_folders_do_not_import_each_other() -> None:
    arrows = {
        (folder, imported)
        for folder, tree in suite_modules()
        for imported in imported_folders(tree)
        if imported not in {folder, *SHARED} and (TESTS / folder).is_dir()
    }

    # the script that made the data of 1.1.0 drives that release as the flow tests do
    assert arrows <= {("fixtures", "flow")}


def test_test_names_have_no_more_than_60_characters() -> None:
    long_names = [
        node.name
        for _, tree in suite_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and len(node.name) > MAX_NAME
    ]

    assert long_names == []


@pytest.mark.parametrize(
    ("path", "chosen", "is_property", "measured"),
    [
        ("tests/unit/core/test_job.py", "", True, True),
        ("tests/unit/core/test_job.py", "tests/unit tests/flow/test_a.py", False, True),
        ("tests/unit/core/test_job.py", "tests/unit tests/flow/test_a.py", True, False),
        ("tests/flow/test_a.py", "tests/unit tests/flow/test_a.py", False, True),
        ("tests/flow/test_b.py", "tests/unit tests/flow/test_a.py", False, False),
        ("tests/unit_of_work/test_b.py", "tests/unit", False, False),
    ],
)
def test_coverage_measures_the_chosen_tests(
    path: str, chosen: str, is_property: bool, measured: bool
) -> None:
    assert is_measured(path, chosen, is_property=is_property) is measured
