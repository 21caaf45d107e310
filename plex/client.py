"""Every request PlexSync sends to Plex, each written out, each exactly one request.

plexapi's objects fetch more behind one's back: an empty attribute of a listed item reloads the
item, the first edit asks for the library. So plexapi carries the requests here, and XML is read as
XML.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus
from xml.etree.ElementTree import Element, ParseError

import requests
import urllib3
from plexapi.base import PlexObject
from plexapi.exceptions import BadRequest, PlexApiException
from plexapi.server import PlexServer
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from core.errors import PlexNotFound, PlexTemporaryError
from core.plex_item import PlexItem
from plex.errors import is_late_body, plex_errors, status_of
from plex.item_xml import parse_item

READ_BATCH = 200  # ids in one read: 2,000 characters at most, and proved to be answered whole
PAGE = 1_000  # items in one listing page
# For what Plex answers immediately or not at all; the time to connect is a setting.
QUICK_READ_S = 5.0
QUICK_TRIES = 3  # one try and two quick retries, for connection errors only
QUICK_WAIT_S = 0.2

_LISTING = (
    "/library/sections/{section}/all?type=1&sort=id"
    "&excludeElements=Genre,Role,Director,Writer,Country,Collection&excludeFields=summary,tagline"
)
_PAGE_STARTS = (b"<!doctype html", b"<html")  # a login page of a proxy, with status 200
_ENTITY = b"<!ENTITY"
_FULL = (
    "/library/metadata/{ids}?skipRefresh=1&excludeElements=Chapter,Marker,Similar,Extras,Related"
)


class LazyPlexServer(PlexServer):
    """plexapi's server without the request at construction, with our device identity in each
    request.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        session: requests.Session,
        timeout: Any,
        identity: Mapping[str, str],
    ):
        self._baseurl, self._token = base_url, token
        self._showSecrets, self._timeout = False, timeout
        self._session = session
        self._identity = dict(identity)
        PlexObject.__init__(self, self, None, self.key)

    def _headers(self, **more: str) -> dict[str, str]:
        headers: dict[str, str] = super()._headers(**more)
        headers.update(self._identity)
        return headers


@dataclass(frozen=True, slots=True)
class PlexAddress:
    """How to reach Plex. Timeouts are (connect, read) in seconds; `verify`: its certificate must be
    trusted.
    """

    url: str
    token: str
    timeout_s: tuple[float, float]
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """One library. `marker` moves when content comes or goes; it is a counter, not a time."""

    key: int
    uuid: str
    title: str
    type: str
    marker: str
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One listing page: its `Video` elements, and how many items the whole listing has."""

    videos: tuple[Element, ...]
    total: int


class PlexClient:
    """The requests. All raise `core.errors.PlexError` subclasses and nothing else."""

    def __init__(
        self,
        address: PlexAddress,
        identity: Mapping[str, str],
        sleep: Callable[[float], None],
        on_answer: Callable[[float, int], object] = lambda took_s, status: None,
    ) -> None:
        """Send nothing. `on_answer` gets the seconds and the status of every answer."""
        self._session = requests.Session()
        self._session.hooks["response"].append(self._check_response)
        self._session.trust_env = (
            False  # a proxy must not see the token; Plex is on the local network
        )
        self._session.verify = address.verify
        if not address.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._server = LazyPlexServer(
            address.url, address.token, self._session, address.timeout_s, identity
        )
        self._quick_s = (address.timeout_s[0], QUICK_READ_S)
        self._sleep = sleep
        self._on_answer = on_answer
        self._machine = ""
        self._status = 0
        self._is_page = False

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    # -- questions ------------------------------------------------------------------------------

    def machine_identifier(self) -> str:
        """Return the server's 40 hex digits, asked once. `/identity` needs no token."""
        if not self._machine:
            root = self._get("/identity", timeout=self._quick_s)
            self._machine = root.get("machineIdentifier", "")
            if not self._machine:
                raise PlexTemporaryError("Plex did not say which server it is")
        return self._machine

    @property
    def cached_machine_identifier(self) -> str:
        """Return the server's identifier if it was asked already, else ""; send nothing."""
        return self._machine

    def check_identity(self) -> None:
        """Send one quick request that proves that Plex answers; it does not prove the token."""
        self._machine, known = "", self._machine
        try:
            self.machine_identifier()
        finally:
            self._machine = self._machine or known

    def sections(self) -> tuple[Section, ...]:
        """Return all libraries with their change markers; one authenticated request."""
        root = self._get("/library/sections")
        with plex_errors():
            found = [_section(directory) for directory in root.findall("Directory")]
        return tuple(found)

    def list_page(
        self, section: int, start: int, size: int = PAGE, added_since: int | None = None
    ) -> Page:
        """Return one page of a library's items in listing form; `added_since` in epoch seconds.

        Raises:
            PlexTemporaryError: the answer is not this section's listing.
        """
        target = _LISTING.format(section=section)
        if added_since is not None:
            target += f"&addedAt>={added_since}"
        root = self._get(
            target, {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}
        )
        if root.get("totalSize") is None or root.get("librarySectionID") != str(section):
            raise PlexTemporaryError(f"Plex did not answer with the listing of library {section}")
        with plex_errors():
            total = int(root.get("totalSize", ""))
        return Page(tuple(root.findall("Video")), total)

    def items(self, section: int, keys: Sequence[int]) -> dict[int, PlexItem]:
        """Return the full items of one library by rating key, 200 per request; removed ones are
        absent.
        """
        found: dict[int, PlexItem] = {}
        for start in range(0, len(keys), READ_BATCH):
            batch = keys[start : start + READ_BATCH]
            target = _FULL.format(ids=",".join(map(str, batch)))
            try:
                root = self._get(
                    target,
                    {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": str(len(batch))},
                )
            except PlexNotFound:
                continue  # none of them exists
            with plex_errors():
                read = [
                    parse_item(video, int(video.get("librarySectionID") or section))
                    for video in root.findall("Video")
                ]
            found.update((item.rating_key, item) for item in read)
        return found

    def images(self, item: int, kind: str) -> list[tuple[str, bool]]:
        """(name, selected) of every image of an item; `kind` is `posters` or `arts`."""
        root = self._get(f"/library/metadata/{item}/{kind}")
        return [
            (photo.get("ratingKey", ""), photo.get("selected") == "1")
            for photo in root.findall("Photo")
        ]

    # -- writes ---------------------------------------------------------------------------------

    def edit(self, target: str) -> None:
        """Send one edit request whose target was built by `plex/edit_request.py`.

        Raises:
            ValueError: the target names no item; Plex would edit the whole library.
        """
        arguments = target.partition("?")[2].split("&")
        if not any(argument.startswith("id=") and argument != "id=" for argument in arguments):
            raise ValueError("an edit without an item would edit the whole library")
        self._query(target, self._session.put)

    def upload_image(self, item: int, kind: str, image: bytes) -> None:
        """Upload and select one image; `kind` is `posters` or `arts`. Any 200 means done."""
        self._query(f"/library/metadata/{item}/{kind}", self._session.post, data=image, parse=False)

    def select_image(self, item: int, kind: str, key: str) -> None:
        """Select an image that Plex has already; it answers with plain text."""
        singular = kind.removesuffix("s")
        self._query(
            f"/library/metadata/{item}/{singular}?url={quote(key, safe='')}",
            self._session.put,
            parse=False,
        )

    def scan_folder(self, section: int, folder: str) -> None:
        """Have Plex scan one folder of a library, absolute as Plex sees it; it answers before it
        has scanned.

        Raises:
            ValueError: there is no folder; Plex would scan the whole library.
        """
        if not folder:
            raise ValueError("a scan without a folder would scan the whole library")
        target = f"/library/sections/{section}/refresh?path={quote_plus(folder)}"
        self._query(target, self._session.get, parse=False, timeout=self._quick_s)

    def deselect_image(self, item: int, kind: str) -> None:
        """Choose no image of this kind any more."""
        name = {"posters": "thumb", "arts": "art"}[kind]
        self._query(f"/library/metadata/{item}/{name}", self._session.delete, parse=False)

    # -- the wire -------------------------------------------------------------------------------

    def _get(
        self, target: str, headers: Mapping[str, str] | None = None, timeout: Any = None
    ) -> Element:
        """One read whose answer must be a `MediaContainer`: a proxy's login page is XML as well."""
        root = self._query(target, self._session.get, headers=headers, timeout=timeout)
        if root is None or root.tag != "MediaContainer":
            raise PlexTemporaryError("the answer is not Plex's")
        return root

    def _query(
        self, target: str, method: Callable[..., Any], *, parse: bool = True, **options: Any
    ) -> Element | None:
        options = {key: value for key, value in options.items() if value is not None}
        with plex_errors(target):
            for attempt in self._quick_retries():
                with attempt:
                    return self._send(target, method, parse, options)
        return None

    def _send(
        self, target: str, method: Callable[..., Any], parse: bool, options: dict[str, Any]
    ) -> Element | None:
        started = time.perf_counter()
        try:
            # A redirect would carry the token elsewhere, and turns a PUT into a GET.
            root: Element | None = self._server.query(
                target, method, allow_redirects=False, **options
            )
        except ParseError:
            if parse:
                raise
            root = None  # 200 with plain text: done
        except TypeError as error:  # plexapi trips over a status that requests has no name for
            raise BadRequest(f"({self._status}) without a name") from error
        except PlexApiException as error:
            self._on_answer(time.perf_counter() - started, status_of(error) or 0)
            raise
        self._on_answer(time.perf_counter() - started, 200)
        if self._is_page:
            raise PlexTemporaryError(
                "a web page came instead of Plex's answer; nothing was written"
            )
        return root

    def _check_response(self, response: requests.Response, **_: object) -> None:
        self._status = response.status_code
        if (
            _ENTITY in response.content
        ):  # Plex has none; they can make a small answer fill the memory
            raise PlexTemporaryError("the answer holds entities of its own, so it is not Plex's")
        is_write = response.request.method != "GET"  # a read is known by its root element
        self._is_page = is_write and response.content.lstrip()[:15].lower().startswith(_PAGE_STARTS)

    def _quick_retries(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception(_is_connection_error),
            stop=stop_after_attempt(QUICK_TRIES),
            wait=wait_fixed(QUICK_WAIT_S),
            sleep=self._sleep,
            reraise=True,
        )


def _section(directory: Element) -> Section:
    return Section(
        key=int(directory.get("key", "")),
        uuid=directory.get("uuid", ""),
        title=directory.get("title", ""),
        type=directory.get("type", ""),
        marker=directory.get("contentChangedAt", ""),
        locations=tuple(location.get("path", "") for location in directory.findall("Location")),
    )


def _is_connection_error(error: BaseException) -> bool:
    """Return True for a refused or dropped connection, which deserves another try; not for
    time-outs.
    """
    return (
        isinstance(error, requests.ConnectionError)
        and not isinstance(error, requests.exceptions.SSLError | requests.ConnectTimeout)
        and not is_late_body(error)
    )
