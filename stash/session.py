"""Sends every request to Stash with time-outs, a cookie or the API key, and counts it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any

import requests
import urllib3

from core.errors import StashNeed, StashUnavailable, reason_of
from network.exchange import Exchange
from network.plain_session import PlainSession
from stash.key_file import KeyFile

# Stash 0.31 answers 401 from its API, redirects everything else to the login page, and answers 403
# while its protection against public access is triggered.
_AUTH_FAILURES = (301, 302, 303, 307, 308, 401, 403)
_WRONG_KEY = 401
_TRIPWIRE = 403
# As many covers are read at the same time as requests are in flight to Plex.
MAX_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class StashAddress:
    """The address Stash listens on. The address of all interfaces becomes the loopback.

    Examples:
        >>> StashAddress("http", "0.0.0.0", 9999).base_url
        'http://127.0.0.1:9999'
    """

    scheme: str
    host: str
    port: int

    @property
    def base_url(self) -> str:
        """Return the URL of Stash's root, without a slash at its end."""
        host = self.host
        if host in ("", "0.0.0.0", "::", "[::]"):  # noqa: S104 (recognised, not bound)
            host = "127.0.0.1"
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"{self.scheme}://{host}:{self.port}"


class StashSession(PlainSession):
    """Send requests to one Stash. Several threads may send at the same time.

    `cookie` is the value of Stash's session cookie, "" for none. Stash renews it with every
    authenticated response, and the session keeps the newest value only. `api_key` is sent after
    Stash refused the cookie, "" for none.
    """

    def __init__(
        self,
        cookie: str,
        api_key: str,
        timeout_s: tuple[float, float],
        on_request: Callable[[], object],
        key_file: KeyFile | None = None,
    ) -> None:
        """Prepare the session; send nothing.

        Args:
            cookie: Value of the session cookie that the hook has received, "" for none.
            api_key: Sent only after Stash refused the cookie; "" for none.
            timeout_s: Connect and read time-out of each request, in seconds.
            on_request: Called before each request, repeated ones included; not for `is_up`.
            key_file: Where the API key is kept between runs; None keeps none.
        """
        # A proxy for the internet must not see requests to Stash.
        super().__init__(MAX_CONNECTIONS)
        # Stash's certificate is self-signed, and it runs on the same host.
        self.verify = False
        # Stash reads the oldest of two cookies of one name, so none may come from a cookie jar.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.cookie = cookie
        self._key_file = key_file
        self.api_key = api_key or (key_file.read() if key_file else "")
        self._timeout_s = timeout_s
        self._on_request = on_request
        # Of several requests whose cookie is refused, one at a time looks for a key.
        self._login = Lock()

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> Any:
        """Send a request with the cookie, and again with the API key if the cookie is refused.

        Raises:
            StashUnavailable: Stash does not answer in time, or it refused both logins.
        """
        response = self._send_once(method, url, self._cookie_header(), args, kwargs)
        return self._after_login(response, method, url, args, kwargs)

    def begin(self, method: str, url: str, **options: Any) -> Exchange | None:
        """Begin what `request` does, without waiting; `finish_request` the exchange later.

        Returns:
            The exchange; None where only `request` can send it now.

        Raises:
            requests.exceptions.InvalidHeader, UnicodeEncodeError: a header may not be sent.
        """
        exchange = super().begin(method, url, **self._with_login(options, self._cookie_header()))
        if exchange is not None:
            self._on_request()
        return exchange

    def finish_request(
        self, exchange: Exchange, method: str, url: str, **options: Any
    ) -> requests.Response:
        """Return the answer to a request that was begun with these arguments, as `request` does.

        Raises:
            StashUnavailable: as for `request`.
        """
        with _stash_errors():
            response = self.finish(exchange)
        self._update_cookie(response)
        return self._after_login(response, method, url, (), options)

    def _after_login(
        self,
        response: requests.Response,
        method: str | bytes,
        url: str | bytes,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> requests.Response:
        """Return the response; that to a request with the API key if the cookie was refused."""
        if response.status_code not in _AUTH_FAILURES:
            return response
        with self._login:
            return self._request_with_key(response, method, url, args, kwargs)

    def _request_with_key(
        self,
        response: requests.Response,
        method: str | bytes,
        url: str | bytes,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> requests.Response:
        # Another process may have kept a newer key.
        self.api_key = (self._key_file.read() if self._key_file else "") or self.api_key
        if self.api_key:
            response = self._send_once(method, url, {"ApiKey": self.api_key}, args, kwargs)
            if response.status_code not in _AUTH_FAILURES:
                return response
            if response.status_code == _WRONG_KEY:
                self._forget_key()
        if response.status_code == _TRIPWIRE:
            raise StashUnavailable(
                f"Stash refused the session ({_TRIPWIRE}); its protection against access from the "
                "internet may be active"
            )
        need = StashNeed.LOGIN
        raise StashUnavailable(f"Stash {need.value} ({response.status_code})", need=need)

    def keep_api_key(self, value: str) -> None:
        """Use this key from now on, and keep it for later runs; "" for none."""
        self.api_key = value
        if self._key_file is not None:
            self._key_file.keep(value)

    def _forget_key(self) -> None:
        if self._key_file is not None:
            self._key_file.forget(self.api_key)
        self.api_key = ""

    def is_up(self, url: str) -> bool:
        """Return True if `url` answers 200 to a request without a login. Never raise."""
        try:
            response = super().request("GET", url, timeout=self._timeout_s, allow_redirects=False)
        except requests.RequestException:
            return False
        return response.status_code == 200

    def _send_once(
        self,
        method: str | bytes,
        url: str | bytes,
        login: dict[str, str],
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> requests.Response:
        options = self._with_login(options, login)
        self._on_request()
        with _stash_errors():
            response = super().request(method, url, *args, **options)
        self._update_cookie(response)
        return response

    def _with_login(self, options: Mapping[str, Any], login: Mapping[str, str]) -> dict[str, Any]:
        headers = {**(options.get("headers") or {}), **login}
        return {**options, "headers": headers, "timeout": self._timeout_s, "allow_redirects": False}

    def _cookie_header(self) -> dict[str, str]:
        return {"Cookie": f"session={self.cookie}"} if self.cookie else {}

    def _update_cookie(self, response: requests.Response) -> None:
        renewed = _session_cookie(response.headers.get("Set-Cookie", ""))
        if renewed and "ApiKey" not in (response.request.headers or {}):
            self.cookie = renewed


def silence_certificate_warnings(address: StashAddress) -> None:
    """Turn off urllib3's warning about unverified certificates, if Stash uses TLS."""
    if address.scheme == "https":
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


@contextmanager
def _stash_errors() -> Iterator[None]:
    """Translate the errors of a request.

    Raises:
        StashUnavailable: no whole answer came.
    """
    try:
        yield
    except requests.RequestException as error:
        raise StashUnavailable(f"Stash does not answer: {reason_of(error)}") from error


def _session_cookie(header: str) -> str:
    """Return the value of Stash's cookie in a Set-Cookie header, "" if there is none."""
    # A proxy may have added a cookie of its own.
    for part in header.replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "session":
            return value
    return ""
