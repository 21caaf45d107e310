"""The way to Stash: one lean session on stashapp-tools, with real timeouts and one cookie.

`StashInterface` itself sends three requests at construction, one of them a half-megabyte schema, has
no timeout, and ends up with two cookies of one name, of which Stash reads the older. So its
constructor is not called; its session is set up here and every request goes through `_send`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from stashapi.stashapp import StashInterface

from core.entity import Entity, entity_subject
from core.errors import StashQueryError, StashUnavailable
from stash import queries

PLUGIN_ID = "PlexSync"
SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class StashAddress:
    """Where Stash answers. The listen address of all interfaces becomes the loopback.

    Examples:
        >>> StashAddress("http", "0.0.0.0", 9999).base_url
        'http://127.0.0.1:9999'
    """

    scheme: str
    host: str
    port: int

    @property
    def base_url(self) -> str:
        host = self.host
        if host in ("", "0.0.0.0", "::", "[::]"):  # noqa: S104 (recognised, not bound)
            host = "127.0.0.1"
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Cover:
    """A scene's cover. `unchanged`: the bytes behind `etag` are still right. `image` None: no cover."""

    image: bytes | None
    etag: str
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class SceneState:
    """A scene as a list tells it. `oshash` is its first file's, "" when it has none."""

    scene_id: int
    updated_at: str
    oshash: str


class StashClient(StashInterface):
    """What PlexSync asks of Stash. One thread uses one client."""

    def __init__(
        self,
        address: StashAddress,
        cookie: str,
        *,
        api_key: str = "",
        timeout_s: tuple[float, float] = (5.0, 30.0),
        on_cookie: Callable[[str, str], object] | None = None,
        on_request: Callable[[], object] = lambda: None,
    ) -> None:
        """Sends nothing. `on_cookie(old, new)` hears of each fresher cookie, `on_request` of each request."""
        self.s = requests.Session()
        self.s.trust_env = False  # a proxy for the internet must not see requests to Stash
        self.s.verify = False  # Stash's certificate is self-signed, and we speak to our own host
        self.s.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.base_url = address.base_url
        self.url = f"{self.base_url}/graphql"
        self.cookie = cookie
        self.api_key = api_key
        self._timeout_s = timeout_s
        self._on_cookie = on_cookie
        self._on_request = on_request
        if address.scheme == "https":
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    # -- questions ------------------------------------------------------------------------------

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The `data` of one query.

        Raises:
            StashUnavailable: Stash is away, busy, or has ended our session.
            StashQueryError: Stash answered with an error that repeating will not mend.
        """
        response = self._send(
            "POST", self.url, json={"query": query, "variables": dict(variables or {})}
        )
        try:
            document = _parsed(response)
        except (ValueError, RecursionError) as error:
            raise StashUnavailable("Stash answered something that is not JSON") from error
        errors = document.get("errors") if isinstance(document, dict) else None
        if errors:
            text = json.dumps(
                [
                    item.get("message", "") if isinstance(item, dict) else str(item)
                    for item in errors
                ]
            )
            if response.status_code == 200 and "database is locked" in text:
                raise StashUnavailable(f"Stash is busy: {text[:300]}")
            raise StashQueryError(f"Stash refused a query: {text[:300]}")
        data = document.get("data") if isinstance(document, dict) else None
        if response.status_code != 200 or not isinstance(data, dict):
            raise StashUnavailable(f"Stash answered {response.status_code} without data")
        return data

    def scenes(self, ids: Sequence[int]) -> dict[int, dict[str, Any] | None]:
        """Every scene asked for, in one request; None for one that is gone."""
        if not ids:
            return {}
        data = self.graphql(queries.scenes_by_id(ids))
        return {number: _object_or_none(data.get(f"s{number}")) for number in ids}

    def settings(self, plugin_id: str = PLUGIN_ID) -> dict[str, Any]:
        """The plugin's stored settings; {} when nothing was ever stored."""
        data = self.graphql(queries.SETTINGS, {"id": plugin_id})
        with _expect_shape():
            plugins = data["configuration"]["plugins"]
        found = plugins.get(plugin_id) if isinstance(plugins, dict) else None
        return found if isinstance(found, dict) else {}

    def save_settings(self, values: Mapping[str, Any], plugin_id: str = PLUGIN_ID) -> None:
        """Replace everything that is stored for the plugin."""
        self.graphql(queries.SAVE_SETTINGS, {"id": plugin_id, "values": dict(values)})

    def credentials(self) -> tuple[str, float]:
        """Stash's API key ("" when none was made) and the session's longest age in seconds."""
        data = self.graphql(queries.CREDENTIALS)
        with _expect_shape():
            general = data["configuration"]["general"]
            return str(general["apiKey"] or ""), float(general["maxSessionAge"] or 0)

    def scene_page(self, after: int, size: int, since: str = "") -> list[tuple[int, str]]:
        """(id, updated_at) of the next scenes by id; [] at the end. `since` is a zone-less text."""
        variables: dict[str, Any] = {"after": after, "size": size}
        if since:
            data = self.graphql(queries.CHANGED_SCENES, {**variables, "since": since})
        else:
            data = self.graphql(queries.SCENES_AFTER, variables)
        with _expect_shape():
            return [
                (int(scene["id"]), str(scene["updated_at"]))
                for scene in data["findScenes"]["scenes"]
            ]

    def scene_file_states(self, after: int, size: int, since: str = "") -> list[SceneState]:
        """As `scene_page`, with the file behind each id."""
        variables: dict[str, Any] = {
            "after": after,
            "size": size,
            **({"since": since} if since else {}),
        }
        data = self.graphql(queries.CHANGED_STATES if since else queries.SCENE_STATES, variables)
        with _expect_shape():
            return [
                SceneState(int(scene["id"]), str(scene["updated_at"]), _oshash(scene["files"]))
                for scene in data["findScenes"]["scenes"]
            ]

    def entities(self, subjects: Sequence[str], read_at: float) -> dict[str, Entity | None]:
        """Every entity asked for, in one request; None for one that is gone."""
        if not subjects:
            return {}
        data = self.graphql(queries.entities_by_subject(subjects))
        with _expect_shape():
            return {
                subject: _entity(subject, data.get(f"e{place}"), read_at)
                for place, subject in enumerate(subjects)
            }

    def scenes_showing(self, subject: str, after: int, size: int) -> list[int]:
        """The next scenes by id that show an entity, a child studio's among them; [] at the end."""
        kind, _, number = subject.partition(":")
        data = self.graphql(
            queries.scenes_showing(kind), {"id": number, "after": after, "size": size}
        )
        with _expect_shape():
            return [int(scene["id"]) for scene in data["findScenes"]["scenes"]]

    def scenes_by_oshash(self, oshash: str) -> list[int]:
        """The scenes that have a file with this oshash, lowest id first; [] when there is none."""
        data = self.graphql(queries.SCENES_WITH, {"oshash": oshash})
        with _expect_shape():
            return [int(scene["id"]) for scene in data["findScenes"]["scenes"]]

    def newest_entities(
        self, kinds: Sequence[str], page: int, size: int
    ) -> dict[str, list[tuple[str, str]]]:
        """By kind, (subject, updated_at) of one page, the newest first by text; pages count from 1."""
        data = self.graphql(queries.newest_entities(kinds), {"page": page, "size": size})
        with _expect_shape():
            return {
                kind: [
                    (entity_subject(kind, row["id"]), str(row["updated_at"]))
                    for row in data[kind]["rows"]
                ]
                for kind in kinds
            }

    def entity_ids(self, kind: str) -> frozenset[str]:
        """The subjects of every entity of one kind."""
        data = self.graphql(queries.entity_ids(kind))
        with _expect_shape():
            return frozenset(entity_subject(kind, row["id"]) for row in data["found"]["rows"])

    def scene_count(self) -> int:
        """How many scenes there are."""
        return int(self.graphql(queries.COUNT_SCENES)["findScenes"]["count"])

    def full_scenes(
        self, after: int, size: int, since: str = "", *, counted: bool = False
    ) -> tuple[list[dict[str, Any]], int]:
        """The next scenes by id as `scenes` answers them, [] at the end; and how many there are, 0 unless `counted`.

        `since` is a zone-less text: only scenes created or changed later, as far as texts can tell.
        """
        variables: dict[str, Any] = {"after": after, "size": size, "counted": counted}
        if since:
            data = self.graphql(queries.RECENT_SCENES, {**variables, "since": since})
        else:
            data = self.graphql(queries.WHOLE_SCENES, variables)
        found = data["findScenes"]
        return list(found["scenes"]), int(found.get("count") or 0)

    def file_sample(self, size: int) -> list[tuple[str, int]]:
        """(path, bytes) of the files of some scenes from all over the library; [] when there is none."""
        data = self.graphql(queries.FILE_SAMPLE, {"size": size})
        with _expect_shape():
            scenes = data["findScenes"]["scenes"]
            return [
                (str(file["path"]), int(file["size"] or 0))
                for scene in scenes
                for file in scene["files"]
            ]

    def log_line(self, level: str, text: str) -> None:
        """Have a line written to Stash's log, by running ourselves as an operation."""
        self.graphql(
            queries.SAY, {"id": PLUGIN_ID, "args": {"mode": "say", "level": level, "text": text}}
        )

    def cover(self, scene_id: int, version: str, etag: str = "") -> Cover:
        """The scene's cover by one conditional request; `version` only changes the URL.

        Stash has no 404 for a scene without a cover: it sends an SVG placeholder.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = self._send(
            "GET",
            f"{self.base_url}/scene/{scene_id}/screenshot",
            params={"t": version},
            headers=headers,
        )
        if response.status_code == 304:
            return Cover(None, etag, unchanged=True)
        if response.status_code == 404:
            return Cover(None, "")
        _check_cover(response, scene_id)
        if response.headers.get("Content-Type", "").startswith((SVG, "text/html")):
            return Cover(None, response.headers.get("ETag", ""))
        return Cover(response.content, response.headers.get("ETag", ""))

    def has_other_cover(self, scene_id: int, etag: str) -> bool:
        """Whether the scene has a cover that is not the one behind `etag`; the bytes stay where they are.

        Raises:
            StashUnavailable, StashQueryError: as for `cover`.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = self._send(
            "GET", f"{self.base_url}/scene/{scene_id}/screenshot", headers=headers, stream=True
        )
        try:
            if response.status_code in (304, 404):
                return False
            _check_cover(response, scene_id)
            is_none = response.headers.get("Content-Type", "").startswith((SVG, "text/html"))
            return not is_none and response.headers.get("ETag", "") != etag
        finally:
            response.close()

    def is_up(self) -> bool:
        """Whether Stash answers at all; needs no session."""
        try:
            response = self.s.get(
                f"{self.base_url}/healthz", timeout=self._timeout_s, allow_redirects=False
            )
        except requests.RequestException:
            return False
        return bool(response.status_code == 200)

    # -- the wire -------------------------------------------------------------------------------

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        """One request with the cookie, and once more with the API key when the cookie is refused."""
        response = self._send_once(method, url, self._cookie_header(), options)
        if _is_auth_failure(response) and self.api_key:
            response = self._send_once(method, url, {"ApiKey": self.api_key}, options)
        if _is_auth_failure(response):
            raise StashUnavailable(
                f"Stash refused our session ({response.status_code}); the next hook brings a new one"
            )
        return response

    def _send_once(
        self, method: str, url: str, login: dict[str, str], options: dict[str, Any]
    ) -> requests.Response:
        headers = {**options.get("headers", {}), **login}
        rest = {key: value for key, value in options.items() if key != "headers"}
        self._on_request()
        try:
            response = self.s.request(
                method, url, headers=headers, timeout=self._timeout_s, allow_redirects=False, **rest
            )
        except requests.RequestException as error:
            raise StashUnavailable(f"Stash does not answer: {type(error).__name__}") from error
        self._keep_cookie(response)
        return response

    def _cookie_header(self) -> dict[str, str]:
        return {"Cookie": f"session={self.cookie}"} if self.cookie else {}

    def _keep_cookie(self, response: requests.Response) -> None:
        """Stash renews the cookie with every authenticated answer; only the newest one lives on."""
        fresh = _session_cookie(response.headers.get("Set-Cookie", ""))
        if fresh and fresh != self.cookie and "ApiKey" not in (response.request.headers or {}):
            old, self.cookie = self.cookie, fresh
            if self._on_cookie is not None:
                self._on_cookie(old, fresh)


@contextmanager
def _expect_shape() -> Iterator[None]:
    """An answer of another shape than Stash's is nobody's: a proxy, or a Stash in the middle of an update.

    Raises:
        StashUnavailable: the body tripped over the answer.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise StashUnavailable("Stash answered in a shape that PlexSync does not know") from error


def _object_or_none(value: object) -> dict[str, Any] | None:
    """A scene as it came; what is no object at all becomes one that says nothing, and is refused as such."""
    return value if value is None or isinstance(value, dict) else {}


def _parsed(response: requests.Response) -> Any:
    """The answer's JSON, with question marks for lone surrogates, which can be neither kept nor sent.

    Raises:
        ValueError, RecursionError: it is no JSON that could be read.
    """
    document = response.json()
    if b"\\ud" not in response.content.lower():
        return document
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _oshash(files: Sequence[Mapping[str, Any]]) -> str:
    prints = files[0]["fingerprints"] if files else ()
    return next((str(each["value"]) for each in prints if each["type"] == "oshash"), "")


def _entity(subject: str, raw: Mapping[str, Any] | None, read_at: float) -> Entity | None:
    if raw is None:
        return None
    parent = raw.get("parent_studio") or {}
    return Entity(
        subject,
        str(raw["name"]).strip(),
        str(parent.get("id") or ""),
        str(raw["updated_at"]),
        read_at,
    )


def _session_cookie(header: str) -> str:
    for part in header.replace(",", ";").split(";"):  # a proxy may have added a cookie of its own
        name, _, value = part.strip().partition("=")
        if name == "session":
            return value
    return ""


def _check_cover(response: requests.Response, scene_id: int) -> None:
    """A proxy in front says that Stash is away; anything else but 200 is about this cover."""
    if response.status_code != 200:
        kind = StashUnavailable if response.status_code in (502, 503, 504) else StashQueryError
        raise kind(f"Stash answered {response.status_code} for the cover of scene {scene_id}")


def _is_auth_failure(response: requests.Response) -> bool:
    """401 from the API; a redirect to the login page from everything else; 403 from the tripwire."""
    return response.status_code in (301, 302, 303, 307, 308, 401, 403)
