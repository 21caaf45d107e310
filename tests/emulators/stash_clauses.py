"""Turns a scene filter into SQL as Stash does, wildcards and all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.emulators.stash_library import StashLibrary

COUNT = "(SELECT COUNT(*) FROM links WHERE scene_id = scenes.id AND kind = '{}')"
FILE_COUNT = "(SELECT COUNT(*) FROM files WHERE scene_id = scenes.id)"
_COMPARE = {"EQUALS": "=", "NOT_EQUALS": "!=", "GREATER_THAN": ">", "LESS_THAN": "<"}
_OPPOSITE = {"EXCLUDES": "INCLUDES", "NOT_EQUALS": "EQUALS", "NOT_MATCHES_REGEX": "MATCHES_REGEX"}


class FilterError(Exception):
    """A filter that Stash refuses, in its words."""


class Clauses:
    """Builds one WHERE text with its bound values, in the order in which they appear."""

    def __init__(self, library: StashLibrary) -> None:
        self._library = library
        self.values: list[Any] = []

    def build(self, scene_filter: Mapping[str, Any]) -> str:
        subs = [each for each in ("AND", "OR", "NOT") if scene_filter.get(each) is not None]
        if len(subs) > 1:
            raise FilterError(f"cannot have {subs[0]} and {subs[1]} in the same filter")
        parts = [
            self._criterion(name, value)
            for name, value in scene_filter.items()
            if name not in ("AND", "OR", "NOT") and value is not None
        ]
        own = " AND ".join(f"({part})" for part in parts) or "1"
        if not subs:
            return own
        sub = self.build(scene_filter[subs[0]])
        joint = {"AND": "AND", "OR": "OR", "NOT": "AND NOT"}[subs[0]]
        return f"({own}) {joint} ({sub})"

    def search(self, text: str) -> str:
        words = []
        for word in text.split():
            like = self._bind(f"%{word}%", f"%{word}%", f"%{word}%")
            words.append(
                f"(title LIKE {like} OR details LIKE ? OR"
                " EXISTS (SELECT 1 FROM files WHERE scene_id = scenes.id AND path LIKE ?))"
            )
        return " AND ".join(words)

    def _criterion(self, name: str, value: Any) -> str:
        if name == "id":
            return self._number("id", value)
        if name == "title":
            return self._string("title", value)
        if name in ("path", "oshash", "checksum"):
            return self._file(name, value)
        if name == "url":
            return self._exists("urls", self._string("url", value))
        if name == "file_count":
            return self._number(FILE_COUNT, value)
        if name == "rating100":
            return self._number("rating", value)
        if name == "organized":
            return f"organized = {self._bind(value)}"
        if name == "is_missing":
            return _missing(value)
        if name in ("date", "created_at", "updated_at"):
            return self._number(name, value)
        if name == "stash_id_endpoint":
            return self._stash_id(value)
        return self._relation(name, value)

    def _bind(self, *values: Any) -> str:
        self.values.extend(values)
        return "?"

    def _number(self, column: str, value: Mapping[str, Any]) -> str:
        modifier = value["modifier"]
        if modifier in _COMPARE:
            return f"{column} {_COMPARE[modifier]} {self._bind(value['value'])}"
        if modifier in ("BETWEEN", "NOT_BETWEEN"):
            self._bind(value["value"], value.get("value2") or 0)
            return f"{column} {modifier.replace('_', ' ')} ? AND ?"
        if modifier in ("IS_NULL", "NOT_NULL"):
            return f"{column} IS {'NOT ' if modifier == 'NOT_NULL' else ''}NULL"
        raise FilterError(f"invalid modifier {modifier} for {column}")

    def _string(self, column: str, value: Mapping[str, Any]) -> str:
        modifier, text = value["modifier"], value["value"]
        if modifier in ("INCLUDES", "EXCLUDES"):
            words = _words(text)
            likes = " OR ".join(f"{column} LIKE {self._bind(f'%{word}%')}" for word in words) or "1"
            return f"({likes})" if modifier == "INCLUDES" else f"NOT ({likes}) OR {column} IS NULL"
        if modifier == "EQUALS":
            return f"{column} LIKE {self._bind(text)}"
        if modifier == "NOT_EQUALS":
            return f"{column} NOT LIKE {self._bind(text)}"
        if modifier in ("MATCHES_REGEX", "NOT_MATCHES_REGEX"):
            return self._regex(column, text, negated=modifier.startswith("NOT"))
        if modifier == "IS_NULL":
            return f"{column} IS NULL OR TRIM({column}) = ''"
        if modifier == "NOT_NULL":
            return f"{column} IS NOT NULL AND TRIM({column}) != ''"
        raise FilterError(f"unsupported string filter modifier {modifier}")

    def _regex(self, column: str, pattern: str, *, negated: bool) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise FilterError(f"error parsing regexp: {error}") from error
        bound = self._bind(pattern)
        if negated:
            return f"{column} IS NULL OR NOT {column} REGEXP {bound}"
        return f"{column} IS NOT NULL AND {column} REGEXP {bound}"

    def _file(self, name: str, value: Mapping[str, Any]) -> str:
        column = "md5" if name == "checksum" else name
        if value["modifier"] == "IS_NULL":
            return f"NOT {self._exists('files', f'{column} IS NOT NULL')}"
        if value["modifier"] in ("EXCLUDES", "NOT_EQUALS", "NOT_MATCHES_REGEX"):
            opposite = {**value, "modifier": _OPPOSITE[value["modifier"]]}
            return f"NOT {self._exists('files', self._string(column, opposite))}"
        return self._exists("files", self._string(column, value))

    def _exists(self, table: str, condition: str) -> str:
        return f"EXISTS (SELECT 1 FROM {table} WHERE scene_id = scenes.id AND ({condition}))"

    def _stash_id(self, value: Mapping[str, Any]) -> str:
        parts = []
        if value.get("endpoint"):
            parts.append(f"endpoint = {self._bind(value['endpoint'])}")
        modifier = value["modifier"]
        if modifier in ("IS_NULL", "NOT_NULL"):
            exists = self._exists("stash_ids", " AND ".join(parts) or "1")
            return f"NOT {exists}" if modifier == "IS_NULL" else exists
        parts.append(
            self._string("stash_id", {"modifier": modifier, "value": value.get("stash_id") or ""})
        )
        return self._exists("stash_ids", " AND ".join(parts))

    def _relation(self, name: str, value: Mapping[str, Any]) -> str:
        kind = {
            "performers": "performer",
            "tags": "tag",
            "studios": "studio",
            "groups": "group",
        }.get(name)
        if kind is None:
            return self._performer_tags(value)
        modifier = value["modifier"]
        any_link = self._exists("links", f"kind = '{kind}'")
        if modifier in ("IS_NULL", "NOT_NULL"):
            return f"NOT {any_link}" if modifier == "IS_NULL" else any_link
        sets = [
            self._family(kind, int(each), value.get("depth")) for each in value.get("value") or []
        ]
        parts = []
        if modifier in ("INCLUDES", "EXCLUDES") and sets:
            exists = self._linked(kind, set().union(*sets))
            parts.append(exists if modifier == "INCLUDES" else f"NOT {exists}")
        elif modifier in ("INCLUDES_ALL", "EQUALS"):
            parts += [self._linked(kind, each) for each in sets]
        elif sets:
            raise FilterError(f"invalid modifier {modifier} for {name}")
        if modifier == "EQUALS":
            parts.append(f"{COUNT.format(kind)} = {self._bind(len(sets))}")
        excluded = [
            self._family(kind, int(each), value.get("depth"))
            for each in value.get("excludes") or []
        ]
        parts += [f"NOT {self._linked(kind, each)}" for each in excluded]
        return " AND ".join(parts) or "1"

    def _linked(self, kind: str, ids: Iterable[int]) -> str:
        return self._exists(
            "links", f"kind = '{kind}' AND target IN ({', '.join(map(str, sorted(ids)))})"
        )

    def _performer_tags(self, value: Mapping[str, Any]) -> str:
        desired: set[int] = set()
        for each in value.get("value") or []:
            desired |= self._family("tag", int(each), value.get("depth"))
        having = {
            each.id for each in self._library.performers.values() if desired & set(each.tag_ids)
        }
        linked = self._linked("performer", having)
        return f"NOT {linked}" if value["modifier"] == "EXCLUDES" else linked

    def _family(self, kind: str, root: int, depth: int | None) -> set[int]:
        """The object and its descendants down to `depth` levels (-1: all)."""
        library = self._library
        family, layer, left = {root}, {root}, depth or 0
        while layer and left != 0:
            if kind == "studio":
                layer = {
                    each.id for each in library.studios.values() if each.parent_id in layer
                } - family
            elif kind == "tag":
                layer = {
                    each.id for each in library.tags.values() if layer & set(each.parent_ids)
                } - family
            elif kind == "group":
                layer = {
                    each.id for each in library.groups.values() if layer & set(each.containing_ids)
                } - family
            else:
                layer = set()
            family |= layer
            left -= 1
        return family


def _missing(what: str) -> str:
    linked = {
        "performers": "performer",
        "tags": "tag",
        "studio": "studio",
        "group": "group",
        "movie": "group",
    }
    if what in linked:
        return f"NOT EXISTS (SELECT 1 FROM links WHERE scene_id = scenes.id AND kind = '{linked[what]}')"
    if what in ("url", "stash_id"):
        return f"NOT EXISTS (SELECT 1 FROM {what}s WHERE scene_id = scenes.id)"
    if what == "phash":
        return "NOT EXISTS (SELECT 1 FROM files WHERE scene_id = scenes.id AND phash IS NOT NULL)"
    if what == "cover":
        return "cover = 0"
    if what in ("title", "details", "date", "code"):
        return f"{what} IS NULL OR TRIM({what}) = ''"
    raise FilterError(f"no such column: scenes.{what}")


def _words(text: str) -> list[str]:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return [text[1:-1]]
    return text.split()
