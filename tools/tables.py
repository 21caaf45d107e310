"""Write every file, or marked part of one, that repeats a table of the code.

`python -m tools.tables` writes them; `--check` writes nothing and exits 1 when one differs.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tasks.table import TASKS
from tools.call_types import call_types
from tools.calls_table import calls_table
from tools.fields_table import fields_table
from tools.generated_sections import HASH, with_part
from tools.layout import ENTRY_FILES, PACKAGES
from tools.manifest import manifest
from tools.schema_diagram import schema_diagram
from tools.settings_pages import settings_page

ROOT = Path(__file__).resolve().parent.parent


def generated_files(root: Path) -> dict[Path, str]:
    """Return the generated files below `root` with their texts; text around a marked part stays."""
    docs, coverage, pages = root / "docs", root / ".coveragerc", root / "mkdocs.yml"
    return {
        root / "PlexSync.yml": manifest(TASKS),
        root / "ui" / "src" / "calls.ts": call_types(),
        docs / "config.md": settings_page(),
        docs / "ui.md": with_part(_read(docs / "ui.md"), "calls", calls_table()),
        docs / "writing.md": with_part(_read(docs / "writing.md"), "fields", fields_table()),
        coverage: with_part(_read(coverage), "packages", coverage_sources(), HASH),
        pages: with_part(_read(pages), "reference", reference_menu(), HASH),
        docs / "ARCHITECTURE.md": with_part(
            _read(docs / "ARCHITECTURE.md"), "tables", schema_diagram()
        ),
    }


def coverage_sources() -> str:
    """Return the lines of `source_pkgs` in .coveragerc: everything that ships."""
    return "\n".join(f"    {name.removesuffix('.py')}" for name in (*PACKAGES, *ENTRY_FILES))


def reference_menu() -> str:
    """Return the lines of the reference's menu in mkdocs.yml: one page for each package."""
    return "\n".join(f"      - {package}: reference/{package}.md" for package in PACKAGES)


def differing_files(root: Path) -> dict[Path, str]:
    """Return those of the generated files whose text on disk differs."""
    return {path: text for path, text in generated_files(root).items() if _read(path) != text}


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write the files, or only check them; return the exit status of the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.tables", description="Write the generated files."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 when a file differs"
    )
    is_check = parser.parse_args(arguments).check
    differing = differing_files(root)
    for path, text in differing.items():
        print(f"{'differs' if is_check else 'written'}: {path.relative_to(root)}")
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if is_check and differing else 0


def _read(path: Path) -> str:
    """Return the file's text, "" if there is no file."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
