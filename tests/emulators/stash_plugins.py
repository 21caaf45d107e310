"""Reads plugin manifests as strictly as Stash: one that it would refuse fails here first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ERR_LEVELS = ("trace", "debug", "info", "warning", "error", "progress", "none")

_RUN_KEYS = {"name", "description", "execArgs", "defaultArgs"}
_KEYS = {
    "top": {
        *("name", "description", "url", "version", "exec", "interface"),
        *("errLog", "tasks", "hooks", "settings", "ui"),
    },
    "task": _RUN_KEYS,
    "hook": {*_RUN_KEYS, "triggeredBy"},
    "setting": {"displayName", "description", "type"},
    "ui": {"javascript", "css", "requires", "assets", "csp"},
    "csp": {"script-src", "style-src", "connect-src"},
}


class ManifestError(Exception):
    """A manifest that Stash refuses."""


@dataclass(frozen=True)
class PluginTask:
    name: str
    description: str
    exec_args: tuple[str, ...]
    default_args: Mapping[str, str]
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True)
class PluginSetting:
    name: str
    display_name: str
    description: str
    type: str


@dataclass(frozen=True)
class PluginUi:
    javascript: tuple[str, ...] = ()
    css: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    assets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plugin:
    id: str
    manifest: Path
    manifest_name: str
    description: str
    url: str
    version: str
    exec: tuple[str, ...]
    interface: str
    err_level: str
    tasks: tuple[PluginTask, ...]
    hooks: tuple[PluginTask, ...]
    settings: tuple[PluginSetting, ...]
    ui: PluginUi

    @property
    def folder(self) -> Path:
        return self.manifest.parent

    @property
    def name(self) -> str:
        return self.manifest_name or self.id


# The one in C, where PyYAML was built with it, takes a tenth of the time.
_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _StrictLoader(_BaseLoader):  # type: ignore[misc]
    """Scalars stay the text they are written as; a repeated key is an error."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in made:
            raise ManifestError(
                f"line {key_node.start_mark.line + 1}: key {key!r} already set in map"
            )
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def manifest_files(folder: Path) -> Iterator[Path]:
    """Every `.yml` below the folder in lexical order, symbolic links followed."""
    if not folder.is_dir():
        return
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - only the names, in the order Stash walks
        path = folder / name
        if path.is_dir():
            yield from manifest_files(path)
        elif name.endswith(".yml"):
            yield path


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    """Return a manifest's content; every test that opens a Stash reads the same one."""
    # The loader is derived from BaseLoader, which builds nothing but text, lists and mappings.
    return yaml.load(text, Loader=_StrictLoader)


def load_plugin(manifest: Path) -> Plugin:
    """Raises ManifestError for anything Stash would not load."""
    try:
        data = _parsed(manifest.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ManifestError(str(error)) from error
    top = _keys(data or {}, "top")
    interface = _choice(top, "interface", "raw", ("raw", "rpc", "js"))
    return Plugin(
        id=manifest.name.rpartition(".")[0],
        manifest=manifest,
        manifest_name=_text(top, "name"),
        description=_text(top, "description"),
        url=_text(top, "url"),
        version=_text(top, "version"),
        exec=_texts(top, "exec"),
        interface=interface,
        err_level=_choice(top, "errLog", "error", ERR_LEVELS),
        tasks=tuple(_task(each, "task") for each in _list(top, "tasks")),
        hooks=tuple(_task(each, "hook") for each in _list(top, "hooks")),
        settings=_settings(top.get("settings") or {}),
        ui=_ui(top.get("ui") or {}),
    )


def _keys(data: Any, kind: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ManifestError(f"cannot unmarshal {type(data).__name__} into a mapping")
    for key in data:
        if key not in _KEYS[kind]:
            raise ManifestError(f"field {key} not found in {kind}")
    return data


def _task(data: Any, kind: str) -> PluginTask:
    entry = _keys(data, kind)
    defaults = entry.get("defaultArgs") or {}
    if not isinstance(defaults, dict) or not all(
        isinstance(value, str) for value in defaults.values()
    ):
        raise ManifestError("defaultArgs must map names to plain values")
    return PluginTask(
        name=_text(entry, "name"),
        description=_text(entry, "description"),
        exec_args=_texts(entry, "execArgs"),
        default_args=defaults,
        hooks=_texts(entry, "triggeredBy"),
    )


def _settings(data: Any) -> tuple[PluginSetting, ...]:
    if not isinstance(data, dict):
        raise ManifestError("settings must be a mapping")
    made = []
    for name, raw in sorted(data.items()):
        entry = _keys(raw or {}, "setting")
        kind = _choice(entry, "type", "STRING", ("STRING", "NUMBER", "BOOLEAN"))
        made.append(
            PluginSetting(name, _text(entry, "displayName"), _text(entry, "description"), kind)
        )
    return tuple(made)


def _ui(data: Any) -> PluginUi:
    entry = _keys(data, "ui")
    _keys(entry.get("csp") or {}, "csp")
    assets = entry.get("assets") or {}
    if not isinstance(assets, dict):
        raise ManifestError("assets must be a mapping")
    return PluginUi(
        _texts(entry, "javascript"), _texts(entry, "css"), _texts(entry, "requires"), assets
    )


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise ManifestError(f"cannot unmarshal {key} into string")
    return value


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key) or []
    if not isinstance(value, list):
        raise ManifestError(f"cannot unmarshal {key} into a list")
    return value


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = _list(data, key)
    if not all(isinstance(each, str) for each in values):
        raise ManifestError(f"cannot unmarshal {key} into a list of strings")
    return tuple(values)


def _choice(data: Mapping[str, Any], key: str, default: str, allowed: tuple[str, ...]) -> str:
    value = _text(data, key) or default
    if value not in allowed:
        raise ManifestError(f"invalid {key}: {value}")
    return value
