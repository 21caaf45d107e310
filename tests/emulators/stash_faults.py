"""Things that go wrong on purpose, planned by a test for the next matching requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock

HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """`kind`: graphql, screenshot, image, healthz or "" for any; `name`: a root field or the name of
    an operation, or "" for any.

    `refused` answers as Stash does to a query that its schema does not allow.

    `drop` closes the connection unanswered; `truncate` sends only that many bytes of the body;
    `cut_after` closes the connection after so many seconds while the request is still being worked
    on.
    """

    kind: str = ""
    name: str = ""
    times: int | None = 1
    delay: float = 0.0
    hold: Event | None = None
    status: int | None = None
    body: bytes = b""
    content_type: str = "text/plain"
    graphql_error: str | None = None
    truncate: int | None = None
    drop: bool = False
    cut_after: float | None = None
    refused: str = ""


class Faults:
    """Each request takes the first planned fault that fits it; `times=None` stays until cleared."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for place, fault in enumerate(self._planned):
                if fits(fault):
                    self._use(place, fault)
                    return fault
            return None

    def _use(self, place: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._planned[place]
        else:
            self._planned[place] = replace(fault, times=fault.times - 1)

    def slow(
        self, seconds: float, name: str = "", kind: str = "graphql", times: int | None = 1
    ) -> None:
        self.plan(Fault(kind, name, times, delay=seconds))

    def hold(
        self, until: Event, name: str = "", kind: str = "graphql", times: int | None = 1
    ) -> None:
        """Keep the request waiting until the event is set."""
        self.plan(Fault(kind, name, times, hold=until))

    def fail(
        self, status: int = 500, name: str = "", kind: str = "graphql", times: int | None = 1
    ) -> None:
        self.plan(Fault(kind, name, times, status=status, body=b"internal server error"))

    def html(
        self, status: int = 502, name: str = "", kind: str = "graphql", times: int | None = 1
    ) -> None:
        """A reverse proxy's page instead of an answer; with status 200 the nastier kind."""
        self.plan(Fault(kind, name, times, status=status, body=HTML, content_type="text/html"))

    def locked(self, name: str = "", times: int | None = 1) -> None:
        self.plan(Fault("graphql", name, times, graphql_error="database is locked"))

    def refuse(
        self,
        name: str,
        text: str = 'Cannot query field "x" on type "Query".',
        times: int | None = None,
    ) -> None:
        """Refuse a query, as another version of Stash does whose schema lacks something."""
        self.plan(Fault("graphql", name, times, refused=text))

    def panic(self, name: str = "", times: int | None = 1) -> None:
        """Fail inside Stash, as a bug of Stash does."""
        self.plan(
            Fault("graphql", name, times, graphql_error="Internal system error. Error <a bug>")
        )

    def truncate(
        self, length: int, name: str = "", kind: str = "graphql", times: int | None = 1
    ) -> None:
        self.plan(Fault(kind, name, times, truncate=length))

    def drop(self, name: str = "", kind: str = "graphql", times: int | None = 1) -> None:
        self.plan(Fault(kind, name, times, drop=True))

    def cut(self, after: float, name: str = "", times: int | None = 1) -> None:
        self.plan(Fault("graphql", name, times, cut_after=after))
