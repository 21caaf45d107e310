"""Turns what a dry run finds into the rows that the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.text import format_value
from plex.plan import Change
from reconciliation.detectors import MAX_VALUE_CHARS, Gap
from sync.dry_run_file import DryRunRow, DryRunWriter
from sync.preview import Preview
from sync_queue.store import JobStore
from tasks.context import TaskContext
from tasks.first_run import DRY_RUN, PATHS, mark_done

WRITE = "write"
"""The kind of a row of a sync's dry run."""


def preview_row(preview: Preview) -> DryRunRow:
    """Return what a sync would write to the items of a scene; each value once."""
    changes = [
        (change.field.name, _text(preview, change))
        for _, of_item in preview.items
        for change in of_item
    ]
    unique = tuple(dict.fromkeys(changes))
    return DryRunRow(preview.scene_id, preview.title, WRITE, preview.reason, unique)


def _text(preview: Preview, change: Change) -> str:
    value = format_value(change.value, MAX_VALUE_CHARS)
    return value + preview.lock_note(change.field.name)


def gap_row(gap: Gap, title: str) -> DryRunRow:
    """Return what a comparison has found about a scene."""
    changes = tuple(zip(gap.fields, gap.values, strict=True))
    return DryRunRow(gap.scene_id, title, gap.kind, gap.evidence, changes)


@dataclass(frozen=True, slots=True)
class DryRunCounts:
    """How many scenes were looked at, how many Plex has, and how many are left out by reason.

    `left_out` has the values of `ExclusionReason`.
    """

    checked: int
    matched: int
    left_out: Mapping[str, int]


def finish_rows(
    context: TaskContext, store: JobStore, writer: DryRunWriter, counts: DryRunCounts
) -> None:
    """Keep the rows of a dry run that is complete, and note it as a step of the first run.

    Args:
        context: the task.
        store: the queue.
        writer: has the rows.
        counts: what was looked at.
    """
    writer.finish(counts.checked, counts.left_out, context.clock.wall())
    if writer.problem:
        context.log(
            "warning",
            f"The rows of the dry run could not be saved, so the page does not show them: "
            f"{writer.problem}. Free disk space, or make PlexSync's data folder writable.",
        )
    mark_done(store, DRY_RUN, *((PATHS,) if counts.matched > 0 else ()))
