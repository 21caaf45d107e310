"""A Plex Media Server in memory: real HTTP and XML, so that the unmodified `plexapi` works on it.

Start it in a test, or by hand: `python -m tests.emulators.plex_server --port 0 --token x --items
100`.
"""

from __future__ import annotations

import argparse
import re
import signal
import ssl
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from tests.emulators.plex_control import control
from tests.emulators.plex_faults import Fault, FaultPlan
from tests.emulators.plex_http import PlexHttpServer, RequestRecord
from tests.emulators.plex_library import PlexLibrary
from tests.emulators.plex_site import Account, Device, Site
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.plex_tls import server_context
from tests.emulators.plex_wire import Response

__all__ = ["Fault", "PlexEmulator", "PlexSwitches", "RequestRecord"]

_WRITES = ("PUT", "POST", "DELETE")


class PlexEmulator:
    """One server: start it, look into its library, tell it to misbehave, ask what was requested."""

    def __init__(
        self,
        *,
        token: str = "plex-test-token",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        switches: PlexSwitches | None = None,
        tls: bool = False,
        owner: str = "owner@example.org",
    ) -> None:
        self.token = token
        self.switches = switches or PlexSwitches()
        self.library = PlexLibrary(clock, self.switches)
        self.site = Site(self.library, self.switches, clock, {token: Account(owner)}, owner)
        self.faults = FaultPlan()
        self.stopping = threading.Event()
        self.requests: list[RequestRecord] = []
        self.port = port
        self._tls = tls
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._context: ssl.SSLContext | None = None
        self._server: PlexHttpServer | None = None
        self._thread: threading.Thread | None = None
        self._guard = threading.RLock()
        self._gone = threading.Event()
        self._listening = threading.Event()

    # Start and stop

    def start(self) -> PlexEmulator:
        """Listen; the port is known from here on."""
        self.stopping.clear()
        self._gone.clear()
        if self._tls and self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="plex-emulator-")
            self._context = server_context(Path(self._folder.name))
        self.up()
        return self

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        self.stopping.set()
        self.down()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> PlexEmulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def up(self) -> None:
        """Listen, on the same port as before."""
        with self._guard:
            if self._server is not None or self.stopping.is_set():
                return
            self.faults.released.clear()
            self._server = PlexHttpServer(self.port, self, self._context)
            self.port = int(self._server.server_address[1])
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.02,), name="plex-emulator"
            )
            self._thread.start()
            self._listening.set()

    def down(self) -> None:
        """Stop listening: new connections are refused, open ones are closed."""
        with self._guard:
            if self._server is None or self._thread is None:
                return
            self.faults.release()
            self._server.shutdown()
            self._server.socket.close()
            self._server.close_connections()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None
            self._listening.clear()
            self._gone.set()

    def wait_until_down(self, limit: float) -> bool:
        """Wait until it has been down once since the start, even if it is back; False when the time
        is over.
        """
        return self._gone.wait(limit)

    def wait_until_up(self, limit: float) -> bool:
        """Wait until it listens; False when the time is over."""
        return self._listening.wait(limit)

    @property
    def url(self) -> str:
        """The base address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        """The file that a client must trust when TLS is on."""
        if self._folder is None:
            raise RuntimeError("TLS is off")
        return Path(self._folder.name) / "plex.pem"

    # What was asked

    def note(self, record: RequestRecord) -> None:
        """Add to the log."""
        self.requests.append(record)

    def count(self, method: str | None = None, route: str | None = None) -> int:
        """How many requests came; `route` is a template, or a regular expression for the whole
        path.
        """
        return sum(
            (method is None or record.method == method)
            and (route is None or _is_route(record, route))
            for record in list(self.requests)
        )

    def writes(self) -> list[RequestRecord]:
        """Every request that could change something, in order."""
        return [record for record in list(self.requests) if record.method in _WRITES]

    def reset_counts(self) -> None:
        """Forget the log."""
        self.requests.clear()

    @property
    def devices(self) -> dict[str, Device]:
        """The clients that have used a token, by identifier."""
        return self.site.devices

    @property
    def violations(self) -> list[str]:
        """What no client may do, such as an edit without ids, and errors of the emulator. Must stay
        empty.
        """
        return self.site.violations

    # Who it is and how it feels

    @property
    def machine_identifier(self) -> str:
        """The identity of the server."""
        return self.site.machine_identifier

    def change_identity(self) -> None:
        """Become another server at the same address."""
        self.site.machine_identifier = uuid.uuid4().hex + "89abcdef"

    def share_with(self, token: str, sections: Iterable[int]) -> None:
        """A token of a user who may look at these sections and edit nothing."""
        self.site.accounts[token] = Account("guest", owner=False, sections=frozenset(sections))

    def change_token(self, token: str) -> None:
        """The owner's old token is worth nothing any more."""
        self.site.accounts[token] = self.site.accounts.pop(self.token)
        self.token = token

    def maintenance(self, seconds: float, phase: str = "migration") -> None:
        """Answer 503 for these seconds of the clock; the phase is `migration` or `loading`."""
        self.site.maintenance_phase = phase
        self.site.maintenance_until = self.site.clock() + seconds

    def end_maintenance(self) -> None:
        """Answer again."""
        self.site.maintenance_until = None

    def control(self, body: bytes) -> Response:
        """An order from another process."""
        return control(self, body)


def _is_route(record: RequestRecord, route: str) -> bool:
    return record.route == route or (
        "{" not in route and re.fullmatch(route, record.path) is not None
    )


def main() -> None:
    """Serve until a signal stops it."""
    parser = argparse.ArgumentParser(description="A Plex server in memory.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="plex-test-token")
    parser.add_argument("--items", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    finished = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: finished.set())
    with PlexEmulator(token=arguments.token, port=arguments.port, tls=arguments.tls) as emulator:
        section = emulator.library.add_section("Scenes", ["/media/scenes"])
        emulator.library.add_items(section.key, arguments.items)
        print(emulator.url, flush=True)
        finished.wait()


if __name__ == "__main__":
    main()
