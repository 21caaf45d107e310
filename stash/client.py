"""Ask Stash: one method per query."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.entity import Entity, entity_subject
from core.errors import StashQueryError, StashSchemaError
from stash import queries
from stash.answers import (
    Credentials,
    SceneState,
    expect_shape,
    read_entity,
    read_scene,
    read_scene_state,
)
from stash.images import StashImages
from stash.scene_reads import RawScene, ScenesRead, complete, read_halves
from stash.selection import entity_details

PLUGIN_ID = "PlexSync"


class StashClient(StashImages):
    """Send PlexSync's queries to one Stash.

    Several threads may read covers at the same time; only one sends anything else.
    """

    def scenes(self, ids: Sequence[int]) -> dict[int, RawScene | None]:
        """Return each requested scene; None for a deleted one, {} for one that Stash fails on."""
        answer = self.read_scenes(ids)
        return {**answer.scenes, **{number: {} for number in answer.failed}}

    def read_scenes(self, ids: Sequence[int]) -> ScenesRead:
        """Read the scenes with one request; if Stash fails on some, with a few for the others.

        Raises:
            StashUnavailable, StashSchemaError: no single scene is at fault.
        """
        if not ids:
            return ScenesRead()
        try:
            return ScenesRead(self._scenes(ids))
        except StashSchemaError:
            raise
        except StashQueryError as error:
            self.check_data()
            return read_halves(self._scenes, ids, str(error))

    def _scenes(self, ids: Sequence[int]) -> dict[int, RawScene | None]:
        data = self._send_selected(lambda selection: queries.scenes_by_id(ids, selection))
        scenes = {number: read_scene(data.get(f"s{number}")) for number in ids}
        trees = self.trees.of_scenes(scenes.values())
        left_out = self.selection.left_out
        return {number: complete(scene, left_out, trees) for number, scene in scenes.items()}

    def _send_selected(
        self, query: Callable[[str], str], variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send a query for scenes; if it is refused, again without what Stash's schema lacks.

        `query` returns the query for a selection.
        """
        try:
            return self.send(query(self.selection.text), variables)
        except StashSchemaError as error:
            self.reduce_selection(str(error))
            return self.send(query(self.selection.text), variables)

    def settings(self, plugin_id: str = PLUGIN_ID) -> dict[str, Any]:
        """Return the plugin's stored settings; {} if none were ever stored."""
        data = self.graphql(queries.SETTINGS, {"id": plugin_id})
        with expect_shape():
            plugins = data["configuration"]["plugins"]
        values = plugins.get(plugin_id) if isinstance(plugins, dict) else None
        return values if isinstance(values, dict) else {}

    def save_settings(self, values: Mapping[str, Any], plugin_id: str = PLUGIN_ID) -> None:
        """Replace all settings that Stash stores for the plugin."""
        self.send(queries.SAVE_SETTINGS, {"id": plugin_id, "values": dict(values)})

    def credentials(self) -> Credentials:
        """Return how Stash lets PlexSync in."""
        data = self.graphql(queries.CREDENTIALS)
        with expect_shape():
            general = data["configuration"]["general"]
            return Credentials(
                str(general["apiKey"] or ""),
                float(general["maxSessionAge"] or 0),
                bool(general.get("username")),
            )

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

        Of each it asks for what a scene's selection asks of its kind. `read_at` is the
        time of the request in epoch seconds.
        """
        if not subjects:
            return {}
        data = self.graphql(queries.entities_by_subject(subjects, entity_details(self.selection)))
        with expect_shape():
            return {
                subject: read_entity(subject, data.get(f"e{position}"), read_at)
                for position, subject in enumerate(subjects)
            }

    def scenes_showing(self, subject: str, after: int, size: int) -> list[int]:
        """Return the ids of the next scenes that show an entity; [] at the end.

        The scenes of a studio include those of its child studios, and those of everything below a
        tag or a studio where the settings need its tree.
        """
        kind, _, number = subject.partition(":")
        query = self.trees.query_showing(kind)
        data = self.graphql(query, {"id": number, "after": after, "size": size})
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

        Of a scene that Stash fails on there is only the id.

        Args:
            after: The id before the first scene of the page.
            size: The maximum number of scenes.
            since: Only scenes created or changed later, compared as texts; "" for all scenes.
            counted: Ask for the number of all scenes; without it the number is 0.
        """
        variables: dict[str, Any] = {"after": after, "size": size, "counted": counted}
        query = queries.whole_scenes
        if since:
            query, variables["since"] = queries.recent_scenes, since
        try:
            page = self._send_selected(query, variables)["findScenes"]
        except StashSchemaError:
            raise
        except StashQueryError:
            self.check_data()
            ids = [scene_id for scene_id, _ in self.scene_page(after, size, since)]
            scenes = self.scenes(ids)
            # One that Stash fails on stays on the page: a missing scene would count as deleted.
            return [scenes[scene_id] or {"id": str(scene_id)} for scene_id in ids], 0
        found = [read_scene(scene) or {} for scene in page["scenes"]]
        trees = self.trees.of_scenes(found)
        whole = [complete(scene, self.selection.left_out, trees) for scene in found]
        return whole, int(page.get("count") or 0)

    def log_line(self, level: str, text: str) -> None:
        """Write a line to Stash's log, by running PlexSync as an operation."""
        self.send(
            queries.SAY, {"id": PLUGIN_ID, "args": {"mode": "say", "level": level, "text": text}}
        )
