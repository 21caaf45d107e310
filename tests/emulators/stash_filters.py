"""Finds scenes through SQLite, because Stash does: its text comparisons and LIKE wildcards come for
free.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from tests.emulators.stash_clauses import COUNT, FILE_COUNT, Clauses, FilterError
from tests.emulators.stash_library import StashLibrary
from tests.emulators.stash_model import Scene

_TABLES = """
CREATE TABLE scenes (
  id INTEGER PRIMARY KEY, title TEXT, code TEXT, details TEXT, date TEXT, rating INTEGER, organized INTEGER,
  studio_id INTEGER, o_counter INTEGER, play_count INTEGER, play_duration REAL, resume_time REAL,
  last_played_at datetime, cover INTEGER, created_at datetime, updated_at datetime);
CREATE TABLE files (
  scene_id INTEGER, position INTEGER, path TEXT, size INTEGER, oshash TEXT, md5 TEXT, phash TEXT,
  duration REAL, bit_rate INTEGER, frame_rate REAL, height INTEGER, mod_time datetime);
CREATE TABLE links (scene_id INTEGER, kind TEXT, target INTEGER);
CREATE TABLE urls (scene_id INTEGER, url TEXT);
CREATE TABLE stash_ids (scene_id INTEGER, endpoint TEXT, stash_id TEXT);
CREATE INDEX files_scene ON files (scene_id);
CREATE INDEX links_scene ON links (scene_id);
CREATE INDEX links_target ON links (kind, target);
CREATE INDEX urls_scene ON urls (scene_id);
CREATE INDEX stash_ids_scene ON stash_ids (scene_id);
"""
_FIRST = "(SELECT {} FROM files WHERE scene_id = scenes.id ORDER BY position LIMIT 1)"
_SORTS = {
    **{
        key: key
        for key in (
            "id",
            "title",
            "code",
            "date",
            "organized",
            "o_counter",
            "play_count",
            "play_duration",
        )
    },
    **{key: key for key in ("resume_time", "last_played_at", "created_at", "updated_at", "rating")},
    "bitrate": _FIRST.format("bit_rate"),
    "filesize": _FIRST.format("size"),
    "duration": _FIRST.format("duration"),
    "framerate": _FIRST.format("frame_rate"),
    "resolution": _FIRST.format("height"),
    "file_mod_time": _FIRST.format("mod_time"),
    "path": _FIRST.format("path"),
    "perceptual_similarity": _FIRST.format("phash"),
    "file_count": FILE_COUNT,
    "tag_count": COUNT.format("tag"),
    "performer_count": COUNT.format("performer"),
    "studio": "studio_id",
    "random": "RANDOM()",
    **dict.fromkeys(
        ("group_scene_number", "movie_scene_number", "interactive", "interactive_speed"), "NULL"
    ),
    **dict.fromkeys(("last_o_at", "performer_age"), "NULL"),
}


class SceneFinder:
    """Keeps tables in step with the library and answers filters from them."""

    def __init__(self, library: StashLibrary) -> None:
        self._library = library
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.executescript(_TABLES)
        self._db.create_function("regexp", 2, _regexp, deterministic=True)

    def close(self) -> None:
        self._db.close()

    def find(
        self, scene_filter: Mapping[str, Any] | None, find: Mapping[str, Any] | None
    ) -> tuple[list[int], list[int]]:
        """The ids of one page, and of everything that fits."""
        page = dict(find or {})
        with self._library.lock:
            self._refresh()
            clauses = Clauses(self._library)
            where = clauses.build(scene_filter or {})
            if page.get("q"):
                where = f"({where}) AND {clauses.search(page['q'])}"
            order = _order(page)
            rows = self._db.execute(
                f"SELECT id FROM scenes WHERE {where}{order}", clauses.values
            ).fetchall()
        found = [row[0] for row in rows]
        return _page(found, page), found

    def _refresh(self) -> None:
        library = self._library
        dirty, library.dirty = library.dirty, set()
        if not dirty:
            return
        for table in ("files", "links", "urls", "stash_ids"):
            self._db.executemany(
                f"DELETE FROM {table} WHERE scene_id = ?", [(each,) for each in dirty]
            )
        self._db.executemany("DELETE FROM scenes WHERE id = ?", [(each,) for each in dirty])
        for scene in [library.scenes[each] for each in sorted(dirty) if each in library.scenes]:
            self._insert(scene)

    def _insert(self, scene: Scene) -> None:
        row = (
            *(scene.id, scene.title or None, scene.code or None, scene.details or None, scene.date),
            *(scene.rating100, scene.organized, scene.studio_id, scene.o_counter, scene.play_count),
            *(
                scene.play_duration,
                scene.resume_time,
                scene.last_played_at,
                scene.cover is not None,
            ),
            *(scene.created_at, scene.updated_at),
        )
        self._put("scenes", [row])
        files = enumerate(self._library.files_of(scene))
        self._put(
            "files",
            [
                (
                    *(scene.id, place, file.path, file.size, file.oshash or None, file.md5 or None),
                    *(
                        file.phash or None,
                        file.duration,
                        file.bit_rate,
                        file.frame_rate,
                        file.height,
                    ),
                    file.mod_time,
                )
                for place, file in files
            ],
        )
        links = [(scene.id, "performer", each) for each in scene.performer_ids]
        links += [(scene.id, "tag", each) for each in scene.tag_ids]
        links += [(scene.id, "group", each.group_id) for each in scene.group_links]
        links += [] if scene.studio_id is None else [(scene.id, "studio", scene.studio_id)]
        self._put("links", links)
        self._put("urls", [(scene.id, each) for each in scene.urls])
        self._put(
            "stash_ids", [(scene.id, each.endpoint, each.stash_id) for each in scene.stash_ids]
        )

    def _put(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _regexp(pattern: str, text: str | None) -> bool:
    return text is not None and re.search(pattern, text) is not None


def _order(page: Mapping[str, Any]) -> str:
    sort = page.get("sort") or ""
    if not sort:
        return ""
    key = "random" if re.fullmatch(r"random_\d+", sort) else sort
    if key not in _SORTS:
        raise FilterError(f"invalid sort: {sort}")
    direction = page.get("direction") or "ASC"
    return f" ORDER BY {_SORTS[key]} {direction}, title, id"


def _page(found: list[int], page: Mapping[str, Any]) -> list[int]:
    size = 25 if page.get("per_page") is None else int(page["per_page"])
    if size < 0:
        return found
    start = (max(1, page.get("page") or 1) - 1) * size
    return found[start : start + size]
