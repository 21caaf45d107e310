"""The examples in docstrings are run, and every package has one at its entry."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from tests.harness.sources import module_name, shipped
from tools.layout import PACKAGES

WITH_EXAMPLES = [path for path in shipped() if ">>> " in path.read_text("utf-8")]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=module_name)
def test_the_examples_of_a_module_are_right(path: Path) -> None:
    output: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)

    for test in doctest.DocTestFinder().find(importlib.import_module(module_name(path))):
        runner.run(test, out=output.append)

    assert runner.tries > 0
    assert "".join(output) == ""


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_package_has_an_example(package: str) -> None:
    assert [path for path in WITH_EXAMPLES if module_name(path).startswith(f"{package}.")]


def test_the_reference_shows_examples_as_code() -> None:
    """A section of another name would be text, in which brackets are links."""
    for path in WITH_EXAMPLES:
        blocks = path.read_text("utf-8").split('"""')[1::2]
        with_examples = [block for block in blocks if ">>> " in block]

        assert [block for block in with_examples if "Examples:\n" not in block] == [], path
