"""The queries of the emulated API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphql import GraphQLResolveInfo

from tests.emulators.stash_clauses import FilterError
from tests.emulators.stash_jobs import Job
from tests.emulators.stash_log import LogEntry
from tests.emulators.stash_model import Scene
from tests.emulators.stash_request import Resolver, context_of
from tests.emulators.stash_runner import StashError

_Info = GraphQLResolveInfo


def query_fields() -> dict[str, Resolver]:
    return {
        "findScene": _find_scene,
        "findScenes": _find_scenes,
        "findPerformer": _find_one("performers"),
        "findStudio": _find_one("studios"),
        "findTag": _find_one("tags"),
        "findGroup": _find_one("groups"),
        "findPerformers": _find_named("performers", "performer"),
        "findStudios": _find_named("studios", "studio"),
        "findTags": _find_named("tags", "tag"),
        "findGroups": _find_named("groups", "group"),
        "plugins": lambda root, info: context_of(info).core.plugins.loaded or None,
        "pluginTasks": _plugin_tasks,
        "configuration": _configuration,
        "systemStatus": _system_status,
        "version": lambda root, info: {
            "version": context_of(info).core.version,
            "hash": "emulator",
            "build_time": "",
        },
        "jobQueue": _job_queue,
        "findJob": _find_job,
        "logs": _logs,
    }


def _find_scene(
    root: Any, info: _Info, id: str | None = None, checksum: str | None = None
) -> Scene | None:
    library = context_of(info).core.library
    if id is not None:
        return library.scenes.get(_number(id))
    for scene in list(library.scenes.values()):
        if any(file.md5 == checksum for file in library.files_of(scene)):
            return scene
    return None


def _find_scenes(
    root: Any,
    info: _Info,
    scene_filter: Mapping[str, Any] | None = None,
    scene_ids: list[int] | None = None,
    ids: list[str] | None = None,
    filter: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    core = context_of(info).core
    given = ids or scene_ids
    if given:
        page = all_ids = [_number(each) for each in given]
        _refuse_bad_ids(page, core.library.scenes)
    else:
        try:
            page, all_ids = core.finder.find(scene_filter, filter)
        except FilterError as error:
            raise StashError(str(error)) from error
    scenes = core.library.scenes
    return {
        "count": len(all_ids),
        "duration": lambda info: sum(_first(info, each, "duration") for each in all_ids),
        "filesize": lambda info: float(sum(_first(info, each, "size") for each in all_ids)),
        "scenes": [scenes[each] for each in page if each in scenes],
    }


def _refuse_bad_ids(ids: list[int], scenes: Mapping[int, Scene]) -> None:
    for place, each in enumerate(ids):
        if each not in scenes:
            raise StashError(f"scene with id {each} not found")
        if each in ids[:place]:
            raise StashError(f"scene with id {each} given more than once")


def _first(info: _Info, scene_id: int, name: str) -> float:
    library = context_of(info).core.library
    files = library.files_of(library.scenes[scene_id])
    return float(getattr(files[0], name)) if files else 0.0


def _find_one(table: str) -> Resolver:
    def resolve(root: Any, info: _Info, id: str) -> Any:
        return getattr(context_of(info).core.library, table).get(_number(id))

    return resolve


def _find_named(table: str, kind: str) -> Resolver:
    def resolve(
        root: Any,
        info: _Info,
        filter: Mapping[str, Any] | None = None,
        ids: list[str] | None = None,
        performer_ids: list[int] | None = None,
    ) -> dict[str, Any]:
        rows: dict[int, Any] = getattr(context_of(info).core.library, table)
        given = [_number(each) for each in ids or performer_ids or []]
        missing = next((each for each in given if each not in rows), None)
        if missing is not None:
            raise StashError(f"{kind} with id {missing} not found")
        if given:
            return {"count": len(given), table: [rows[each] for each in given]}
        return _page_of_named(table, rows, dict(filter or {}))

    return resolve


def _page_of_named(table: str, rows: Mapping[int, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    desired = (page.get("q") or "").lower()
    fitting = [each for each in rows.values() if desired in each.name.lower()]
    if page.get("sort"):
        fitting.sort(key=lambda each: str(getattr(each, page["sort"], each.name)).lower())
        if page["sort"] == "id":
            fitting.sort(key=lambda each: int(each.id))
        if page.get("direction") == "DESC":
            fitting.reverse()
    size = 25 if page.get("per_page") is None else page["per_page"]
    start = (max(1, page.get("page") or 1) - 1) * size
    shown = fitting if size < 0 else fitting[start : start + size]
    return {"count": len(fitting), table: shown}


def _plugin_tasks(root: Any, info: _Info) -> list[Any]:
    return [
        (plugin, task)
        for plugin in context_of(info).core.plugins.enabled()
        for task in plugin.tasks
    ]


def _configuration(root: Any, info: _Info) -> dict[str, Any]:
    core = context_of(info).core
    options = core.options
    general = {
        "stashes": [
            {"path": path, "excludeVideo": False, "excludeImage": False}
            for path in options.library_paths
        ],
        "configFilePath": str(options.root / "config.yml"),
        "pluginsPath": str(core.plugins_folder),
        "generatedPath": str(options.root / "generated"),
        "parallelTasks": options.parallel_tasks,
        "apiKey": options.api_key or "",
        "username": options.username or "",
        "maxSessionAge": int(core.sessions.max_age),
        "logLevel": core.log.level,
        "pythonPath": core.runner.python_path,
    }
    return {"general": general, "ui": {}}


def _system_status(root: Any, info: _Info) -> dict[str, Any]:
    options = context_of(info).core.options
    return {
        "databaseSchema": 75,
        "databasePath": str(options.root / "stash-go.sqlite"),
        "configPath": str(options.root / "config.yml"),
        "appSchema": 75,
        "status": context_of(info).core.system_status,
        "os": os.name,
        "workingDir": str(Path.cwd()),
        "homeDir": str(Path.home()),
    }


def _job_queue(root: Any, info: _Info) -> list[Job] | None:
    return context_of(info).core.jobs.queue() or None


def _find_job(root: Any, info: _Info, input: Mapping[str, str]) -> Job | None:
    return context_of(info).core.jobs.find(_number(input["id"]))


def _logs(root: Any, info: _Info) -> list[LogEntry]:
    return context_of(info).core.log.newest()


def _number(raw: str | int) -> int:
    try:
        return int(raw)
    except ValueError:
        raise StashError(f'strconv.Atoi: parsing "{raw}": invalid syntax') from None
