"""The changes Stash makes without a hook, with exactly the timestamps that Stash updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tests.emulators.stash_model import Scene, SceneGroup
from tests.emulators.stash_state import LibraryState, Named


class StashLibrary(LibraryState):
    """The library as tests hold it: nothing called here runs a hook."""

    def set_cover(self, scene_id: int, cover: bytes | None) -> None:
        """As a generate task or a screenshot does: moves the scene's `updated_at`."""
        self.change_scene(scene_id, touch=True, cover=cover)

    def auto_tag(
        self,
        scene_id: int,
        performers: Iterable[str | int] = (),
        tags: Iterable[str | int] = (),
        studio: str | int | None = None,
    ) -> None:
        with self.lock:
            scene = self.scenes[scene_id]
            found = [self.performer_id(each) for each in performers]
            tagged = [self.tag_id(each) for each in tags]
            self.change_scene(
                scene_id,
                touch=True,
                performer_ids=tuple(dict.fromkeys([*scene.performer_ids, *found])),
                tag_ids=tuple(dict.fromkeys([*scene.tag_ids, *tagged])),
                studio_id=scene.studio_id if studio is None else self.studio_id(studio),
            )

    def move_file(self, old: str, new: str) -> None:
        """The file keeps its scene; only the file's own `updated_at` moves."""
        self.change_file(self.file_at(old), path=new)

    def move_folder(self, old: str, new: str) -> None:
        """Every path below `old` changes and nothing else does."""
        with self.lock:
            prefix = old.rstrip("/") + "/"
            for file in list(self.files.values()):
                if file.path.startswith(prefix):
                    path = new.rstrip("/") + "/" + file.path[len(prefix) :]
                    self.files[file.id] = replace(file, path=path)
            self.dirty.update(self.scenes)

    def file_at(self, path: str) -> int:
        found = next((each.id for each in self.files.values() if each.path == path), None)
        if found is None:
            raise KeyError(path)
        return found

    def scene_of_file(self, file_id: int) -> int:
        return next(scene.id for scene in self.scenes.values() if file_id in scene.file_ids)

    def assign_file(self, scene_id: int, file_id: int) -> None:
        """Take a file from its scene and give it to another one as a further file."""
        with self.lock:
            for other in list(self.scenes.values()):
                if file_id in other.file_ids and other.id != scene_id:
                    kept = tuple(each for each in other.file_ids if each != file_id)
                    self.change_scene(other.id, touch=False, file_ids=kept)
            mine = self.scenes[scene_id].file_ids
            self.change_scene(
                scene_id, touch=False, file_ids=tuple(dict.fromkeys([*mine, file_id]))
            )

    def delete_file(self, file_id: int) -> None:
        """A file that is not its scene's first one goes away."""
        with self.lock:
            scene = self.scenes[self.scene_of_file(file_id)]
            kept = tuple(each for each in scene.file_ids if each != file_id)
            self.change_scene(scene.id, touch=False, file_ids=kept)
            del self.files[file_id]

    def play(self, scene_id: int, seconds: float = 60.0) -> None:
        with self.lock:
            scene = self.scenes[scene_id]
            self.change_scene(
                scene_id,
                touch=False,
                play_count=scene.play_count + 1,
                play_duration=scene.play_duration + seconds,
                last_played_at=self.time.now(),
            )

    def count_o(self, scene_id: int) -> None:
        self.change_scene(scene_id, touch=False, o_counter=self.scenes[scene_id].o_counter + 1)

    def rename_performer(self, performer: str | int, name: str) -> None:
        """As a batch update from a stash-box: no hook, and the scenes' `updated_at` stays."""
        self.change_named(self.performers, self.performer_id(performer), name=name)

    def rename_studio(self, studio: str | int, name: str) -> None:
        self.change_named(self.studios, self.studio_id(studio), name=name)

    def performer_merge(self, sources: Iterable[str | int], destination: str | int) -> None:
        """Give scenes and tags of the sources to the target; no hook, no scene's `updated_at`."""
        with self.lock:
            target = self.performer_id(destination)
            tags = self.performers[target].tag_ids
            for source in [self.performer_id(each) for each in sources]:
                self.change_all_scenes("performer_ids", source, target)
                tags += self.performers.pop(source).tag_ids
            self.change_named(self.performers, target, tag_ids=tuple(dict.fromkeys(tags)))

    def remove_performer(self, performer: int) -> None:
        with self.lock:
            self.change_all_scenes("performer_ids", performer, None)
            del self.performers[performer]

    def remove_tag(self, tag: int) -> None:
        with self.lock:
            self.change_all_scenes("tag_ids", tag, None)
            self.replace_tag(tag, None)
            del self.tags[tag]

    def place_tag(self, tag: int, parents: tuple[int, ...]) -> None:
        """Set a tag's parents; moves no `updated_at`."""
        with self.lock:
            self.tags[tag] = replace(self.tags[tag], parent_ids=tuple(dict.fromkeys(parents)))

    def is_above(self, tag: int, other: int) -> bool:
        """Return True if the tag is an ancestor of the other one, which may be itself."""
        seen: set[int] = set()
        layer = set(self.tags[other].parent_ids)
        while layer:
            seen |= layer
            layer = {one for each in layer for one in self.tags[each].parent_ids} - seen
        return tag in seen

    def replace_tag(self, tag: int, other: int | None) -> None:
        """Let performers and the tree of tags have `other` in place of a tag; None for nothing.

        As in Stash, the target of a merge gets the source's parents and children.
        """
        with self.lock:
            for performer in list(self.performers.values()):
                kept = _replaced(performer.tag_ids, tag, other)
                self.performers[performer.id] = replace(performer, tag_ids=kept)
            if other is not None:
                both = (*self.tags[other].parent_ids, *self.tags[tag].parent_ids)
                self.place_tag(other, tuple(each for each in both if each not in (tag, other)))
            for child in list(self.tags.values()):
                kept = tuple(
                    each for each in _replaced(child.parent_ids, tag, other) if each != child.id
                )
                self.place_tag(child.id, kept)

    def remove_studio(self, studio: int) -> None:
        with self.lock:
            for scene in list(self.scenes.values()):
                if scene.studio_id == studio:
                    self.change_scene(scene.id, touch=False, studio_id=None)
            for child in list(self.studios.values()):
                if child.parent_id == studio:
                    self.studios[child.id] = replace(child, parent_id=None)
            del self.studios[studio]

    def remove_group(self, group: int) -> None:
        with self.lock:
            for scene in list(self.scenes.values()):
                kept = tuple(each for each in scene.group_links if each.group_id != group)
                if kept != scene.group_links:
                    self.change_scene(scene.id, touch=False, group_links=kept)
            del self.groups[group]
            for part in list(self.groups.values()):
                if group in part.containing_ids:
                    self.contain(part.id, [one for one in part.containing_ids if one != group])

    def contain(self, group: int, containing: Iterable[int]) -> None:
        """Set the groups that contain one. No `updated_at` moves: Stash changes a table of links.

        Seen in Stash's source: `groupRelationshipStore` in pkg/sqlite adds and deletes joins alone.
        """
        with self.lock:
            ids = tuple(dict.fromkeys(containing))
            self.groups[group] = replace(self.groups[group], containing_ids=ids)

    def full_import(self, offset: int = 1000) -> dict[int, int]:
        """Wipe and refill: new ids for everything, timestamps as they were; returns old -> new
        scene ids.

        With an offset of 0 the ids stay the same numbers and denote others: every table is turned
        around.
        """
        with self.lock:
            self._renumber_named(offset)
            old_scenes, self.scenes = self.scenes, {}
            self.dirty.update(old_scenes)
            # Newest first, so that the new ids do not even keep the old order.
            newest_first = sorted(old_scenes, reverse=True)
            renumbered = {old: offset + place for place, old in enumerate(newest_first, start=1)}
            for old, new in renumbered.items():
                self.put_scene(self._renumbered(old_scenes[old], new))
            for kind in ("scene", "performer", "tag", "studio", "group"):
                self.restart_ids(kind, self.last_id(kind) + offset)
            return renumbered

    def _renumber_named(self, offset: int) -> None:
        self._groups_now, groups = _turned(self.groups, offset)
        self.groups = {
            key: replace(
                each, containing_ids=tuple(self._groups_now[one] for one in each.containing_ids)
            )
            for key, each in groups.items()
        }
        self._tags_now, tags = _turned(self.tags, offset)
        self.tags = {
            key: replace(each, parent_ids=tuple(self._tags_now[one] for one in each.parent_ids))
            for key, each in tags.items()
        }
        self._performers_now, performers = _turned(self.performers, offset)
        self.performers = {
            key: replace(each, tag_ids=tuple(self._tags_now[one] for one in each.tag_ids))
            for key, each in performers.items()
        }
        self._studios_now, studios = _turned(self.studios, offset)
        self.studios = {
            key: replace(each, parent_id=each.parent_id and self._studios_now[each.parent_id])
            for key, each in studios.items()
        }

    def _renumbered(self, scene: Scene, new_id: int) -> Scene:
        return replace(
            scene,
            id=new_id,
            studio_id=scene.studio_id and self._studios_now[scene.studio_id],
            performer_ids=tuple(self._performers_now[each] for each in scene.performer_ids),
            tag_ids=tuple(self._tags_now[each] for each in scene.tag_ids),
            group_links=tuple(
                SceneGroup(self._groups_now[each.group_id], each.scene_index)
                for each in scene.group_links
            ),
        )


def _replaced(ids: Iterable[int], old: int, new: int | None) -> tuple[int, ...]:
    """The ids with `new` in place of `old`, each once; None takes it out."""
    kept = (new if each == old else each for each in ids)
    return tuple(dict.fromkeys(each for each in kept if each is not None))


def _turned(table: Mapping[int, Named], offset: int) -> tuple[dict[int, int], dict[int, Named]]:
    """(old -> new ids, the table under its new ids): the last one first, so that no order is kept."""
    now = {
        old: offset + new
        for old, new in zip(sorted(table), sorted(table, reverse=True), strict=True)
    }
    return now, {now[old]: replace(each, id=now[old]) for old, each in table.items()}
