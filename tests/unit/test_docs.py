"""What the pages name exists, and what exists is named on the pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.obfuscate import hide_paths
from core.version import VERSION
from tests.harness.sources import module_name, nodes, parsed, shipped
from tools.layout import LAYERS
from tools.site_hooks import INCLUDED, foreign_hosts, included_pages, reference_pages

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
FRONT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
ARCHITECTURE = (DOCS / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECURITY = (DOCS / "security.md").read_text(encoding="utf-8")
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")
_STORED = re.compile(r"[a-z_]+\.(?:json|db|log)")
# Created and removed within one check.
_TEMPORARY = {"probe.db"}


def definitions(path: Path) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    """Yield the public classes of a module and its public functions outside of classes."""
    for node in parsed(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node


def stored_files() -> set[str]:
    """Return the names of stored files among the constants of the code."""
    constants = (
        node.value
        for path in shipped()
        for node in nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in constants if _STORED.fullmatch(text)} - _TEMPORARY


def test_every_module_class_and_function_says_what_it_is_for() -> None:
    modules = [(module_name(path), "", parsed(path)) for path in shipped()]
    inside = [(module_name(path), *found) for path in shipped() for found in definitions(path)]

    everything = [*modules, *inside]
    undocumented = [row[:2] for row in everything if not ast.get_docstring(row[2])]
    assert len(inside) > len(modules)
    assert undocumented == []


@pytest.mark.parametrize("name", FRONT)
def test_the_front_pages_link_to_what_is_there(name: str) -> None:
    links = _LINK.findall((ROOT / name).read_text(encoding="utf-8"))

    # Pages of the host that shows the repository, such as the state of the tests.
    inside = [link for link in links if not link.startswith("../../actions/")]
    assert [link for link in inside if not (ROOT / link).exists()] == []


def test_the_reference_has_every_module_that_ships() -> None:
    pages = "".join(reference_pages(ROOT).values())

    missing = [
        name
        for path in shipped()
        if f"::: {(name := module_name(path).removesuffix('.__init__'))}\n" not in pages
    ]

    assert missing == []


def test_the_menu_has_every_page_of_the_reference() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")

    assert [page for page in (*reference_pages(ROOT), *INCLUDED) if f": {page}\n" not in menu] == []


def test_included_pages_link_to_their_neighbours() -> None:
    text = "".join(included_pages(ROOT).values())

    assert "](docs/" not in text
    assert f"[{VERSION}]" in text


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<img alt="" src="http://badges.example/x.svg">',
    ],
)
def test_what_a_browser_would_ask_other_hosts_for_is_found(html: str) -> None:
    assert len(foreign_hosts(html)) == 1


def test_a_link_is_no_foreign_host() -> None:
    assert (
        foreign_hosts('<a href="https://example.org">x</a><script src="assets/a.js"></script>')
        == []
    )


def test_the_security_page_names_every_file_that_is_kept() -> None:
    assert [name for name in sorted(stored_files()) if f"`{name}`" not in SECURITY] == []


def test_the_security_page_shows_what_hiding_paths_really_does() -> None:
    before, after = re.findall(r"`(/[^`]+\.mp4)`", SECURITY)

    assert hide_paths(before) == after


def test_the_architecture_page_shows_the_layers_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", ARCHITECTURE, re.MULTILINE)
    shown = {
        name.removesuffix("/").removesuffix(".py").replace("/", "."): int(layer)
        for layer, names in rows
        for name in re.findall("`([^`]+)`", names)
    }

    assert shown == LAYERS


def test_the_architecture_page_names_every_runtime_package() -> None:
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z][a-z-]*[a-z0-9]", requirements, re.MULTILINE)
    table = ARCHITECTURE.partition("\n## Packages\n")[2].partition("\n## ")[0]
    named = re.findall(r"[\w-]+", " ".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)))

    assert packages
    assert set(packages) - set(named) == set()
