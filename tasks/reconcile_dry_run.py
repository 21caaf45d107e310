"""Compares Stash and Plex without a write, and says what a run would queue."""

from dataclasses import replace

from core.errors import PlexError
from core.record import SyncRecord
from reconciliation.detectors import DETECTORS, MISSING
from reconciliation.gap_sinks import DryRunGapSink
from reconciliation.run import Run
from reconciliation.sweep import Sweep
from sync.dry_run_file import RECONCILE, DryRunWriter
from sync.path_learning import LearnedPaths, LearnedPathStore
from sync.planner import SyncPlanner
from sync_queue.dead_letters import DeadLetters
from sync_queue.records import Records
from tasks.context import TaskContext, TaskResult, plex_failure
from tasks.dry_run_rows import DryRunCounts, finish_rows, gap_row
from tasks.reconcile import report_run, share_of
from validation.scope import ALL

EXAMPLES = 20


def dry_run(context: TaskContext) -> TaskResult:
    """Compare everything and say what would be queued; write nothing to Plex or the queue."""
    stash = context.stash_client()
    config = context.config(stash)
    run = Run(cause="dry run", scope=ALL.text, started_at=context.clock.wall())
    writer = DryRunWriter(context.data_dir, RECONCILE, context.clock.sleep)
    with context.store() as store, writer:
        book = DryRunGapSink(
            store, DeadLetters(store), EXAMPLES, lambda gap, title: writer.add(gap_row(gap, title))
        )
        ctx = context.build_sync_context(config, stash, store)
        learning = None
        if not config.path_map:
            learning = _ReadOnlyLearnedPaths(context.data_dir, context.clock, ctx.log, str)
        looking = replace(ctx, records=_ReadOnlyRecords(store), learning=learning)
        sweep = Sweep(SyncPlanner(looking), book, context.clock, run)
        try:
            while not sweep.step():
                context.progress(share_of(sweep.run))
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            ctx.close()
        seen = sweep.run
        matched = seen.checked - seen.gaps.get(MISSING, 0)
        finish_rows(context, store, writer, DryRunCounts(seen.checked, matched, seen.left_out))
    context.progress(1.0)
    for detector in DETECTORS:
        for gap in book.examples.get(detector.kind, ()):
            named = " ".join([gap.kind, *([", ".join(gap.fields)] if gap.fields else ())])
            context.info(f"Scene {gap.scene_id}: {named}: {gap.evidence.rstrip('.')}.")
    ended = sweep.run.model_copy(update={"ended_at": context.clock.wall()})
    return report_run(context, ended, "nothing was queued, a run would queue")


class _ReadOnlyRecords(Records):
    """The records, without writes."""

    def save(self, record: SyncRecord) -> None:
        """Save nothing."""

    def unchecked_servers(self, server: str) -> list[str]:
        """Return []: nothing is copied to another identifier of the server."""
        return []

    def forget_scene(self, scene_id: int) -> int:
        """Forget nothing."""
        return 0


class _ReadOnlyLearnedPaths(LearnedPathStore):
    """The learned paths; what is learned meanwhile is not saved."""

    def _save(self, document: LearnedPaths) -> None:
        self._document = document
