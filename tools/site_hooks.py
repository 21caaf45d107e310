"""What the pages' build adds to MkDocs: pages made of files that lie elsewhere, and a look for foreign hosts.

The reference has a page for every package, with every module that ships; a new module is there by itself.
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.layout import PACKAGES, module_name

ROOT = Path(__file__).resolve().parent.parent
FIRST_DOORS = ("PlexSync", "wiring")  # then the other files in the root
BORROWED = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}

_DOORS_PAGE = """\
# The doors

The files beside the packages: the script that Stash starts, what is built of what, the table of tasks, and the
installation of what Python lacks.
"""
# What a browser loads by itself; a link that somebody may follow is no such thing.
_LOADED = re.compile(
    r"""<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=["']?(https?://[^"'\s>]+)"""
)
_log = logging.getLogger("mkdocs.hooks.plexsync")


def reference_pages(root: Path) -> dict[str, str]:
    """The reference: a page's address and its Markdown, for every package and for the doors."""
    pages = {f"reference/{package}.md": _package_page(root, package) for package in PACKAGES}
    others = sorted({path.stem for path in root.glob("*.py")} - set(FIRST_DOORS))
    pages["reference/doors.md"] = _DOORS_PAGE + "".join(map(_entry, (*FIRST_DOORS, *others)))
    return pages


def borrowed_pages(root: Path) -> dict[str, str]:
    """Pages of files in the project's root, with their links as they are from docs/."""
    return {
        page: (root / name).read_text(encoding="utf-8").replace("](docs/", "](")
        for page, name in BORROWED.items()
    }


def foreign_hosts(html: str) -> list[str]:
    """The addresses of other hosts that a browser would ask for by itself; [] as it should be."""
    return _LOADED.findall(html)


def _package_page(root: Path, package: str) -> str:
    files = (path.relative_to(root) for path in (root / package).rglob("*.py"))
    modules = sorted({module_name(path) for path in files} - {package})
    head = f"# {package}\n\n::: {package}\n    options:\n      members: false\n      show_root_heading: false\n"
    return head + "".join(map(_entry, modules))


def _entry(module: str) -> str:
    return f"\n::: {module}\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """MkDocs collects its files: add the reference and what is borrowed."""
    pages: Mapping[str, str] = {**reference_pages(ROOT), **borrowed_pages(ROOT)}
    for address, text in pages.items():
        files.append(File.generated(config, address, content=text))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """A page is ready: in a strict build a warning ends the build."""
    for host in foreign_hosts(output):
        _log.warning("%s would ask for %s", page.file.src_uri, host)
    return output
