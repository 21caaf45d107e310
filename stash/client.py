"""The way to Stash: one lean session on stashapp-tools, with real timeouts and one cookie.

`StashInterface` itself sends three requests at construction, one of them a half-megabyte schema, has
no timeout, and ends up with two cookies of one name, of which Stash reads the older. So its
constructor is not called; its session is set up here and every request goes through `_send`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from stashapi.stashapp import StashInterface

from core.errors import PlexSyncError, StashUnavailable
from stash import queries

PLUGIN_ID = "PlexSync"
SVG = "image/svg+xml"


class StashRefused(PlexSyncError):
    """Stash answered a query of PlexSync with an error."""


@dataclass(frozen=True, slots=True)
class StashAddress:
    """Where Stash answers. The listen address of all interfaces becomes the loopback."""

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
    ) -> None:
        """Sends nothing. `on_cookie(old, new)` hears of each fresher cookie."""
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
        if address.scheme == "https":
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    # -- questions ------------------------------------------------------------------------------

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The `data` of one query.

        Raises:
            StashUnavailable: Stash is away, busy, or has ended our session.
            StashRefused: Stash answered with an error that repeating will not mend.
        """
        response = self._send("POST", self.url, json={"query": query, "variables": dict(variables or {})})
        try:
            document = response.json()
        except ValueError as error:
            raise StashUnavailable("Stash answered something that is not JSON") from error
        errors = document.get("errors") if isinstance(document, dict) else None
        if errors:
            text = json.dumps([item.get("message", "") if isinstance(item, dict) else str(item) for item in errors])
            if response.status_code == 200 and "database is locked" in text:
                raise StashUnavailable(f"Stash is busy: {text[:300]}")
            raise StashRefused(f"Stash refused a query: {text[:300]}")
        data = document.get("data") if isinstance(document, dict) else None
        if response.status_code != 200 or not isinstance(data, dict):
            raise StashUnavailable(f"Stash answered {response.status_code} without data")
        return data

    def scenes(self, ids: Sequence[int]) -> dict[int, dict[str, Any] | None]:
        """Every scene asked for, in one request; None for one that is gone."""
        if not ids:
            return {}
        data = self.graphql(queries.scenes_by_id(ids))
        return {number: data.get(f"s{number}") for number in ids}

    def settings(self, plugin_id: str = PLUGIN_ID) -> dict[str, Any]:
        """The plugin's stored settings; {} when nothing was ever stored."""
        plugins = self.graphql(queries.SETTINGS, {"id": plugin_id})["configuration"]["plugins"]
        found = plugins.get(plugin_id) if isinstance(plugins, dict) else None
        return found if isinstance(found, dict) else {}

    def save_settings(self, values: Mapping[str, Any], plugin_id: str = PLUGIN_ID) -> None:
        """Replace everything that is stored for the plugin."""
        self.graphql(queries.SAVE_SETTINGS, {"id": plugin_id, "values": dict(values)})

    def credentials(self) -> tuple[str, float]:
        """Stash's API key ("" when none was made) and the session's longest age in seconds."""
        general = self.graphql(queries.CREDENTIALS)["configuration"]["general"]
        return str(general["apiKey"] or ""), float(general["maxSessionAge"] or 0)

    def scene_page(self, after: int, size: int, since: str = "") -> list[tuple[int, str]]:
        """(id, updated_at) of the next scenes by id; [] at the end. `since` is a zone-less text."""
        variables: dict[str, Any] = {"after": after, "size": size}
        if since:
            data = self.graphql(queries.CHANGED_SCENES, {**variables, "since": since})
        else:
            data = self.graphql(queries.SCENES_AFTER, variables)
        return [(int(scene["id"]), str(scene["updated_at"])) for scene in data["findScenes"]["scenes"]]

    def whole_scenes(
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
        scenes = self.graphql(queries.FILE_SAMPLE, {"size": size})["findScenes"]["scenes"]
        return [(str(file["path"]), int(file["size"] or 0)) for scene in scenes for file in scene["files"]]

    def say(self, level: str, text: str) -> None:
        """Have a line written to Stash's log, by running ourselves as an operation."""
        self.graphql(queries.SAY, {"id": PLUGIN_ID, "args": {"mode": "say", "level": level, "text": text}})

    def cover(self, scene_id: int, version: str, etag: str = "") -> Cover:
        """The scene's cover by one conditional request; `version` only changes the URL.

        Stash has no 404 for a scene without a cover: it sends an SVG placeholder.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = self._send(
            "GET", f"{self.base_url}/scene/{scene_id}/screenshot", params={"t": version}, headers=headers
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
            StashUnavailable, StashRefused: as for `cover`.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = self._send("GET", f"{self.base_url}/scene/{scene_id}/screenshot", headers=headers, stream=True)
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
            response = self.s.get(f"{self.base_url}/healthz", timeout=self._timeout_s, allow_redirects=False)
        except requests.RequestException:
            return False
        return bool(response.status_code == 200)

    # -- the wire -------------------------------------------------------------------------------

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        """One request with the cookie, and once more with the API key when the cookie is refused."""
        response = self._send_once(method, url, self._cookie_header(), options)
        if _is_refusal(response) and self.api_key:
            response = self._send_once(method, url, {"ApiKey": self.api_key}, options)
        if _is_refusal(response):
            raise StashUnavailable(
                f"Stash refused our session ({response.status_code}); the next hook brings a new one"
            )
        return response

    def _send_once(self, method: str, url: str, login: dict[str, str], options: dict[str, Any]) -> requests.Response:
        headers = {**options.get("headers", {}), **login}
        rest = {key: value for key, value in options.items() if key != "headers"}
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


def _session_cookie(header: str) -> str:
    for part in header.replace(",", ";").split(";"):  # a proxy may have added a cookie of its own
        name, _, value = part.strip().partition("=")
        if name == "session":
            return value
    return ""


def _check_cover(response: requests.Response, scene_id: int) -> None:
    """A proxy in front says that Stash is away; anything else but 200 is about this cover."""
    if response.status_code != 200:
        kind = StashUnavailable if response.status_code in (502, 503, 504) else StashRefused
        raise kind(f"Stash answered {response.status_code} for the cover of scene {scene_id}")


def _is_refusal(response: requests.Response) -> bool:
    """401 from the API; a redirect to the login page from everything else; 403 from the tripwire."""
    return response.status_code in (301, 302, 303, 307, 308, 401, 403)
