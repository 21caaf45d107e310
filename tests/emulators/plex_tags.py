"""Tags and collections: which item carries which, with one spelling for the whole server.

A tag that no item carries is not kept.
"""

from __future__ import annotations

import itertools
import uuid

from tests.emulators.plex_model import Collection, Item, Section, Tag, Tagging, sort_title
from tests.emulators.plex_switches import PlexSwitches


class TagIndex:
    """All tags of the server. Collections belong to a section, other tags to everybody."""

    def __init__(
        self, sections: dict[int, Section], keys: itertools.count[int], switches: PlexSwitches
    ) -> None:
        self._sections = sections
        self._switches = switches
        self._keys = keys
        self._ids = itertools.count(11)
        self._by_name: dict[tuple[str, str], Tag] = {}

    def add(
        self, item: Item, kind: str, name: str, *, text: str | None, thumb: str | None, now: int
    ) -> None:
        """Put a tag on an item; one that is there keeps its place and only takes the new details."""
        if not name:
            return
        tag = self._obtain(item, kind, name, now)
        if thumb is not None:
            tag.thumb = thumb
            self._forget_fragments(tag)
        taggings = item.taggings.setdefault(kind, [])
        known = next((tagging for tagging in taggings if tagging.tag is tag), None)
        if known is None:
            taggings.append(Tagging(tag, text))
            tag.members[item.rating_key] = None
        elif text is not None:
            known.text = text
        item.fragment = None

    def remove(self, item: Item, kind: str, name: str) -> None:
        """Take a tag off an item, whatever the spelling."""
        for tagging in list(item.taggings.get(kind, ())):
            if tagging.tag.name.casefold() == name.casefold():
                self._detach(item, tagging)

    def clear(self, item: Item, kind: str) -> None:
        """Take all tags of one kind off an item."""
        for tagging in list(item.taggings.get(kind, ())):
            self._detach(item, tagging)

    def join(self, item: Item, collection: Collection) -> None:
        """Make an item a member of exactly this collection, which need not be the first of its
        title.
        """
        taggings = item.taggings.setdefault("collection", [])
        if all(tagging.tag is not collection.tag for tagging in taggings):
            taggings.append(Tagging(collection.tag))
            collection.tag.members[item.rating_key] = None
            item.fragment = None

    def leave(self, item: Item, collection: Collection) -> None:
        """End a membership."""
        for tagging in list(item.taggings.get("collection", ())):
            if tagging.tag is collection.tag:
                self._detach(item, tagging)

    def new_collection(
        self, section: Section, title: str, now: int, *, by_tagging: bool
    ) -> Collection:
        """A collection without members."""
        collection = Collection(
            rating_key=next(self._keys),
            section_key=section.key,
            title=title,
            title_sort=sort_title(title),
            added_at=now,
            updated_at=now,
            tag=Tag(next(self._ids), "collection", title),
            guid=f"collection://{uuid.uuid4()}",
            by_tagging=by_tagging,
        )
        section.collections[collection.rating_key] = collection
        return collection

    def drop_collection(self, collection: Collection) -> None:
        """Remove a collection and every membership."""
        section = self._sections[collection.section_key]
        if not collection.smart:
            for key in list(collection.tag.members):
                self.leave(section.items[key], collection)
        section.collections.pop(collection.rating_key, None)

    def rename_collection(self, collection: Collection, title: str) -> None:
        """Members follow, since they share the tag."""
        collection.title = title
        collection.tag.name = title
        if not collection.smart:
            self._forget_fragments(collection.tag)

    def _obtain(self, item: Item, kind: str, name: str, now: int) -> Tag:
        if kind == "collection":
            section = self._sections[item.section_key]
            for collection in section.collections.values():
                if not collection.smart and collection.title.casefold() == name.casefold():
                    return collection.tag
            return self.new_collection(section, name, now, by_tagging=True).tag
        key = (kind, name.casefold())
        if key not in self._by_name:
            self._by_name[key] = Tag(next(self._ids), kind, name)
        return self._by_name[key]

    def _detach(self, item: Item, tagging: Tagging) -> None:
        tag = tagging.tag
        item.taggings[tag.kind].remove(tagging)
        item.fragment = None
        tag.members.pop(item.rating_key, None)
        if tag.members:
            return
        self._by_name.pop((tag.kind, tag.name.casefold()), None)
        if tag.kind == "collection":
            collections = self._sections[item.section_key].collections
            for key in [
                key for key, each in collections.items() if each.tag is tag and each.by_tagging
            ]:
                if not self._stays(collections[key]):
                    del collections[key]

    def _stays(self, emptied: Collection) -> bool:
        if self._switches.emptied_collections == "stay_with_own":
            return bool(emptied.summary or emptied.posters or emptied.arts)
        return self._switches.emptied_collections == "stay"

    def _forget_fragments(self, tag: Tag) -> None:
        for section in self._sections.values():
            for key in tag.members:
                if key in section.items:
                    section.items[key].fragment = None
