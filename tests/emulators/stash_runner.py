"""The loaded plugins and how one of them is started: command, environment, input, and where its
output goes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from tests.emulators.stash_log import LogStore
from tests.emulators.stash_output import go_json
from tests.emulators.stash_plugins import ManifestError, Plugin, load_plugin, manifest_files
from tests.emulators.stash_process import Cancellation, PluginRun, Reports, RunningPlugin, Spawn
from tests.emulators.stash_sessions import Session, Sessions, Visit, go_cookie

_LEVEL_OF = {
    "trace": "Trace",
    "debug": "Debug",
    "info": "Info",
    "warning": "Warning",
    "error": "Error",
    "progress": "Progress",
}

# In `extra_env`: start the plugin without `-S`, for a test whose `sitecustomize` must be loaded.
LOAD_SITE = "STASH_EMULATOR_LOADS_SITE"


class StashError(Exception):
    """A resolver error: HTTP 200 with an entry in `errors`."""


class PluginStartError(Exception):
    """The process could not even be started."""


class NoSuchPlugin(Exception):
    """No such plugin, or it is switched off."""


@dataclass(frozen=True)
class Caller:
    """On whose behalf a plugin runs: the user, the hooks that led here, and what would end it
    early.
    """

    cancel: Cancellation
    user: str = ""
    visits: tuple[Visit, ...] = ()


@dataclass
class Connection:
    """What a plugin receives about its server."""

    scheme: str
    host: str
    port: int
    config_folder: Path


class PluginCache:
    """Plugins found below the plugins folder, in walk order."""

    def __init__(self, folder: Path, log: LogStore) -> None:
        self._folder = folder
        self._log = log
        self.loaded: list[Plugin] = []
        self.disabled: set[str] = set()

    def reload(self) -> None:
        found: dict[str, Plugin] = {}
        for manifest in manifest_files(self._folder):
            try:
                plugin = load_plugin(manifest)
            except (ManifestError, OSError) as error:
                self._log.add("Error", f"Error loading plugin {manifest}: {error}")
                continue
            if plugin.id.lower() in found:
                self._log.add(
                    "Error",
                    f"Error loading plugin {manifest}: plugin ID {plugin.id} already exists",
                )
                continue
            found[plugin.id.lower()] = plugin
        self.loaded = list(found.values())

    def enabled(self) -> list[Plugin]:
        return [each for each in self.loaded if each.id not in self.disabled]

    def find(self, plugin_id: str) -> Plugin | None:
        return next((each for each in self.loaded if each.id == plugin_id), None)

    def get(self, plugin_id: str) -> Plugin:
        """Raises NoSuchPlugin with Stash's words."""
        plugin = self.find(plugin_id)
        if plugin is None:
            raise NoSuchPlugin(f"no plugin with ID {plugin_id}")
        if plugin_id in self.disabled:
            raise NoSuchPlugin(f"plugin {plugin_id} is disabled")
        return plugin


class PluginRunner:
    """Starts plugin processes and keeps a record of every one."""

    def __init__(
        self,
        log: LogStore,
        sessions: Sessions,
        connection: Connection,
        clock: Callable[[], float],
        python_path: str,
        extra_env: Mapping[str, str],
        spawn: Spawn,
    ) -> None:
        self.python_path = python_path
        self.drain_stderr = True
        self.runs: list[PluginRun] = []
        self._log = log
        self._sessions = sessions
        self._connection = connection
        self._clock = clock
        self._extra_env = dict(extra_env)
        self._spawn = spawn
        self._lock = Lock()
        self._alive: list[RunningPlugin] = []

    def start(
        self,
        plugin: Plugin,
        trigger: str,
        args: Mapping[str, Any],
        caller: Caller,
        exec_args: Iterable[str] = (),
        progress: Callable[[float], None] | None = None,
    ) -> RunningPlugin:
        """Raises PluginStartError when there is nothing to execute."""
        argv, python = self._command(plugin, exec_args)
        run = PluginRun(plugin.id, trigger, tuple(argv), dict(args))
        run.stdin = go_json(self._input(plugin, args, caller))
        reports = Reports(
            line=lambda level, text: self._line(plugin, level, text, progress),
            warn=lambda text: self._log.add("Warning", text),
            clock=self._clock,
            drain_stderr=self.drain_stderr,
        )
        try:
            running = RunningPlugin(run, self._environment(plugin, python), reports, self._spawn)
        except OSError as error:
            raise PluginStartError(f"error running plugin: {error}") from error
        with self._lock:
            self.runs.append(run)
            self._alive = [each for each in self._alive if not each.done.is_set()] + [running]
        self._log.add("Debug", f"Plugin {plugin.name} started: {' '.join(argv)}")
        return running

    def finish(self, plugin: Plugin, running: RunningPlugin, cancel: Cancellation) -> bool:
        """Wait as Stash waits; False when it was cancelled."""
        finished = running.wait(cancel)
        if finished:
            self._log.add("Debug", f"Plugin {plugin.name} finished")
        return finished

    def alive(self) -> list[RunningPlugin]:
        with self._lock:
            return [each for each in self._alive if not each.done.is_set()]

    def _command(self, plugin: Plugin, exec_args: Iterable[str]) -> tuple[list[str], bool]:
        if not plugin.exec:
            raise PluginStartError("empty exec value in operation")
        folder = str(plugin.folder)
        first, *rest = plugin.exec
        # Coverage is loaded by `site`, too.
        is_measured = any(name.startswith("COVERAGE_PROCESS") for name in os.environ)
        if is_measured or LOAD_SITE in self._extra_env:
            rest = [each for each in rest if each != "-S"]
        argv = [each.replace("{pluginDir}", folder) for each in [*rest, *exec_args]]
        if first in ("python", "python3"):
            return [self._python(first), *argv], True
        relative = plugin.folder / first
        return [shutil.which(first) or str(relative), *argv], False

    def _python(self, word: str) -> str:
        if self.python_path and Path(self.python_path).is_file():
            return self.python_path
        if self.python_path:
            self._log.add("Warning", f"configured python path {self.python_path} is not a file")
        found = shutil.which("python3") or shutil.which("python")
        if found is None:
            self._log.add("Warning", "could not find python")
        return found or word

    def _environment(self, plugin: Plugin, python: bool) -> dict[str, str]:
        env = {**os.environ, **self._extra_env}
        if python:
            parent = str(plugin.folder.parent.absolute())
            existing = env.get("PYTHONPATH")
            env["PYTHONPATH"] = f"{existing}{os.pathsep}{parent}" if existing else parent
        return env

    def _input(self, plugin: Plugin, args: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        connection = self._connection
        cookie = self._sessions.issue(Session(caller.user, caller.visits))
        ordered = {
            key: value if key == "hookContext" else _sorted(value)
            for key, value in sorted(args.items())
        }
        return {
            "server_connection": {
                "Scheme": connection.scheme,
                "Host": connection.host,
                "Port": connection.port,
                "SessionCookie": go_cookie(cookie),
                "Dir": str(connection.config_folder.absolute()),
                "PluginDir": str(plugin.folder),
            },
            "args": ordered,
        }

    def _line(
        self, plugin: Plugin, level: str | None, text: str, progress: Callable[[float], None] | None
    ) -> None:
        prefix = f"[Plugin / {plugin.manifest_name}] "
        if level == "Progress":
            self._progress(prefix, text, progress)
            return
        if level is None and plugin.err_level == "progress":
            self._progress(prefix, text, progress)
            return
        chosen = level or _LEVEL_OF.get(plugin.err_level)
        if chosen is not None:
            self._log.add(chosen, prefix + text)

    def _progress(self, prefix: str, text: str, progress: Callable[[float], None] | None) -> None:
        try:
            value = float(text)
        except ValueError as error:
            self._log.add("Error", f"{prefix}Error parsing progress value '{text}': {error}")
            return
        if progress is not None:
            progress(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
