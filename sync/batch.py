"""Read what the jobs of a batch need: one query to Stash, one request per library to Plex."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.errors import InvalidScene, PlexSyncError
from core.job import BUTTONS, Job
from core.log import EventLog
from core.match import Confidence, MatchResult
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.client import PlexClient
from plex.finder import Finder
from stash.client import StashClient
from sync.batch_records import BatchRecords
from sync.context import SyncContext
from sync.filters import exclusion_of
from sync.ownership import Ownership
from sync.plan_items import PlannedItem, PlanRules
from sync.record_evidence import recorded_match
from sync.scene_matcher import SceneMatcher
from sync_queue.originals import KeptItem
from sync_queue.records import Records
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata, parse_scene


@dataclass(slots=True)
class SceneJob:
    """One job with what was read for it.

    Attributes:
        job: the claimed job.
        scene: the scene; None when Stash no longer has it or `error` is set.
        read_at: when it was read, epoch seconds.
        match: the match; None for a scene that is not to be matched.
        error: why the scene cannot be synced; None when it can.
        planned: the plan of each item that the scene may write, by rating key.
        restorable: the items to restore, because the settings exclude the scene.
        shows: the subjects of what the scene shows; None until they are in the index.
    """

    job: Job
    scene: SyncMetadata | None
    read_at: float
    match: MatchResult | None = None
    error: PlexSyncError | None = None
    planned: dict[int, PlannedItem] = field(default_factory=dict)
    restorable: tuple[KeptItem, ...] = ()
    shows: tuple[str, ...] | None = None

    @property
    def is_deleted(self) -> bool:
        """Return True if Stash no longer has the scene."""
        return self.scene is None and self.error is None


@dataclass(slots=True)
class Batch:
    """A batch that was read.

    Attributes:
        cases: what was read for each job, by the job's id.
        records: the records of its scenes and items; `records.server` is "" when nothing was
            matched.
        ownership: what decides who owns an item.
        items: the matched items that Plex has, by rating key.
        rules: what the batch was planned with; None before.
        written: (scene id, rating key) of what shared edits have written.
    """

    cases: dict[int, SceneJob]
    records: BatchRecords
    ownership: Ownership
    items: dict[int, PlexItem] = field(default_factory=dict)
    rules: PlanRules | None = None
    written: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class BatchRead:
    """A batch was read under these settings, and its jobs have not been carried out yet."""

    batch: Batch
    config: PlexSyncConfig
    plex: PlexClient
    matcher: SceneMatcher


def read_batch(ctx: SyncContext, jobs: Sequence[Job]) -> Batch:
    """Read and match the scenes of the jobs, their items and the records of both.

    Raises:
        PlexError, StashUnavailable: a shared read failed; no single job is to blame.
    """
    ownership = Ownership(ctx.overrides)
    with ctx.watch.step("read"):
        cases = _read_scenes(ctx.stash, ctx.clock, jobs)
    ownership.deleted.update(case.job.scene_id for case in cases.values() if case.is_deleted)
    ctx.overrides.load(lambda: [case.scene for case in cases.values() if case.scene is not None])
    matchable = [
        case for case in cases.values() if _is_matchable(case.scene, ctx.config, ctx.overrides)
    ]
    if not matchable or not ctx.config.sync_metadata:
        return Batch(cases, BatchRecords(ctx.records, ""), ownership)
    batch = Batch(cases, BatchRecords(ctx.records, ctx.plex.machine_identifier()), ownership)
    with ctx.watch.step("match"):
        _match_all(
            ctx.matcher(),
            lambda cases: _recorded_matches(ctx.records, ctx.finder, batch.records.server, cases),
            matchable,
        )
    claim_items(ownership, cases.values())
    with ctx.watch.step("items"):
        read_items(ctx.plex, batch, matchable)
    load_records(batch, matchable)
    _log_steps(ctx.log, batch)
    return batch


def read_items(plex: PlexClient, batch: Batch, cases: Iterable[SceneJob]) -> None:
    """Read the matched items, 200 in one request; an item that Plex no longer has is absent.

    Raises:
        PlexError: Plex failed.
    """
    by_section: dict[int, set[int]] = {}
    for case in cases:
        if case.match is None:
            continue
        for candidate in case.match.candidates:
            if candidate.file.item in case.match.items:
                by_section.setdefault(candidate.file.section, set()).add(candidate.file.item)
    for section, keys in by_section.items():
        batch.items.update(plex.items(section, sorted(keys)))


def load_records(batch: Batch, cases: Sequence[SceneJob]) -> None:
    """Read the records of the scenes and of their matched items, with two statements."""
    items = [item for case in cases if case.match is not None for item in case.match.items]
    batch.records.load([case.job.scene_id for case in cases], items)


def claim_items(ownership: Ownership, cases: Iterable[SceneJob]) -> None:
    """Let the scene with the lowest id claim an item that several scenes of the batch match."""
    for case in cases:
        if case.scene is None or case.match is None or case.match.confidence is not Confidence.HIGH:
            continue
        scene_id = case.scene.scene_id
        for item in case.match.items:
            ownership.claims[item] = min(scene_id, ownership.claims.get(item, scene_id))


def is_missing(case: SceneJob) -> bool:
    """Return True if the scene was matched and Plex has no file that could be the scene's."""
    return case.match is not None and case.match.confidence is Confidence.NONE


def lacks_path(case: SceneJob) -> bool:
    """Return True if Plex has no file at the scene's path, even if a record led to its item."""
    return is_missing(case) or (case.match is not None and case.match.is_recorded)


def display_title(scene: SyncMetadata) -> str:
    """Return what the user knows the scene by: its title, else the name of its file, else ""."""
    if scene.title or not scene.files:
        return scene.title
    return scene.files[0].path.replace("\\", "/").rpartition("/")[2]


def _read_scenes(stash: StashClient, clock: Clock, jobs: Sequence[Job]) -> dict[int, SceneJob]:
    read_at = clock.wall()
    read = stash.read_scenes([job.scene_id for job in jobs])
    cases = {}
    for job in jobs:
        case = SceneJob(job, None, read_at)
        answer = read.scenes.get(job.scene_id)
        if job.scene_id in read.failed:
            reason = read.failed[job.scene_id]
            case.error = InvalidScene(f"Stash fails on scene {job.scene_id}: {reason}")
        elif answer is not None:
            try:
                case.scene = parse_scene(answer)
            except ValueError as error:
                case.error = InvalidScene(str(error))
        cases[job.id] = case
    return cases


def _is_matchable(
    scene: SyncMetadata | None, config: PlexSyncConfig, overrides: Mapping[int, int]
) -> bool:
    if scene is None or not scene.files:
        return False
    return not exclusion_of(scene, config, overrides)


def _match_all(
    matcher: SceneMatcher,
    recorded_matches: Callable[[Sequence[SceneJob]], dict[int, MatchResult]],
    cases: Sequence[SceneJob],
) -> None:
    """Match the scenes; ask Plex what is new if it lacks the file of one of them.

    A file that Plex still has under its old path is matched by its record.
    """
    matcher.prepare()
    _match(matcher, cases)
    uncertain = [case for case in cases if not _is_certain(case)]
    recorded = recorded_matches(uncertain)
    missing = [case for case in uncertain if is_missing(case) or case.job.id in recorded]
    if not missing:
        return
    scenes = [case.scene for case in missing if case.scene is not None]
    matcher.refresh(scenes, polled_since=_asked_at(missing))
    _match(matcher, missing)
    still_uncertain = [case for case in missing if not _is_certain(case)]
    recorded = recorded_matches(still_uncertain)
    for case in still_uncertain:
        case.match = recorded.get(case.job.id, case.match)


def _is_certain(case: SceneJob) -> bool:
    return case.match is not None and case.match.confidence is Confidence.HIGH


def _recorded_matches(
    stored: Records, finder: Finder, server: str, cases: Sequence[SceneJob]
) -> dict[int, MatchResult]:
    """Return by job the matches of scenes whose file is on record, with one statement."""
    records: dict[int, list[SyncRecord]] = {}
    for record in stored.of_scenes([case.job.scene_id for case in cases], server):
        records.setdefault(record.scene_id, []).append(record)
    matches = {}
    for case in cases:
        if case.scene is not None and case.job.scene_id in records:
            known = records[case.job.scene_id]
            match = recorded_match(case.scene, known, finder.candidates)
            if match is not None:
                matches[case.job.id] = match
    return matches


def _asked_at(cases: Iterable[SceneJob]) -> float:
    """Return when the user last asked for one of the jobs by a button; 0.0 for none."""
    jobs = [case.job for case in cases]
    return max((job.enqueued_at for job in jobs if not BUTTONS.isdisjoint(job.causes)), default=0.0)


def _match(matcher: SceneMatcher, cases: Iterable[SceneJob]) -> None:
    for case in cases:
        if case.scene is not None:
            case.match = matcher.match(case.scene)


def _log_steps(log: EventLog, batch: Batch) -> None:
    log.debug("step.read", scenes=len(batch.cases), items=len(batch.items))
    for case in batch.cases.values():
        if case.match is not None:
            candidates = tuple(candidate.describe() for candidate in case.match.candidates)
            log.debug(
                "step.match",
                scene=case.job.scene_id,
                reason=case.match.reason,
                candidates=candidates,
            )
