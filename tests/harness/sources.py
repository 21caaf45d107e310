"""Read the sources of what ships, each file once, for tests that look at the code itself."""

import ast
from functools import cache
from pathlib import Path

from tests.harness.plugin_copy import ROOT
from tools.layout import module_name as relative_module_name
from tools.layout import shipped_modules
from tools.stash_documents import PAGE_SOURCES


def shipped() -> list[Path]:
    """Return every module that ships."""
    return shipped_modules(ROOT)


def module_name(path: Path) -> str:
    """Return the full name of a module of the project."""
    return relative_module_name(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file, which no test may change."""
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of a file's syntax tree."""
    return tuple(ast.walk(parsed(path)))


@cache
def page_script() -> str:
    """Return the sources of the page's script, one after the other, without their tests."""
    sources = sorted(PAGE_SOURCES.rglob("*.ts*"))
    return "\n".join(path.read_text("utf-8") for path in sources if ".test." not in path.name)
