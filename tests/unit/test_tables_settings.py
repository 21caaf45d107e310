"""Every setting has its attribute, and code that ships reads every attribute."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from core.fields import FIELDS
from tests.harness.sources import module_name, nodes, parsed, shipped
from validation.config import PlexSyncConfig
from validation.settings import SETTINGS

TABLES = {field.toggle: "toggles" for field in FIELDS if field.has_toggle} | {
    f"{field.name}_source": "sources" for field in FIELDS if field.sources
}
"""Settings of fields by the attribute that holds them all."""
CONFIG = PlexSyncConfig.__name__


def is_settings(node: ast.expr, in_class: str) -> bool:
    """Whether this is the settings model by its name, or itself within its own methods."""
    text = ast.unparse(node)
    return text.split(".")[-1].endswith("config") or (text == "self" and in_class == CONFIG)


def reads(tree: ast.AST, in_class: str = "") -> Iterator[str]:
    """The attributes of the settings that are read somewhere below."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and is_settings(node.value, in_class)
        ):
            yield node.attr


def functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    """The functions of a module and the methods of its classes, with the class's name or ""."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node, ""
        if isinstance(node, ast.ClassDef):
            yield from (
                (part, node.name) for part in node.body if isinstance(part, ast.FunctionDef)
            )


def names(tree: ast.AST) -> set[str]:
    """Every name and every attribute that stands somewhere below."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def targets(node: ast.stmt) -> list[ast.Name]:
    """The names that an assignment gives a value."""
    if isinstance(node, ast.AnnAssign):
        return [node.target] if isinstance(node.target, ast.Name) else []
    return (
        [target for target in node.targets if isinstance(target, ast.Name)]
        if isinstance(node, ast.Assign)
        else []
    )


def read_attributes(env: Iterable[ast.Module], derived: Iterable[ast.Module]) -> set[str]:
    """Return the settings that `env` reads, itself or through functions of `derived` it calls."""
    env, derived = list(env), list(derived)
    found = {attribute for tree in env for attribute in reads(tree)}
    known = {name for tree in env for name in names(tree)}
    ahead = [pair for tree in derived for pair in functions(tree)]
    tables = {target.id: node for tree in derived for node in tree.body for target in targets(node)}
    seen = 0
    while len(known) > seen:
        seen = len(known)
        reached = [pair for pair in ahead if pair[0].name in known]
        found |= {attribute for node, owner in reached for attribute in reads(node, owner)}
        known |= {name for node, _ in reached for name in names(node)}
        rows = [tables[table] for table in known & tables.keys()]
        found |= {attribute for row in rows for attribute in reads(row)}
        known |= {name for row in rows for name in names(row)}
    return found


@pytest.fixture(scope="module")
def read_here() -> set[str]:
    """What the code that ships reads."""
    trees = {module_name(path): parsed(path) for path in shipped()}
    derived = [tree for name, tree in trees.items() if name.startswith("validation.")]
    named = {name for field in FIELDS for name in (field.enabled_by, field.limit_setting)}
    return named | read_attributes(
        [tree for tree in trees.values() if tree not in derived], derived
    )


def test_settings_and_model_attributes_are_the_same() -> None:
    attributes = {TABLES.get(setting.name, setting.name) for setting in SETTINGS}

    assert attributes == set(PlexSyncConfig.model_fields)


@pytest.mark.parametrize("name", PlexSyncConfig.model_fields)
def test_every_setting_has_a_reader(read_here: set[str], name: str) -> None:
    assert name in read_here


def test_a_setting_read_only_by_dead_code_has_no_reader() -> None:
    env = ast.parse("def work(config):\n    return config.direct, wanted(config), config.is_on()\n")
    derived = ast.parse(
        "class PlexSyncConfig:\n"
        "    def is_on(self):\n        return self.by_method\n"
        "def wanted(config):\n    return CLEANERS['x'](config)\n"
        "def clean(config):\n    return config.by_table\n"
        "def forgotten(config):\n    return config.unread\n"
        "CLEANERS = {'x': clean}\n"
    )

    found = read_attributes([env], [derived])

    assert {"direct", "by_method", "by_table"} <= found
    assert "unread" not in found


def test_no_setting_is_asked_for_with_a_default_of_its_own() -> None:
    asked = [
        f"{module_name(path)}: {ast.unparse(node)}"
        for path in shipped()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "getattr"
        and len(node.args) == 3
        if is_settings(node.args[0], "")
    ]

    assert asked == []


def test_keys_and_titles_are_each_a_settings_own() -> None:
    for column in ("key", "name", "display_name", "purpose"):
        values = [getattr(setting, column) for setting in SETTINGS]
        assert len(set(values)) == len(values), column
