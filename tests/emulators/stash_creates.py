"""Performers, studios and tags as they are created, with the hook each one fires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_hooks import (
    PERFORMER_UPDATE_KEYS,
    STUDIO_UPDATE_KEYS,
    HookEvent,
    all_keys,
    without_empty,
)
from tests.emulators.stash_inputs import Input, copied, image_bytes, number_of, parsed_date
from tests.emulators.stash_model import Performer, StashId, Studio, Tag
from tests.emulators.stash_runner import Caller, StashError

PERFORMER_CREATE_KEYS = tuple(key for key in PERFORMER_UPDATE_KEYS if key != "id")
STUDIO_CREATE_KEYS = tuple(key for key in STUDIO_UPDATE_KEYS if key != "id")


class CreateMutations:
    """The hook gets the input alone, without a list of its keys; null where a text was not given."""

    def __init__(self, core: StashCore) -> None:
        self._core = core
        self._library = core.library

    def performer(self, given: Input, caller: Caller) -> Performer | None:
        name, second = _name("performer", given), given.get("disambiguation") or ""
        table = self._library.performers
        if any(_is(name, one.name) and one.disambiguation == second for one in table.values()):
            apart = f" and disambiguation '{second}'" if second else ""
            raise StashError(f"performer with name '{name}'{apart} already exists")
        fields = copied(given, ("disambiguation", "country", "gender"), lists=("alias_list",))
        fields["birthdate"] = parsed_date(given.get("birthdate"))
        fields["tag_ids"] = self._tags(given.get("tag_ids"))
        fields["custom_fields"] = dict(given.get("custom_fields") or {})
        made = self._library.add_performer(name, **fields, **self._shared(given))
        event = HookEvent("Performer.Create.Post", made, all_keys(PERFORMER_CREATE_KEYS, given))
        self._core.fire(event, caller)
        return table.get(made)

    def studio(self, given: Input, caller: Caller) -> Studio | None:
        table = self._library.studios
        name = _unused("studio", table.values(), given)
        fields = copied(given, ("details",), lists=("urls", "aliases"))
        fields["tag_ids"] = self._tags(given.get("tag_ids"))
        parent = None if given.get("parent_id") is None else number_of(given["parent_id"])
        if parent is not None and parent not in table:
            raise StashError("FOREIGN KEY constraint failed")
        made = self._library.add_studio(
            name, parent, **fields, **self._shared(given, has_favorite=False)
        )
        event = HookEvent("Studio.Create.Post", made, all_keys(STUDIO_CREATE_KEYS, given))
        self._core.fire(event, caller)
        return table.get(made)

    def tag(self, given: Input, caller: Caller) -> Tag | None:
        """A new tag may take others below it: no hook runs for them, and their time stays."""
        table = self._library.tags
        name = _unused("tag", table.values(), given)
        parents, children = self._tags(given.get("parent_ids")), self._tags(given.get("child_ids"))
        for one in parents:
            if any(one == each or self._library.is_above(each, one) for each in children):
                raise StashError(f'cannot apply tag "{table[one].name}" as a parent of tag')
        fields = copied(given, ("sort_name", "description"), lists=("aliases",))
        made = self._library.add_tag(name, parents, **fields, **self._shared(given))
        for child in children:
            self._library.place_tag(child, (*table[child].parent_ids, made))
        self._core.fire(HookEvent("Tag.Create.Post", made, without_empty(given)), caller)
        return table.get(made)

    def _shared(self, given: Input, has_favorite: bool = True) -> dict[str, Any]:
        now = self._core.time.now()
        fields: dict[str, Any] = {"ignore_auto_tag": bool(given.get("ignore_auto_tag"))}
        if has_favorite:
            fields["favorite"] = bool(given.get("favorite"))
        if given.get("image"):
            fields["image"] = image_bytes(given["image"])
        fields["stash_ids"] = tuple(
            StashId(each["endpoint"], each["stash_id"], each.get("updated_at") or now)
            for each in given.get("stash_ids") or []
        )
        return fields

    def _tags(self, ids: Iterable[str] | None) -> tuple[int, ...]:
        numbers = tuple(dict.fromkeys(number_of(each) for each in ids or []))
        if not self._library.tags.keys() >= set(numbers):
            raise StashError("FOREIGN KEY constraint failed")
        return numbers


def _name(kind: str, given: Input) -> str:
    name = str(given["name"]).strip()
    if not name:
        raise StashError(f"{kind} name must not be blank")
    return name


def _unused(kind: str, others: Iterable[Studio | Tag], given: Input) -> str:
    """Return the name; StashError if another one has it as a name or an alias."""
    name = _name(kind, given)
    for one in others:
        if _is(name, one.name):
            raise StashError(f"{kind} with name '{name}' already exists")
        if any(_is(name, alias) for alias in one.aliases):
            raise StashError(f"name '{name}' is used as alias for '{one.name}'")
    return name


def _is(name: str, other: str) -> bool:
    return name.lower() == other.lower()


def changed_custom_fields(old: Mapping[str, Any], given: Input | None) -> dict[str, Any]:
    """Return a performer's own fields after an update: all replaced, some set, some removed."""
    change = given or {}
    kept = old if change.get("full") is None else change["full"]
    merged = {**kept, **(change.get("partial") or {})}
    return {key: merged[key] for key in merged if key not in (change.get("remove") or [])}
