"""The library behind the emulator, with methods that change it as a user or a disk would."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.emulators.plex_agent import refresh_from_agent
from tests.emulators.plex_guard import synchronized
from tests.emulators.plex_images import generated_poster, upload
from tests.emulators.plex_model import Collection, Item, Media, Part, Section, file_stem, sort_title
from tests.emulators.plex_scan import Disk, finish_scan, start_scan
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.plex_tags import TagIndex

File = tuple[str, int]
_TAG_ATTRIBUTES = {
    "genres": "genre",
    "roles": "actor",
    "directors": "director",
    "collections": "collection",
    "labels": "label",
}
_AGENTS = {
    "com.plexapp.agents.none": ("Plex Video Files Scanner", "xn"),
    "tv.plex.agents.movie": ("Plex Movie", "en-US"),
}


class PlexLibrary:
    """Sections and their items. All methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float], switches: PlexSwitches) -> None:
        self.lock = threading.RLock()
        self.switches = switches
        self.sections: dict[int, Section] = {}
        self.disk: Disk = {}
        self._clock = clock
        self._keys = itertools.count(101)
        self._ids = itertools.count(1001)
        self._homes: dict[int, Section] = {}
        self.tags = TagIndex(self.sections, self._keys, self.switches)

    @property
    def now(self) -> int:
        """The server's time in whole seconds."""
        return int(self._clock())

    # Sections and items

    @synchronized
    def add_section(
        self,
        title: str,
        locations: Sequence[str] = ("/media",),
        *,
        type: str = "movie",  # noqa: A002 - the name the server itself uses
        agent: str = "com.plexapp.agents.none",
    ) -> Section:
        """A new library with its folders."""
        scanner, language = _AGENTS.get(agent, ("Plex Movie", "en-US"))
        key = len(self.sections) + 1
        folders = [(key * 100 + number, path) for number, path in enumerate(locations)]
        now = self.now
        identity = str(uuid.uuid4())
        section = Section(
            key, identity, title, type, agent, scanner, language, folders, now, now, now
        )
        self.sections[key] = section
        return section

    @synchronized
    def section(self, key: int) -> Section:
        """The section of this key; a KeyError when there is none."""
        return self.sections[key]

    @synchronized
    def add_item(
        self,
        /,
        section_key: int,
        files: Sequence[File] = (),
        *,
        parts: Sequence[Sequence[File]] | None = None,
        title: str | None = None,
        **attributes: Any,
    ) -> int:
        """Add an item that has been scanned: `files` is one version, `parts` one list of files per
        version.
        """
        section = self.sections[section_key]
        versions = [self._media(version) for version in parts or [files] if version]
        item = self._new_item(
            section,
            title or file_stem(versions[0].parts[0].file if versions else "Untitled"),
            versions,
        )
        section.content_changed_at += 1
        if attributes:
            self.change(item.rating_key, **attributes)
        return item.rating_key

    @synchronized
    def add_items(
        self, section_key: int, count: int, folder: str = "/media/scenes", size: int = 1_000
    ) -> list[int]:
        """Add many items, `scene-000000.mp4` and so on, for tests of size."""
        return [
            self.add_item(section_key, [(f"{folder}/scene-{number:06}.mp4", size + number)])
            for number in range(count)
        ]

    @synchronized
    def item(self, rating_key: int) -> Item:
        """The item of this key; a KeyError when it is gone."""
        return self._homes[rating_key].items[rating_key]

    @synchronized
    def items(self, section_key: int | None = None) -> list[Item]:
        """All items, by key."""
        chosen = self.sections.values() if section_key is None else [self.sections[section_key]]
        return [item for section in chosen for item in section.items.values()]

    @synchronized
    def find(self, rating_key: int) -> Item | Collection | None:
        """An item or collection, or None."""
        section = self._homes.get(rating_key)
        if section is not None:
            return section.items[rating_key]
        for section in self.sections.values():
            if rating_key in section.collections:
                return section.collections[rating_key]
        return None

    @synchronized
    def collections(self, section_key: int) -> list[Collection]:
        """The collections of a section."""
        return list(self.sections[section_key].collections.values())

    @synchronized
    def change(self, /, rating_key: int, **attributes: Any) -> None:
        """Change an item as a user would, without locks: plain attributes, or `genres=[...]` and
        the like.
        """
        item = self.item(rating_key)
        for name, value in attributes.items():
            if name in _TAG_ATTRIBUTES:
                self.set_tags(item, _TAG_ATTRIBUTES[name], value)
            elif name in ("poster", "background"):
                upload(
                    item, "posters" if name == "poster" else "arts", value, self.now, dedupe=True
                )
            else:
                if not hasattr(item, name):
                    raise AttributeError(f"a Plex item has no {name!r}")
                setattr(item, name, value)
        is_derived = "title_sort" not in attributes and "titleSort" not in item.locked
        if "title" in attributes and is_derived:
            item.title_sort = sort_title(item.title)
        if "date" in attributes and "year" not in attributes:
            item.year = int(item.date[:4]) if item.date else None
        self.bump(item.section_key)

    def set_tags(self, item: Item, kind: str, names: Iterable[str]) -> None:
        """Make these the tags of one kind; a collection that stays is not made again."""
        desired = list(names)
        if kind == "collection":
            staying = {name.casefold() for name in desired}
            for name in item.tags(kind):
                if name.casefold() not in staying:
                    self.tags.remove(item, kind, name)
        else:
            self.tags.clear(item, kind)
        for name in desired:
            self.tags.add(item, kind, name, text=None, thumb=None, now=self.now)

    @synchronized
    def remove_item(self, rating_key: int) -> None:
        """Remove the item immediately; its key is never used again."""
        section = self._homes.pop(rating_key)
        item = section.items[rating_key]
        for kind in list(item.taggings):
            self.tags.clear(item, kind)
        del section.items[rating_key]
        section.content_changed_at += 1
        section.version += 1

    def bump(self, section_key: int) -> None:
        """Note that the order of a listing may have changed."""
        self.sections[section_key].version += 1

    # Files

    @synchronized
    def add_file_on_disk(self, path: str, size: int) -> None:
        """A new file that the next scan will find."""
        self.disk[path] = size

    @synchronized
    def rename_file(self, old: str, new: str) -> int:
        """A rename that the scanner recognises: the item keeps its key, which is returned."""
        item, part = self._owner(old)
        self.disk[new] = self.disk.pop(old, part.size)
        part.file = new
        item.fragment = None
        if self.switches.renames_move_content_changed_at:
            self.sections[item.section_key].content_changed_at += 1
        return item.rating_key

    @synchronized
    def move_out(self, rating_key: int, new: str, section_key: int | None = None) -> int:
        """A move that the scanner does not recognise: the old key is gone, the new one has no
        metadata.
        """
        item = self.item(rating_key)
        target = section_key or item.section_key
        size = item.parts[0].size
        for part in item.parts:
            self.disk.pop(part.file, None)
        self.remove_item(rating_key)
        return self.add_item(target, [(new, size)])

    @synchronized
    def delete_file(self, path: str) -> None:
        """The file is gone from the disk; the next scan notices."""
        self.disk.pop(path, None)

    @synchronized
    def add_version(
        self, rating_key: int, files: Sequence[File], *, proxy_type: int | None = None
    ) -> None:
        """One more version of an item; `proxy_type=42` marks one that Plex made itself."""
        item = self.item(rating_key)
        media = self._media(files)
        media.proxy_type = proxy_type
        item.media = [*item.media, media]
        self.sections[item.section_key].content_changed_at += 1

    @synchronized
    def merge(self, rating_key: int, others: Sequence[int]) -> None:
        """The others become versions of the first; their keys are gone, the older date stays."""
        target = self.item(rating_key)
        for key in others:
            other = self.item(key)
            target.media = [*target.media, *other.media]
            target.added_at = min(target.added_at, other.added_at)
            self.remove_item(key)

    @synchronized
    def split(self, rating_key: int) -> list[int]:
        """Each further version becomes an item of its own; the new keys are returned."""
        item = self.item(rating_key)
        section = self.sections[item.section_key]
        rest = item.media[1:]
        item.media = item.media[:1]
        section.content_changed_at += 1
        return [
            self._new_item(section, file_stem(media.parts[0].file), [media]).rating_key
            for media in rest
        ]

    # Scans, trash, agents

    @synchronized
    def begin_scan(self, section_key: int, path: str | None = None) -> None:
        """A scan that takes `scan_lag` seconds of the clock."""
        start_scan(self.sections[section_key], path, self._clock() + self.switches.scan_lag)
        self.settle()

    @synchronized
    def scan(self, section_key: int, path: str | None = None) -> list[int]:
        """Run a whole scan now; return the keys of the new items."""
        return finish_scan(self, self.sections[section_key], path)

    @synchronized
    def settle(self) -> None:
        """Finish every scan that is due."""
        now = self._clock()
        for section in self.sections.values():
            for scan in [scan for scan in section.scans if scan.ends_at <= now]:
                section.scans.remove(scan)
                finish_scan(self, section, scan.path)

    @synchronized
    def add_scanned(self, section: Section, path: str) -> int:
        """An item for a file that a scan has found; it is not analysed yet."""
        media = self._media([(path, self.disk[path])])
        media.duration = None
        section.content_changed_at += 1
        return self._new_item(section, file_stem(path), [media]).rating_key

    @synchronized
    def analyse(self, rating_key: int) -> None:
        """What the server does some time after a scan: durations appear, `updatedAt` moves."""
        item = self.item(rating_key)
        for media in item.media:
            media.duration = media.duration or 1_834_000
        item.updated_at = self.now

    @synchronized
    def empty_trash(self, section_key: int) -> None:
        """Remove the items whose files are gone."""
        for item in self.items(section_key):
            if item.deleted_at is not None:
                self.remove_item(item.rating_key)

    @synchronized
    def agent_refresh(self, /, rating_key: int, **values: Any) -> None:
        """An agent overwrites what is not locked: the given values, or one of everything."""
        refresh_from_agent(self, self.item(rating_key), values)

    def _owner(self, path: str) -> tuple[Item, Part]:
        for item in self.items():
            for part in item.parts:
                if part.file == path:
                    return item, part
        raise KeyError(path)

    def _media(self, files: Sequence[File]) -> Media:
        self.disk.update(files)
        parts = [Part(next(self._ids), path, size, self.now) for path, size in files]
        return Media(next(self._ids), parts)

    def _new_item(self, section: Section, title: str, media: list[Media]) -> Item:
        key, now = next(self._keys), self.now
        item = Item(
            rating_key=key,
            section_key=section.key,
            guid=f"local://{key}",
            title=title,
            title_sort=sort_title(title),
            added_at=now,
            updated_at=now,
            thumb=f"/library/metadata/{key}/thumb/{now}",
            posters=[generated_poster(key)],
            media=media,
        )
        section.items[key] = item
        section.version += 1
        self._homes[key] = section
        return item
