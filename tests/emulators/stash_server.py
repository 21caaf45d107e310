"""A Stash to test plugins against: real HTTP, real plugin processes, an in-memory library.

By hand: python -m tests.emulators.stash_server --root DIR --port 0 [--scenes N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

from tests.emulators.fork_server import kill_forked
from tests.emulators.stash_actions import PLUGIN_ID, StashActions
from tests.emulators.stash_core import Options, StashCore
from tests.emulators.stash_faults import Faults
from tests.emulators.stash_http import Site, StashHttpServer
from tests.emulators.stash_install import install, kill_processes_of, uninstall
from tests.emulators.stash_jobs import JobQueue
from tests.emulators.stash_log import LogEntry, LogStore
from tests.emulators.stash_plugins import Plugin
from tests.emulators.stash_process import PluginRun, Spawn, spawn_process
from tests.emulators.stash_requests import RequestLog, RequestRecord
from tests.emulators.stash_schema import GraphqlEngine
from tests.emulators.stash_tls import server_context


class StashEmulator(StashActions):
    """`root/plugins` holds the plugins, `root/config.yml` is the configuration file's place."""

    def __init__(
        self,
        root: Path,
        *,
        port: int = 0,
        zone: str = "+00:00",
        clock: Callable[[], float] = time.time,
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        max_session_age: float = 3600,
        python_path: str | None = None,
        extra_env: Mapping[str, str] | None = None,
        tls: bool = False,
        listen_host: str = "0.0.0.0",
        external_host: str | None = None,
        parallel_tasks: int = 1,
        log_level: str = "Info",
        spawn: Spawn = spawn_process,
        has_page: bool = False,
    ) -> None:
        """`has_page`: serve the emulated page, which must have been built (see `page_site`).

        `spawn` starts plugin processes.
        """
        root.mkdir(parents=True, exist_ok=True)
        options = Options(
            root,
            *(zone, clock, username, password, api_key, max_session_age, python_path),
            *(dict(extra_env or {}), tls, listen_host, external_host, parallel_tasks, log_level),
            spawn,
        )
        super().__init__(StashCore(options))
        self._book = RequestLog()
        self._site = Site(self.core, GraphqlEngine(), self._book, has_page)
        self._tls = server_context(root) if tls else None
        self._port = port
        self._server: StashHttpServer | None = None
        self._thread: Thread | None = None

    # -- start and stop
    # -----------------------------------------------------------------------------------------

    def start(self) -> StashEmulator:
        self.up()
        return self

    def stop(self) -> None:
        """Go away for good, taking the plugin processes of running hooks, tasks and operations
        along.
        """
        self.core.jobs.stop_all()
        self.down()
        self.core.jobs.close()
        for running in self.core.runner.alive():
            running.kill()
            running.abandon()
            running.done.wait(5.0)
        self.core.jobs.join(5.0)
        self.core.finder.close()

    def up(self) -> None:
        if self._server is not None:
            return
        server = StashHttpServer(self._port, self._site, self._tls)
        self._port = self.core.connection.port = server.server_address[1]
        self._server = server
        self._thread = Thread(target=server.serve_forever, args=(0.01,), name="stash", daemon=True)
        self._thread.start()

    def down(self) -> None:
        """Stop listening and cut every connection, as when the network is gone; jobs and processes
        live on.
        """
        self._close(wait=0.0)

    def restart(self, timeout: float = 30.0) -> None:
        """A clean stop waits for running requests, then comes back on the same port with new job
        ids.
        """
        self._close(wait=timeout)
        self._forget_jobs()
        self.core.plugins.reload()
        self.up()

    def container_kill(self) -> None:
        """Kill the container: the server and every process started from the plugins folder. `up()`
        starts it again.
        """
        self.core.jobs.stop_all()
        self.kill_plugin_processes()
        # Cutting the connections ends running hooks, so that no further hook starts a process.
        self.down()
        self.kill_plugin_processes()
        self._forget_jobs()
        self.core.plugins.reload()

    def kill_plugin_processes(self) -> list[int]:
        """SIGKILL every process that runs something below the plugins folder; returns their ids."""
        return [*kill_forked(self.plugins_path), *kill_processes_of(self.plugins_path)]

    def _close(self, wait: float) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        if wait:
            server.wait_until_idle(wait)
        server.cut_connections()
        if self._thread is not None:
            self._thread.join()

    def _forget_jobs(self) -> None:
        self.core.jobs.close()
        for running in self.core.runner.alive():
            running.abandon()
        self.core.jobs = JobQueue(self.core.time)

    def __enter__(self) -> StashEmulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"{self.core.connection.scheme}://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    # -- what can be read and set
    # -----------------------------------------------------------------------

    @property
    def plugins_path(self) -> Path:
        return self.core.plugins_folder

    @property
    def schema(self) -> GraphqlEngine:
        """What the API offers; a test removes fields as another version of Stash does."""
        return self._site.engine

    @property
    def faults(self) -> Faults:
        return self.core.faults

    @property
    def plugins(self) -> list[Plugin]:
        return list(self.core.plugins.loaded)

    @property
    def log(self) -> list[LogEntry]:
        return self.core.log.entries()

    @property
    def log_store(self) -> LogStore:
        return self.core.log

    @property
    def plugin_runs(self) -> list[PluginRun]:
        return list(self.core.runner.runs)

    @property
    def requests(self) -> list[RequestRecord]:
        return self._book.all()

    @property
    def zone(self) -> str:
        return self.core.time.zone

    @zone.setter
    def zone(self, zone: str) -> None:
        self.core.time.zone = zone

    def count(
        self, kind: str | None = None, name: str | None = None, status: int | None = None
    ) -> int:
        """Requests by kind (graphql, screenshot, healthz, ...), by root field and by status."""
        return self._book.count(kind, name, status)

    def reset_counts(self) -> None:
        self._book.clear()

    # -- plugins
    # ----------------------------------------------------------------------------------------

    def install_plugin(
        self, source: Path, plugin_id: str = PLUGIN_ID, files: Iterable[str] | None = None
    ) -> Path:
        """Copy a plugin folder (or only `files` of it) into place, keeping an existing `data/`, and
        load it.
        """
        target = install(source, self.plugins_path / plugin_id, files)
        self.core.plugins.reload()
        return target

    def uninstall_plugin(self, plugin_id: str = PLUGIN_ID) -> None:
        """Remove what was installed; the plugin's own data and its settings stay."""
        uninstall(self.plugins_path / plugin_id)
        self.core.plugins.reload()

    def reload_plugins(self) -> None:
        self.core.plugins.reload()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=0)
    options = parser.parse_args()
    with StashEmulator(options.root, port=options.port) as emulator:
        for number in range(1, options.scenes + 1):
            emulator.library.add_scene(f"/data/scene {number}.mp4", title=f"Scene {number}")
        print(emulator.url, flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print("stopped", flush=True)


if __name__ == "__main__":
    main()
