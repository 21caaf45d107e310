"""The buttons of the reconciliation: they wish for a run and follow the worker, or compare without a write."""

from dataclasses import replace

from core.errors import PlexError
from core.record import SyncRecord
from reconciliation.detectors import DETECTORS
from reconciliation.gap_sinks import DryBook
from reconciliation.history import HistoryFile
from reconciliation.run import Run, Wish, counted, make_wish, read_run, read_wish
from reconciliation.sweep import Sweep
from sync.path_learning import Learned, PathLearning
from sync.planner import Survey
from sync_queue import statements as sql
from sync_queue.dead_letters import DeadLetters
from sync_queue.hook_queue import worker_lives
from sync_queue.meta import Facts
from sync_queue.records import Records
from tasks.context import Answer, Context, plex_failure
from tasks.progress import LINE_S, LONGEST_S, LOOK_S, STUCK_S, WAITS_S, NoWorker
from tasks.queue import process_queue
from validation.scope import ALL, RECENT, WEEK, Scope

EXAMPLES = 20
HALF = 0.5  # of the progress bar: the comparison first, then the jobs it has queued


def reconcile_all(context: Context) -> Answer:
    """Compare every scene, queue what is out of step, and follow the worker."""
    return _reconcile(context, ALL)


def reconcile_recent(context: Context) -> Answer:
    """The same for what was created or changed within 24 hours."""
    return _reconcile(context, RECENT)


def reconcile_week(context: Context) -> Answer:
    """The same for what was created or changed within seven days."""
    return _reconcile(context, WEEK)


def dry_run(context: Context) -> Answer:
    """Compare everything and say what would be queued; write nothing."""
    stash = context.stash()
    config = context.config(stash)
    run = Run(cause="dry run", scope=ALL.text, started_at=context.clock.wall())
    with context.store() as store:
        book = DryBook(store, DeadLetters(store), EXAMPLES)
        bench = context.build_bench(config, stash, store)
        learning = None if config.path_map else _Unkept(context.data_dir, context.clock, bench.log, str)
        looking = replace(bench, records=_Untouched(store), learning=learning)
        sweep = Sweep(Survey(looking), book, context.clock, run)
        try:
            while not sweep.step():
                context.progress(_share(sweep.run))
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            bench.close()
    context.progress(1.0)
    for detector in DETECTORS:
        for gap in book.examples.get(detector.kind, ()):
            named = " ".join([gap.kind, *([", ".join(gap.fields)] if gap.fields else ())])
            context.info(f"Scene {gap.scene_id}: {named}: {gap.evidence.rstrip('.')}.")
    ended = sweep.run.model_copy(update={"ended_at": context.clock.wall()})
    return _told(context, ended, "nothing was queued, a run would queue")


class _Untouched(Records):
    """The records, but nothing is written to them."""

    def save(self, record: SyncRecord) -> None:
        """Nothing is kept."""

    def forget_scene(self, scene_id: int) -> int:
        """Nothing is forgotten."""
        return 0


class _Unkept(PathLearning):
    """What was learned of paths; what is learned in passing is forgotten again."""

    def _keep(self, document: Learned) -> None:
        self._document = document


def _reconcile(context: Context, scope: Scope) -> Answer:
    if not context.has_queue() and not context.wake():
        process_queue(context)  # it makes the queue
    with context.store() as store:
        facts, now = Facts(store), context.clock.wall()
        if scope.is_full:
            facts.set(sql.WHOLE_LIBRARY, repr(now))
        wish = make_wish(facts, scope, now)
        try:
            context.worker()
        except NoWorker:
            pass  # the comparison and its jobs are then done in here, by the next line but one
        else:
            _follow(context, facts, wish)
    answer = process_queue(replace(context, progress=lambda share: context.progress(HALF + share * HALF)))
    history, _ = HistoryFile(context.data_dir, context.clock.sleep).load()
    run = next((run for run in history.runs if run.asked_at == wish.asked_at), None)
    if run is None:
        context.info("The comparison is not over; the worker goes on with it by itself.")
        return {**answer, "finished": False}
    return {**answer, "finished": True, **_told(context, run, "queued")}


def _follow(context: Context, facts: Facts, wish: Wish) -> None:
    """Show how far the comparison is, until it is over, the worker waits, nothing moves, or time is up."""
    began = moved = worked = said = context.clock.monotonic()
    checked = -1
    while _is_ahead(facts, wish) and worker_lives(str(context.data_dir)):
        context.clock.sleep(LOOK_S)
        run, now = read_run(facts), context.clock.monotonic()
        context.progress(HALF * _share(run) if run is not None else 0.0)
        before, checked = checked, run.checked if run is not None else -1
        moved = now if checked != before else moved
        if run is not None and now - said >= LINE_S:
            said = now
            context.info(f"{run.checked} of {run.total} scenes compared, gaps: {counted(run.gaps)}.")
        worker = facts.worker()
        worked = worked if worker and worker.doing.startswith(("waiting", "switched off")) else now
        if now - worked >= WAITS_S or now - moved >= STUCK_S or now - began >= LONGEST_S:
            return


def _is_ahead(facts: Facts, wish: Wish) -> bool:
    run = read_run(facts)
    return read_wish(facts) is not None or (run is not None and run.asked_at == wish.asked_at)


def _share(run: Run) -> float:
    return min(1.0, run.checked / run.total) if run.total else 0.0


def _told(context: Context, run: Run, queued: str) -> Answer:
    """Say what was found, kind by kind, the sum last; the same as an answer."""
    for detector in DETECTORS:
        if run.gaps.get(detector.kind):
            fields = counted(run.fields.get(detector.kind, {}))
            where = "" if fields == "none" else f" ({fields})"
            context.info(f"{run.gaps[detector.kind]} {detector.kind}{where}: {detector.meaning}")
    context.info(f"{run.checked} scenes compared. Gaps: {counted(run.gaps)}; {queued}: {counted(run.enqueued)}.")
    if run.failed:
        context.say("warning", f"The comparison ended early: {run.failed}.")
    return {
        "scope": run.scope,
        "checked": run.checked,
        "gaps": run.gaps,
        "fields": run.fields,
        "queued_gaps": run.enqueued,
        "failed": run.failed,
    }
