"""Add generated pages to the MkDocs build, and warn of pages that load from other hosts.

The reference has a page for each package with every module that ships; new modules are included.
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
ENTRY_MODULES = ("PlexSync", "startup", "wiring")
INCLUDED = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}

_ENTRY_PAGE = """\
# Entry points

The files beside the packages: the script that Stash starts, and the composition root that builds
the objects.
"""
# What a browser loads without a click; links are left out.
_LOADED = re.compile(
    r"""<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=["']?(https?://[^"'\s>]+)"""
)
_log = logging.getLogger("mkdocs.hooks.plexsync")


def reference_pages(root: Path) -> dict[str, str]:
    """Return the Markdown of the reference's pages by address: packages, entry points."""
    pages = {f"reference/{package}.md": _package_page(root, package) for package in PACKAGES}
    pages["reference/entry_points.md"] = _ENTRY_PAGE + "".join(map(_entry, ENTRY_MODULES))
    return pages


def included_pages(root: Path) -> dict[str, str]:
    """Return the pages made of files in the project's root, with links as they are from docs/."""
    return {
        page: (root / name).read_text(encoding="utf-8").replace("](docs/", "](")
        for page, name in INCLUDED.items()
    }


def foreign_hosts(html: str) -> list[str]:
    """Return the addresses on other hosts that a browser would load without a click."""
    return _LOADED.findall(html)


def _package_page(root: Path, package: str) -> str:
    files = (path.relative_to(root) for path in (root / package).rglob("*.py"))
    modules = sorted({module_name(path) for path in files} - {package})
    options = "    options:\n      members: false\n      show_root_heading: false\n"
    head = f"# {package}\n\n::: {package}\n{options}"
    return head + "".join(map(_entry, modules))


def _entry(module: str) -> str:
    return f"\n::: {module}\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference and the included pages when MkDocs collects its files."""
    pages: Mapping[str, str] = {**reference_pages(ROOT), **included_pages(ROOT)}
    for address, text in pages.items():
        files.append(File.generated(config, address, content=text))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Warn of addresses on other hosts; in a strict build a warning ends the build."""
    for host in foreign_hosts(output):
        _log.warning("%s would load %s", page.file.src_uri, host)
    return output
