"""Ask Stash: one method per query, on the GraphQL transport of stashapp-tools.

Only the library's `GQLWrapper` is used. The constructor of its `StashInterface` sends three
requests, one of them for the schema of half a megabyte.
"""

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
from stashapi.classes import GQLWrapper

from core.entity import Entity, entity_subject
from stash import queries
from stash.answers import (
    Cover,
    SceneState,
    check_cover,
    expect_shape,
    is_placeholder,
    read_data,
    read_entity,
    read_scene,
    read_scene_state,
)
from stash.session import StashAddress, StashSession, silence_certificate_warnings

PLUGIN_ID = "PlexSync"

# The library logs the variables of a failed query, and those of `save_settings` hold the Plex
# token.
_SILENT_LOG = logging.Logger("stashapi", level=logging.CRITICAL + 1)


class StashClient(GQLWrapper):
    """Send PlexSync's queries to one Stash. One thread uses one client."""

    s: StashSession

    def __init__(
        self,
        address: StashAddress,
        cookie: str,
        *,
        api_key: str = "",
        timeout_s: tuple[float, float] = (5.0, 30.0),
        on_request: Callable[[], object] = lambda: None,
    ) -> None:
        """Prepare the session; send nothing. See `StashSession` for the arguments."""
        super().__init__()
        library_headers = self.s.headers
        self.s = StashSession(cookie, api_key, timeout_s, on_request)
        self.s.headers.update(library_headers)
        self.base_url = address.base_url
        self.url = f"{self.base_url}/graphql"
        # PlexSync's queries carry their fragments.
        self.fragments: dict[str, str] = {}
        self.log = _SILENT_LOG
        silence_certificate_warnings(address)

    @property
    def cookie(self) -> str:
        """Return the newest value of Stash's session cookie, "" for none."""
        return self.s.cookie

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.s.cookie = value

    @property
    def api_key(self) -> str:
        """Return the API key that is sent if Stash refuses the cookie, "" for none."""
        return self.s.api_key

    @api_key.setter
    def api_key(self, value: str) -> None:
        self.s.api_key = value

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the `data` of one query.

        Raises:
            StashUnavailable: Stash is away, busy, or has ended the session.
            StashQueryError: Stash answered with an error that a repetition does not repair.
        """
        # The library converts the variables in place.
        data: dict[str, Any] = self.call_GQL(query, copy.deepcopy(dict(variables or {})))
        return data

    def _handle_GQL_response(self, response: requests.Response) -> dict[str, Any]:  # noqa: N802
        """Return the data of a response; replaces the library's, which raises a bare Exception."""
        return read_data(response)

    def scenes(self, ids: Sequence[int]) -> dict[int, dict[str, Any] | None]:
        """Return each requested scene, with one request; None for a deleted scene."""
        if not ids:
            return {}
        data = self.graphql(queries.scenes_by_id(ids))
        return {number: read_scene(data.get(f"s{number}")) for number in ids}

    def settings(self, plugin_id: str = PLUGIN_ID) -> dict[str, Any]:
        """Return the plugin's stored settings; {} if none were ever stored."""
        data = self.graphql(queries.SETTINGS, {"id": plugin_id})
        with expect_shape():
            plugins = data["configuration"]["plugins"]
        values = plugins.get(plugin_id) if isinstance(plugins, dict) else None
        return values if isinstance(values, dict) else {}

    def save_settings(self, values: Mapping[str, Any], plugin_id: str = PLUGIN_ID) -> None:
        """Replace all settings that Stash stores for the plugin."""
        self.graphql(queries.SAVE_SETTINGS, {"id": plugin_id, "values": dict(values)})

    def credentials(self) -> tuple[str, float]:
        """Return Stash's API key ("" for none) and the maximum age of a session in seconds."""
        data = self.graphql(queries.CREDENTIALS)
        with expect_shape():
            general = data["configuration"]["general"]
            return str(general["apiKey"] or ""), float(general["maxSessionAge"] or 0)

    def scene_page(self, after: int, size: int, since: str = "") -> list[tuple[int, str]]:
        """Return (id, updated_at) of the next scenes in the order of their ids; [] at the end.

        Args:
            after: The id before the first scene of the page.
            size: The maximum number of scenes.
            since: Only scenes changed later; a time as a text without a zone, "" for all scenes.
        """
        variables: dict[str, Any] = {"after": after, "size": size}
        if since:
            data = self.graphql(queries.CHANGED_SCENES, {**variables, "since": since})
        else:
            data = self.graphql(queries.SCENES_AFTER, variables)
        with expect_shape():
            return [
                (int(scene["id"]), str(scene["updated_at"]))
                for scene in data["findScenes"]["scenes"]
            ]

    def scene_file_states(self, after: int, size: int, since: str = "") -> list[SceneState]:
        """Return the same scenes as `scene_page`, with the oshash of each scene's first file."""
        variables: dict[str, Any] = {"after": after, "size": size}
        if since:
            data = self.graphql(queries.CHANGED_STATES, {**variables, "since": since})
        else:
            data = self.graphql(queries.SCENE_STATES, variables)
        with expect_shape():
            return [read_scene_state(scene) for scene in data["findScenes"]["scenes"]]

    def entities(self, subjects: Sequence[str], read_at: float) -> dict[str, Entity | None]:
        """Return each requested entity, with one request; None for a deleted entity.

        `read_at` is the time of the request in epoch seconds.
        """
        if not subjects:
            return {}
        data = self.graphql(queries.entities_by_subject(subjects))
        with expect_shape():
            return {
                subject: read_entity(subject, data.get(f"e{position}"), read_at)
                for position, subject in enumerate(subjects)
            }

    def scenes_showing(self, subject: str, after: int, size: int) -> list[int]:
        """Return the ids of the next scenes that show an entity; [] at the end.

        The scenes of a studio include those of its child studios.
        """
        kind, _, number = subject.partition(":")
        data = self.graphql(
            queries.scenes_showing(kind), {"id": number, "after": after, "size": size}
        )
        with expect_shape():
            return [int(scene["id"]) for scene in data["findScenes"]["scenes"]]

    def scenes_by_oshash(self, oshash: str) -> list[int]:
        """Return the ids of up to ten scenes that have a file with this oshash, lowest id first."""
        data = self.graphql(queries.SCENES_WITH, {"oshash": oshash})
        with expect_shape():
            return [int(scene["id"]) for scene in data["findScenes"]["scenes"]]

    def newest_entities(
        self, kinds: Sequence[str], page: int, size: int
    ) -> dict[str, list[tuple[str, str]]]:
        """Return (subject, updated_at) of one page by kind, newest text first; pages from 1."""
        data = self.graphql(queries.newest_entities(kinds), {"page": page, "size": size})
        with expect_shape():
            return {
                kind: [
                    (entity_subject(kind, row["id"]), str(row["updated_at"]))
                    for row in data[kind]["rows"]
                ]
                for kind in kinds
            }

    def entity_ids(self, kind: str) -> frozenset[str]:
        """Return the subjects of all entities of one kind."""
        data = self.graphql(queries.entity_ids(kind))
        with expect_shape():
            return frozenset(entity_subject(kind, row["id"]) for row in data["listed"]["rows"])

    def scene_count(self) -> int:
        """Return the number of scenes."""
        return int(self.graphql(queries.COUNT_SCENES)["findScenes"]["count"])

    def full_scenes(
        self, after: int, size: int, since: str = "", *, counted: bool = False
    ) -> tuple[list[dict[str, Any]], int]:
        """Return the next whole scenes in the order of their ids, and the number of all scenes.

        Args:
            after: The id before the first scene of the page.
            size: The maximum number of scenes.
            since: Only scenes created or changed later, compared as texts; "" for all scenes.
            counted: Ask for the number of all scenes; without it the number is 0.
        """
        variables: dict[str, Any] = {"after": after, "size": size, "counted": counted}
        if since:
            data = self.graphql(queries.RECENT_SCENES, {**variables, "since": since})
        else:
            data = self.graphql(queries.WHOLE_SCENES, variables)
        page = data["findScenes"]
        return list(page["scenes"]), int(page.get("count") or 0)

    def file_sample(self, size: int) -> list[tuple[str, int]]:
        """Return (path, bytes) of the files of randomly selected scenes; [] without scenes."""
        data = self.graphql(queries.FILE_SAMPLE, {"size": size})
        with expect_shape():
            scenes = data["findScenes"]["scenes"]
            return [
                (str(file["path"]), int(file["size"] or 0))
                for scene in scenes
                for file in scene["files"]
            ]

    def log_line(self, level: str, text: str) -> None:
        """Write a line to Stash's log, by running PlexSync as an operation."""
        self.graphql(
            queries.SAY, {"id": PLUGIN_ID, "args": {"mode": "say", "level": level, "text": text}}
        )

    def cover(self, scene_id: int, version: str, etag: str = "") -> Cover:
        """Return the scene's cover, with one conditional request.

        Stash 0.31 sends an SVG placeholder for a scene without a cover.

        Args:
            scene_id: The scene.
            version: Changes the URL, so that no cache between answers with an old cover.
            etag: The ETag of the cover that is already known, "" for none.

        Raises:
            StashUnavailable: Stash is away.
            StashQueryError: Stash cannot send this cover.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = self.s.request(
            "GET",
            f"{self.base_url}/scene/{scene_id}/screenshot",
            params={"t": version},
            headers=headers,
        )
        if response.status_code == 304:
            return Cover(None, etag, unchanged=True)
        if response.status_code == 404:
            return Cover(None, "")
        check_cover(response, scene_id)
        if is_placeholder(response):
            return Cover(None, response.headers.get("ETag", ""))
        return Cover(response.content, response.headers.get("ETag", ""))

    def has_other_cover(self, scene_id: int, etag: str) -> bool:
        """Return True if the scene has a cover with another ETag; the image is not downloaded.

        Raises:
            StashUnavailable, StashQueryError: as for `cover`.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = self.s.request(
            "GET", f"{self.base_url}/scene/{scene_id}/screenshot", headers=headers, stream=True
        )
        try:
            if response.status_code in (304, 404):
                return False
            check_cover(response, scene_id)
            if is_placeholder(response):
                return False
            return bool(response.headers.get("ETag", "") != etag)
        finally:
            response.close()

    def is_up(self) -> bool:
        """Return True if Stash answers; needs no session."""
        return self.s.is_up(f"{self.base_url}/healthz")
