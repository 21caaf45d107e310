"""Walk through Stash by scene id, compare the items in Plex and report what is out of step.

Each step is about one request, and memory is bounded: a page of scenes waits until the items of
later pages fill a read of Plex as well, so that 200 items are read at a time however the pages
fall.
"""

from collections import deque
from collections.abc import Callable, Iterator

from core.clock import Clock
from core.errors import ConfigurationError, LibraryMissing, MatchError, PlexNotFound, reason_of
from core.job import LAST_ID
from core.units import DAY_S
from plex.libraries import is_library
from reconciliation.gap_sinks import GapSink
from reconciliation.item_buffer import ItemBuffer
from reconciliation.pending_scene import PendingScene
from reconciliation.run import Run
from reconciliation.scene_gaps import SceneGaps
from reconciliation.scheduler import SCHEDULED
from stash.times import parse_time, since_text
from sync.batch import display_title
from sync.filters import Exclusion
from sync.planner import SyncPlanner
from validation.metadata import SyncMetadata, parse_scene

PAGE = 500
# Scenes in memory; beyond this number a read of Plex need not be full.
MAX_WAITING = 2_000


class Sweep:
    """One run. Call `step` until it returns True; a step that raised may be repeated."""

    def __init__(
        self,
        planner: SyncPlanner,
        sink: GapSink,
        clock: Clock,
        run: Run,
        is_in_scope: Callable[[SyncMetadata], bool] = lambda scene: True,
    ) -> None:
        """Continue `run`; `is_in_scope` says whether a scene without any record is compared."""
        self.run = run
        self._planner = planner
        self._sink = sink
        self._clock = clock
        self._is_in_scope = is_in_scope
        self._scope = run.read_scope
        self._since = run.started_at - self._scope.days * DAY_S if self._scope.days else 0.0
        self._next = run.cursor
        self._is_at_end = False
        self._is_index_updated = False
        self._waiting: deque[PendingScene] = deque()
        self._buffer = ItemBuffer()
        self._scene_gaps = SceneGaps(planner, sink, clock, is_partial=bool(self._scope.library))

    def step(self) -> bool:
        """Send about one request and decide what can be decided; return True when the run is over.

        Raises:
            PlexError, StashUnavailable: a server failed; nothing that was decided is lost.
            ConfigurationError: Plex does not have the library that the scope names.
        """
        if not self._planner.server:
            # Nothing else may have asked for a day; a user's run asks where files are missing.
            self._planner.prepare(polls=self.run.cause in SCHEDULED)
            if self._scope.library and not self._library():
                raise ConfigurationError(f"Plex has no movie library named {self._scope.library}")
            return False
        section = self._section_to_read()
        if section is not None:
            self._read(section)
        elif not self._is_at_end:
            self._load_page()
        self._decide()
        return self._is_at_end and not self._waiting

    def skip(self) -> int:
        """Skip the scenes whose items cannot be read and return how many there are."""
        section = self._section_to_read()
        skipped = self._buffer.skip(section) if section is not None else frozenset()
        unread = [
            pending
            for pending in self._waiting
            if any(file.item in skipped for file in pending.files)
        ]
        for pending in unread:
            self._buffer.release(pending.files)
            pending.scene, pending.files = None, ()
        return len(unread)

    # -- reading --------------------------------------------------------------------------------

    def _section_to_read(self) -> int | None:
        """Return the library to read next: with a full batch, or any if no more will come."""
        if not self._is_at_end and len(self._waiting) <= MAX_WAITING:
            return self._buffer.section_with_full_batch()
        for pending in self._waiting:
            for file in pending.files:
                if not self._buffer.is_loaded(file.item):
                    return file.section
        return None

    def _read(self, section: int) -> None:
        keys = self._buffer.next_batch(section)
        self._buffer.store(section, keys, self._planner.plex.items(section, keys))

    def _load_page(self) -> None:
        """Read the next page of scenes and match them; add scenes that only records know."""
        read_at = self._clock.wall()
        since = since_text(self._since) if self._since else ""
        is_first = not self.run.cursor and not self.run.total
        page, total = self._planner.stash.full_scenes(self._next, PAGE, since, counted=is_first)
        is_at_end = len(page) < PAGE
        self._planner.load_overrides(page)
        ids = [int(scene["id"]) for scene in page]
        until = LAST_ID if is_at_end else ids[-1]
        records, server = self._planner.records, self._planner.server
        recorded = set(records.scenes_between(self._next, until, server))
        scenes = [
            pending for scene in page for pending in self._pending_scenes(scene, read_at, recorded)
        ]
        self._rematch([pending for pending in scenes if pending.problem])
        if self._scope.is_full:
            gone = recorded.difference(ids)
            scenes += [PendingScene(scene_id, is_gone=True) for scene_id in gone]
        for pending in sorted(scenes, key=lambda pending: pending.scene_id):
            self._waiting.append(pending)
            self._buffer.request(pending.files)
        self._next, self._is_at_end = (ids[-1] if ids else self._next), is_at_end
        if is_first:
            self.run = self.run.model_copy(update={"total": total})

    def _pending_scenes(
        self, raw: dict[str, object], read_at: float, recorded: set[int]
    ) -> Iterator[PendingScene]:
        """Yield the scene if it is within the scope, matched if a sync would write it."""
        try:
            scene = parse_scene(raw)
        except ValueError:
            # The scene's own job reports what is wrong with it.
            yield PendingScene(int(str(raw["id"])))
            return
        if self._since and not _is_recent(scene, self._since):
            return
        exclusion = self._planner.exclusion(scene)
        is_recorded = scene.scene_id in recorded
        if exclusion is not None:
            restorable = self._restorable(scene, exclusion) if is_recorded else ()
            title = display_title(scene)
            yield PendingScene(
                scene.scene_id, None, exclusion=exclusion, restorable=restorable, title=title
            )
            return
        if not scene.files or not (is_recorded or self._is_in_scope(scene)):
            yield PendingScene(scene.scene_id)
            return
        pending = PendingScene(scene.scene_id, scene, read_at=read_at)
        self._match(pending, scene)
        yield pending

    def _restorable(self, scene: SyncMetadata, exclusion: Exclusion) -> tuple[int, ...]:
        """Return the items, within the scope, that the scene's job would restore."""
        kept = self._planner.restorable(scene, exclusion)
        section = self._library() if self._scope.library else 0
        return tuple(item for item, where, _ in kept if section in (0, where))

    def _match(
        self, pending: PendingScene, scene: SyncMetadata, *, by_record: bool = False
    ) -> None:
        try:
            files = self._planner.files(scene, by_record=by_record)
            pending.problem, pending.files = "", files
        except LibraryMissing:
            # Nothing is known of the scene until the library is back.
            pending.problem, pending.files = "", ()
        except (PlexNotFound, MatchError) as error:
            pending.problem = f"{reason_of(error)}: {error}"
        if self._scope.library:
            section = self._library()
            pending.files = tuple(file for file in pending.files if file.section == section)
            # What this library lacks, another one may have.
            pending.problem = ""

    def _rematch(self, missing: list[PendingScene]) -> None:
        """Match again what Plex seems to lack: in an updated index, then by records.

        The index is updated once in a run, the first time that files seem to be missing.
        """
        scenes = [(pending, pending.scene) for pending in missing if pending.scene is not None]
        if scenes and not self._is_index_updated:
            self._planner.update_index(
                [scene for _, scene in scenes],
                polled_since=self.run.started_at,
                # A user who asks for a comparison may just have renamed files, and a rename need
                # not move the library's marker.
                listed_since=self.run.asked_at,
            )
            self._is_index_updated = True
        for pending, scene in scenes:
            self._match(pending, scene, by_record=True)

    def _library(self) -> int:
        """Return the key of the library that the scope names; 0 when Plex has none of this name."""
        for section in self._planner.finder.sections:
            if is_library(section.title, self._scope.library):
                return section.key
        return 0

    # -- deciding -------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Decide the first scenes whose items were read, by id, and keep the cursor."""
        try:
            ready = self._ready_scenes()
            self._scene_gaps.load(ready, self._buffer)
            for pending in ready:
                gaps = self._scene_gaps.gaps_of_scene(pending, self._buffer)
                self._waiting.popleft()
                self._buffer.release(pending.files)
                title = display_title(pending.scene) if pending.scene else pending.title
                is_enqueued = bool(gaps) and self._sink.accept(pending.scene_id, gaps, title)
                checked = self.run.checked + (not pending.is_gone)
                run = self.run.leaving_out(pending.exclusion)
                self.run = run.including(gaps, is_enqueued=is_enqueued).model_copy(
                    update={"checked": checked, "cursor": pending.scene_id}
                )
        finally:
            if not self._waiting:
                cursor = max(self._next, self.run.cursor)
                self.run = self.run.model_copy(update={"cursor": cursor})
            self._sink.commit(self.run)

    def _ready_scenes(self) -> list[PendingScene]:
        ready = []
        for pending in self._waiting:
            if not all(self._buffer.is_loaded(file.item) for file in pending.files):
                break
            ready.append(pending)
        return ready


def _is_recent(scene: SyncMetadata, since: float) -> bool:
    """Return True if the scene was created or changed since, or if its times cannot be read."""
    times = [parse_time(text) for text in (scene.updated_at, scene.created_at)]
    return any(moment is None or moment >= since for moment in times)
