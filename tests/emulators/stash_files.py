"""Files that Stash moves on request: no hook, and only the file's own `updated_at` moves."""

from __future__ import annotations

from pathlib import PurePosixPath

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_inputs import Input, number_of
from tests.emulators.stash_model import VideoFile
from tests.emulators.stash_runner import StashError

VIDEO = frozenset({".m4v", ".mp4", ".mov", ".wmv", ".avi", ".mpg", ".mpeg", ".mkv", ".webm"})


def move_files(core: StashCore, given: Input) -> bool:
    """Move the files with these ids into a folder of the library, all or none."""
    if given.get("destination_folder_id") is not None:
        raise StashError(f"folder with id {given['destination_folder_id']} not found")
    if given.get("destination_folder") is None:
        raise StashError("must specify destination folder or path")
    folder = PurePosixPath(given["destination_folder"])
    _check_folder(core, folder)
    basename = given.get("destination_basename")
    if basename is not None and len(given["ids"]) != 1:
        raise StashError("must specify one file when providing destination path")
    library = core.library
    with library.lock:
        moves: dict[str, str] = {}
        taken = {each.path for each in library.files.values()}
        for raw in given["ids"]:
            file = library.files.get(number_of(raw))
            if file is None:
                raise StashError(f"finding file {raw}: sql: no rows in result set")
            new = str(folder / _basename(file, basename))
            if new == file.path:
                continue
            if new in taken:
                raise StashError(f"file {new} already exists")
            taken.add(new)
            moves[file.path] = new
        for old, new in moves.items():
            library.move_file(old, new)
    return True


def _check_folder(core: StashCore, folder: PurePosixPath) -> None:
    if not any(folder.is_relative_to(each) for each in core.options.library_paths):
        raise StashError(f"folder path {folder} must be within a stash library path")


def _basename(file: VideoFile, wanted: str | None) -> str:
    if not wanted:
        return file.basename
    old, new = PurePosixPath(file.path).suffix.lower(), PurePosixPath(wanted).suffix.lower()
    if old in VIDEO and new not in VIDEO:
        raise StashError(
            f"file extension for {wanted} is inconsistent with old filename {file.basename}"
        )
    return wanted
