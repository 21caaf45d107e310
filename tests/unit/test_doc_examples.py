"""The examples of docs/matching.md and docs/writing.md are what the code decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.errors import PlexSyncError
from core.field_values import FieldValue, digest
from core.fields import BY_NAME, EDIT_FIELDS, Kind
from core.file_names import file_name
from core.match import Evidence, PlexFile
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord
from plex.matcher import HIGH_SCORE, MIN_GAP, accept, match_scene
from plex.path_learner import MIN_FILES, MIN_FOLDERS
from plex.path_map import PathMap
from plex.plan import Change, WriteRules, plan_changes
from validation.metadata import SceneFile
from validation.setting_values import read_path_map

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
MATCHING = (DOCS / "matching.md").read_text(encoding="utf-8")
WRITING = (DOCS / "writing.md").read_text(encoding="utf-8")
_FILE = re.compile(r"`([^`]+)` (\d+|\?)")
_ITEM = re.compile(r"(\d+): `([^`]+)` (\d+|\?)")


def examples(page: str) -> list[list[str]]:
    """Return the cells of every row of the table below "Examples"."""
    part = page.partition("\n## Examples\n")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


def size(text: str) -> int:
    return 0 if text == "?" else int(text) * 1_000_000


def verdict(mapped: str, stash: str, plex: str, *, strict: bool) -> str:
    """Return the result of one row, in the words of the page."""
    path, scene_size = _FILE.findall(stash)[0]
    pairs = read_path_map("/data => /media") if mapped == "yes" else ()
    files = [
        PlexFile(where, size(bytes_), int(item), 1) for item, where, bytes_ in _ITEM.findall(plex)
    ]
    candidates = {path: [file for file in files if file_name(file.path) == file_name(path)]}
    result = match_scene(
        [SceneFile(path=path, size=size(scene_size), oshash="")], candidates, PathMap(pairs)
    )
    try:
        items = accept(result, strict)
    except PlexSyncError as error:
        return f"`{type(error).__name__}`"
    return f"item{'s' if len(items) > 1 else ''} {', '.join(map(str, items))}"


def value(kind: Kind, text: str) -> FieldValue:
    if kind is Kind.NAMES:
        return tuple(name for name in text.split(", ") if name != "-")
    if kind is Kind.RATING:
        return None if text == "-" else float(text)
    return "" if text == "-" else text


def after(changes: tuple[Change, ...], present: FieldValue) -> set[str]:
    """Return what Plex shows after the changes, on a server that adds names to existing ones."""
    shown = present
    for change in changes:
        shown = change.value
        if isinstance(change.value, tuple) and isinstance(present, tuple):
            shown = (*change.value, *(name for name in present if name not in change.remove))
    return {str(value) for value in (shown if isinstance(shown, tuple) else (shown,)) if value}


@pytest.mark.parametrize("row", examples(MATCHING), ids=lambda row: f"{row[0]} {row[1]} {row[2]}")
def test_a_scene_is_matched_as_the_page_says(row: list[str]) -> None:
    mapped, stash, plex, strict, lenient = row

    decided = verdict(mapped, stash, plex, strict=True), verdict(mapped, stash, plex, strict=False)

    assert decided == (strict, lenient)


@pytest.mark.parametrize("row", examples(WRITING), ids=lambda row: " ".join(row))
def test_a_field_is_written_as_the_page_says(row: list[str]) -> None:
    name, stash, shown, ours, preserve, then = row
    field = BY_NAME[name]
    desired, _, remark = stash.partition("-, ") if stash.startswith("-, ") else (stash, "", "")
    present, known = value(field.kind, shown), value(field.kind, ours)
    values: dict[str, FieldValue] = {other.name: value(other.kind, "-") for other in EDIT_FIELDS}
    item = PlexItem(1, 1, "", ("/media/file.mp4",), values | {name: present})
    names = known if isinstance(known, tuple) else ()
    record = SyncRecord(
        1, "server", 1, "", "", fields={name: FieldRecord(digest(field.kind, known), names=names)}
    )

    changes = plan_changes(
        {name: value(field.kind, desired or "-")},
        item,
        record if ours != "-" else None,
        WriteRules(preserve_plex_edits=preserve == "on"),
        identified=remark != "not identified",
    )

    assert after(changes, present) == set(then.split(", ")) - {"-"}


def test_the_pages_hold_examples() -> None:
    assert len(examples(MATCHING)) >= 10
    assert len(examples(WRITING)) >= 15


@pytest.mark.parametrize("evidence", Evidence, ids=lambda evidence: evidence.label)
def test_the_matching_page_knows_the_weight_of_all_evidence(evidence: Evidence) -> None:
    assert f"| {evidence.value} | `{evidence.label}` |" in MATCHING


def test_the_matching_page_knows_the_bounds() -> None:
    assert f"at least {HIGH_SCORE}, and at least {MIN_GAP} more" in MATCHING
    assert f"at least {MIN_FILES} of them" in MATCHING
    assert f"at least {MIN_FOLDERS} folders" in MATCHING
