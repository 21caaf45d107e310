"""What a user does in Stash, as methods: saving scenes, starting tasks, scanning.

Nearly all of it goes over HTTP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from tests.emulators import stash_client
from tests.emulators.stash_core import Options, StashCore
from tests.emulators.stash_jobs import Job
from tests.emulators.stash_library import StashLibrary
from tests.emulators.stash_mutations import SceneMutations
from tests.emulators.stash_process import Cancellation
from tests.emulators.stash_runner import Caller
from tests.emulators.stash_scan import ScanChange
from tests.emulators.stash_sessions import COOKIE, Session

PLUGIN_ID = "PlexSync"


GROUP_INPUTS = {
    "groupCreate": ("GroupCreateInput", "{ id }"),
    "groupUpdate": ("GroupUpdateInput", "{ id }"),
    "groupDestroy": ("GroupDestroyInput", ""),
    "addGroupSubGroups": ("GroupSubGroupAddInput", ""),
    "removeGroupSubGroups": ("GroupSubGroupRemoveInput", ""),
}
"""The type of the input and the selection of each mutation of groups."""


class StashActions(ABC):
    def __init__(self, core: StashCore) -> None:
        self.core = core

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""

    @property
    def options(self) -> Options:
        return self.core.options

    @property
    def library(self) -> StashLibrary:
        return self.core.library

    def settings(self, plugin_id: str = PLUGIN_ID) -> dict[str, Any] | None:
        """None when nothing was ever saved for the plugin."""
        return self.core.settings.all().get(plugin_id)

    def cookie(self, user: str | None = None) -> str:
        """A fresh `session` cookie header, as a browser would have after logging in."""
        value = self.core.sessions.issue(Session(user or self.options.username or ""))
        return f"{COOKIE}={value}"

    # -- over HTTP
    # ----------------------------------------------------------------------------------------

    def graphql(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        cookie: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> dict[str, Any]:
        sent = dict(headers or {})
        if cookie or (self.options.username is not None and "ApiKey" not in sent):
            sent["Cookie"] = cookie or self.cookie()
        return stash_client.graphql(self.url, query, variables, sent, timeout)

    def fetch(self, path: str, headers: Mapping[str, str] | None = None) -> stash_client.HttpAnswer:
        return stash_client.fetch(self.url, path, None, headers)

    def update_scene(self, scene_id: int, **fields: Any) -> dict[str, Any]:
        """One `sceneUpdate` with only these keys; returns after the hooks."""
        given = {**fields, "id": str(scene_id)}
        query = (
            "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id updated_at } }"
        )
        updated: dict[str, Any] = self.graphql(query, {"input": given})["sceneUpdate"]
        return updated

    def save_scene(self, scene_id: int, **fields: Any) -> dict[str, Any]:
        """One `sceneUpdate` as the edit form sends it: every key, changed or not."""
        scene = self.library.scenes[scene_id]
        form: dict[str, Any] = {
            "title": scene.title,
            "code": scene.code,
            "urls": list(scene.urls),
            "date": scene.date,
            "director": scene.director,
            "details": scene.details,
            "rating100": scene.rating100,
            "studio_id": None if scene.studio_id is None else str(scene.studio_id),
            "performer_ids": [str(each) for each in scene.performer_ids],
            "tag_ids": [str(each) for each in scene.tag_ids],
            "gallery_ids": [],
            "groups": [
                {"group_id": str(each.group_id), "scene_index": each.scene_index}
                for each in scene.group_links
            ],
            "stash_ids": [
                {"endpoint": each.endpoint, "stash_id": each.stash_id} for each in scene.stash_ids
            ],
            "cover_image": None,
        }
        return self.update_scene(scene_id, **{**form, **fields})

    def bulk_update(self, ids: Iterable[int], **fields: Any) -> None:
        given = {**fields, "ids": [str(each) for each in ids]}
        query = "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }"
        self.graphql(query, {"input": given})

    def destroy_scene(self, scene_id: int, *, delete_file: bool = False) -> None:
        given = {"id": str(scene_id), "delete_file": delete_file, "delete_generated": True}
        self.graphql(
            "mutation($input: SceneDestroyInput!) { sceneDestroy(input: $input) }", {"input": given}
        )

    def merge_scenes(self, sources: Iterable[int], destination: int, **values: Any) -> None:
        given = {"source": [str(each) for each in sources], "destination": str(destination)}
        given_values = {"values": {"id": str(destination), **values}} if values else {}
        query = "mutation($input: SceneMergeInput!) { sceneMerge(input: $input) { id } }"
        self.graphql(query, {"input": {**given, **given_values}})

    def update_named(self, kind: str, which: int, **fields: Any) -> None:
        """`performerUpdate`, `studioUpdate`, `tagUpdate` or `groupUpdate`; `kind` is the lower-case
        name.
        """
        query = f"mutation($input: {kind.title()}UpdateInput!) {{ {kind}Update(input: $input) {{ id }} }}"
        self.graphql(query, {"input": {**fields, "id": str(which)}})

    def change_groups(self, mutation: str, **given: Any) -> None:
        """Run one of the mutations of groups, such as `groupCreate` or `addGroupSubGroups`."""
        kind, returned = GROUP_INPUTS[mutation]
        query = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {returned} }}"
        self.graphql(query, {"input": given})

    def merge_tags(self, sources: Iterable[int], destination: int) -> None:
        given = {"source": [str(each) for each in sources], "destination": str(destination)}
        self.graphql(
            "mutation($input: TagsMergeInput!) { tagsMerge(input: $input) { id } }",
            {"input": given},
        )

    def configure(self, plugin_id: str = PLUGIN_ID, **settings: Any) -> dict[str, Any]:
        """Merge into the saved settings, as the settings page does: read, change, write the whole
        map.
        """
        query = (
            "mutation($id: ID!, $input: Map!) { configurePlugin(plugin_id: $id, input: $input) }"
        )
        merged = {**(self.settings(plugin_id) or {}), **settings}
        saved: dict[str, Any] = self.graphql(query, {"id": plugin_id, "input": merged})[
            "configurePlugin"
        ]
        return saved

    def run_task(
        self,
        name: str | None = None,
        args: Mapping[str, Any] | None = None,
        plugin_id: str = PLUGIN_ID,
    ) -> int:
        """Queue a task by its name in the manifest, or a run with nothing but `args`; returns the
        job id.
        """
        query = (
            "mutation($id: ID!, $name: String, $args: Map)"
            " { runPluginTask(plugin_id: $id, task_name: $name, args_map: $args) }"
        )
        variables = {"id": plugin_id, "name": name, "args": dict(args or {})}
        return int(self.graphql(query, variables)["runPluginTask"])

    def wait_job(self, job_id: int, timeout: float = 30.0) -> Job:
        return self.core.jobs.wait(job_id, timeout)

    def stop_job(self, job_id: int) -> None:
        self.graphql("mutation($id: ID!) { stopJob(job_id: $id) }", {"id": str(job_id)})

    def run_operation(
        self,
        args: Mapping[str, Any] | None = None,
        plugin_id: str = PLUGIN_ID,
        timeout: float = 60.0,
    ) -> Any:
        query = "mutation($id: ID!, $args: Map) { runPluginOperation(plugin_id: $id, args: $args) }"
        variables = {"id": plugin_id, "args": dict(args or {})}
        return self.graphql(query, variables, timeout=timeout)["runPluginOperation"]

    def scan(self, *changes: ScanChange, covers: bool = False) -> int:
        """A `metadataScan` that finds the given changes; returns the job id."""
        self.core.scan_changes.extend(changes)
        query = "mutation($input: ScanMetadataInput!) { metadataScan(input: $input) }"
        return int(self.graphql(query, {"input": {"scanGenerateCovers": covers}})["metadataScan"])

    def destroy_named(self, kind: str, *ids: int) -> None:
        """One `performersDestroy` or its like, as from a list; `kind` is Performer, Studio, Tag or
        Group.
        """
        query = f"mutation($ids: [ID!]!) {{ {kind.lower()}sDestroy(ids: $ids) }}"
        self.graphql(query, {"ids": [str(each) for each in ids]})

    def destroy_one(self, kind: str, which: int) -> None:
        """One `performerDestroy` or its like, as from the thing's own page; kinds as above."""
        given = f"$input: {kind}DestroyInput!"
        query = f"mutation({given}) {{ {kind.lower()}Destroy(input: $input) }}"
        self.graphql(query, {"input": {"id": str(which)}})

    def create_named(self, kind: str, name: str, **fields: Any) -> int:
        """One `performerCreate`, `studioCreate` or `tagCreate`; `kind` as above, returns the id."""
        given = f"$input: {kind}CreateInput!"
        query = f"mutation({given}) {{ made: {kind.lower()}Create(input: $input) {{ id }} }}"
        return int(self.graphql(query, {"input": {**fields, "name": name}})["made"]["id"])

    def merge_performers(self, sources: Iterable[int], destination: int, **values: Any) -> None:
        given: dict[str, Any] = {"source": [str(each) for each in sources]}
        given["destination"] = str(destination)
        if values:
            given["values"] = {"id": str(destination), **values}
        query = "mutation($input: PerformerMergeInput!) { performerMerge(input: $input) { id } }"
        self.graphql(query, {"input": given})

    def move_files(self, *ids: int, folder: str, basename: str | None = None) -> None:
        given: dict[str, Any] = {"ids": [str(each) for each in ids], "destination_folder": folder}
        if basename is not None:
            given["destination_basename"] = basename
        self.graphql(
            "mutation($input: MoveFilesInput!) { moveFiles(input: $input) }", {"input": given}
        )

    def exec_sql(self, statement: str, *values: Any) -> int:
        """One `execSQL`; returns the number of rows it changed."""
        query = (
            "mutation($sql: String!, $args: [Any])"
            " { execSQL(sql: $sql, args: $args) { rows_affected } }"
        )
        done = self.graphql(query, {"sql": statement, "args": list(values)})
        return int(done["execSQL"]["rows_affected"])

    def import_objects(self, archive: bytes, duplicates: str = "OVERWRITE") -> int:
        """One `importObjects` with an archive as Stash exports it; returns the job id."""
        given = {"duplicateBehaviour": duplicates, "missingRefBehaviour": "CREATE", "file": None}
        query = "mutation($input: ImportObjectsInput!) { importObjects(input: $input) }"
        headers = {"Cookie": self.cookie()} if self.options.username is not None else {}
        variables = {"input": given}
        answer = stash_client.upload(self.url, query, variables, "input.file", archive, headers)
        return int(answer["importObjects"])

    # -- changes with hooks that no mutation of the schema makes
    # --------------------------------------------

    def identify(self, scene_id: int, **fields: Any) -> int:
        scenes = SceneMutations(self.core)
        work = self.core.jobs.add(
            "Identifying...", lambda job: scenes.identify(scene_id, fields, Caller(job.cancel))
        )
        return work.id

    def clean(self, *scene_ids: int) -> int:
        """The clean job removes scenes whose files are gone; returns the job id."""
        scenes = SceneMutations(self.core)

        def work(job: Job) -> None:
            for each in scene_ids:
                scenes.clean(each, self._caller(job.cancel))

        return self.core.jobs.add("Cleaning...", work).id

    def _caller(self, cancel: Cancellation) -> Caller:
        return Caller(cancel, self.options.username or "")
