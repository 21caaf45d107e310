"""Tasks that fill the queue, empty it, and watch it."""

from contextlib import suppress

from core.errors import Fenced, PlexSyncError
from core.job import PRIORITY_BACKFILL, scene_subject
from core.text import several
from core.timers import Every
from core.units import DAY_S
from stash.client import SceneState
from stash.times import is_settled, parse_time, since_text
from sync_queue.counters import Counters
from sync_queue.hook_queue import worker_lives
from sync_queue.meta import SERVER, Facts
from sync_queue.records import Records
from sync_queue.statements import WHOLE_LIBRARY
from sync_queue.store import JobStore
from tasks.context import Answer, Context, state_pages
from tasks.progress import LINE_S, Follower, NoWorker
from validation.config import read_config
from worker.reporting.stats import JOB, present_statistics

PAGE = 500
SHORTEST_FOLLOW_S = 60.0
UNKNOWN_JOB_S = 0.5
TIME_MARGIN = 3.0  # a task's own estimate may be wrong by this factor


def process_queue(context: Context) -> Answer:
    """Make sure that a worker lives and follow it until nothing is due."""
    _say_what_is_missing(context)
    try:
        context.worker()
    except NoWorker as error:
        return _work_off_here(context, error)
    with context.store() as store:
        follower, limit_s = _follower(context, store)
        return follower.follow(lambda: worker_lives(str(context.data_dir)), limit_s)


def sync_all(context: Context) -> Answer:
    """Queue every scene that the records do not prove current, and follow the worker."""
    return _enqueue(context, "sync_all", is_forced=False)


def force_sync_all(context: Context) -> Answer:
    """Queue every scene, whatever the records say, and follow the worker."""
    return _enqueue(context, "force_sync", is_forced=True)


def sync_recent(context: Context) -> Answer:
    """Queue what changed within 24 hours and is not proven current, and follow the worker."""
    newer_than = context.clock.wall() - DAY_S
    return _enqueue(context, "sync_recent", is_forced=False, since=since_text(newer_than), newer_than=newer_than)


def clear_waiting(context: Context) -> Answer:
    """Forget what waits, never what is in progress."""
    with context.store() as store:
        due, later, running = store.counts()
        count = due + later
        if not context.confirmed(
            "Clear Pending Queue", count, f"{several(count, 'waiting change')} would be forgotten."
        ):
            return {"deleted": 0, "waiting": count}
        deleted = store.clear_waiting()
    context.info(f"{several(deleted, 'waiting change')} forgotten; {running:,} in progress, none waits.")
    return {"deleted": deleted, "running": running}


def _enqueue(context: Context, cause: str, *, is_forced: bool, since: str = "", newer_than: float = 0.0) -> Answer:
    if not context.has_queue() and not context.wake():
        _make_queue(context)
    stash, pace = context.stash(), Every(context.clock, LINE_S, later=True)
    queued = proven = 0
    with context.store() as store:
        if not since:
            Facts(store).set(WHOLE_LIBRARY, repr(context.clock.wall()))
        records, server = Records(store), Facts(store).get(SERVER)
        for page in state_pages(stash, PAGE, since):
            recent = [one for one in page if (parse_time(one.updated_at) or newer_than) >= newer_than]
            wanted = recent if is_forced else [one for one in recent if not _is_current(records, server, one)]
            queued += store.note_many((scene_subject(one.scene_id) for one in wanted), cause, PRIORITY_BACKFILL)
            proven += len(recent) - len(wanted)
            if pace.is_due():
                context.info(f"{several(queued, 'scene')} queued so far, {proven:,} left out.")
    known = f"; {proven:,} left out, which Plex is proven to show as they are" if proven else ""
    context.info(f"{several(queued, 'scene')} queued{known}.")
    return {**process_queue(context), "queued": queued, "current": proven}


def _is_current(records: Records, server: str, scene: SceneState) -> bool:
    """Whether a record of its file proves that this state of the scene was read and written."""
    known, read_at = records.known_update(scene.scene_id, server, scene.oshash)
    return known == scene.updated_at and is_settled(parse_time(scene.updated_at), read_at)


def _work_off_here(context: Context, reason: NoWorker) -> Answer:
    """Where no worker can be started, do its work in this very process."""
    context.say("warning", f"{reason} This task does the work itself.")
    _make_queue(context)
    with context.store() as store:
        follower, limit_s = _follower(context, store)[0], context.longest_s()  # nobody would go on afterwards
        ends_at = context.clock.monotonic() + limit_s
        try:
            is_alone = context.work_here(follower.look, limit_s)
        except Fenced:
            is_alone = False
        if not is_alone:
            return {"worked_here": False, **follower.follow(lambda: worker_lives(str(context.data_dir)), limit_s)}
        if context.clock.monotonic() >= ends_at:
            follower.say_time_is_up(limit_s)
        if store.next_due() is not None:
            with suppress(OSError):  # a machine that was too slow for a worker may have one now
                context.start_worker("task")
        return {"worked_here": True, **follower.farewell("Run Process Queue again to go on.")}


def _make_queue(context: Context) -> None:
    """Where nobody has made the queue yet: a worker with no time makes it, and takes in what was spilled."""
    if not context.has_queue():
        context.work_here(lambda: None, 0.0)


def _say_what_is_missing(context: Context) -> None:
    """Why nothing will move, where the settings are the reason."""
    try:
        config = read_config(context.stash().settings()).config
    except PlexSyncError as error:
        context.say("warning", f"The settings cannot be read now: {error}")
        return
    if config.missing():
        missing = " and ".join(config.missing())
        context.say("warning", f"Not set in PlexSync's settings: {missing}. What waits is kept until then.")
    elif not config.enabled:
        context.say("warning", "PlexSync is switched off in its settings; what waits is kept.")


def _follower(context: Context, store: JobStore) -> tuple[Follower, float]:
    """Somebody who has said how much there is to do; and for how many seconds following is worth while."""
    follower = Follower(store, context.clock, context.say, context.progress)
    times = present_statistics(context.data_dir, Counters(store), context.clock.sleep).times_s.get(JOB, ())
    job_s = sum(times) / len(times) if times else 0.0
    follower.begin(job_s)
    limit_s = context.longest_s()
    return follower, min(limit_s, max(SHORTEST_FOLLOW_S, follower.left() * (job_s or UNKNOWN_JOB_S) * TIME_MARGIN))
