"""Tasks that fill the queue, empty it, and watch it."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from core.errors import PlexSyncError
from core.job import PRIORITY_BACKFILL, scene_subject
from stash.client import StashClient
from sync_queue.facts import Facts
from sync_queue.inbox import worker_lives
from sync_queue.records import Records
from sync_queue.statements import WHOLE_LIBRARY
from sync_queue.store import JobStore
from validation.config import read_config
from worker.catch_up import MARGIN, SETTLED_S, parse_time
from worker.follow import LONGEST_S, Follower, NoWorker
from worker.life import SERVER
from worker.stats import read_statistics
from worker.task_context import Answer, Context

PAGE = 500
RECENT = timedelta(hours=24)
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
        follow_s = _follow_s(context, store)
        return _follower(context, store).follow(lambda: worker_lives(str(context.data_dir)), follow_s)


def sync_all(context: Context) -> Answer:
    """Queue every scene that the records do not prove current, and follow the worker."""
    return _enqueue(context, "sync_all", is_forced=False)


def force_sync_all(context: Context) -> Answer:
    """Queue every scene, whatever the records say, and follow the worker."""
    return _enqueue(context, "force_sync", is_forced=True)


def sync_recent(context: Context) -> Answer:
    """Queue the scenes that were created or changed within 24 hours, and follow the worker."""
    now = datetime.fromtimestamp(context.clock.wall(), timezone.utc)
    since = (now - RECENT - MARGIN).strftime("%Y-%m-%dT%H:%M:%S")
    return _enqueue(context, "sync_recent", is_forced=True, since=since, newer_than=(now - RECENT).timestamp())


def clear_waiting(context: Context) -> Answer:
    """Forget what waits, never what is in progress."""
    with context.store() as store:
        due, later, running = store.counts()
        count = due + later
        if not context.confirmed("Clear Pending Queue", count, f"{count} waiting changes would be forgotten."):
            return {"deleted": 0, "waiting": count}
        deleted = store.clear_waiting()
    context.info(f"{deleted} waiting changes forgotten; {running} in progress.")
    return {"deleted": deleted, "running": running}


def _enqueue(context: Context, cause: str, *, is_forced: bool, since: str = "", newer_than: float = 0.0) -> Answer:
    if not context.has_queue() and not context.wake():
        process_queue(context)  # it makes the queue
    stash, queued, proven = context.stash(), 0, 0
    with context.store() as store:
        if not since:
            Facts(store).set(WHOLE_LIBRARY, repr(context.clock.wall()))
        for page in _pages(stash, since):
            recent = [(key, text) for key, text in page if (parse_time(text) or newer_than) >= newer_than]
            wanted = recent if is_forced else [one for one in recent if not _is_current(store, *one)]
            queued += store.note_many((scene_subject(key) for key, _ in wanted), cause, PRIORITY_BACKFILL)
            proven += len(recent) - len(wanted)
    known = f", {proven} are proven current and left out" if proven else ""
    context.info(f"{queued} scenes are in the queue{known}.")
    return {**process_queue(context), "queued": queued, "current": proven}


def _pages(stash: StashClient, since: str) -> Iterator[list[tuple[int, str]]]:
    after = 0
    while page := stash.scene_page(after, PAGE, since):
        yield page
        after = page[-1][0]


def _is_current(store: JobStore, scene_id: int, updated_at: str) -> bool:
    """Whether a record proves that this state of the scene was read and written."""
    known, read_at = Records(store).known_update(scene_id, Facts(store).get(SERVER))
    updated = parse_time(updated_at)
    return known == updated_at and updated is not None and read_at >= updated + SETTLED_S


def _work_off_here(context: Context, reason: NoWorker) -> Answer:
    """Where no worker can be started, do its work in this very process."""
    context.say("warning", f"{reason} This task does the work itself.")
    before = _left(context) if context.has_queue() else 0
    worked = context.work_here(lambda: None)
    left = _left(context)
    with context.store() as store:
        answer = _follower(context, store).farewell(max(0, before - left), left, is_alive=not worked)
    return {"worked_here": worked, **answer}


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


def _follow_s(context: Context, store: JobStore) -> float:
    """How long following is worth while: what the backlog should take, within bounds."""
    try:
        limit_s = read_config(context.stash().settings()).config.process_minutes * 60.0
    except PlexSyncError:
        limit_s = LONGEST_S
    times = read_statistics(context.data_dir, context.clock.sleep).times_s
    typical_s = sum(times) / len(times) if times else UNKNOWN_JOB_S
    due, _, running = store.counts()
    return min(limit_s, max(SHORTEST_FOLLOW_S, (due + running) * typical_s * TIME_MARGIN))


def _follower(context: Context, store: JobStore) -> Follower:
    return Follower(store, Facts(store), context.clock, context.say, context.progress)


def _left(context: Context) -> int:
    with context.store() as store:
        due, _, running = store.counts()
    return due + running
