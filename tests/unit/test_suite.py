"""Check the suite itself: test folders do not import each other, and test names stay short."""

import ast
import os
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from tests.harness.measured import VARIABLE, paused
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


def test_property_tests_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage is switched on again afterwards, for this thread, new ones and processes."""

    def trace(frame: FrameType, event: str, argument: object) -> None:
        """Trace nothing."""

    monkeypatch.setenv(VARIABLE, "of coverage")
    before = sys.gettrace(), threading.gettrace()
    sys.settrace(trace)
    threading.settrace(trace)
    try:
        with paused():
            during = sys.gettrace(), threading.gettrace(), os.environ.get(VARIABLE)
        after = sys.gettrace(), threading.gettrace(), os.environ.get(VARIABLE)
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])

    assert during == (None, None, None)
    assert after == (trace, trace, "of coverage")
