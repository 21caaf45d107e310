"""Walks through Stash by id, reads the items its scenes are matched with, and hands over what is out of step.

In small steps, each one request or so, and in bounded memory: a page of scenes waits until the items of the
next ones fill a read of Plex as well, so that 200 items are read at a time however the pages fall.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.clock import Clock
from core.errors import ConfigurationError, MatchError, PlexNotFound
from core.job import LAST_ID
from core.match import PlexFile
from core.plex_item import PlexItem
from core.record import SyncRecord
from core.units import DAY_S
from plex.plan import plan_changes
from reconciliation.desk import Desk
from reconciliation.detectors import Gap, Observation, gaps_of
from reconciliation.gap_filter import fixable
from reconciliation.gap_sinks import GapSink
from reconciliation.image_gaps import ImageGaps, check_images
from reconciliation.item_buffer import ItemBuffer
from reconciliation.run import Run
from stash.times import parse_time, since_text
from validation.metadata import SyncMetadata, parse_scene

PAGE = 500
MAX_WAITING = 2_000  # scenes in memory; beyond this a read need not be full


@dataclass(slots=True)
class PendingScene:
    """One scene on its way. `scene` None: it is to be counted only, or gone from Stash."""

    scene_id: int
    scene: SyncMetadata | None = None
    is_gone: bool = False
    problem: str = ""
    files: tuple[PlexFile, ...] = ()
    read_at: float = 0.0


class Sweep:
    """One run. `step` until it says that it is done; a step that raised may be repeated."""

    def __init__(
        self,
        desk: Desk,
        book: GapSink,
        clock: Clock,
        run: Run,
        is_ours: Callable[[SyncMetadata], bool] = lambda one: True,
    ) -> None:
        """`is_ours`: whether a scene without any record counts."""
        self._desk = desk
        self._book = book
        self._clock = clock
        self._is_ours = is_ours
        self._scope = run.read_scope
        self._since = run.started_at - self._scope.days * DAY_S if self._scope.days else 0.0
        self._server = ""
        self._next = run.after
        self._is_at_end = False
        self._has_looked_again = False
        self._waiting: deque[PendingScene] = deque()
        self._shelf = ItemBuffer()
        self.run = run

    def step(self) -> bool:
        """Ask one server one thing and decide what can be decided; whether the run is over.

        Raises:
            PlexError, StashUnavailable: a server failed; nothing that was decided is lost.
            ConfigurationError: Plex does not have the library that the scope names.
        """
        if not self._server:
            self._server = self._desk.prepare()
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
        """Give up the scenes whose items cannot be read, so that they do not hold up the others; how many."""
        section = self._section_to_read()
        given_up = self._shelf.skip(section) if section is not None else frozenset()
        unread = [
            work for work in self._waiting if any(file.item in given_up for file in work.files)
        ]
        for work in unread:
            self._shelf.release(work.files)
            work.scene, work.files = None, ()
        return len(unread)

    # -- reading --------------------------------------------------------------------------------

    def _section_to_read(self) -> int | None:
        """The library of which a whole read is needed, or any read, where no more is to come."""
        if self._is_at_end or len(self._waiting) > MAX_WAITING:
            files = (file for work in self._waiting for file in work.files)
            return next(
                (file.section for file in files if not self._shelf.is_loaded(file.item)), None
            )
        return self._shelf.section_with_full_batch()

    def _read(self, section: int) -> None:
        keys = self._shelf.next_batch(section)
        self._shelf.store(section, keys, self._desk.plex.items(section, keys))

    def _load_page(self) -> None:
        read_at = self._clock.wall()
        since = since_text(self._since) if self._since else ""
        is_first = not self.run.after and not self.run.total
        raw, total = self._desk.stash.full_scenes(self._next, PAGE, since, counted=is_first)
        is_at_end = len(raw) < PAGE
        ids = [int(scene["id"]) for scene in raw]
        until = ids[-1] if not is_at_end else LAST_ID
        recorded = set(self._desk.records.scenes_between(self._next, until, self._server))
        works = [work for scene in raw for work in self._pending_scenes(scene, read_at, recorded)]
        self._rematch([work for work in works if work.problem])
        if self._scope.is_full:
            works += [PendingScene(gone, is_gone=True) for gone in recorded.difference(ids)]
        for work in sorted(works, key=lambda work: work.scene_id):
            self._waiting.append(work)
            self._shelf.request(work.files)
        self._next, self._is_at_end = (ids[-1] if ids else self._next), is_at_end
        if is_first:
            self.run = self.run.model_copy(update={"total": total})

    def _pending_scenes(
        self, raw: dict[str, object], read_at: float, recorded: set[int]
    ) -> Iterator[PendingScene]:
        """The scene if it is within the scope, matched if it is anybody's business."""
        try:
            scene = parse_scene(raw)
        except ValueError:
            yield PendingScene(int(str(raw["id"])))  # its own job says what is wrong with it
            return
        if self._since and not _is_recent(scene, self._since):
            return
        if self._desk.is_left_alone(scene) or not (
            scene.scene_id in recorded or self._is_ours(scene)
        ):
            yield PendingScene(scene.scene_id)
            return
        work = PendingScene(scene.scene_id, scene, read_at=read_at)
        self._match(work)
        yield work

    def _match(self, work: PendingScene) -> None:
        assert work.scene is not None
        try:
            work.problem, work.files = "", self._desk.files(work.scene)
        except (PlexNotFound, MatchError) as error:
            work.problem = f"{type(error).__name__}: {error}"
        if self._scope.library:
            section = self._library()
            work.files = tuple(file for file in work.files if file.section == section)
            work.problem = ""  # what this library lacks another one may have

    def _rematch(self, missing: list[PendingScene]) -> None:
        """The first time that files are missing, have the index made current."""
        if not missing or self._has_looked_again:
            return
        self._desk.look_again(
            [file.path for work in missing if work.scene for file in work.scene.files]
        )
        self._has_looked_again = True
        for work in missing:
            self._match(work)

    def _library(self) -> int:
        """The key of the library that the scope names; 0 when there is none of this name."""
        desired = self._scope.library.casefold()
        return next(
            (one.key for one in self._desk.finder.sections if one.title.casefold() == desired), 0
        )

    # -- deciding -------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Decide the scenes at the front whose items were read, in the order of their ids, and keep the position."""
        try:
            while self._waiting and all(
                self._shelf.is_loaded(file.item) for file in self._waiting[0].files
            ):
                gaps = self._gaps_of_scene(self._waiting[0])
                work = self._waiting.popleft()
                self._shelf.release(work.files)
                is_queued = bool(gaps) and self._book.accept(work.scene_id, gaps)
                checked = self.run.checked + (not work.is_gone)
                self.run = self.run.including(gaps, queued=is_queued).model_copy(
                    update={"checked": checked, "after": work.scene_id}
                )
        finally:
            if not self._waiting:
                self.run = self.run.model_copy(update={"after": max(self._next, self.run.after)})
            self._book.commit(self.run)

    def _gaps_of_scene(self, work: PendingScene) -> tuple[Gap, ...]:
        if work.is_gone:
            return gaps_of(Observation(work.scene_id, is_gone=True))
        if work.scene is None:
            return ()
        if work.problem:
            return gaps_of(Observation(work.scene_id, problem=work.problem))
        records = self._desk.records.of_scene(work.scene_id, self._server)
        if any(work.read_at < record.read_at <= self._clock.wall() for record in records.values()):
            return ()  # it was synced meanwhile, with a younger state than ours
        gaps = [gap for file in work.files for gap in self._gaps_of_item(work.scene, file, records)]
        keys = {file.item for file in work.files}
        if not self._scope.library:
            lost = (
                Observation(work.scene_id, lost_item=item) for item in records if item not in keys
            )
            gaps += [gap for sight in lost for gap in gaps_of(sight)] if work.files else []
        return _merged(gaps)

    def _gaps_of_item(
        self, scene: SyncMetadata, file: PlexFile, records: dict[int, SyncRecord]
    ) -> tuple[Gap, ...]:
        item, record = self._shelf.item(file.item), records.get(file.item)
        if item is None or not self._desk.plays(item, file):
            self._desk.finder.forget(file)
            if record is not None:
                return gaps_of(Observation(scene.scene_id, lost_item=file.item))
            return gaps_of(
                Observation(scene.scene_id, problem=f"item {file.item} no longer plays its file")
            )
        if self._desk.owner(scene.scene_id, item) is not None:
            return ()
        desired, rules = self._desk.desired(scene), self._desk.rules
        changes = plan_changes(desired, item, record, rules, identified=scene.has_identity)
        dead_letter = (
            self._book.dead_letter_reason(scene.scene_id) if changes or self._desk.images else ""
        )
        differences = fixable(changes, desired, item, record, rules, dead_letter)
        pictures = self._image_gaps(scene, item, record, dead_letter, is_queued=bool(differences))
        return gaps_of(
            Observation(
                scene.scene_id,
                item=file.item,
                differences=differences,
                unsent=pictures.unsent,
                replaced=pictures.replaced,
            )
        )

    def _image_gaps(
        self,
        scene: SyncMetadata,
        item: PlexItem,
        record: SyncRecord | None,
        dead_letter: str,
        *,
        is_queued: bool,
    ) -> ImageGaps:
        """Images follow fields: where one of those is refused, a sync does not come to them."""
        if dead_letter or (record is None and is_queued):
            return ImageGaps()
        pictures = check_images(self._desk, scene, item, record)
        if pictures.record is not None:
            self._book.save_record(pictures.record)
        return pictures


def _is_recent(scene: SyncMetadata, since: float) -> bool:
    """Whether it was created or changed since; in doubt it was."""
    times = [parse_time(text) for text in (scene.updated_at, scene.created_at)]
    return any(moment is None or moment >= since for moment in times)


def _merged(gaps: list[Gap]) -> tuple[Gap, ...]:
    """One gap of a kind: a scene on two items is one scene."""
    merged: dict[str, Gap] = {}
    for gap in gaps:
        first = merged.get(gap.kind)
        if first is None:
            merged[gap.kind] = gap
        else:
            fields = tuple(dict.fromkeys((*first.fields, *gap.fields)))
            merged[gap.kind] = Gap(
                gap.kind, gap.scene_id, fields, f"{first.evidence}; {gap.evidence}"
            )
    return tuple(merged.values())
