"""Who may ask: cookies, API keys, and the different ways of saying no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import parse_qs, quote, urlsplit

from tests.emulators.stash_answer import Answer
from tests.emulators.stash_core import StashCore
from tests.emulators.stash_sessions import COOKIE, Session, first_cookie


@dataclass(frozen=True)
class Granted:
    session: Session
    set_cookie: str | None = None


class Access:
    def __init__(self, core: StashCore) -> None:
        self._core = core

    def admit(
        self, target: str, query: Mapping[str, str], cookie: str | None, api_key: str | None
    ) -> Granted | Answer:
        """Return the permission to continue, or the answer that refuses it."""
        options = self._core.options
        value = first_cookie(cookie or "")
        session = self._core.sessions.read(value) if value else None
        key = api_key or query.get("apikey")
        if key:
            # The list of hooks comes from the cookie; a key alone carries none.
            visits = session.visits if session else ()
            right = key == options.api_key
            return Granted(Session(options.username or "", visits)) if right else _unauthorised()
        known = session is not None and session.user == options.username
        if options.username is None or known:
            return Granted(session or Session(), self._cookie(session) if session else None)
        return _unauthorised() if _hard(urlsplit(target).path) else _to_login(target)

    def login(self, method: str, body: bytes) -> Answer:
        if method != "POST":
            return Answer(
                200, b"<!DOCTYPE html><html><body>Login</body></html>", "text/html; charset=utf-8"
            )
        options = self._core.options
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        right = (options.username, options.password) == (form.get("username"), form.get("password"))
        if options.username is None or not right:
            return Answer(401)
        cookie = self._cookie(Session(options.username))
        return Answer(200, headers={"Set-Cookie": cookie} if cookie else {})

    def _cookie(self, session: Session) -> str | None:
        value = self._core.sessions.issue(session)
        age = int(self._core.sessions.max_age)
        return None if value is None else f"{COOKIE}={value}; Path=/; Max-Age={age}; SameSite=Lax"


def _hard(path: str) -> bool:
    """Paths that answer 401; all others lead a browser to the login page."""
    return path == "/graphql" or bool(PurePosixPath(path).suffix)


def _unauthorised() -> Answer:
    return Answer(401, headers={"WWW-Authenticate": "FormBased"})


def _to_login(target: str) -> Answer:
    return Answer(302, headers={"Location": f"/login?returnURL={quote(target, safe='')}"})
