"""What a scan can find, prepared by a test; its hooks run inside the scan job."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from tests.emulators.stash_hooks import HookEvent
from tests.emulators.stash_jobs import Job
from tests.emulators.stash_library import StashLibrary
from tests.emulators.stash_runner import Caller, StashError


class ScanHost(Protocol):
    """The part of the server a scan needs."""

    library: StashLibrary

    def fire(self, event: HookEvent, caller: Caller) -> None: ...

    @property
    def scan_workers(self) -> int: ...


class ScanChange(Protocol):
    """Apply the change and name the event it fires, if any."""

    def apply(self, library: StashLibrary) -> HookEvent | None: ...

    def cover_made(self, library: StashLibrary) -> None: ...


@dataclass
class NewFile:
    """A file that becomes a new scene; its cover appears only after the hooks."""

    path: str
    size: int = 1_000_000
    oshash: str = ""
    cover: bytes | None = None
    scene_id: int = 0

    def apply(self, library: StashLibrary) -> HookEvent | None:
        self.scene_id = library.add_scene(self.path, self.size, self.oshash)
        return HookEvent("Scene.Create.Post", self.scene_id)

    def cover_made(self, library: StashLibrary) -> None:
        if self.cover is not None:
            library.set_cover(self.scene_id, self.cover)


class _NoCover:
    def cover_made(self, library: StashLibrary) -> None:
        """Nothing new to show."""


@dataclass
class ChangedFile(_NoCover):
    """Other bytes under a known path: a hook runs, but the scene's `updated_at` stays."""

    path: str
    size: int
    oshash: str

    def apply(self, library: StashLibrary) -> HookEvent | None:
        file_id = library.file_at(self.path)
        library.change_file(
            file_id, size=self.size, oshash=self.oshash, mod_time=library.time.now()
        )
        return HookEvent("Scene.Update.Post", library.scene_of_file(file_id))


@dataclass
class JoinedFile(_NoCover):
    """A copy of a known file joins that file's scene."""

    path: str
    copy_of: str

    def apply(self, library: StashLibrary) -> HookEvent | None:
        with library.lock:
            first = library.files[library.file_at(self.copy_of)]
            scene_id = library.scene_of_file(first.id)
            joined = library.add_file(self.path, first.size, first.oshash, md5=first.md5)
            file_ids = (*library.scenes[scene_id].file_ids, joined)
            library.change_scene(scene_id, touch=True, file_ids=file_ids)
        return HookEvent("Scene.Update.Post", scene_id)


@dataclass
class MovedFile(_NoCover):
    """One file under a new name: a hook runs, but the scene's `updated_at` stays."""

    old: str
    new: str

    def apply(self, library: StashLibrary) -> HookEvent | None:
        library.move_file(self.old, self.new)
        return HookEvent("Scene.Update.Post", library.scene_of_file(library.file_at(self.new)))


@dataclass
class MovedFolder(_NoCover):
    """A recognised folder under a new name; no hook runs."""

    old: str
    new: str

    def apply(self, library: StashLibrary) -> HookEvent | None:
        library.move_folder(self.old, self.new)
        return None


@dataclass(frozen=True)
class ScanWork:
    """The scan job: as many workers as configured, each waiting for the hooks of its file."""

    host: ScanHost
    changes: Sequence[ScanChange]
    covers: bool
    caller: Caller

    def __call__(self, job: Job) -> None:
        with ThreadPoolExecutor(self.host.scan_workers) as pool:
            for place, _ in enumerate(
                pool.map(lambda each: self._one(each, job), self.changes), start=1
            ):
                job.report(place / len(self.changes))

    def _one(self, change: ScanChange, job: Job) -> None:
        if job.cancel.cancelled:
            return
        event = change.apply(self.host.library)
        try:
            if event is not None:
                self.host.fire(event, replace(self.caller, cancel=job.cancel))
        except StashError:
            return  # a cancelled scan goes no further with this file
        if self.covers:
            change.cover_made(self.host.library)
