"""Print the notes of a release: what changed, the zip's SHA-256, and the address for Stash.

`python -m tools.release_notes --tag v1.2.0 --archive dist/PlexSync.zip --source URL` exits 1 if the
tag is not the version of the code, or the changelog has no section for it.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

from core.version import VERSION

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
_LINK = re.compile(r"\]\((?!https?://|#)([^)\s]+)\)")


class Unreleasable(Exception):
    """Raised where tag, version and changelog do not agree; the message says how."""


def changes(changelog: str, version: str) -> str:
    """Return the changelog's section of a version, without heading and links into files.

    Raises:
        Unreleasable: there is no such section, or it is empty.
    """
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)
    for section in sections[1:]:
        heading, _, text = section.partition("\n")
        if heading.startswith(f"[{version}]") and text.strip():
            # A release has no folder that the links could lead into.
            return re.sub(r"\[([^\]]+)" + _LINK.pattern, r"\1", text).strip()
    raise Unreleasable(f"CHANGELOG.md has no section [{version}] with text")


def notes(changelog: str, tag: str, archive: bytes, source: str) -> str:
    """Return the whole text of a release.

    Raises:
        Unreleasable: the tag is not the code's version, or the changelog does not have it.
    """
    if tag != f"v{VERSION}":
        raise Unreleasable(f"the tag is {tag}, and core/version.py says {VERSION}")
    digest = hashlib.sha256(archive).hexdigest()
    return "\n".join(
        [
            changes(changelog, VERSION),
            "",
            "### Install",
            "",
            f"In Stash, *Settings > Plugins > Available Plugins > Add Source*: `{source}`",
            "",
            f"SHA-256 of `PlexSync.zip`: `{digest}`",
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    """Print the notes; return 1 and the reason if nothing can be released."""
    parser = argparse.ArgumentParser(prog="python -m tools.release_notes", description=__doc__)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--archive", required=True, type=Path)
    parser.add_argument("--source", required=True, help="address of the index.yml")
    options = parser.parse_args(arguments)
    try:
        changelog = CHANGELOG.read_text(encoding="utf-8")
        print(notes(changelog, options.tag, options.archive.read_bytes(), options.source), end="")
    except (Unreleasable, OSError) as error:
        print(f"No release: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
