"""Imports: of an uploaded archive, and of everything. No hook runs; times are those of the file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_inputs import Input
from tests.emulators.stash_jobs import Job
from tests.emulators.stash_model import SceneGroup
from tests.emulators.stash_runner import StashError
from tests.emulators.stash_upload import Upload

_PLAIN = ("title", "code", "details", "director", "date", "organized", "created_at", "updated_at")
_LISTS = {"performers": "performer_ids", "tags": "tag_ids"}


def import_everything(core: StashCore) -> Job:
    """Wipe the database and read the metadata folder, which holds here what was there before."""

    def work(job: Job) -> None:
        core.library.full_import()

    return core.jobs.add("Importing...", work)


def import_objects(core: StashCore, given: Input) -> Job:
    """Read the scenes of an archive, `scenes/NAME.json` in the form of Stash's export.

    A problem with one of them is a line in the log; the job ends as FINISHED.
    """
    upload = given["file"]
    if not isinstance(upload, Upload):
        raise StashError("string is not an Upload")

    def work(job: Job) -> None:
        try:
            archive = zipfile.ZipFile(io.BytesIO(upload.content))
        except zipfile.BadZipFile:
            core.log.add("Error", "error unzipping provided file for import: zip: not a valid file")
            return
        with archive:
            for name in archive.namelist():
                if name.startswith("scenes/") and name.endswith(".json"):
                    _import_scene(core, name, json.loads(archive.read(name)), given)

    return core.jobs.add("Importing...", work)


def _import_scene(core: StashCore, name: str, scene: Mapping[str, Any], given: Input) -> None:
    library = core.library
    with library.lock:
        paths = {each.path: each.id for each in library.files.values()}
        files = [paths[each] for each in scene.get("files", []) if each in paths]
        known = [one.id for one in library.scenes.values() if set(files) & set(one.file_ids)]
        if known and given["duplicateBehaviour"] != "OVERWRITE":
            if given["duplicateBehaviour"] == "FAIL":
                core.log.add("Error", f"[scenes] <{name}> import failed: scene already exists")
            return
        try:
            fields = _fields(core, scene, given["missingRefBehaviour"])
        except LookupError as missing:
            core.log.add("Error", f"[scenes] <{name}> failed to import: {missing.args[0]} missing")
            return
        which = known[0] if known else library.add_scene()
        library.change_scene(which, touch=False, **fields)
        for each in files:
            library.assign_file(which, each)


def _fields(core: StashCore, scene: Mapping[str, Any], missing: str) -> dict[str, Any]:
    """Return the library's fields; LookupError where something is named that must be there."""
    fields: dict[str, Any] = {key: scene[key] for key in _PLAIN if key in scene}
    fields["rating100"] = scene.get("rating")
    for names, ids in _LISTS.items():
        fields[ids] = tuple(_ids(core, names, scene.get(names, []), missing))
    studio = _ids(core, "studios", [scene["studio"]] if scene.get("studio") else [], missing)
    fields["studio_id"] = studio[0] if studio else None
    links = []
    for each in scene.get("groups", []):
        for group in _ids(core, "groups", [each["group_name"]], missing):
            links.append(SceneGroup(group, each.get("scene_index")))
    fields["group_links"] = tuple(links)
    return fields


def _ids(core: StashCore, kind: str, names: Iterable[str], missing: str) -> list[int]:
    table = getattr(core.library, kind)
    add = getattr(core.library, f"add_{kind.removesuffix('s')}")
    ids = []
    for name in names:
        found = next((one.id for one in table.values() if one.name == name), None)
        if found is None and missing == "FAIL":
            raise LookupError(name)
        if found is None and missing == "CREATE":
            found = add(name)
        if found is not None:
            ids.append(found)
    return ids
