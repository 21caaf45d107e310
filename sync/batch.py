"""Reading for a whole batch what its jobs need: one query to Stash, one read per library from Plex."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import InvalidScene, PlexSyncError
from core.job import Job
from core.match import Candidate, Confidence, Evidence, MatchResult, PlexFile
from core.plex_item import PlexItem
from plex.matcher import match_scene
from plex.path_learner import StashFile, match_learned
from plex.plan import Change
from sync.context import SyncContext
from sync.filters import exclusion_reason
from validation.metadata import SceneFile, SyncMetadata, parse_scene

PINNED = "decided by hand"


@dataclass(slots=True)
class SceneJob:
    """One job with what was read for it. `scene` None: it is gone from Stash."""

    job: Job
    scene: SyncMetadata | None
    read_at: float
    match: MatchResult | None = None
    error: PlexSyncError | None = None


@dataclass(slots=True)
class Batch:
    """A batch ready to be worked on, one case per job.

    `items` by rating key; `claims` names the scene that writes an item; `shared` holds the plans of items
    that were written together with others already; `living` scenes outside the batch were seen in Stash,
    `gone` ones were not there any more; `server` is Plex's identifier.
    """

    cases: dict[int, SceneJob]
    server: str = ""
    items: dict[int, PlexItem] = field(default_factory=dict)
    sections: dict[int, int] = field(default_factory=dict)
    claims: dict[int, int] = field(default_factory=dict)
    shared: dict[int, tuple[Change, ...]] = field(default_factory=dict)
    living: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class BatchRead:
    """A batch was read, and its jobs have not been carried out yet."""

    ctx: SyncContext
    batch: Batch


def read_batch(ctx: SyncContext, jobs: Sequence[Job]) -> Batch:
    """Read everything the jobs need.

    Raises:
        PlexError, StashUnavailable: the failure of a shared read; no single job is to blame.
    """
    with ctx.watch.step("read"):
        batch = Batch(_read_scenes(ctx, jobs))
    matchable = [case for case in batch.cases.values() if _is_wanted(ctx, case.scene)]
    if not matchable or not ctx.config.sync_metadata:
        return batch
    batch.server = ctx.plex.machine_identifier()
    with ctx.watch.step("match"):
        _find(ctx, matchable)
    assign_owners(batch)
    with ctx.watch.step("items"):
        read_items(ctx, batch, matchable)
    _log_steps(ctx, batch)
    return batch


def _find(ctx: SyncContext, matchable: Sequence[SceneJob]) -> None:
    """Match the cases; Plex is asked for what the index lacks."""
    prepare_matching(ctx)
    match_cases(ctx, matchable)
    if any(is_missing(case) for case in matchable):
        ctx.finder.refresh(lambda: _still_missing(ctx, matchable))
        match_cases(ctx, [case for case in matchable if is_missing(case)])


def prepare_matching(ctx: SyncContext) -> None:
    """Know the libraries' files, and how folders are called there.

    Raises:
        PlexError, StashUnavailable: a server failed.
    """
    ctx.finder.prepare()
    if ctx.learning is not None and ctx.learning.is_due():
        ctx.learning.learn(ctx.stash, ctx.finder.candidates)


def match_cases(ctx: SyncContext, cases: Sequence[SceneJob]) -> None:
    """Match each case's scene against the index; asks nobody."""
    for case in cases:
        if case.scene is not None:
            case.match = _override_match(ctx, case.scene) or _match(ctx, case.scene.files)


def _is_wanted(ctx: SyncContext, scene: SyncMetadata | None) -> bool:
    return scene is not None and bool(scene.files) and not exclusion_reason(scene, ctx.config)


def _override_match(ctx: SyncContext, scene: SyncMetadata) -> MatchResult | None:
    """The match a person has decided by hand; None for every other scene."""
    item = ctx.config.match_overrides.get(scene.scene_id)
    if not item or not ctx.finder.sections:
        return None
    # Every item can be read through any library; the read tells which one it really is in.
    pin = PlexFile("", 0, item, ctx.finder.sections[0].key)
    candidate = Candidate(pin, Evidence.EXACT_PATH, scene.files[0].path, PINNED)
    return MatchResult((item,), Confidence.HIGH, (candidate,), PINNED)


def _match(ctx: SyncContext, files: Sequence[SceneFile]) -> MatchResult:
    """The match by the settings, else by what was learned; every file may contradict what was learned."""
    result = match_scene(files, ctx.finder.candidates, ctx.path_map)
    if ctx.learning is None or not ctx.learning.mappings:
        return result
    ctx.learning.drop_contradicted(files, ctx.finder.candidates)
    if result.confidence is Confidence.HIGH:
        return result
    known = [StashFile(file.path, file.size) for file in files]
    return match_learned(known, ctx.finder.candidates, ctx.learning.mappings) or result


def read_items(ctx: SyncContext, batch: Batch, cases: Sequence[SceneJob]) -> None:
    """Read the matched items, one request per library and 200 items; what is gone is absent."""
    by_section: dict[int, set[int]] = {}
    for case in cases:
        for candidate in case.match.candidates if case.match else ():
            if case.match and candidate.file.item in case.match.items:
                by_section.setdefault(candidate.file.section, set()).add(candidate.file.item)
    for section, keys in by_section.items():
        batch.items.update(ctx.plex.items(section, sorted(keys)))
        batch.sections.update(dict.fromkeys(keys, section))


def assign_owners(batch: Batch) -> None:
    """Where several scenes of the batch match one item, the lowest id claims it."""
    for case in batch.cases.values():
        if case.scene is None or case.match is None or case.match.confidence is not Confidence.HIGH:
            continue
        for item in case.match.items:
            batch.claims[item] = min(
                case.scene.scene_id, batch.claims.get(item, case.scene.scene_id)
            )


def _read_scenes(ctx: SyncContext, jobs: Sequence[Job]) -> dict[int, SceneJob]:
    read_at = ctx.clock.wall()
    raw = ctx.stash.scenes([job.scene_id for job in jobs])
    cases = {}
    for job in jobs:
        answer = raw[job.scene_id]
        case = SceneJob(job, None, read_at)
        if answer is not None:
            try:
                case.scene = parse_scene(answer)
            except ValueError as error:
                case.error = InvalidScene(str(error))
        cases[job.id] = case
    return cases


def _log_steps(ctx: SyncContext, batch: Batch) -> None:
    ctx.log.debug("step.read", scenes=len(batch.cases), items=len(batch.items))
    for case in batch.cases.values():
        if case.match is not None:
            seen = tuple(candidate.describe() for candidate in case.match.candidates)
            ctx.log.debug(
                "step.match", scene=case.job.scene_id, reason=case.match.reason, candidates=seen
            )


def is_missing(case: SceneJob) -> bool:
    """Whether the scene was looked for and Plex has no file that could be its."""
    return case.match is not None and case.match.confidence is Confidence.NONE


def _still_missing(ctx: SyncContext, cases: Sequence[SceneJob]) -> bool:
    """Whether a scene that was missing has no file in the index yet."""
    return any(
        not any(ctx.finder.candidates(file.path) for file in case.scene.files)
        for case in cases
        if is_missing(case) and case.scene is not None
    )
