"""Session cookies: signed, aging, and carrying the list of hooks that led to a request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

COOKIE = "session"
MAX_VALUE_BYTES = 4096

Visit = tuple[str, str]


@dataclass(frozen=True)
class Session:
    user: str = ""
    visits: tuple[Visit, ...] = ()


class Sessions:
    """The key outlives a restart, as in Stash, where it lies in the configuration file."""

    def __init__(self, key: bytes, clock: Callable[[], float], max_age: float) -> None:
        self.max_age = max_age
        self._key = key
        self._clock = clock

    def issue(self, session: Session) -> str | None:
        """A cookie value, or None when it would be too long to be encoded."""
        content = {"user": session.user, "issued": self._clock(), "visits": session.visits}
        payload = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
        value = f"{payload}.{self._sign(payload)}"
        return value if len(value) <= MAX_VALUE_BYTES else None

    def read(self, value: str) -> Session | None:
        """What a cookie says, or None when it is forged, broken or too old."""
        payload, _, signature = value.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            return None
        content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload))
        if self._clock() - content["issued"] > self.max_age:
            return None
        return Session(
            content["user"], tuple((plugin, trigger) for plugin, trigger in content["visits"])
        )

    def _sign(self, payload: str) -> str:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).hexdigest()


def first_cookie(header: str) -> str | None:
    """The first cookie called `session`; a later one of the same name is never looked at."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value.strip('"')
    return None


def go_cookie(value: str | None) -> dict[str, Any] | None:
    """The cookie as a plugin finds it on stdin: Go's structure, without any expiry."""
    if value is None:
        return None
    return {
        "Name": COOKIE,
        "Value": value,
        "Quoted": False,
        "Path": "",
        "Domain": "",
        "Expires": "0001-01-01T00:00:00Z",
        "RawExpires": "",
        "MaxAge": 0,
        "Secure": False,
        "HttpOnly": False,
        "SameSite": 0,
        "Partitioned": False,
        "Raw": "",
        "Unparsed": None,
    }
