"""The tables of the emulated library: what exists, under which id, and which scenes a reader has to
look at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from threading import RLock
from typing import Any, TypeVar

from tests.emulators.stash_model import (
    Group,
    Performer,
    Scene,
    SceneGroup,
    SceneView,
    ServerTime,
    Studio,
    Tag,
    VideoFile,
)

Named = TypeVar("Named", Performer, Studio, Tag, Group)


class LibraryState:
    """Every change goes through here under one lock; nothing here runs a hook."""

    def __init__(self, time: ServerTime) -> None:
        self.time = time
        self.lock = RLock()
        self.scenes: dict[int, Scene] = {}
        self.files: dict[int, VideoFile] = {}
        self.performers: dict[int, Performer] = {}
        self.tags: dict[int, Tag] = {}
        self.studios: dict[int, Studio] = {}
        self.groups: dict[int, Group] = {}
        self.dirty: set[int] = set()
        self._last_ids: dict[str, int] = {}

    def next_id(self, kind: str) -> int:
        with self.lock:
            self._last_ids[kind] = self._last_ids.get(kind, 0) + 1
            return self._last_ids[kind]

    def last_id(self, kind: str) -> int:
        return self._last_ids.get(kind, 0)

    def restart_ids(self, kind: str, last: int) -> None:
        self._last_ids[kind] = last

    # -- scenes
    # -------------------------------------------------------------------------------------

    def put_scene(self, scene: Scene) -> Scene:
        with self.lock:
            self.scenes[scene.id] = scene
            self.dirty.add(scene.id)
            return scene

    def change_scene(self, scene_id: int, *, touch: bool, **fields: Any) -> Scene:
        """Replace some fields; `touch` says whether this kind of change moves `updated_at`."""
        with self.lock:
            if touch:
                fields.setdefault("updated_at", self.time.now())
            return self.put_scene(replace(self.scenes[scene_id], **fields))

    def drop_scene(self, scene_id: int) -> None:
        with self.lock:
            gone = self.scenes.pop(scene_id)
            self.dirty.add(scene_id)
            for file_id in gone.file_ids:
                self.files.pop(file_id, None)

    def change_all_scenes(self, kind: str, old: int, new: int | None) -> None:
        """Point every scene that links to `old` at `new` (None: at nothing). Moves no `updated_at`."""
        with self.lock:
            for scene in list(self.scenes.values()):
                ids: tuple[int, ...] = getattr(scene, kind)
                if old in ids:
                    kept = [new if each == old else each for each in ids]
                    unique = tuple(dict.fromkeys(each for each in kept if each is not None))
                    self.change_scene(scene.id, touch=False, **{kind: unique})

    def add_scene(
        self,
        path: str | None = None,
        size: int = 1_000_000,
        oshash: str = "",
        title: str = "",
        studio: str | int | None = None,
        performers: Iterable[str | int] = (),
        tags: Iterable[str | int] = (),
        groups: Iterable[str | int] = (),
        files: Iterable[Mapping[str, Any]] = (),
        cover: bytes | None = None,
        **fields: Any,
    ) -> int:
        """A scene as if it had always been there: no hook. Names are made on demand; `path=None`
        has no file.
        """
        with self.lock:
            first = [] if path is None else [{"path": path, "size": size, "oshash": oshash}]
            file_ids = tuple(self.add_file(**each) for each in [*first, *files])
            now = self.time.now()
            fields.setdefault("created_at", now)
            fields.setdefault("updated_at", now)
            plain: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in fields.items()
            }
            scene = Scene(
                id=self.next_id("scene"),
                title=title,
                studio_id=None if studio is None else self.studio_id(studio),
                performer_ids=tuple(self.performer_id(each) for each in performers),
                tag_ids=tuple(self.tag_id(each) for each in tags),
                group_links=tuple(SceneGroup(self.group_id(each)) for each in groups),
                file_ids=file_ids,
                cover=cover,
                **plain,
            )
            return self.put_scene(scene).id

    def add_file(self, path: str, size: int = 1_000_000, oshash: str = "", **fields: Any) -> int:
        now = self.time.now()
        file_id = self.next_id("file")
        made = {"mod_time": now, "created_at": now, "updated_at": now, **fields}
        self.files[file_id] = VideoFile(
            id=file_id, path=path, size=size, oshash=oshash or f"{file_id:016x}", **made
        )
        return file_id

    def change_file(self, file_id: int, **fields: Any) -> None:
        with self.lock:
            self.files[file_id] = replace(self.files[file_id], updated_at=self.time.now(), **fields)
            self.dirty.update(
                scene.id for scene in self.scenes.values() if file_id in scene.file_ids
            )

    def files_of(self, scene: Scene) -> tuple[VideoFile, ...]:
        return tuple(self.files[each] for each in scene.file_ids if each in self.files)

    def scene(self, scene_id: int) -> SceneView:
        """Raises KeyError for an id that does not exist."""
        with self.lock:
            scene = self.scenes[scene_id]
            return SceneView(
                **{name: getattr(scene, name) for name in _COPIED},
                studio=None if scene.studio_id is None else self.studios[scene.studio_id].name,
                performers=tuple(self.performers[each].name for each in scene.performer_ids),
                cast=tuple(self.performers[each] for each in scene.performer_ids),
                tags=tuple(self.tags[each].name for each in scene.tag_ids),
                groups=tuple(self.groups[each.group_id].name for each in scene.group_links),
                all_groups=tuple(sorted(self.groups[one].name for one in self._all_groups(scene))),
                studios_above=self._studios_above(scene.studio_id),
                tag_lines=self._tag_lines(scene),
                files=self.files_of(scene),
            )

    def _all_groups(self, scene: Scene) -> set[int]:
        found: set[int] = set()
        ahead = {link.group_id for link in scene.group_links}
        while ahead:
            found |= ahead
            ahead = {one for each in ahead for one in self.groups[each].containing_ids} - found
        return found

    def _tag_lines(self, scene: Scene) -> tuple[tuple[str, ...], ...]:
        carried = [*scene.tag_ids]
        for performer in scene.performer_ids:
            carried += self.performers[performer].tag_ids
        lines = [self._tag_line(tag) for tag in dict.fromkeys(carried)]
        every = dict.fromkeys(tag for line in lines for tag in line)
        return tuple(tuple(self.tags[one].name for one in self._tag_line(tag)) for tag in every)

    def _tag_line(self, tag: int) -> list[int]:
        found = [tag]
        for each in found:
            found += [one for one in self.tags[each].parent_ids if one not in found]
        return found

    def _studios_above(self, studio: int | None) -> tuple[str, ...]:
        above: list[int] = []
        while studio is not None:
            studio = self.studios[studio].parent_id
            if studio is not None:
                above.append(studio)
        return tuple(self.studios[each].name for each in above)

    def scene_ids(self) -> list[int]:
        with self.lock:
            return sorted(self.scenes)

    # -- performers, tags, studios, groups
    # ------------------------------------------------------------

    def add_performer(self, name: str, **fields: Any) -> int:
        return self._add(
            self.performers, Performer(self.next_id("performer"), name, **self._times(fields))
        )

    def add_tag(self, name: str, parents: Iterable[str | int] = (), **fields: Any) -> int:
        parent_ids = tuple(self.tag_id(parent) for parent in parents)
        made = Tag(self.next_id("tag"), name, parent_ids=parent_ids, **self._times(fields))
        return self._add(self.tags, made)

    def add_studio(self, name: str, parent: str | int | None = None, **fields: Any) -> int:
        parent_id = None if parent is None else self.studio_id(parent)
        made = Studio(self.next_id("studio"), name, parent_id=parent_id, **self._times(fields))
        return self._add(self.studios, made)

    def add_group(self, name: str, **fields: Any) -> int:
        return self._add(self.groups, Group(self.next_id("group"), name, **self._times(fields)))

    def performer_id(self, who: str | int) -> int:
        return (
            who if isinstance(who, int) else _named(self.performers, who) or self.add_performer(who)
        )

    def tag_id(self, which: str | int) -> int:
        return which if isinstance(which, int) else _named(self.tags, which) or self.add_tag(which)

    def studio_id(self, which: str | int) -> int:
        return (
            which
            if isinstance(which, int)
            else _named(self.studios, which) or self.add_studio(which)
        )

    def group_id(self, which: str | int) -> int:
        return (
            which if isinstance(which, int) else _named(self.groups, which) or self.add_group(which)
        )

    def change_named(self, table: dict[int, Named], which: int, **fields: Any) -> Named:
        """Edit a performer, tag, studio or group; its scenes' `updated_at` stays where it is."""
        with self.lock:
            table[which] = replace(table[which], updated_at=self.time.now(), **fields)
            return table[which]

    def _add(self, table: dict[int, Named], made: Named) -> int:
        with self.lock:
            table[made.id] = made
            return made.id

    def _times(self, fields: dict[str, Any]) -> dict[str, Any]:
        now = self.time.now()
        return {"created_at": now, "updated_at": now, **fields}


_COPIED = (
    "id",
    "title",
    "code",
    "details",
    "director",
    "urls",
    "date",
    "rating100",
    "organized",
    "cover",
    "created_at",
    "updated_at",
)


def _named(table: Mapping[int, Named], name: str) -> int | None:
    return next((each.id for each in table.values() if each.name == name), None)
