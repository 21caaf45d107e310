"""Test the layers: which package may import which, and that every error has a rule."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import tasks.run
import wiring
from core.errors import error_classes
from tests.harness.plugin_copy import ROOT
from tests.harness.sources import module_name, nodes, parsed, shipped
from tools.layout import (
    ENTRY_FILES,
    HOOKS,
    HOOKS_MAY_IMPORT,
    LAYERS,
    PACKAGES,
    unit_of,
)
from worker.resilience.retry_policy import RULES

TOPS = {*PACKAGES, *(name.removesuffix(".py") for name in ENTRY_FILES)}


def path_of(module: str) -> Path | None:
    """Return the file of a module of PlexSync; None for a foreign module."""
    place = ROOT.joinpath(*module.split("."))
    return next(
        (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None
    )


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that an import statement in `tree` loads, by its full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import line shows the whole path"
            module = node.module or ""
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                yield inner if module.split(".")[0] in TOPS and path_of(inner) else module


def reachable(module: str) -> set[str]:
    """Every module that loading `module` loads, our own followed, others named."""
    seen: set[str] = set()
    ahead = [module]
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        path = path_of(name) if name.split(".")[0] in TOPS else None
        ahead += imported(parsed(path)) if path else ()
    return seen


def may_import(module: str, target: str) -> bool:
    unit, other = unit_of(module), unit_of(target)
    if other == unit:
        return True
    if unit == HOOKS:
        return target.startswith(HOOKS_MAY_IMPORT)
    if other == HOOKS:
        return unit == "startup"
    return LAYERS[other] < LAYERS[unit]


def test_every_package_is_in_the_layer_table() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {
        path.stem for path in ROOT.glob("*.py")
    }

    assert found - {"tests", "tools", "benchmarks", "noxfile"} == TOPS


def test_imports_go_down_only() -> None:
    arrows = {
        (module_name(path), target)
        for path in shipped()
        for target in imported(parsed(path))
        if unit_of(target)
    }

    assert len(arrows) > len(shipped())
    assert {arrow for arrow in arrows if not may_import(*arrow)} == set()


def test_imports_stand_at_the_top_of_the_file() -> None:
    inside = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in shipped()
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for name in imported(function)
    }

    # A hook loads these only where it needs them.
    rarely = {"json", "core.stash_log"}
    assert {place for place, name in inside if name not in rarely} == {"startup.py"}


def test_packages_have_a_docstring_and_import_nothing() -> None:
    packages = [path for path in shipped() if path.name == "__init__.py"]

    assert packages
    for path in packages:
        tree = parsed(path)
        assert ast.get_docstring(tree), path
        assert len(tree.body) == 1, path


def test_no_foreign_package_is_reachable_from_the_hook() -> None:
    hooks = [module_name(path) for path in shipped() if module_name(path).startswith("hooks.")]
    tops = {name.split(".")[0] for module in hooks for name in reachable(module)}

    assert hooks
    assert tops - TOPS - sys.stdlib_module_names == set()


def test_the_ground_floor_is_the_standard_library_alone() -> None:
    tops = {
        name.split(".")[0]
        for path in shipped()
        if path.parent.name == "core"
        for name in imported(parsed(path))
    }

    assert tops - {"core"} - sys.stdlib_module_names == set()


def test_every_error_has_a_rule_or_a_parents_rule() -> None:
    loaded = (
        tasks,
        wiring,
    )  # with everything that ships, so that no error class is missing from the tree
    judged_as = {
        kind: next(ancestor for ancestor in kind.__mro__ if ancestor in RULES)
        for kind in error_classes()
    }

    assert loaded
    assert {kind.__name__ for kind, row in judged_as.items() if row is Exception} == set()
    assert Exception in RULES
