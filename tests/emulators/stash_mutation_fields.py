"""The mutations of the emulated API; the work itself is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLResolveInfo

from tests.emulators.stash_further_fields import further_mutation_fields
from tests.emulators.stash_groups import GroupMutations
from tests.emulators.stash_model import Scene
from tests.emulators.stash_request import Resolver, context_of
from tests.emulators.stash_runner import StashError

_Info = GraphQLResolveInfo
_Input = Mapping[str, Any]


def mutation_fields() -> dict[str, Resolver]:
    return {
        "sceneCreate": _scene("create"),
        "sceneUpdate": _scene("update"),
        "scenesUpdate": _scene("update_many"),
        "bulkSceneUpdate": _scene("bulk_update"),
        "sceneDestroy": _scene_destroy,
        "scenesDestroy": _scenes_destroy,
        "sceneMerge": _scene_merge,
        "sceneGenerateScreenshot": _screenshot,
        "performerUpdate": _named("update_performer"),
        "studioUpdate": _named("update_studio"),
        "tagUpdate": _named("update_tag"),
        "tagsMerge": _named("merge_tags"),
        "groupCreate": _group("create"),
        "groupUpdate": _group("update"),
        "addGroupSubGroups": _group("add_sub_groups"),
        "removeGroupSubGroups": _group("remove_sub_groups"),
        "metadataScan": _scan,
        "configurePlugin": _configure_plugin,
        "setPluginsEnabled": _set_plugins_enabled,
        "reloadPlugins": _reload_plugins,
        "runPluginTask": _run_plugin_task,
        "runPluginOperation": _run_plugin_operation,
        "stopJob": _stop_job,
        "stopAllJobs": _stop_all_jobs,
        **further_mutation_fields(),
    }


def _scene(method: str) -> Resolver:
    def resolve(root: Any, info: _Info, input: Any) -> Any:
        context = context_of(info)
        return getattr(context.scenes, method)(input, context.caller)

    return resolve


def _named(method: str) -> Resolver:
    def resolve(root: Any, info: _Info, input: Any) -> Any:
        context = context_of(info)
        return getattr(context.named, method)(input, context.caller)

    return resolve


def _group(method: str) -> Resolver:
    def resolve(root: Any, info: _Info, input: Any) -> Any:
        context = context_of(info)
        return getattr(GroupMutations(context.core), method)(input, context.caller)

    return resolve


def _scene_destroy(root: Any, info: _Info, input: _Input) -> bool:
    context = context_of(info)
    return context.scenes.destroy([input["id"]], input, context.caller)


def _scenes_destroy(root: Any, info: _Info, input: _Input) -> bool:
    context = context_of(info)
    return context.scenes.destroy(input["ids"], input, context.caller)


def _scene_merge(root: Any, info: _Info, input: _Input) -> Scene | None:
    return context_of(info).scenes.merge(input)


def _screenshot(root: Any, info: _Info, id: str, at: float | None = None) -> str:
    return context_of(info).scenes.screenshot(id)


def _scan(root: Any, info: _Info, input: _Input) -> int:
    context = context_of(info)
    return context.core.add_scan(input, context.caller).id


def _configure_plugin(root: Any, info: _Info, plugin_id: str, input: _Input) -> dict[str, Any]:
    return context_of(info).core.settings.replace(plugin_id, input)


def _set_plugins_enabled(root: Any, info: _Info, enabledMap: Mapping[str, bool]) -> bool:  # noqa: N803
    disabled = context_of(info).core.plugins.disabled
    for plugin_id, enabled in enabledMap.items():
        if enabled:
            disabled.discard(plugin_id)
        else:
            disabled.add(plugin_id)
    return True


def _reload_plugins(root: Any, info: _Info) -> bool:
    context_of(info).core.plugins.reload()
    return True


def _run_plugin_task(
    root: Any,
    info: _Info,
    plugin_id: str,
    task_name: str | None = None,
    description: str | None = None,
    args: list[dict[str, Any]] | None = None,
    args_map: _Input | None = None,
) -> int:
    context = context_of(info)
    given = dict(args_map) if args_map is not None else _listed_arguments(args or [])
    return context.core.add_task(plugin_id, task_name, description, given, context.caller).id


def _listed_arguments(args: list[dict[str, Any]]) -> dict[str, Any]:
    return {each["key"]: _listed_value(each.get("value")) for each in args}


def _listed_value(value: dict[str, Any] | None) -> Any:
    """The old way to pass arguments: one member per type, the first one that is set counts."""
    given = {key: each for key, each in (value or {}).items() if each is not None}
    for key in ("str", "i", "b", "f"):
        if key in given:
            return given[key]
    if "o" in given:
        return _listed_arguments(given["o"])
    return [_listed_value(each) for each in given["a"]] if "a" in given else None


def _run_plugin_operation(
    root: Any, info: _Info, plugin_id: str, args: _Input | None = None
) -> Any:
    context = context_of(info)
    return context.core.run_operation(plugin_id, args or {}, context.caller)


def _stop_job(root: Any, info: _Info, job_id: str) -> bool:
    try:
        number = int(job_id)
    except ValueError:
        raise StashError(f'strconv.Atoi: parsing "{job_id}": invalid syntax') from None
    context_of(info).core.jobs.stop(number)
    return True


def _stop_all_jobs(root: Any, info: _Info) -> bool:
    context_of(info).core.jobs.stop_all()
    return True
