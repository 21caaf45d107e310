"""The emulated server without its HTTP side: library, settings, plugins, hooks and jobs in one
place.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from tests.emulators.stash_faults import Faults
from tests.emulators.stash_filters import SceneFinder
from tests.emulators.stash_hooks import HookEvent, HookRunner
from tests.emulators.stash_jobs import Job, JobFailed, JobQueue
from tests.emulators.stash_library import StashLibrary
from tests.emulators.stash_log import LogStore
from tests.emulators.stash_model import ServerTime
from tests.emulators.stash_process import Spawn, spawn_process
from tests.emulators.stash_runner import (
    Caller,
    Connection,
    NoSuchPlugin,
    PluginCache,
    PluginRunner,
    PluginStartError,
    StashError,
)
from tests.emulators.stash_scan import ScanChange, ScanWork
from tests.emulators.stash_sessions import Sessions


@dataclass
class Options:
    root: Path
    zone: str = "+00:00"
    clock: Callable[[], float] = time.time
    username: str | None = None
    password: str | None = None
    api_key: str | None = None
    max_session_age: float = 3600
    python_path: str | None = None
    extra_env: Mapping[str, str] = field(default_factory=dict)
    tls: bool = False
    listen_host: str = "0.0.0.0"
    external_host: str | None = None
    parallel_tasks: int = 1
    log_level: str = "Info"
    spawn: Spawn = spawn_process
    library_paths: tuple[str, ...] = ("/data",)
    seed: int = 0


def _whole(value: Any) -> Any:
    """Whole numbers come back without a fraction, whatever they were saved as."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class PluginSettings:
    """What `configurePlugin` saved, in memory and in a file beside the configuration."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._saved: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._saved = json.loads(path.read_text(encoding="utf-8"))

    def all(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {plugin: dict(values) for plugin, values in self._saved.items()}

    def replace(self, plugin_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._saved[plugin_id] = {key: _whole(value) for key, value in values.items()}
            self._path.write_text(json.dumps(self._saved), encoding="utf-8")
            return dict(self._saved[plugin_id])


class StashCore:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.plugins_folder = options.root / "plugins"
        self.plugins_folder.mkdir(parents=True, exist_ok=True)
        self.time = ServerTime(options.clock, options.zone)
        self.log = LogStore(self.time, options.log_level)
        self.library = StashLibrary(self.time)
        self.finder = SceneFinder(self.library)
        self.settings = PluginSettings(options.root / "plugin_settings.json")
        self.faults = Faults()
        # "NEEDS_MIGRATION" after an upgrade, "SETUP" before the first start: no data is served
        self.system_status = "OK"
        self.version = "v0.30.1"
        # a bug of Stash: it fails on these scenes, and so on every query for one of them
        self.broken_scenes: set[int] = set()
        self.sessions = Sessions(b"kept over restarts", options.clock, options.max_session_age)
        scheme = "https" if options.tls else "http"
        self.connection = Connection(scheme, options.listen_host, 0, options.root)
        self.plugins = PluginCache(self.plugins_folder, self.log)
        python = sys.executable if options.python_path is None else options.python_path
        self.runner = PluginRunner(
            *(self.log, self.sessions, self.connection, options.clock, python),
            *(options.extra_env, options.spawn),
        )
        self.hooks = HookRunner(self.plugins, self.runner, self.log, random.Random(options.seed))
        self.jobs = JobQueue(self.time)
        self.scan_changes: list[ScanChange] = []
        self.hook_listeners: list[
            Callable[[HookEvent], object]
        ] = []  # tests that receive hooks without a process
        self.plugins.reload()

    @property
    def scan_workers(self) -> int:
        return self.options.parallel_tasks

    def fire(self, event: HookEvent, caller: Caller) -> None:
        """Hooks for one object; a group's change fires twice, the second time under its old name."""
        self.hooks.fire(event, caller)
        for listener in self.hook_listeners:
            listener(event)
        if event.trigger.startswith("Group."):
            legacy = event.trigger.replace("Group.", "Movie.")
            self.hooks.fire(HookEvent(legacy, event.object_id, event.input, event.fields), caller)
        if caller.cancel.cancelled:
            raise StashError("context canceled")

    def run_operation(self, plugin_id: str, args: Mapping[str, Any], caller: Caller) -> Any:
        try:
            plugin = self.plugins.get(plugin_id)
            running = self.runner.start(plugin, "operation", args, caller)
        except NoSuchPlugin as error:
            if "disabled" in str(error):
                raise StashError(str(error)) from error
            panic = "runtime error: invalid memory address or nil pointer dereference"
            raise StashError(f"Internal system error. Error <{panic}>") from error
        except PluginStartError as error:
            raise StashError(str(error)) from error
        if not self.runner.finish(plugin, running, caller.cancel):
            raise StashError("operation cancelled")
        if running.run.error is not None:
            raise StashError(running.run.error)
        return running.run.output

    def add_task(
        self,
        plugin_id: str,
        task_name: str | None,
        description: str | None,
        args: Mapping[str, Any],
        caller: Caller,
    ) -> Job:
        label = description or task_name or plugin_id
        work = PluginTaskWork(self, plugin_id, task_name, args, caller)
        return self.jobs.add(f"Running plugin task: {label}", work)

    def add_scan(self, inputs: Mapping[str, Any], caller: Caller) -> Job:
        found, self.scan_changes = self.scan_changes, []
        return self.jobs.add(
            "Scanning...", ScanWork(self, found, bool(inputs.get("scanGenerateCovers")), caller)
        )


@dataclass(frozen=True)
class PluginTaskWork:
    """The job behind a task button."""

    core: StashCore
    plugin_id: str
    task_name: str | None
    args: Mapping[str, Any]
    caller: Caller

    def __call__(self, job: Job) -> None:
        core = self.core
        caller = Caller(job.cancel, self.caller.user, self.caller.visits)
        try:
            plugin = core.plugins.get(self.plugin_id)
            args, exec_args = self._arguments()
        except NoSuchPlugin as error:
            raise JobFailed(f"Error creating plugin task: {error}") from error
        trigger = f"task {self.task_name or ''}".strip()
        try:
            running = core.runner.start(plugin, trigger, args, caller, exec_args, job.report)
        except PluginStartError as error:
            raise JobFailed(f"Error running plugin task: {error}") from error
        if core.runner.finish(plugin, running, job.cancel):
            self._log_result(running.run.error, running.run.output)
        else:
            running.after(lambda: self._log_result(running.run.error, running.run.output))

    def _arguments(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        if not self.task_name:
            return dict(self.args), ()
        plugin = self.core.plugins.get(self.plugin_id)
        task = next((each for each in plugin.tasks if each.name == self.task_name), None)
        if task is None:
            raise NoSuchPlugin(f"no task with name {self.task_name} in plugin {plugin.name}")
        return {**task.default_args, **self.args}, task.exec_args

    def _log_result(self, error: str | None, output: Any) -> None:
        if error is not None:
            self.core.log.add("Error", f"Plugin returned error: {error}")
        elif output is not None:
            self.core.log.add("Debug", f"Plugin returned: {output}")
