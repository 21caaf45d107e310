"""Send one request to Plex and read its answer, with plexapi as the carrier.

plexapi's objects fetch more behind one's back: an empty attribute of a listed item reloads the
item, the first edit asks for the library. So only its request function is used, and XML is read as
XML.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, ParseError

import requests
import urllib3
from plexapi.exceptions import BadRequest, PlexApiException
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from core.calls import Begun
from core.errors import PlexAccessError, PlexError, PlexTemporaryError, PlexUnavailable
from network.plain_session import PlainSession
from plex.connection_faults import URL, explain, was_not_sent
from plex.errors import is_late_body, plex_errors, status_of
from plex.lazy_server import LazyPlexServer, PlexAddress
from plex.xml_encoding import UTF_8, as_utf_8

# For what Plex answers immediately or not at all; the time to connect is a setting.
QUICK_READ_S = 5.0
QUICK_TRIES = 3  # one try and two quick retries, for connection errors only
QUICK_WAIT_S = 0.2
MAX_IN_FLIGHT = 4  # requests at the same time; each needs a connection of its own
IDENTITY = "/identity"
PLEX_ERROR = "Response"  # the root element of Plex's own errors
FOREIGN = (
    "a web page or another server answers instead of Plex, such as the login page of a proxy; "
    f"enter the address of Plex itself in the setting '{URL}'"
)

_PAGE_STARTS = (b"<!doctype html", b"<html")  # a login page of a proxy, with status 200
_IMAGES = re.compile(r"/library/metadata/\d+/(?:posters?|arts?)\b")
_ENTITY = b"<!ENTITY"


@dataclass(slots=True)
class _Seen:
    """What the answer of one request shows before plexapi reads it."""

    status: int = 0
    is_page: bool = False

    def on_response(self, response: requests.Response, **_: object) -> None:
        """Check the answer, and state its charset.

        Raises:
            PlexTemporaryError: the answer is not Plex's.
        """
        self.status = response.status_code
        # plexapi reads the text, for which requests believes the header
        response._content = as_utf_8(response.content)
        response.encoding = UTF_8
        if (
            _ENTITY in response.content
        ):  # Plex has none; they can make a small answer fill the memory
            raise PlexTemporaryError("the answer holds entities of its own, so it is not Plex's")
        self.is_page = response.content.lstrip()[:15].lower().startswith(_PAGE_STARTS)


_Sent: TypeAlias = tuple[Element | None, bool]
"""The answer to one request, None for text that is no XML, and whether it is a web page."""


class PlexTransport:
    """One kept session with one server. Raises `core.errors.PlexError` subclasses only.

    Up to `MAX_IN_FLIGHT` threads may send at the same time.
    """

    def __init__(
        self,
        address: PlexAddress,
        identity: Mapping[str, str],
        sleep: Callable[[float], None],
        on_answer: Callable[[float, int], object],
    ) -> None:
        """Send nothing. `on_answer` gets the seconds and the status of every answer."""
        # a proxy must not see the token; Plex is on the local network
        self.session = PlainSession(MAX_IN_FLIGHT)
        self.session.verify = address.verify
        if not address.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._address = address
        self._was_reached = address.was_reached
        self._server = LazyPlexServer(
            address.url, address.token, self.session, address.timeout_s, identity
        )
        self.quick_s = (address.timeout_s[0], QUICK_READ_S)
        # by whether the request may be repeated although Plex may have got it
        self._quick_retries = {
            is_repeatable: _quick_retries(sleep, is_repeatable=is_repeatable)
            for is_repeatable in (True, False)
        }
        self._sleep = sleep
        self._on_answer = on_answer

    def read(
        self, target: str, headers: Mapping[str, str] | None = None, timeout: Any = None
    ) -> Element:
        """Return the answer of a read; it must be a `MediaContainer`, as a login page is not."""
        root = self.send(target, self.session.get, headers=headers, timeout=timeout)
        if root is not None and root.tag == "MediaContainer":
            return root
        if root is not None and root.tag != PLEX_ERROR:
            raise self._foreign_answer(target)
        raise PlexTemporaryError("the answer is not Plex's")

    def send(
        self,
        target: str,
        method: Callable[..., Any],
        *,
        parse: bool = True,
        is_repeatable: bool = True,
        **options: Any,
    ) -> Element | None:
        """Send one request; `method` is one of the session's. Return None for text that is no XML.

        `options` are those of requests; None leaves one out. Connection errors get two quick
        retries; without `is_repeatable` only where Plex cannot have got the request.
        """
        options = {key: value for key, value in options.items() if value is not None}
        send_once = partial(self._send, target, method, parse, options)
        return self._sent(target, send_once, send_once, is_repeatable=is_repeatable)

    def begin(
        self,
        target: str,
        method: Callable[..., Any],
        *,
        parse: bool = True,
        is_repeatable: bool = True,
        data: bytes | None = None,
    ) -> Begun | None:
        """Begin what `send` does with these arguments, without waiting.

        Returns:
            The call; None where only `send` can do it: it has to connect, or the connection is one
            with TLS.
        """
        options = {} if data is None else {"data": data}
        verb = method.__name__.upper()
        url, headers = self._server.url(target), self._server._headers()
        try:
            exchange = self.session.begin(
                verb, url, headers=headers, timeout=self._address.timeout_s, **options
            )
        except (requests.RequestException, ValueError):
            return None  # `send` says what is wrong with the token
        if exchange is None:
            return None

        # plexapi logs the name of a method
        def finish(url: str, *, hooks: Mapping[str, Any], **_: object) -> requests.Response:
            return self.session.finish(exchange, hooks=hooks)

        first = partial(self._send, target, finish, parse, {}, exchange.begun_at)
        again = partial(self._send, target, method, parse, options)
        return Begun(
            exchange, partial(self._sent, target, first, again, is_repeatable=is_repeatable)
        )

    def _sent(
        self,
        target: str,
        first: Callable[[], _Sent],
        again: Callable[[], _Sent],
        *,
        is_repeatable: bool,
    ) -> Element | None:
        """Return the answer to a request; `again` sends it after a connection error of `first`."""
        try:
            with plex_errors(target):
                root, is_page = self._send_repeatedly(first, again, is_repeatable=is_repeatable)
        except (PlexUnavailable, PlexAccessError) as error:
            raise self._explained(error) from error.__cause__
        if is_page:
            raise self._foreign_answer(target)
        return root

    def _send_repeatedly(
        self, first: Callable[[], _Sent], again: Callable[[], _Sent], *, is_repeatable: bool
    ) -> _Sent:
        """Send a request, which almost always succeeds, and repeat it where that may help."""
        try:
            return first()
        except requests.ConnectionError as error:
            if not _deserves_retry(error, is_repeatable=is_repeatable):
                raise
        self._sleep(QUICK_WAIT_S)
        return self._quick_retries[is_repeatable](again)

    def _explained(self, error: PlexError) -> PlexError:
        """Return an error of connecting with what the user can do about it, any other as it is."""
        cause = error.__cause__
        if not isinstance(cause, requests.ConnectionError):
            return error
        url, connect_s = self._address.url, self._address.timeout_s[0]
        return explain(cause, url, connect_s, was_reached=self._was_reached) or error

    def _send(
        self,
        target: str,
        method: Callable[..., Any],
        parse: bool,
        options: dict[str, Any],
        begun_at: float | None = None,
    ) -> _Sent:
        seen = _Seen()
        started = time.perf_counter() if begun_at is None else begun_at
        try:
            # A redirect would carry the token elsewhere, and turns a PUT into a GET.
            root: Element | None = self._server.query(
                target,
                method,
                allow_redirects=False,
                hooks={"response": seen.on_response},
                **options,
            )
        except ParseError:
            if parse and not seen.is_page:
                raise
            root = None  # 200 with plain text: done
        except TypeError as error:  # plexapi trips over a status that requests has no name for
            raise BadRequest(f"({seen.status}) without a name") from error
        except PlexApiException as error:
            # An image that fails says nothing about how loaded Plex is.
            status = 0 if _IMAGES.match(target) else status_of(error) or 0
            self._on_answer(time.perf_counter() - started, status)
            raise
        self._on_answer(time.perf_counter() - started, 200)
        self._was_reached = self._was_reached or not seen.is_page
        return root, seen.is_page

    def _foreign_answer(self, target: str) -> PlexError:
        """Return the error for an answer that Plex does not send, such as a proxy's login page.

        If everything is answered like this, only another Plex URL helps; a single request may
        succeed later.
        """
        if target != IDENTITY:
            try:
                self.read(IDENTITY, timeout=self.quick_s)
            except PlexError as error:
                return error
            return PlexTemporaryError("a web page came instead of Plex's answer; nothing was done")
        return PlexAccessError(FOREIGN)


def _quick_retries(sleep: Callable[[float], None], *, is_repeatable: bool) -> Retrying:
    """Return the tries that follow one which failed: almost every request needs none of them."""
    return Retrying(
        retry=retry_if_exception(partial(_deserves_retry, is_repeatable=is_repeatable)),
        stop=stop_after_attempt(QUICK_TRIES - 1),
        wait=wait_fixed(QUICK_WAIT_S),
        sleep=sleep,
        reraise=True,
    )


def _deserves_retry(error: BaseException, *, is_repeatable: bool) -> bool:
    return _is_connection_error(error) and (is_repeatable or was_not_sent(error))


def _is_connection_error(error: BaseException) -> bool:
    """Return True for a refused or dropped connection, which deserves another try; not for
    time-outs.
    """
    return (
        isinstance(error, requests.ConnectionError)
        and not isinstance(error, requests.exceptions.SSLError | requests.ConnectTimeout)
        and not is_late_body(error)
    )
