"""Says what Sync All Scenes would write, without a write."""

from collections.abc import Callable
from functools import partial

from core.errors import StashQueryError
from core.text import pluralize
from core.timers import IntervalTimer
from stash.client import StashClient
from sync.dry_run_file import SYNC, DryRunWriter
from sync.preview import Preview, PreviewTotals, preview
from tasks.context import TaskContext, TaskResult, scene_pages
from tasks.diagnostics import open_context
from tasks.dry_run_rows import DryRunCounts, finish_rows, preview_row
from tasks.progress import REPORT_INTERVAL_S

PREVIEW_PAGE = 100
EXAMPLES = 20


def dry_run(context: TaskContext) -> TaskResult:
    """Count by field what Sync All Scenes would write, with the first examples; write nothing."""
    stash = context.stash_client()
    config = context.config(stash)
    tally, writer = PreviewTotals(), DryRunWriter(context.data_dir, SYNC, context.clock.sleep)
    with writer:
        with open_context(context, config, stash) as ctx:
            matched = _preview_all(context, stash, partial(preview, ctx), tally, writer)
        with context.store() as store:
            finish_rows(context, store, writer, DryRunCounts(tally.scenes, matched, tally.left_out))
    for line in tally.lines():
        context.info(line)
    context.progress(1.0)
    return tally.answer()


def _preview_all(
    context: TaskContext,
    stash: StashClient,
    look: Callable[[list[int]], list[Preview]],
    tally: PreviewTotals,
    writer: DryRunWriter,
) -> int:
    """Look at every scene until the task's time is used up; return how many Plex has."""
    total, ends_at = _scene_count(stash), context.clock.monotonic() + context.max_duration_s()
    pace = IntervalTimer(context.clock, REPORT_INTERVAL_S, later=True)
    matched = 0
    for page in scene_pages(stash, PREVIEW_PAGE):
        for one in look([key for key, _ in page]):
            tally.add(one)
            matched += bool(one.items)
            if one.fields:
                writer.add(preview_row(one))
            if one.fields and tally.changed <= EXAMPLES:
                context.info(f"Scene {one.scene_id} ({one.title}): {', '.join(one.fields)}.")
        context.progress(min(1.0, tally.scenes / max(1, total)))
        if pace.fire():
            context.info(f"{tally.scenes:,} of {pluralize(total, 'scene')} looked at.")
        if context.clock.monotonic() >= ends_at:
            context.info(
                "This task's time is used up; the scenes with higher numbers were not looked at."
            )
            break
    return matched


def _scene_count(stash: StashClient) -> int:
    """Return the number of scenes for the progress bar, 0 if Stash rejects the query."""
    try:
        return stash.scene_count()
    except StashQueryError:
        return 0
