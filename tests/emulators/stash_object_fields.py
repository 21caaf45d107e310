"""Resolvers for the fields that are not plain attributes: links between objects, and URLs."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo

from tests.emulators.stash_jobs import Job
from tests.emulators.stash_model import (
    Group,
    Performer,
    Scene,
    SceneGroup,
    Studio,
    Tag,
    VideoFile,
    epoch_of,
)
from tests.emulators.stash_output import go_sorted
from tests.emulators.stash_plugins import Plugin, PluginTask
from tests.emulators.stash_request import Resolver, context_of
from tests.emulators.stash_runner import StashError

_Info = GraphQLResolveInfo


def object_fields() -> dict[str, dict[str, Resolver]]:
    return {
        "Scene": {
            "title": _title,
            "files": lambda scene, info: context_of(info).core.library.files_of(scene),
            "paths": _scene_paths,
            "studio": _studio,
            "groups": lambda scene, info: scene.group_links,
            "tags": _tags,
            "performers": _performers,
        },
        "SceneGroup": {"group": _linked_group},
        "VideoFile": {"fingerprints": _fingerprints, "fingerprint": _fingerprint},
        "Studio": {
            "parent_studio": _parent_studio,
            "tags": _tags,
            "image_path": _image_path("studio"),
            "scene_count": _studio_scenes,
        },
        "Tag": {
            "parents": _tag_parents,
            "children": _tag_children,
            "image_path": _image_path("tag"),
            "scene_count": _tag_scenes,
        },
        "Performer": {
            "tags": _tags,
            "image_path": _image_path("performer"),
            "scene_count": _performer_scenes,
        },
        "Group": {
            "studio": _studio,
            "tags": _tags,
            "front_image_path": _image_path("group", "frontimage"),
            "back_image_path": lambda group, info: None,
            "scene_count": _group_scenes,
        },
        "Plugin": _plugin_fields(),
        **_plugin_parts(),
        "Job": _job_fields(),
        "ConfigResult": {"plugins": _plugin_settings},
    }


def _plugin_parts() -> dict[str, dict[str, Resolver]]:
    return {
        "PluginTask": {"plugin": lambda task, info: task[0], **_of_task("name", "description")},
        "PluginHook": {
            "plugin": lambda hook, info: hook[0],
            "hooks": lambda hook, info: hook[1].hooks,
            **_of_task("name", "description"),
        },
    }


def _scene_paths(scene: Scene, info: _Info) -> dict[str, str | None]:
    context = context_of(info)
    base = f"{context.base_url}/scene/{scene.id}"
    key = context.core.options.api_key
    return {
        "screenshot": f"{base}/screenshot?t={epoch_of(scene.updated_at)}",
        "preview": f"{base}/preview",
        "stream": f"{base}/stream" + (f"?apikey={key}" if key else ""),
        "webp": f"{base}/webp",
    }


def _studio(owner: Scene | Group, info: _Info) -> Studio | None:
    studios = context_of(info).core.library.studios
    return None if owner.studio_id is None else studios.get(owner.studio_id)


def _parent_studio(studio: Studio, info: _Info) -> Studio | None:
    studios = context_of(info).core.library.studios
    return None if studio.parent_id is None else studios.get(studio.parent_id)


def _title(scene: Scene, info: _Info) -> str:
    if scene.id in context_of(info).core.broken_scenes:
        raise StashError("Internal system error. Error <a bug>")
    return scene.title


def _tags(owner: Scene | Performer | Studio | Group, info: _Info) -> list[Tag]:
    tags = context_of(info).core.library.tags
    found = [tags[each] for each in owner.tag_ids if each in tags]
    return sorted(found, key=lambda tag: (tag.sort_name or tag.name).lower())


def _performers(scene: Scene, info: _Info) -> list[Performer]:
    performers = context_of(info).core.library.performers
    return [performers[each] for each in scene.performer_ids if each in performers]


def _linked_group(link: SceneGroup, info: _Info) -> Group:
    return context_of(info).core.library.groups[link.group_id]


def _fingerprints(file: VideoFile, info: _Info) -> list[dict[str, str]]:
    kinds = {"oshash": file.oshash, "md5": file.md5, "phash": file.phash}
    return [{"type": kind, "value": value} for kind, value in kinds.items() if value]


def _fingerprint(file: VideoFile, info: _Info, type: str) -> str | None:
    return next((each["value"] for each in _fingerprints(file, info) if each["type"] == type), None)


def _image_path(kind: str, leaf: str = "image") -> Resolver:
    def resolve(owner: Any, info: _Info) -> str:
        base = context_of(info).base_url
        marker = "" if owner.image is not None else "&default=true"
        return f"{base}/{kind}/{owner.id}/{leaf}?t={epoch_of(owner.updated_at)}{marker}"

    return resolve


def _studio_scenes(studio: Studio, info: _Info, depth: int | None = None) -> int:
    return sum(scene.studio_id == studio.id for scene in _all_scenes(info))


def _tag_scenes(tag: Tag, info: _Info, depth: int | None = None) -> int:
    return sum(tag.id in scene.tag_ids for scene in _all_scenes(info))


def _performer_scenes(performer: Performer, info: _Info) -> int:
    return sum(performer.id in scene.performer_ids for scene in _all_scenes(info))


def _group_scenes(group: Group, info: _Info, depth: int | None = None) -> int:
    return sum(
        any(link.group_id == group.id for link in scene.group_links) for scene in _all_scenes(info)
    )


def _all_scenes(info: _Info) -> list[Scene]:
    return list(context_of(info).core.library.scenes.values())


def _tag_parents(tag: Tag, info: _Info) -> list[Tag]:
    tags = context_of(info).core.library.tags
    return [tags[each] for each in tag.parent_ids if each in tags]


def _tag_children(tag: Tag, info: _Info) -> list[Tag]:
    return [
        each for each in context_of(info).core.library.tags.values() if tag.id in each.parent_ids
    ]


def _plugin_fields() -> dict[str, Resolver]:
    return {
        "name": lambda plugin, info: plugin.name,
        "enabled": lambda plugin, info: plugin.id not in context_of(info).core.plugins.disabled,
        "tasks": lambda plugin, info: [(plugin, each) for each in plugin.tasks],
        "hooks": lambda plugin, info: [(plugin, each) for each in plugin.hooks],
        "settings": lambda plugin, info: list(plugin.settings),
        "requires": lambda plugin, info: list(plugin.ui.requires),
        "paths": _plugin_paths,
    }


def _plugin_paths(plugin: Plugin, info: _Info) -> dict[str, list[str] | None]:
    base = f"{context_of(info).base_url}/plugin/{plugin.id}"
    paths: dict[str, list[str] | None] = {}
    for kind, entries in (("javascript", plugin.ui.javascript), ("css", plugin.ui.css)):
        remote = [each for each in entries if each.startswith(("http://", "https://"))]
        local = [f"{base}/{kind}"] if len(remote) < len(entries) else []
        paths[kind] = [*local, *remote] or None
    return paths


def _of_task(*names: str) -> dict[str, Resolver]:
    def reader(name: str) -> Resolver:
        def resolve(pair: tuple[Plugin, PluginTask], info: _Info) -> str:
            return str(getattr(pair[1], name))

        return resolve

    return {name: reader(name) for name in names}


def _job_fields() -> dict[str, Resolver]:
    def sub_tasks(job: Job, info: _Info) -> list[str]:
        return []

    return {
        "subTasks": sub_tasks,
        "startTime": lambda job, info: job.start_time,
        "endTime": lambda job, info: job.end_time,
        "addTime": lambda job, info: job.add_time,
    }


def _plugin_settings(config: Any, info: _Info, include: list[str] | None = None) -> dict[str, Any]:
    saved = context_of(info).core.settings.all()
    chosen = saved if include is None else {each: saved[each] for each in include if each in saved}
    # Stash keeps settings as Go's maps, which are written in the order of their keys.
    ordered: dict[str, Any] = go_sorted(chosen)
    return ordered
