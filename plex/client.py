"""Every request PlexSync sends to Plex, each written out, each exactly one request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, quote_plus
from xml.etree.ElementTree import Element

from core.calls import Begun
from core.errors import PlexAccessError, PlexNotFound, PlexRejected, PlexTemporaryError
from core.plex_item import PlexItem
from plex.collections import CollectionRequests
from plex.errors import plex_errors
from plex.item_xml import parse_item
from plex.lazy_server import PlexAddress
from plex.transport import FOREIGN, IDENTITY, PlexTransport

READ_BATCH = 200  # ids in one read: 2,000 characters at most, and proved to be answered whole
PAGE = 1_000  # items in one listing page

_LISTING = (
    "/library/sections/{section}/all?type=1&sort=id"
    "&excludeElements=Genre,Role,Director,Writer,Country,Collection&excludeFields=summary,tagline"
)
_FULL = (
    "/library/metadata/{ids}?skipRefresh=1&excludeElements=Chapter,Marker,Similar,Extras,Related"
)


@dataclass(frozen=True, slots=True)
class Section:
    """One library. `marker` moves when content comes or goes; it is a counter, not a time.

    `is_owned`: False where Plex says that the token belongs to a user whom the library is shared
    with, and who may not edit.
    """

    key: int
    uuid: str
    title: str
    type: str
    marker: str
    locations: tuple[str, ...]
    is_owned: bool = True


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Which server answers: its name, its version and its 40 hex digits."""

    name: str
    version: str
    machine_identifier: str


@dataclass(frozen=True, slots=True)
class Page:
    """One listing page: its `Video` elements, and how many items the whole listing has."""

    videos: tuple[Element, ...]
    total: int


class PlexClient:
    """The requests. All raise `core.errors.PlexError` subclasses and nothing else.

    `collections` are those about collections.
    """

    def __init__(
        self,
        address: PlexAddress,
        identity: Mapping[str, str],
        sleep: Callable[[float], None],
        on_answer: Callable[[float, int], object] = lambda took_s, status: None,
    ) -> None:
        """Send nothing. `on_answer` gets the seconds and the status of every answer."""
        self._transport = PlexTransport(address, identity, sleep, on_answer)
        self._session = self._transport.session
        self.collections = CollectionRequests(self._transport)
        self._machine = ""

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    # -- questions ------------------------------------------------------------------------------

    def machine_identifier(self) -> str:
        """Return the server's 40 hex digits, asked once. `/identity` needs no token."""
        if not self._machine:
            self._machine = self._read_identity()
        return self._machine

    def _read_identity(self) -> str:
        try:
            root = self._transport.read(IDENTITY, timeout=self._transport.quick_s)
        except (PlexNotFound, PlexRejected) as error:
            raise PlexAccessError(f"{FOREIGN} ({error})") from error
        machine = root.get("machineIdentifier", "")
        if not machine:
            raise PlexTemporaryError("Plex did not say which server it is")
        return machine

    @property
    def cached_machine_identifier(self) -> str:
        """Return the server's identifier if it was asked already, else ""; send nothing."""
        return self._machine

    def check_identity(self) -> None:
        """Send one quick request that proves that Plex answers; it does not prove the token."""
        self._machine = self._read_identity()

    def server_info(self) -> ServerInfo:
        """Return which server it is; one quick request that proves the token."""
        root = self._transport.read("/", timeout=self._transport.quick_s)
        return ServerInfo(
            root.get("friendlyName", ""),
            root.get("version", ""),
            root.get("machineIdentifier", ""),
        )

    def count_items(self, section: int) -> int | None:
        """Return how many items a library of any type has; None if Plex does not say."""
        root = self._transport.read(
            f"/library/sections/{section}/all",
            {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "0"},
            timeout=self._transport.quick_s,
        )
        total = root.get("totalSize", "")
        return int(total) if total.isascii() and total.isdigit() else None

    def sections(self) -> tuple[Section, ...]:
        """Return all libraries with their change markers; one authenticated request."""
        root = self._transport.read("/library/sections")
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
        root = self._transport.read(
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
                root = self._transport.read(
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

    def search_title(self, section: int, text: str, size: int) -> Page:
        """Return the first items of a library whose title has this text, in listing form."""
        # Plex reads a comma as "or".
        part = max(text.split(","), key=len).strip()
        target = f"{_LISTING.format(section=section)}&title={quote(part, safe='')}"
        root = self._transport.read(
            target, {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": str(size)}
        )
        total = root.get("totalSize", "")
        with plex_errors():
            return Page(tuple(root.findall("Video")), int(total))

    def images(self, item: int, kind: str) -> list[tuple[str, bool]]:
        """(name, selected) of every image of an item; `kind` is `posters` or `arts`."""
        root = self._transport.read(f"/library/metadata/{item}/{kind}")
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
        if not _names_item(target):
            raise ValueError("an edit without an item would edit the whole library")
        self._transport.send(target, self._session.put)

    def begin_edit(self, target: str) -> Begun | None:
        """Begin what `edit` does, without waiting; None where only `edit` can do or refuse it."""
        return self._transport.begin(target, self._session.put) if _names_item(target) else None

    def upload_image(self, item: int, kind: str, image: bytes) -> None:
        """Upload and select one image; `kind` is `posters` or `arts`. Any 200 means done.

        It is sent once: some servers keep the same bytes twice.
        """
        self._transport.send(
            f"/library/metadata/{item}/{kind}",
            self._session.post,
            data=image,
            parse=False,
            is_repeatable=False,
        )

    def begin_upload(self, item: int, kind: str, image: bytes) -> Begun | None:
        """Begin what `upload_image` does, without waiting; None where only that can do it now."""
        return self._transport.begin(
            f"/library/metadata/{item}/{kind}",
            self._session.post,
            data=image,
            parse=False,
            is_repeatable=False,
        )

    def select_image(self, item: int, kind: str, key: str) -> None:
        """Select an image that Plex has already; it answers with plain text."""
        singular = kind.removesuffix("s")
        self._transport.send(
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
        self._transport.send(
            target, self._session.get, parse=False, timeout=self._transport.quick_s
        )

    def deselect_image(self, item: int, kind: str) -> None:
        """Choose no image of this kind any more."""
        name = {"posters": "thumb", "arts": "art"}[kind]
        self._transport.send(f"/library/metadata/{item}/{name}", self._session.delete, parse=False)


def _names_item(target: str) -> bool:
    arguments = target.partition("?")[2].split("&")
    return any(argument.startswith("id=") and argument != "id=" for argument in arguments)


def _section(directory: Element) -> Section:
    return Section(
        key=int(directory.get("key", "")),
        uuid=directory.get("uuid", ""),
        title=directory.get("title", ""),
        type=directory.get("type", ""),
        marker=directory.get("contentChangedAt", ""),
        locations=tuple(location.get("path", "") for location in directory.findall("Location")),
        is_owned=directory.get("allowSync") != "0",
    )
