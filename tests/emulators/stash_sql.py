"""Runs one statement on the library as `execSQL` does: no hook, and only what it says is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_model import SceneGroup
from tests.emulators.stash_runner import StashError

# Stash's table -> its columns and the fields they hold here.
_TABLES: dict[str, dict[str, str]] = {
    "scenes": {
        **{name: name for name in ("title", "code", "details", "director", "date", "organized")},
        **{name: name for name in ("studio_id", "created_at", "updated_at")},
        "rating": "rating100",
    },
    "performers": {
        **{name: name for name in ("name", "disambiguation", "gender", "birthdate", "country")},
        **{name: name for name in ("favorite", "created_at", "updated_at")},
    },
    "studios": {name: name for name in ("name", "parent_id", "details", "updated_at")},
    "tags": {name: name for name in ("name", "sort_name", "description", "updated_at")},
    "groups": {
        **{name: name for name in ("name", "aliases", "date", "director", "studio_id")},
        "description": "synopsis",
        "updated_at": "updated_at",
    },
}
_LINKS = {
    "performers_scenes": ("scene_id", "performer_id", "performer_ids"),
    "scenes_tags": ("scene_id", "tag_id", "tag_ids"),
}
_FLAGS = ("organized", "favorite")

Row = tuple[Any, ...]


def exec_sql(core: StashCore, statement: str, values: Sequence[Any] = ()) -> dict[str, int]:
    """Change what the statement changes; a new or removed row of a table above is refused here."""
    library = core.library
    with library.lock:
        database = sqlite3.connect(":memory:", isolation_level=None)
        try:
            _fill(database, core)
            done = database.execute(statement, tuple(values))
            _take(database, core)
        except sqlite3.Error as error:
            raise StashError(str(error)) from error
        finally:
            database.close()
    return {"rows_affected": max(0, done.rowcount), "last_insert_id": done.lastrowid or 0}


def _fill(database: sqlite3.Connection, core: StashCore) -> None:
    for table, columns in _TABLES.items():
        database.execute(f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY, {", ".join(columns)})')
        for one in getattr(core.library, table).values():
            row = (one.id, *(getattr(one, field) for field in columns.values()))
            _insert(database, table, row)
    for table, (owner, other, field) in _LINKS.items():
        database.execute(f"CREATE TABLE {table} ({owner}, {other}, UNIQUE ({owner}, {other}))")
        for scene in core.library.scenes.values():
            for each in getattr(scene, field):
                _insert(database, table, (scene.id, each))
    database.execute("CREATE TABLE groups_scenes (scene_id, group_id, scene_index)")
    for scene in core.library.scenes.values():
        for link in scene.group_links:
            _insert(database, "groups_scenes", (scene.id, link.group_id, link.scene_index))


def _insert(database: sqlite3.Connection, table: str, row: Row) -> None:
    database.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', row)


def _take(database: sqlite3.Connection, core: StashCore) -> None:
    library = core.library
    linked: dict[int, dict[str, Any]] = {each: {} for each in library.scenes}
    for table, (owner, other, field) in _LINKS.items():
        rows = database.execute(f"SELECT {owner}, {other} FROM {table} ORDER BY rowid").fetchall()
        for scene in linked:
            linked[scene][field] = tuple(each for mine, each in rows if mine == scene)
    rows = database.execute("SELECT * FROM groups_scenes ORDER BY rowid").fetchall()
    for scene in linked:
        links = tuple(SceneGroup(which, place) for mine, which, place in rows if mine == scene)
        linked[scene]["group_links"] = links
    for table, columns in _TABLES.items():
        held = getattr(library, table)
        found = {row[0]: row[1:] for row in database.execute(f'SELECT * FROM "{table}"')}
        if found.keys() != held.keys():
            raise StashError("the emulator changes no rows of its own tables but existing ones")
        for key, row in found.items():
            fields = {
                field: bool(value) if field in _FLAGS else value
                for field, value in zip(columns.values(), row, strict=True)
            }
            more = linked[key] if table == "scenes" else {}
            changed = replace(held[key], **fields, **more)
            if changed != held[key]:
                _put(core, table, changed)


def _put(core: StashCore, table: str, changed: Any) -> None:
    if table == "scenes":
        core.library.put_scene(changed)
    else:
        getattr(core.library, table)[changed.id] = changed
