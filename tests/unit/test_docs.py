"""The pages hold together: what they name exists, and what exists is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.obfuscate import hide_paths
from core.version import VERSION
from tests.unit.test_layers import MODULES, module_name, parsed, shipped
from tools.site_hooks import INCLUDED, foreign_hosts, included_pages, reference_pages

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
FRONT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
SECURITY = (DOCS / "security.md").read_text(encoding="utf-8")
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")
_KEPT = re.compile(r"[a-z_]+\.(?:json|db|log)")
_PASSING = {"probe.db"}  # made and removed within one look


def definitions(path: Path) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    """Public classes of a module, and its public functions outside of classes."""
    for node in parsed(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node


def kept_files() -> set[str]:
    """The names of files that the code keeps, as they stand in it."""
    constants = (
        node.value
        for path in shipped()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in constants if _KEPT.fullmatch(text)} - _PASSING


@MODULES
def test_every_module_class_and_function_says_what_it_is_for(path: Path) -> None:
    silent = [name for name, node in definitions(path) if not ast.get_docstring(node)]

    assert ast.get_docstring(parsed(path))
    assert silent == []


@pytest.mark.parametrize("name", FRONT)
def test_the_front_pages_link_to_what_is_there(name: str) -> None:
    links = _LINK.findall((ROOT / name).read_text(encoding="utf-8"))

    assert [link for link in links if not (ROOT / link).exists()] == []


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


def test_a_link_that_somebody_may_follow_is_no_foreign_host() -> None:
    assert (
        foreign_hosts('<a href="https://example.org">x</a><script src="assets/a.js"></script>')
        == []
    )


def test_the_security_page_names_every_file_that_is_kept() -> None:
    assert [name for name in sorted(kept_files()) if f"`{name}`" not in SECURITY] == []


def test_the_security_page_shows_what_hiding_paths_really_does() -> None:
    before, after = re.findall(r"`(/[^`]+\.mp4)`", SECURITY)

    assert hide_paths(before) == after
