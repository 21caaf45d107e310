"""Collect every GraphQL document that PlexSync may send to Stash: the worker's and the page's."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.tree import STUDIO, TAG
from stash import queries
from stash.scene_needs import widest_selection
from stash.selection import SceneSelection, entity_details

ROOT = Path(__file__).resolve().parent.parent
PAGE_SOURCES = ROOT / "ui" / "src"
_KINDS = ("performer", "studio", "tag", "group")
_OPERATION = re.compile(r"^\s*(?:query|mutation|subscription)\b")
# A literal that opens with the name of an operation, up to the same quote.
_PAGE_DOCUMENT = re.compile(r"([`'\"])(\s*(?:query|mutation|subscription)\b[^`]*?\{[^`]*?)\1")
# A literal with one aliased field, of which the page makes a query for many ids.
_PAGE_FIELD = re.compile(r"`(\w*\$\{\w+\}: \w+\([^`]*\) \{[^`]*\})`")
_PAGE_CONSTANT = re.compile(r"\bconst ([A-Z_]+) =\s*[\"`]([^\"`]*)[\"`];")
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")


def worker_documents() -> dict[str, str]:
    """Return the documents of `stash/queries.py` by a name for messages.

    A function is called with arguments that reach every part of what it can return.
    """
    constants = {
        name: value
        for name, value in vars(queries).items()
        if isinstance(value, str) and not name.startswith("_") and _OPERATION.match(value)
    }
    by_kind = {
        f"{function.__name__}({kind})": function(kind)
        for function in (queries.scenes_showing, queries.entity_ids)
        for kind in _KINDS
    }
    return {
        **constants,
        **by_kind,
        "scenes_showing(tag, everywhere)": queries.scenes_showing(
            TAG, all_levels=True, by_performers=True
        ),
        "scenes_showing(studio, all levels)": queries.scenes_showing(STUDIO, all_levels=True),
        **{f"tree({kind})": queries.tree(kind) for kind in (TAG, STUDIO)},
        "one_scene": queries.one_scene(widest_selection()),
        "whole_scenes": queries.whole_scenes(widest_selection()),
        "recent_scenes": queries.recent_scenes(widest_selection()),
        "scenes_by_id": queries.scenes_by_id([1, 2], widest_selection()),
        "entities_by_subject": queries.entities_by_subject(
            [f"{kind}:1" for kind in _KINDS], entity_details(SceneSelection(widest_selection()))
        ),
        "newest_entities": queries.newest_entities(_KINDS),
        "types_by_name": queries.types_by_name(["Scene", "Studio"]),
    }


def page_documents(folder: Path = PAGE_SOURCES) -> dict[str, str]:
    """Return the documents in the literals of the page's sources, by file and place."""
    found = {}
    for path in sorted([*folder.rglob("*.ts"), *folder.rglob("*.tsx")]):
        if not path.name.endswith((".test.ts", ".test.tsx")):
            for place, text in enumerate(_literals(path.read_text(encoding="utf-8"))):
                found[f"{path.relative_to(folder).as_posix()}[{place}]"] = text
    return found


def _literals(source: str) -> Iterator[str]:
    constants = dict(_PAGE_CONSTANT.findall(source))
    for match in _PAGE_DOCUMENT.finditer(source):
        yield _filled(match[2], constants)
    for match in _PAGE_FIELD.finditer(source):
        yield f"query {{ {_filled(match[1], constants)} }}"


def _filled(template: str, constants: Mapping[str, str]) -> str:
    """Return a template with constants of its file, 1 for a variable, and any field for a list."""

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        return constants.get(name) or ("1" if name.isidentifier() else "__typename")

    return _PLACEHOLDER.sub(value, template)
