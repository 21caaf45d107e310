"""Performers, studios, tags and groups as they are removed: one, or several in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_hooks import HookEvent
from tests.emulators.stash_inputs import Input, number_of
from tests.emulators.stash_runner import Caller, StashError


class DestroyMutations:
    """The links are gone before a hook runs. The scenes' `updated_at` stays."""

    def __init__(self, core: StashCore) -> None:
        self._core = core
        library = core.library
        self._kinds: dict[str, tuple[str, Callable[[int], None]]] = {
            "Performer": ("performers", library.remove_performer),
            "Studio": ("studios", library.remove_studio),
            "Tag": ("tags", library.remove_tag),
            "Group": ("groups", library.remove_group),
        }

    def one(self, kind: str, given: Input, caller: Caller) -> bool:
        """`performerDestroy` and its like: the hook gets the input as it was sent."""
        self._remove(kind, [given["id"]], dict(given), caller)
        return True

    def several(self, kind: str, ids: Sequence[str], caller: Caller) -> bool:
        """`performersDestroy` and its like: each hook gets the list of all ids, as texts."""
        self._remove(kind, ids, list(ids), caller)
        return True

    def _remove(self, kind: str, ids: Sequence[str], sent_input: Any, caller: Caller) -> None:
        table, remove = self._kinds[kind]
        library = self._core.library
        with library.lock:
            left = set(getattr(library, table))
            numbers = [number_of(each) for each in ids]
            for number in numbers:
                if number not in left:  # a second time in the list, too: nothing is removed then
                    raise StashError(f"id {number} does not exist in {table}")
                left.discard(number)
            for number in numbers:
                remove(number)
        for number in numbers:
            self._core.fire(HookEvent(f"{kind}.Destroy.Post", number, sent_input), caller)
