"""Resolvers of the mutations whose work is in modules of their own: creates, destroys, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLResolveInfo

from tests.emulators.stash_creates import CreateMutations
from tests.emulators.stash_destroys import DestroyMutations
from tests.emulators.stash_files import move_files
from tests.emulators.stash_history import SceneHistory
from tests.emulators.stash_imports import import_everything, import_objects
from tests.emulators.stash_request import Resolver, context_of
from tests.emulators.stash_sql import exec_sql

_Info = GraphQLResolveInfo
_Input = Mapping[str, Any]


def further_mutation_fields() -> dict[str, Resolver]:
    fields: dict[str, Resolver] = {
        **{f"{kind}Create": _create(kind) for kind in ("performer", "studio", "tag")},
        "performerMerge": _merge_performers,
        **_history_fields(),
        "moveFiles": _move_files,
        "importObjects": _import_objects,
        "metadataImport": _import_everything,
        "execSQL": _exec_sql,
    }
    for kind in ("performer", "studio", "tag", "group"):
        fields[f"{kind}Destroy"] = _destroy_one(kind.title())
        fields[f"{kind}sDestroy"] = _destroy_several(kind.title())
    return fields


def _history_fields() -> dict[str, Resolver]:
    return {
        "sceneIncrementO": _counted("add", "o"),
        "sceneDecrementO": _counted("delete", "o"),
        "sceneResetO": _reset("o"),
        "sceneAddO": _with_times("add", "o"),
        "sceneDeleteO": _with_times("delete", "o"),
        "sceneIncrementPlayCount": _counted("add", "play"),
        "sceneResetPlayCount": _reset("play"),
        "sceneAddPlay": _with_times("add", "play"),
        "sceneDeletePlay": _with_times("delete", "play"),
        "sceneSaveActivity": _save_activity,
        "sceneResetActivity": _reset_activity,
    }


def _create(kind: str) -> Resolver:
    def resolve(root: Any, info: _Info, input: _Input) -> Any:
        context = context_of(info)
        return getattr(CreateMutations(context.core), kind)(input, context.caller)

    return resolve


def _destroy_one(kind: str) -> Resolver:
    def resolve(root: Any, info: _Info, input: _Input) -> bool:
        context = context_of(info)
        return DestroyMutations(context.core).one(kind, input, context.caller)

    return resolve


def _destroy_several(kind: str) -> Resolver:
    def resolve(root: Any, info: _Info, ids: Sequence[str]) -> bool:
        context = context_of(info)
        return DestroyMutations(context.core).several(kind, ids, context.caller)

    return resolve


def _merge_performers(root: Any, info: _Info, input: _Input) -> Any:
    context = context_of(info)
    return context.named.merge_performers(input, context.caller)


def _counted(method: str, kind: str) -> Resolver:
    """The older mutations: no times, and the new count alone as the answer."""

    def resolve(root: Any, info: _Info, id: str) -> Any:
        return getattr(SceneHistory(context_of(info).core), method)(kind, id)["count"]

    return resolve


def _with_times(method: str, kind: str) -> Resolver:
    def resolve(root: Any, info: _Info, id: str, times: Sequence[str] | None = None) -> Any:
        return getattr(SceneHistory(context_of(info).core), method)(kind, id, times)

    return resolve


def _reset(kind: str) -> Resolver:
    def resolve(root: Any, info: _Info, id: str) -> int:
        return SceneHistory(context_of(info).core).reset(kind, id)

    return resolve


def _save_activity(
    root: Any,
    info: _Info,
    id: str,
    resume_time: float | None = None,
    playDuration: float | None = None,  # noqa: N803
) -> bool:
    return SceneHistory(context_of(info).core).save_activity(id, resume_time, playDuration)


def _reset_activity(
    root: Any,
    info: _Info,
    id: str,
    reset_resume: bool | None = None,
    reset_duration: bool | None = None,
) -> bool:
    history = SceneHistory(context_of(info).core)
    return history.reset_activity(id, reset_resume, reset_duration)


def _move_files(root: Any, info: _Info, input: _Input) -> bool:
    return move_files(context_of(info).core, input)


def _import_objects(root: Any, info: _Info, input: _Input) -> int:
    return import_objects(context_of(info).core, input).id


def _import_everything(root: Any, info: _Info) -> int:
    return import_everything(context_of(info).core).id


def _exec_sql(
    root: Any, info: _Info, sql: str, args: Sequence[Any] | None = None
) -> dict[str, int]:
    return exec_sql(context_of(info).core, sql, args or ())
