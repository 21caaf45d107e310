"""One job: what Stash has, which items play it, what differs, one write. Returns an outcome or raises."""

from dataclasses import dataclass, field, replace

from core.errors import NoFile, PlexNotFound, PlexRejected, PlexSyncError, PlexTemporaryError, StaleMatch
from core.fields import BY_NAME
from core.job import Job
from core.match import Confidence, PlexFile
from core.outcome import Fate, Outcome
from core.plex_item import PlexItem
from core.record import SyncRecord
from core.values import FieldValue
from plex.edit_request import EditLimits, edit_targets, fit_text
from plex.matcher import require
from plex.paths import normal_path
from plex.plan import Change, field_records, plan_changes
from validation.metadata import SyncMetadata
from validation.wanted import wanted_images, wanted_values
from worker.batch import Batch, Case, match_cases, read_items
from worker.bench import SHORT_LIMITS, Workbench
from worker.images import proven_update, sync_images
from worker.learning import LEARNED
from worker.sharing import share

LAST_TRY = 4  # after this many failed attempts the next one is the last


@dataclass(slots=True)
class Written:
    """One item that was written and must be read once more; `wanted` is what it should show."""

    record: SyncRecord
    section: int
    wanted: dict[str, FieldValue]
    changed: frozenset[str]


@dataclass(slots=True)
class _Run:
    """What one job has done so far, over all its items."""

    wrote: set[str] = field(default_factory=set)
    items: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)


class SceneSync:
    """Carries out jobs of a batch that was read. `written` collects what must be verified."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.written: list[Written] = []

    def sync(self, batch: Batch, job: Job) -> Outcome:
        """Do one job.

        Raises:
            PlexSyncError: whatever kept it from being done; the policy decides what follows.
        """
        case = batch.cases[job.id]
        if case.error is not None:
            raise case.error
        if case.scene is None:
            self._bench.records.forget_scene(job.scene_id)
            return Outcome(Fate.DONE, "gone")
        title = title_of(case.scene)
        if not case.scene.files:
            return Outcome(Fate.DONE, "no_file", message=NoFile("").advice, title=title)
        if not self._bench.config.sync_metadata or case.match is None:
            return Outcome(Fate.DONE, "off", title=title)
        keys = self._items_of(batch, case)
        run = _Run()
        for key in filter(batch.items.__contains__, keys):
            self._sync_item(batch, case, key, run)
        self._forget_others(batch, case, keys)
        return Outcome(
            Fate.DONE,
            "wrote" if run.wrote else "claimed" if run.claimed and not run.items else "same",
            wrote=tuple(name for name in BY_NAME if name in run.wrote),
            items=tuple(run.items),
            confidence=case.match.confidence.value,
            message="; ".join(run.claimed),
            title=title,
            warnings=tuple(run.warnings),
        )

    def share(self, batch: Batch) -> None:
        """Write together what several items of the batch have in common."""
        plans = {}
        for case in batch.cases.values():
            for file in _chosen_files(case) if _is_certain(case) else ():
                item = batch.items.get(file.item)
                scene = case.scene
                if item is None or scene is None or not _plays(item, file) or file.item in plans:
                    continue
                if self._claimed_by(batch, scene.scene_id, item) is None:
                    old = self._bench.records.of_scene(scene.scene_id, batch.server).get(file.item)
                    plans[file.item] = self._plan(scene, item, old)
        batch.shared = share(self._bench, plans, batch.items)

    # -- which items ----------------------------------------------------------------------------

    def _items_of(self, batch: Batch, case: Case) -> tuple[int, ...]:
        """The items to write, each read and proved to play the scene's file; matched anew once."""
        for again in (False, True):
            keys = self._required(case)
            stale = [file for file in _chosen_files(case) if not _plays(batch.items.get(file.item), file)]
            if not stale:
                return keys
            for file in stale:
                self._bench.log.info("match.stale", scene=case.job.scene_id, item=file.item)
                self._bench.finder.forget(file)
            if not again:
                self._bench.finder.look_again(lambda: True)
                match_cases(self._bench, [case])
                read_items(self._bench, batch, [case])
        raise StaleMatch(f"Plex changed its items while scene {case.job.scene_id} was matched.")

    def _required(self, case: Case) -> tuple[int, ...]:
        if case.match is None or case.scene is None:
            return ()
        try:
            return require(case.match, self._bench.config.strict_matching)
        except PlexNotFound as error:
            paths = tuple(path for file in case.scene.files for path in self._bench.path_map.mapped(file.path))
            raise PlexNotFound(f"{error}: looked for {', '.join(paths)}.", paths=paths) from error

    def _forget_others(self, batch: Batch, case: Case, keys: tuple[int, ...]) -> None:
        """A scene that moved to other items no longer claims the old ones."""
        for item in self._bench.records.of_scene(case.job.scene_id, batch.server):
            if item not in keys:
                self._bench.records.forget_item(case.job.scene_id, batch.server, item)

    def _claimed_by(self, batch: Batch, scene_id: int, item: PlexItem) -> int | None:
        """The other scene that writes this item; None when it is ours."""
        records = self._bench.records.of_item(item.rating_key, batch.server)
        owners = [record.scene_id for record in records if any(_same_path(record.path, path) for path in item.files)]
        if owners:
            return None if scene_id in owners else owners[0]
        lowest = batch.claims.get(item.rating_key, scene_id)
        return lowest if lowest < scene_id else None

    # -- one item -------------------------------------------------------------------------------

    def _sync_item(self, batch: Batch, case: Case, key: int, run: _Run) -> None:
        scene, item = case.scene, batch.items[key]
        assert scene is not None  # a case without its scene ended before
        other = self._claimed_by(batch, scene.scene_id, item)
        if other is not None:
            run.claimed.append(f"item {key} also plays scene {other}, which is the one that is shown in Plex")
            return
        run.items.append(key)
        old = self._bench.records.of_scene(scene.scene_id, batch.server).get(key)
        changes = self._plan(scene, item, old)
        failed: dict[str, str] = {}
        if batch.shared.get(key) != changes:
            changes, failed = self._write_all(batch.server, scene, item, old, case.job)
        wanted = self._wanted(scene)
        done = tuple(change for change in changes if change.field.name not in failed)
        record = self._record(batch, case, item, old)
        known = proven_update(old)
        kept = {name: value for name, value in wanted.items() if name not in failed}
        record = record.with_fields(field_records(done, kept, item, old))
        run.wrote.update(change.field.name for change in done)
        record, images, warnings = self._with_images(scene, item, record, known, bool(failed))
        self._bench.records.save(record)
        run.wrote.update(images)
        run.warnings.extend(warnings)
        if done:
            self.written.append(Written(record, item.section, kept, frozenset(c.field.name for c in done)))
        if failed:
            raise PlexRejected(
                f"Plex does not take {', '.join(failed)} of scene {scene.scene_id} ({failed[next(iter(failed))]}).",
                fields=tuple(failed),
            )

    def _with_images(
        self, scene: SyncMetadata, item: PlexItem, record: SyncRecord, known: str, failed: bool
    ) -> tuple[SyncRecord, tuple[str, ...], tuple[str, ...]]:
        """Send images. What was written before is remembered first, so that a retry sends images alone.

        Until they are sent the record keeps the old `updated_at`: it proves nothing that is not true.
        """
        fields = wanted_images(self._bench.config)
        current = record.updated_at
        if failed or (fields and known != current):
            self._bench.records.save(replace(record, updated_at=known))
        if failed:
            return replace(record, updated_at=known), (), ()
        return sync_images(self._bench, scene, item, record, fields, known)

    def _plan(self, scene: SyncMetadata, item: PlexItem, old: SyncRecord | None) -> tuple[Change, ...]:
        return plan_changes(self._wanted(scene), item, old, self._bench.rules, identified=scene.has_identity)

    def _wanted(self, scene: SyncMetadata) -> dict[str, FieldValue]:
        wanted, limits = wanted_values(scene, self._bench.config), self._limits()
        return {name: fit_text(value, limits) if isinstance(value, str) else value for name, value in wanted.items()}

    def _record(self, batch: Batch, case: Case, item: PlexItem, old: SyncRecord | None) -> SyncRecord:
        scene = case.scene
        assert scene is not None and case.match is not None
        section = self._bench.finder.section_of(item.section)
        path = next((file.path for file in _chosen_files(case) if file.item == item.rating_key), "")
        return SyncRecord(
            scene_id=scene.scene_id,
            server=batch.server,
            item=item.rating_key,
            section=section.uuid if section else "",
            path=path,
            oshash=scene.files[0].oshash,
            updated_at=scene.updated_at,
            read_at=case.read_at,
            confidence=LEARNED if case.match.is_learned else case.match.confidence.value,
            fields=old.fields if old else {},
            images=old.images if old else {},
        )

    # -- writing --------------------------------------------------------------------------------

    def _write_all(
        self, server: str, scene: SyncMetadata, item: PlexItem, old: SyncRecord | None, job: Job
    ) -> tuple[tuple[Change, ...], dict[str, str]]:
        """Write what differs, in shorter requests where a long one is refused; what was written, what failed."""
        changes = self._plan(scene, item, old)
        try:
            return changes, self._write(item, changes, job)
        except PlexRejected as error:
            if not error.too_long or self._limits() == SHORT_LIMITS:
                raise
        self._bench.log.info("plex.short", scene=scene.scene_id)
        self._bench.habits.prove_short(server)
        changes = self._plan(scene, item, old)  # long texts are cut to what will be sent
        return changes, self._write(item, changes, job)

    def _write(self, item: PlexItem, changes: tuple[Change, ...], job: Job) -> dict[str, str]:
        """Write the changes together; where Plex refuses, each field alone. The refused ones and why."""
        if not changes:
            return {}
        self._bench.check_epoch()
        try:
            self._send(item, changes)
        except PlexRejected as error:
            if error.too_long:
                raise
            return self._write_alone(item, changes)
        except PlexTemporaryError:
            if job.attempts < LAST_TRY:
                raise
            return self._write_alone(item, changes)
        return {}

    def _write_alone(self, item: PlexItem, changes: tuple[Change, ...]) -> dict[str, str]:
        """Each field in a request of its own, once: a bad date must not keep the title back.

        Raises:
            PlexTemporaryError: not one field was taken, so the fields are not what is wrong.
        """
        failed: dict[str, str] = {}
        last: PlexSyncError | None = None
        for change in changes:
            try:
                self._send(item, (change,))
            except (PlexRejected, PlexTemporaryError) as error:
                failed[change.field.name], last = str(error), error
        if isinstance(last, PlexTemporaryError) and len(failed) == len(changes):
            raise last
        return failed

    def _send(self, item: PlexItem, changes: tuple[Change, ...]) -> None:
        for target in edit_targets(item.section, [item.rating_key], changes, self._limits()):
            self._bench.plex.edit(target)

    def _limits(self) -> EditLimits:
        return self._bench.habits.limits(self._bench.plex.machine_identifier())


def title_of(scene: SyncMetadata) -> str:
    """What a person knows the scene by: its title, else its file's name."""
    return scene.title or (scene.files[0].path.replace("\\", "/").rpartition("/")[2] if scene.files else "")


def _chosen_files(case: Case) -> list[PlexFile]:
    """The Plex files behind the chosen items, best first."""
    if case.match is None or case.match.confidence is Confidence.NONE:
        return []
    files: dict[int, PlexFile] = {}
    for candidate in case.match.candidates:
        if candidate.file.item in case.match.items:
            files.setdefault(candidate.file.item, candidate.file)
    return list(files.values())


def _is_certain(case: Case) -> bool:
    return case.error is None and case.match is not None and case.match.confidence is Confidence.HIGH


def _plays(item: PlexItem | None, file: PlexFile) -> bool:
    return item is not None and any(_same_path(path, file.path) for path in item.files)


def _same_path(left: str, right: str) -> bool:
    return left == right or normal_path(left) == normal_path(right)
