"""The mutations of groups: hooks fire twice, and none where sub-groups are added or removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_hooks import HookEvent, without_empty
from tests.emulators.stash_inputs import Input, copied, found, image_bytes, parsed_date
from tests.emulators.stash_runner import Caller, StashError

_TEXTS = ("name", "aliases", "director", "synopsis")


class GroupMutations:
    """Groups. Their scenes' `updated_at` never moves."""

    def __init__(self, core: StashCore) -> None:
        self._core = core
        self._library = core.library

    def create(self, given: Input, caller: Caller) -> Any:
        made = self._library.add_group(given["name"], **self._fields(given))
        self._link(made, given)
        self._core.fire(HookEvent("Group.Create.Post", made, without_empty(given)), caller)
        return self._library.groups[made]

    def update(self, given: Input, caller: Caller) -> Any:
        library = self._library
        which = found(library.groups, "group", given["id"])
        fields = self._fields(given)
        if "name" in given:
            fields["name"] = given["name"] or ""
        library.change_named(library.groups, which, **fields)
        self._link(which, given)
        event = HookEvent("Group.Update.Post", which, without_empty(given), tuple(given))
        self._core.fire(event, caller)
        return library.groups.get(which)

    def add_sub_groups(self, given: Input, caller: Caller) -> bool:
        """No hook, and no `updated_at` moves."""
        containing = found(self._library.groups, "group", given["containing_group_id"])
        for part in self._ids(given["sub_groups"]):
            if containing in self._library.groups[part].containing_ids:
                raise StashError(f"subgroups with IDs [{part}] already in group")
            self._contain(part, [*self._library.groups[part].containing_ids, containing])
        return True

    def remove_sub_groups(self, given: Input, caller: Caller) -> bool:
        """No hook, and no `updated_at` moves."""
        containing = found(self._library.groups, "group", given["containing_group_id"])
        for raw in given["sub_group_ids"]:
            part = found(self._library.groups, "group", raw)
            before = self._library.groups[part].containing_ids
            self._library.contain(part, [one for one in before if one != containing])
        return True

    def _fields(self, given: Input) -> dict[str, Any]:
        fields = copied(given, _TEXTS[1:])
        if "date" in given:
            fields["date"] = parsed_date(given["date"])
        if "studio_id" in given:
            fields["studio_id"] = None if given["studio_id"] is None else int(given["studio_id"])
        if "front_image" in given:
            image = given["front_image"]
            fields["image"] = image_bytes(image) if image else None
        return fields

    def _link(self, which: int, given: Input) -> None:
        if "containing_groups" in given:
            self._contain(which, self._ids(given["containing_groups"]))
        if "sub_groups" not in given:
            return
        parts = self._ids(given["sub_groups"])
        for part in list(self._library.groups.values()):
            kept = [one for one in part.containing_ids if one != which]
            if part.id in parts:
                self._contain(part.id, [*kept, which])
            elif which in part.containing_ids:
                self._library.contain(part.id, kept)

    def _contain(self, part: int, containing: Iterable[int]) -> None:
        wanted = list(containing)
        if part in self._all_above(wanted):
            raise StashError("cannot create a loop of groups")
        self._library.contain(part, wanted)

    def _all_above(self, ids: Iterable[int]) -> set[int]:
        above: set[int] = set()
        ahead = set(ids)
        while ahead:
            above |= ahead
            links = [self._library.groups[one].containing_ids for one in ahead]
            ahead = {one for containing in links for one in containing} - above
        return above

    def _ids(self, given: Iterable[Input] | None) -> list[int]:
        return [found(self._library.groups, "group", one["group_id"]) for one in given or ()]
