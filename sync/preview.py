"""What a sync would do, without doing it: the same reads, the same matching, the same plan."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import PlexNotFound, PlexSyncError
from core.field_values import FieldValue
from core.job import PRIORITY_BACKFILL, Job, scene_subject
from core.text import format_counts, pluralize
from plex.plan import Change
from sync.batch import Batch, SceneJob, read_batch
from sync.context import SyncContext
from sync.filters import exclusion_reason
from sync.sync_scene import display_title
from sync.targets import check_override, items_to_write, matched_files, owner_of, plays_file
from sync.write_item import ItemWriter

_MAX_VALUE = 120


@dataclass(frozen=True, slots=True)
class Preview:
    """One scene: its items with what would be written, or `problem`, the class and text of what is in the way."""

    scene_id: int
    title: str
    reason: str = ""
    items: tuple[tuple[int, tuple[Change, ...]], ...] = ()
    candidates: tuple[str, ...] = ()
    problem: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that would be written, on whichever item."""
        return tuple(
            dict.fromkeys(change.field.name for _, changes in self.items for change in changes)
        )

    def lines(self) -> list[str]:
        """For people."""
        lines = [
            f"Scene {self.scene_id} ({self.title or 'untitled'}): {(self.problem or self.reason).rstrip('.')}."
        ]
        lines += [f"Candidate: {text}." for text in self.candidates]
        for item, changes in self.items:
            lines += [f"Item {item}: {_shown(change)}." for change in changes] or [
                f"Item {item}: nothing differs."
            ]
        return lines


def preview(ctx: SyncContext, scene_ids: Sequence[int]) -> list[Preview]:
    """What would happen to these scenes now. Images are not looked at.

    Raises:
        PlexError, StashUnavailable: a shared read failed.
    """
    jobs = [
        Job(number, scene_subject(number), "preview", PRIORITY_BACKFILL, 0.0)
        for number in scene_ids
    ]
    batch = read_batch(ctx, jobs)
    return [_of_case(ctx, batch, batch.cases[job.id]) for job in jobs]


class PreviewTotals:
    """What many previews add up to."""

    def __init__(self) -> None:
        self.scenes = self.changed = 0
        self._fields: Counter[str] = Counter()
        self._problems: Counter[str] = Counter()

    def add(self, one: Preview) -> None:
        """Count one scene."""
        self.scenes += 1
        self.changed += bool(one.fields)
        self._fields.update(one.fields)
        if one.problem:
            self._problems[one.problem.partition(":")[0]] += 1

    def lines(self) -> list[str]:
        """For people, the most important last."""
        lines = [f"In the way: {format_counts(self._problems)}."] if self._problems else []
        lines += (
            [f"By field: {format_counts(self._fields, most=len(self._fields))}."]
            if self._fields
            else []
        )
        text = f"{self.changed:,} of {pluralize(self.scenes, 'scene')} would be written, covers not counted; nothing was."
        return [*lines, text]

    def answer(self) -> dict[str, object]:
        """For whoever asks through the API."""
        counts = {"fields": dict(self._fields), "problems": dict(self._problems)}
        return {"scenes": self.scenes, "changed": self.changed, **counts}


def _of_case(ctx: SyncContext, batch: Batch, case: SceneJob) -> Preview:
    scene, number = case.scene, case.job.scene_id
    if scene is None:
        problem = str(case.error) if case.error else "it is not in Stash"
        return Preview(number, "", problem=problem)
    excluded = exclusion_reason(scene, ctx.config)
    if excluded or case.match is None:
        return Preview(
            number,
            display_title(scene),
            problem=excluded or "it has no file, or nothing is synced at all",
        )
    seen = tuple(candidate.describe() for candidate in case.match.candidates)
    try:
        keys = items_to_write(ctx, case)
        check_override(batch, case)
    except PlexSyncError as error:
        tried = () if isinstance(error, PlexNotFound) else seen
        return Preview(
            number,
            display_title(scene),
            candidates=tried,
            problem=f"{type(error).__name__}: {error}",
        )
    writer, files = ItemWriter(ctx), {file.item: file for file in matched_files(case)}
    planned = []
    for key in keys:
        item = batch.items.get(key)
        if (
            item is None
            or not plays_file(item, files[key])
            or owner_of(ctx, batch, number, item) is not None
        ):
            continue
        record = ctx.records.of_scene(number, batch.server).get(key)
        planned.append((key, writer.plan(scene, item, record)))
    return Preview(number, display_title(scene), case.match.reason, tuple(planned), seen)


def _shown(change: Change) -> str:
    removed = f", without {', '.join(change.remove)}" if change.remove else ""
    return f"{change.field.name} = {_value(change.value)}{removed}"


def _value(value: FieldValue) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    text = " ".join(text.split())
    return repr(text if len(text) <= _MAX_VALUE else text[:_MAX_VALUE] + "...")
