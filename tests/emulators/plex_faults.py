"""Planned misbehaviour: which requests go wrong, how, and how often."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

from tests.emulators.plex_wire import HTML_TYPE, XML_TYPE, Response, html_error, phrase

KINDS = (
    "status",
    "refuse",
    "stall",
    "cut",
    "truncated_xml",
    "control_chars",
    "html_200",
    "slow",
    "apply_then_drop",
    "apply_then_stall",
    "apply_then_status",
)


@dataclass
class Fault:
    """One planned fault.

    `route` is a template such as `/library/metadata/{ids}`, or a regular expression for the
    beginning of the path. `nth` is the first matching request that goes wrong (1 is the next one),
    `times` how many do; None is for ever. `struck` is set as soon as a request has met the fault,
    and its edit is done where the fault lets it be done.
    """

    kind: str = "status"
    method: str | None = None
    route: str | None = None
    nth: int | None = None
    times: int | None = 1
    status: int = 503
    body: str = "html"  # or "xml", "text", "json", "empty"
    delay_s: float = 30.0
    location: str | None = None
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)
    struck: threading.Event = field(
        default_factory=threading.Event, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind}")

    def applies(self, method: str, template: str, path: str) -> bool:
        """Count a request and tell whether it goes wrong."""
        if self.method not in (None, method) or not route_matches(self.route, template, path):
            return False
        self.seen += 1
        if self.seen < (self.nth or 1) or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    def response(self) -> Response:
        """The answer of a fault that answers."""
        if self.kind == "html_200":
            page = b"<html><head><title>Sign in</title></head><body><p>Please sign in.</p></body></html>"
            return Response(200, page, HTML_TYPE)
        headers = {"Location": self.location} if self.location else {}
        answer = _body(self.status, self.body)
        answer.headers.update(headers)
        return answer


def _body(status: int, form: str) -> Response:
    if form == "html":
        return html_error(status)
    words = phrase(status)
    if form == "xml":
        text = (
            f'<Response code="{status}" title="{words}" status="Plex Media Server says: {words}."/>'
        )
        return Response(status, text.encode(), XML_TYPE)
    if form == "text":
        return Response(status, f"{words}, try again later".encode(), "text/plain")
    if form == "json":
        return Response(status, b'{"MediaContainer": {"size": 0}}', "application/json")
    return Response(status)


def spoil(response: Response, kind: str) -> Response:
    """A good answer made bad: cut short, or with control characters in it."""
    if kind == "truncated_xml":
        body = response.body[: len(response.body) * 2 // 3] or b'<MediaContainer size="1"><Video'
        return Response(200, body, XML_TYPE, response.headers)
    if kind == "control_chars":
        body = response.body.replace(
            b"<MediaContainer", b'<MediaContainer note="bell\x07 and \x01"', 1
        )
        return Response(response.status, body, response.content_type, response.headers)
    return response


def route_matches(route: str | None, template: str, path: str) -> bool:
    """Whether a template or the beginning of a path is meant; None means every request."""
    if route is None or route == template:
        return True
    return "{" not in route and re.match(route, path) is not None


class FaultPlan:
    """The faults to come. The first that applies to a request is taken."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Plan a fault; its `fired` tells later how often it struck."""
        with self._lock:
            self._faults.append(fault)
            self.released.clear()
        return fault

    def clear(self) -> None:
        """Forget all plans and let stalled requests go."""
        with self._lock:
            self._faults.clear()
            self.released.set()

    def release(self) -> None:
        """Let the requests go that are stalled now."""
        self.released.set()

    def take(self, method: str, template: str, path: str) -> Fault | None:
        """The fault for this request, if there is one."""
        with self._lock:
            return next(
                (fault for fault in self._faults if fault.applies(method, template, path)), None
            )
