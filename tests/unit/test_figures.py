"""Hold the figures of the product: sizes, parameters, and how far the sync's context reaches."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.plugin_copy import ROOT
from tests.harness.sources import nodes, shipped

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 7
MAX_CONTEXT_USERS = 15
MAX_PACKAGE_SHARE = 0.25
MODULES = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in shipped()}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function]]:
    """Yield (module and line, function) of every function that ships."""
    for path in shipped():
        module = str(path.relative_to(ROOT))
        for node in nodes(path):
            if isinstance(node, Function):
                yield f"{module}:{node.lineno} {node.name}", node


def parameters(function: Function) -> list[ast.arg]:
    """Return what a caller may pass; `self` and `cls` are not among it."""
    given = function.args
    named = [*given.posonlyargs, *given.args]
    own = named[1:] if named and named[0].arg in {"self", "cls"} else named
    extra = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
    return [*own, *given.kwonlyargs, *extra]


def takes_context(function: Function) -> bool:
    """Return True if a parameter is a `SyncContext`, or a function that returns one."""
    return any(
        isinstance(node, ast.Name) and node.id == "SyncContext"
        for parameter in parameters(function)
        if parameter.annotation is not None
        for node in ast.walk(parameter.annotation)
    )


def package_lines() -> Counter[str]:
    """Return the lines of each top-level package and entry file."""
    lines: Counter[str] = Counter()
    for module, text in MODULES.items():
        lines[Path(module).parts[0]] += len(text.splitlines())
    return lines


def test_no_module_exceeds_300_lines() -> None:
    sizes = {module: len(text.splitlines()) for module, text in MODULES.items()}

    assert {name: size for name, size in sizes.items() if size > MAX_MODULE_LINES} == {}


def test_no_function_exceeds_40_lines() -> None:
    sizes = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in functions()}

    assert len(sizes) > 500
    assert {name: size for name, size in sizes.items() if size > MAX_FUNCTION_LINES} == {}


def test_no_function_exceeds_7_parameters() -> None:
    counts = {name: len(parameters(node)) for name, node in functions()}

    assert {name: count for name, count in counts.items() if count > MAX_PARAMETERS} == {}


def test_few_functions_take_the_whole_sync_context() -> None:
    users = [name for name, node in functions() if takes_context(node)]

    assert users
    assert len(users) <= MAX_CONTEXT_USERS, users


@pytest.mark.parametrize("package", sorted(package_lines()))
def test_no_package_holds_more_than_a_quarter_of_all_lines(package: str) -> None:
    lines = package_lines()

    assert lines[package] / lines.total() <= MAX_PACKAGE_SHARE
