"""The scene mutations: what each changes in the library, and which hooks it fires with which input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_hooks import (
    SCENE_UPDATE_KEYS,
    HookEvent,
    all_keys,
    without_empty,
)
from tests.emulators.stash_images import png
from tests.emulators.stash_inputs import Input, found, image_bytes, parsed_date
from tests.emulators.stash_model import Scene, SceneGroup, StashId
from tests.emulators.stash_runner import Caller, StashError

_TEXTS = ("title", "code", "details", "director")
_LISTS = {"performer_ids": int, "tag_ids": int, "urls": str}


class SceneMutations:
    def __init__(self, core: StashCore) -> None:
        self._core = core
        self._library = core.library

    def create(self, given: Input, caller: Caller) -> Scene | None:
        with self._library.lock:
            scene_id = self._library.add_scene()
            self._library.change_scene(scene_id, touch=False, **self._fields(given))
            for file_id in given.get("file_ids") or []:
                self._library.assign_file(scene_id, int(file_id))
        self._core.fire(HookEvent("Scene.Create.Post", scene_id), caller)
        return self._library.scenes.get(scene_id)

    def update(self, given: Input, caller: Caller) -> Scene | None:
        with self._library.lock:
            scene_id = self._apply(given)
        event = HookEvent(
            "Scene.Update.Post", scene_id, all_keys(SCENE_UPDATE_KEYS, given), tuple(given)
        )
        self._core.fire(event, caller)
        return self._library.scenes.get(scene_id)

    def update_many(self, given: list[dict[str, Any]], caller: Caller) -> list[Scene | None]:
        with self._library.lock:
            ids = [self._apply(each) for each in given]
        full = [all_keys(SCENE_UPDATE_KEYS, each) for each in given]
        for scene_id, each in zip(ids, given, strict=True):
            self._core.fire(HookEvent("Scene.Update.Post", scene_id, full, tuple(each)), caller)
        return [self._library.scenes.get(each) for each in ids]

    def bulk_update(self, given: Input, caller: Caller) -> list[Scene] | None:
        """Change all or none, and answer null for none, as Stash v0.31.0 does."""
        if not given.get("ids"):
            return None
        with self._library.lock:
            ids = [int(each) for each in given["ids"]]
            if not self._library.scenes.keys() >= set(ids):
                raise StashError("sql: no rows in result set")
            for scene_id in ids:
                fields = self._bulk_fields(self._library.scenes[scene_id], given)
                self._library.change_scene(scene_id, touch=True, **fields)
        sent_input = without_empty(given)
        for scene_id in ids:
            self._core.fire(
                HookEvent("Scene.Update.Post", scene_id, sent_input, tuple(given)), caller
            )
        return [self._library.scenes[each] for each in ids if each in self._library.scenes]

    def destroy(self, raw_ids: Iterable[str], given: Input, caller: Caller) -> bool:
        gone: list[tuple[int, dict[str, Any]]] = []
        with self._library.lock:
            for scene_id in [found(self._library.scenes, "scene", each) for each in raw_ids]:
                gone.append((scene_id, {**self._flags(given), **self._identity(scene_id)}))
                self._library.drop_scene(scene_id)
        for scene_id, sent_input in gone:
            self._core.fire(HookEvent("Scene.Destroy.Post", scene_id, sent_input), caller)
        return True

    def clean(self, scene_id: int, caller: Caller) -> None:
        """A scene whose files are gone, as the clean job removes it."""
        with self._library.lock:
            sent_input = {
                "id": "",
                "delete_file": None,
                "delete_generated": None,
                **self._identity(scene_id),
            }
            self._library.drop_scene(scene_id)
        self._core.fire(HookEvent("Scene.Destroy.Post", scene_id, sent_input), caller)

    def identify(self, scene_id: int, given: Input, caller: Caller) -> None:
        """What the identify job found; its hook carries the cover as bare base64 and no `id` among
        the keys.
        """
        with self._library.lock:
            self._library.change_scene(scene_id, touch=True, **self._fields(given))
        sent_input = {**all_keys(SCENE_UPDATE_KEYS, given), "id": str(scene_id), "groups": None}
        sent_input["movies"] = given.get("groups")
        sent = tuple(key for key, value in sent_input.items() if value is not None and key != "id")
        self._core.fire(HookEvent("Scene.Update.Post", scene_id, sent_input, sent), caller)

    def merge(self, given: Input) -> Scene | None:
        """Sources give their files to the target and vanish; no hook at all."""
        library = self._library
        with library.lock:
            target = found(library.scenes, "scene", given["destination"])
            sources = [found(library.scenes, "scene", each) for each in given["source"]]
            for source in sources:
                for file_id in library.scenes[source].file_ids:
                    library.assign_file(target, file_id)
                library.drop_scene(source)
            fields = self._fields(given.get("values") or {})
            return library.change_scene(target, touch=True, **fields)

    def screenshot(self, raw_id: str) -> str:
        scene_id = found(self._library.scenes, "scene", raw_id)
        self._library.set_cover(scene_id, png(scene_id % 256))
        return "todo"

    def _apply(self, given: Input) -> int:
        scene_id = found(self._library.scenes, "scene", given["id"])
        fields = self._fields(given)
        scene = self._library.scenes[scene_id]
        if not scene.file_ids and not fields.get("title", scene.title):
            raise StashError("title must be set if scene has no files")
        if given.get("primary_file_id"):
            first = int(given["primary_file_id"])
            fields["file_ids"] = (first, *(each for each in scene.file_ids if each != first))
        self._library.change_scene(scene_id, touch=True, **fields)
        return scene_id

    def _fields(self, given: Input) -> dict[str, Any]:
        """Library fields for the keys that were sent; a list replaces the whole list."""
        fields: dict[str, Any] = {key: given[key] or "" for key in _TEXTS if key in given}
        fields.update(
            {
                key: tuple(kind(each) for each in given[key] or [])
                for key, kind in _LISTS.items()
                if key in given
            }
        )
        if "date" in given:
            fields["date"] = parsed_date(given["date"])
        if "rating100" in given:
            fields["rating100"] = given["rating100"]
        if "organized" in given:
            fields["organized"] = bool(given["organized"])
        if "studio_id" in given:
            fields["studio_id"] = None if given["studio_id"] is None else int(given["studio_id"])
        if "groups" in given:
            fields["group_links"] = tuple(
                SceneGroup(int(each["group_id"]), each.get("scene_index"))
                for each in given["groups"] or []
            )
        if given.get("cover_image"):
            fields["cover"] = image_bytes(given["cover_image"])
        if "stash_ids" in given:
            fields["stash_ids"] = self._stash_ids(given["stash_ids"] or [])
        self._check(fields)
        return fields

    def _bulk_fields(self, scene: Scene, given: Input) -> dict[str, Any]:
        plain = {key: value for key, value in given.items() if not isinstance(value, dict)}
        fields = self._fields(
            {key: value for key, value in plain.items() if key not in ("ids", *_LISTS)}
        )
        for key, kind in _LISTS.items():
            change = given.get(key)
            if isinstance(change, dict):
                values = [kind(each) for each in change.get("ids") or change.get("values") or []]
                fields[key] = _merged(getattr(scene, key), values, change["mode"])
        change = given.get("group_ids")
        if isinstance(change, dict):
            old = {each.group_id: each for each in scene.group_links}
            ids = _merged(
                tuple(old), [int(each) for each in change.get("ids") or []], change["mode"]
            )
            fields["group_links"] = tuple(old.get(each, SceneGroup(each)) for each in ids)
        self._check(fields)
        return fields

    def _check(self, fields: Mapping[str, Any]) -> None:
        library = self._library
        desired: list[tuple[Mapping[int, Any], int]] = [
            *((library.performers, each) for each in fields.get("performer_ids", ())),
            *((library.tags, each) for each in fields.get("tag_ids", ())),
            *((library.groups, each.group_id) for each in fields.get("group_links", ())),
        ]
        if fields.get("studio_id") is not None:
            desired.append((library.studios, fields["studio_id"]))
        if any(each not in table for table, each in desired):
            raise StashError("FOREIGN KEY constraint failed")

    def _stash_ids(self, given: list[dict[str, Any]]) -> tuple[StashId, ...]:
        now = self._core.time.now()
        return tuple(
            StashId(each["endpoint"], each["stash_id"], each.get("updated_at") or now)
            for each in given
        )

    def _flags(self, given: Input) -> dict[str, Any]:
        names = ("id", "ids", "delete_file", "delete_generated")
        return {
            name: given.get(name) for name in names if name in given or name.startswith("delete")
        }

    def _identity(self, scene_id: int) -> dict[str, str]:
        files = self._library.files_of(self._library.scenes[scene_id])
        if not files:
            return {"checksum": "", "oshash": "", "path": ""}
        return {"checksum": files[0].md5, "oshash": files[0].oshash, "path": files[0].path}


def _merged(old: tuple[Any, ...], values: list[Any], mode: str) -> tuple[Any, ...]:
    if mode == "SET":
        return tuple(dict.fromkeys(values))
    if mode == "ADD":
        return tuple(dict.fromkeys([*old, *values]))
    return tuple(each for each in old if each not in values)
