"""Hooks after a change: which plugins run, in which order, with which context, and what stops the
row.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.emulators.stash_log import LogStore
from tests.emulators.stash_plugins import Plugin, PluginTask
from tests.emulators.stash_runner import Caller, PluginCache, PluginRunner, PluginStartError

LOOP_LIMIT = 10

SCENE_UPDATE_KEYS = (
    *(
        "clientMutationId",
        "id",
        "title",
        "code",
        "details",
        "director",
        "url",
        "urls",
        "date",
        "rating100",
    ),
    *(
        "o_counter",
        "organized",
        "studio_id",
        "gallery_ids",
        "performer_ids",
        "movies",
        "groups",
        "tag_ids",
    ),
    *("cover_image", "stash_ids", "resume_time", "play_duration", "play_count", "primary_file_id"),
)
PERFORMER_UPDATE_KEYS = (
    *(
        "id",
        "name",
        "disambiguation",
        "url",
        "urls",
        "gender",
        "birthdate",
        "ethnicity",
        "country",
        "eye_color",
    ),
    *(
        "height",
        "height_cm",
        "measurements",
        "fake_tits",
        "penis_length",
        "circumcised",
        "career_length",
        "tattoos",
    ),
    *(
        "piercings",
        "aliases",
        "alias_list",
        "twitter",
        "instagram",
        "favorite",
        "tag_ids",
        "image",
        "stash_ids",
    ),
    *(
        "rating100",
        "details",
        "death_date",
        "hair_color",
        "weight",
        "ignore_auto_tag",
        "custom_fields",
    ),
)
STUDIO_UPDATE_KEYS = (
    *(
        "id",
        "name",
        "url",
        "urls",
        "parent_id",
        "image",
        "stash_ids",
        "rating100",
        "favorite",
        "details",
    ),
    *("aliases", "tag_ids", "ignore_auto_tag"),
)


@dataclass(frozen=True)
class HookEvent:
    """One changed object. `fields` are the keys the client sent."""

    trigger: str
    object_id: int
    input: Any = None
    fields: tuple[str, ...] = ()


def all_keys(keys: Iterable[str], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Hand-written input types: every member is there, unset ones as null."""
    return {key: sent.get(key) for key in keys}


def performer_input(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a hook gets of a performer's update.

    A member that is a whole object is never null there: its own members are.
    """
    own = sent.get("custom_fields") or {}
    given = {**sent, "custom_fields": all_keys(("full", "partial", "remove"), own)}
    return all_keys(PERFORMER_UPDATE_KEYS, given)


def without_empty(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Generated input types: null members vanish, and so do empty lists."""
    return {key: value for key, value in sent.items() if value is not None and value != []}


class HookRunner:
    def __init__(
        self, cache: PluginCache, runner: PluginRunner, log: LogStore, shuffle: random.Random
    ) -> None:
        self._cache = cache
        self._runner = runner
        self._log = log
        self._shuffle = shuffle

    def fire(self, event: HookEvent, caller: Caller) -> None:
        """Run every matching hook, one process after another, and return when the last one has
        ended.
        """
        try:
            self._fire(event, caller)
        except PluginStartError as error:
            self._log.add("Error", f"error executing post hooks: {error}")

    def _fire(self, event: HookEvent, caller: Caller) -> None:
        for plugin in self._cache.enabled():
            pair = (plugin.id, event.trigger)
            for hook in plugin.hooks:
                for _ in range(hook.hooks.count(event.trigger)):
                    if caller.visits.count(pair) >= LOOP_LIMIT:
                        self._log.add(
                            "Debug",
                            f"plugin ID '{plugin.id}' cyclic loop detected: {event.trigger}",
                        )
                        continue
                    mine = replace(caller, visits=(*caller.visits, pair))
                    if not self._run(plugin, hook, event, mine):
                        return

    def _run(self, plugin: Plugin, hook: PluginTask, event: HookEvent, caller: Caller) -> bool:
        args = {**hook.default_args, "hookContext": self._context(event)}
        running = self._runner.start(plugin, event.trigger, args, caller, hook.exec_args)
        if not self._runner.finish(plugin, running, caller.cancel):
            self._log.add("Error", "error executing post hooks: context canceled")
            return False
        run = running.run
        prefix = f"{event.trigger} [{plugin.name}]: "
        if run.error is not None:
            self._log.add("Error", f"{prefix}returned error: {run.error}")
        elif run.output is not None:
            self._log.add("Debug", f"{prefix}returned: {run.output}")
        return True

    def _context(self, event: HookEvent) -> dict[str, Any]:
        context: dict[str, Any] = {"id": event.object_id} if event.object_id else {}
        context.update(type=event.trigger, input=event.input)
        if event.fields:
            context["inputFields"] = self._shuffle.sample(event.fields, len(event.fields))
        return context
