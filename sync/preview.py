"""Show what a sync would do, without doing it: the same reads, the same matching, the same plan."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import PlexNotFound, PlexSyncError, reason_of
from core.job import PRIORITY_BACKFILL, Job, scene_subject
from core.match import CandidateEntry
from core.text import format_counts, format_value, pluralize
from plex.plan import Change
from sync.batch import Batch, SceneJob, display_title, read_batch
from sync.context import SyncContext
from sync.filters import Exclusion, exclusion_of, left_out_lines
from sync.plan_batch import BatchPlanner
from sync.plan_items import PlannedItem
from sync.restore_excluded import find_restorable, recorded_excluded
from sync.scene_matcher import SceneMatcher
from sync.targets import check_override, items_to_write
from validation.config import PlexSyncConfig
from validation.metadata import SyncMetadata

_MAX_CHARS = 120
FOREIGN_LOCK = "(locked in Plex by hand or by another program)"


@dataclass(frozen=True, slots=True)
class Preview:
    """One scene and what a sync would write to its items.

    Attributes:
        scene_id: the scene.
        title: its title, or the name of its file.
        reason: why the matcher decided as it did, "" without a match.
        items: (rating key, what would be written) of each item.
        problem: the error class and text of what prevents a sync; "" when nothing does.
        hint: what to do about the problem, where more is known than its class says.
        is_left_out: the user's settings or decisions leave the scene out.
        exclusion: why they exclude it; None if they do not, or if nothing is synced at all.
        restored: how many items its job would restore, because it is excluded.
        scene: the scene as it was read; None if Stash has none that can be read.
        planned: the plan of each item, also of those that another scene owns.
        looked_at: what the matcher looked at.
    """

    scene_id: int
    title: str
    reason: str = ""
    items: tuple[tuple[int, tuple[Change, ...]], ...] = ()
    problem: str = ""
    hint: str = ""
    is_left_out: bool = False
    exclusion: Exclusion | None = None
    restored: int = 0
    scene: SyncMetadata | None = None
    planned: tuple[PlannedItem, ...] = ()
    looked_at: tuple[CandidateEntry, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """Return what the matcher looked at, one line each."""
        return tuple(entry.text for entry in self.looked_at)

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields that would be written, on whichever item."""
        names = [change.field.name for _, changes in self.items for change in changes]
        return tuple(dict.fromkeys(names))

    def lock_note(self, field: str) -> str:
        """Return a remark, with a blank before it, on a field that somebody else has locked."""
        is_foreign = any(
            change.field.name == field and plan.has_foreign_lock(change.field)
            for plan in self.planned
            for change in plan.changes
        )
        return f" {FOREIGN_LOCK}" if is_foreign else ""

    def lines(self) -> list[str]:
        """Return the preview as text for the user."""
        text = (self.problem or self.reason).rstrip(".")
        lines = [f"Scene {self.scene_id} ({self.title or 'untitled'}): {text}."]
        lines += [self.hint] if self.hint else []
        lines += [f"Candidate: {candidate}." for candidate in self.candidates]
        for item, changes in self.items:
            if not changes:
                lines.append(f"Item {item}: nothing differs.")
            lines += [
                f"Item {item}: {_format_change(change)}{self.lock_note(change.field.name)}."
                for change in changes
            ]
        return lines


def preview(ctx: SyncContext, scene_ids: Sequence[int]) -> list[Preview]:
    """Return what a sync would write to these scenes' items now; images are not compared.

    Raises:
        PlexError, StashUnavailable: a shared read failed.
    """
    jobs = [
        Job(scene_id, scene_subject(scene_id), "preview", PRIORITY_BACKFILL, 0.0)
        for scene_id in scene_ids
    ]
    batch, matcher = read_batch(ctx, jobs), ctx.matcher()
    strict = ctx.config.strict_matching
    BatchPlanner(matcher, ctx.stash, ctx.plan_rules, strict=strict).plan(batch, inherits=False)
    scenes = recorded_excluded(ctx.config, ctx.overrides, ctx.records, batch)
    if scenes:
        find_restorable(ctx.records, matcher, scenes, ctx.plex.machine_identifier())
    return [_of_job(batch, batch.cases[job.id], matcher, ctx.config, ctx.overrides) for job in jobs]


class PreviewTotals:
    """Adds up many previews. `left_out` counts excluded scenes by `ExclusionReason` value."""

    def __init__(self) -> None:
        self.scenes = self.changed = self.restored = 0
        self._fields: Counter[str] = Counter()
        self._problems: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()

    def add(self, scene: Preview) -> None:
        """Count one scene."""
        self.scenes += 1
        self.changed += bool(scene.fields)
        self._fields.update(scene.fields)
        if scene.exclusion is not None:
            self.left_out[scene.exclusion.reason.value] += 1
            self.restored += bool(scene.restored)
        elif scene.problem:
            self._problems[scene.problem.partition(":")[0]] += 1

    def lines(self) -> list[str]:
        """Return the totals as text for the user, the most important line last."""
        lines = left_out_lines(self.left_out)
        if self.restored:
            scenes = pluralize(self.restored, "scene")
            lines.append(f"Items of {scenes} left out would be put back.")
        if self._problems:
            lines.append(f"Prevented by: {format_counts(self._problems)}.")
        if self._fields:
            lines.append(f"By field: {format_counts(self._fields, limit=len(self._fields))}.")
        scenes = pluralize(self.scenes, "scene")
        lines.append(
            f"{self.changed:,} of {scenes} would be written, covers not counted; "
            "nothing was written."
        )
        return lines

    def answer(self) -> dict[str, object]:
        """Return the totals as JSON values for an API client."""
        return {
            "scenes": self.scenes,
            "changed": self.changed,
            "fields": dict(self._fields),
            "problems": dict(self._problems),
            "left_out": dict(self.left_out),
            "restored": self.restored,
        }


def _of_job(
    batch: Batch,
    case: SceneJob,
    matcher: SceneMatcher,
    config: PlexSyncConfig,
    overrides: Mapping[int, int],
) -> Preview:
    scene, scene_id = case.scene, case.job.scene_id
    if scene is None:
        return Preview(scene_id, "", problem=str(case.error or "it is not in Stash"))
    title, excluded = display_title(scene), exclusion_of(scene, config, overrides)
    if excluded or case.match is None:
        return _left_out(case, scene, excluded)
    looked_at = tuple(candidate.entry() for candidate in case.match.candidates)
    try:
        keys = _items_of(batch, case, scene, matcher, strict=config.strict_matching)
    except PlexSyncError as error:
        shown = () if isinstance(error, PlexNotFound) else looked_at
        problem = f"{reason_of(error)}: {error}"
        return Preview(
            scene_id, title, problem=problem, hint=error.hint, scene=scene, looked_at=shown
        )
    plans = tuple(case.planned[key] for key in keys if key in case.planned)
    items = tuple((plan.item.rating_key, plan.changes) for plan in plans if plan.owner is None)
    return Preview(
        scene_id,
        title,
        case.match.reason,
        items,
        scene=scene,
        planned=plans,
        looked_at=looked_at,
    )


def _left_out(case: SceneJob, scene: SyncMetadata, excluded: Exclusion | None) -> Preview:
    return Preview(
        scene.scene_id,
        display_title(scene),
        problem=_left_out_text(case, excluded),
        is_left_out=True,
        exclusion=excluded,
        restored=len(case.restorable),
        scene=scene,
    )


def _left_out_text(case: SceneJob, excluded: Exclusion | None) -> str:
    if excluded is None:
        return "it has no file, or nothing is synced at all"
    if not case.restorable:
        return excluded.text
    items = pluralize(len(case.restorable), "item")
    return f"{excluded.text}, and a sync puts back what {items} showed before PlexSync"


def _items_of(
    batch: Batch, case: SceneJob, scene: SyncMetadata, matcher: SceneMatcher, *, strict: bool
) -> tuple[int, ...]:
    keys = items_to_write(case.match, scene, matcher, strict=strict)
    check_override(case, batch.items)
    return keys


def _format_change(change: Change) -> str:
    removed = f", without {', '.join(change.remove)}" if change.remove else ""
    value = format_value(change.value, _MAX_CHARS)
    return f"{change.field.name} = {value!r}{removed}"
