"""The mutations of performers, studios and tags, with the hooks they fire."""

from __future__ import annotations

from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_creates import changed_custom_fields
from tests.emulators.stash_hooks import (
    STUDIO_UPDATE_KEYS,
    HookEvent,
    all_keys,
    performer_input,
    without_empty,
)
from tests.emulators.stash_inputs import Input, copied, found, image_bytes, parsed_date
from tests.emulators.stash_runner import Caller, StashError


class NamedMutations:
    """Performers, studios, tags and groups. Their scenes' `updated_at` never moves."""

    def __init__(self, core: StashCore) -> None:
        self._core = core
        self._library = core.library

    def update_performer(self, given: Input, caller: Caller) -> Any:
        library = self._library
        which = found(library.performers, "performer", given["id"])
        library.change_named(library.performers, which, **self._performer_fields(which, given))
        sent_input = performer_input(given)
        self._core.fire(HookEvent("Performer.Update.Post", which, sent_input, tuple(given)), caller)
        return library.performers.get(which)

    def update_studio(self, given: Input, caller: Caller) -> Any:
        library = self._library
        which = found(library.studios, "studio", given["id"])
        fields = copied(given, ("name",), lists=("urls", "aliases"))
        if "parent_id" in given:
            fields["parent_id"] = None if given["parent_id"] is None else int(given["parent_id"])
        fields.update(_image(given))
        library.change_named(library.studios, which, **fields)
        sent_input = all_keys(STUDIO_UPDATE_KEYS, given)
        self._core.fire(HookEvent("Studio.Update.Post", which, sent_input, tuple(given)), caller)
        return library.studios.get(which)

    def update_tag(self, given: Input, caller: Caller) -> Any:
        library = self._library
        which = found(library.tags, "tag", given["id"])
        fields = copied(given, ("name", "sort_name", "description"), lists=("aliases",))
        if given.get("ignore_auto_tag") is not None:
            fields["ignore_auto_tag"] = given["ignore_auto_tag"]
        with library.lock:
            before = dict(library.tags)
            library.change_named(library.tags, which, **fields)
            self._place_tag(which, given)
            if library.is_above(which, which):
                library.tags = before
                raise StashError(f"cannot apply tag {which} as a parent of itself")
        self._core.fire(
            HookEvent("Tag.Update.Post", which, without_empty(given), tuple(given)), caller
        )
        return library.tags.get(which)

    def _place_tag(self, which: int, given: Input) -> None:
        """Set parents and children of a tag. The children's `updated_at` stays; no hook runs for them."""
        library = self._library
        if given.get("parent_ids") is not None:
            parents = tuple(found(library.tags, "tag", each) for each in given["parent_ids"])
            library.place_tag(which, parents)
        if given.get("child_ids") is not None:
            children = {found(library.tags, "tag", each) for each in given["child_ids"]}
            for tag in list(library.tags.values()):
                others = tuple(each for each in tag.parent_ids if each != which)
                library.place_tag(tag.id, (*others, which) if tag.id in children else others)

    def merge_performers(self, given: Input, caller: Caller) -> Any:
        """No hook at all. The answer is the target as it was before."""
        library = self._library
        if given["destination"] in given["source"]:
            raise StashError("destination performer cannot be in source list")
        with library.lock:
            target = found(library.performers, "performer", given["destination"])
            sources = [found(library.performers, "performer", each) for each in given["source"]]
            before = library.performers[target]
            fields = self._performer_fields(target, given.get("values") or {})
            library.change_named(library.performers, target, **fields)
            library.performer_merge(dict.fromkeys(sources), target)
        return before

    def _performer_fields(self, which: int, given: Input) -> dict[str, Any]:
        fields = copied(
            given, ("name", "disambiguation", "country", "gender"), lists=("alias_list",)
        )
        if "birthdate" in given:
            fields["birthdate"] = parsed_date(given["birthdate"])
        if "tag_ids" in given:
            fields["tag_ids"] = tuple(int(each) for each in given["tag_ids"] or [])
        if given.get("favorite") is not None:
            fields["favorite"] = given["favorite"]
        if given.get("custom_fields"):
            old = self._library.performers[which].custom_fields
            fields["custom_fields"] = changed_custom_fields(old, given["custom_fields"])
        fields.update(_image(given))
        return fields

    def merge_tags(self, given: Input, caller: Caller) -> Any:
        library = self._library
        with library.lock:
            target = found(library.tags, "tag", given["destination"])
            for source in [found(library.tags, "tag", each) for each in given["source"]]:
                library.change_all_scenes("tag_ids", source, target)
                library.replace_tag(source, target)
                del library.tags[source]
            library.change_named(library.tags, target)
        sent_input = {"source": list(given["source"]), "destination": given["destination"]}
        self._core.fire(HookEvent("Tag.Merge.Post", target, sent_input), caller)
        return library.tags.get(target)


def _image(given: Input) -> dict[str, Any]:
    return {"image": image_bytes(given["image"])} if given.get("image") else {}
