"""Who may ask: cookies, API keys, and the different ways of saying no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
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
            if session is None or options.username is None:
                return Granted(session or Session())
            return Granted(session, self._cookie(session))
        return _unauthorised() if _hard(urlsplit(target).path) else _to_login(target)

    def login(self, method: str, query: Mapping[str, str], body: bytes) -> Answer:
        """Show the form, or give a cookie for the right password: on an open server for any."""
        options = self._core.options
        if method != "POST":
            if options.username is None:
                return _redirected(query.get("returnURL") or "/")
            page = b"<!DOCTYPE html><html><body>Login</body></html>"
            return Answer(200, page, "text/html", {"Referrer-Policy": "same-origin"})
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        given = (form.get("username"), form.get("password"))
        if options.username is not None and given != (options.username, options.password):
            return Answer(401, b"Username or password is invalid\n")
        cookie = self._cookie(Session(form.get("username") or ""))
        return Answer(200, headers={"Set-Cookie": cookie} if cookie else {})

    def logout(self) -> Answer:
        """End the browser's session; the cookie itself stays valid until it is too old."""
        answer = _redirected("/" if self._core.options.username is None else "/login")
        gone = "Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"
        answer.headers["Set-Cookie"] = f"{COOKIE}=; Path=/; {gone}; SameSite=Lax"
        return answer

    def _cookie(self, session: Session) -> str | None:
        value = self._core.sessions.issue(session)
        age = int(self._core.sessions.max_age)
        if value is None:
            return None
        ends = formatdate(self._core.options.clock() + age, usegmt=True)
        return f"{COOKIE}={value}; Path=/; Expires={ends}; Max-Age={age}; SameSite=Lax"


def _hard(path: str) -> bool:
    """Paths that answer 401; all others lead a browser to the login page."""
    return path == "/graphql" or bool(PurePosixPath(path).suffix)


def _unauthorised() -> Answer:
    return Answer(401, headers={"WWW-Authenticate": "FormBased"})


def _to_login(target: str) -> Answer:
    return _redirected(f"/login?returnURL={quote(target, safe='')}")


def _redirected(address: str) -> Answer:
    return Answer(302, headers={"Location": address})
