"""The task table: what a button in Stash does. The manifest is generated from it.

Stash shows a task's description, a progress bar and log lines, and nothing of its answer. So a task
writes log lines for people and answers one JSON document for whoever calls it through the API.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.errors import PlexError, PlexSyncError
from core.job import PRIORITY_BACKFILL, scene_subject
from core.stderr import write_log
from stash.client import StashAddress, StashClient
from sync_queue.dead_letters import DeadLetters
from sync_queue.facts import Facts
from sync_queue.inbox import connect, session_parameters, worker_lives
from sync_queue.store import JobStore
from validation.config import read_config
from wiring import Outside, build_plex, work_here
from worker.follow import Follower, NoWorker, ensure_worker, spill_session
from worker.outage_report import report_lines
from worker.outages import metrics, read_history, within
from worker.recover import CLASSES, MARGIN_S, recover
from worker.status import status_lines, take_snapshot

PAGE = 500


class TaskFailed(PlexSyncError):
    """The task could not do its job."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a task works with. `say` writes a line to Stash's log, `progress` moves the bar (0 to 1)."""

    root: Path
    data_dir: Path
    session: dict[str, object] | None
    arguments: Mapping[str, object]
    start_worker: Callable[[str], object]
    say: Callable[[str, str], None]
    progress: Callable[[float], None]
    outside: Outside

    def store(self) -> JobStore:
        """The queue; a worker has made it by now.

        Raises:
            TaskFailed: the database cannot be used.
        """
        try:
            return JobStore(connect(str(self.data_dir)), self.outside.clock)
        except Exception as error:  # noqa: BLE001 whatever is wrong with the database, the advice is the same
            raise TaskFailed(
                f"PlexSync's queue cannot be opened: {error}. See plexsync.log in its data folder."
            ) from error

    def stash(self) -> StashClient:
        """Stash, by the session of this very task.

        Raises:
            TaskFailed: the task was started without a connection to Stash.
        """
        if self.session is None:
            raise TaskFailed("Stash did not say where it listens; start this task from Stash.")
        address = StashAddress(str(self.session["scheme"]), str(self.session["host"]), int(str(self.session["port"])))
        return StashClient(address, str(self.session["cookie"]))


def process_queue(context: Context) -> dict[str, object]:
    """Make sure that a worker lives and follow it until nothing is due."""
    try:
        ensure_worker(context.data_dir, context.start_worker, context.outside.clock, context.session)
    except NoWorker as error:
        return work_off_here(context, error)
    with closing(context.store().connection) as connection:
        store = JobStore(connection, context.outside.clock)
        follower = Follower(store, Facts(store), context.outside.clock, context.say, context.progress)
        return follower.follow(lambda: worker_lives(str(context.data_dir)))


def work_off_here(context: Context, reason: NoWorker) -> dict[str, object]:
    """Where no worker can be started, do its work in this very process."""
    context.say("warning", f"{reason} This task does the work itself.")
    spill_session(context.data_dir, context.session)
    worked = work_here(context.outside, lambda: None)
    with closing(context.store().connection) as connection:
        due, later, running = JobStore(connection, context.outside.clock).counts()
    context.progress(1.0)
    context.say("info", f"{due + running} left, {later} wait for later.")
    return {"worked_here": worked, "left": due + running, "later": later}


def sync_all(context: Context) -> dict[str, object]:
    """Put every scene into the queue, behind whatever people edit, and follow the worker."""
    ensure_worker(context.data_dir, context.start_worker, context.outside.clock, context.session)
    stash, queued, after = context.stash(), 0, 0
    with closing(context.store().connection) as connection:
        store = JobStore(connection, context.outside.clock)
        while page := stash.scene_page(after, PAGE):
            queued += store.note_many((scene_subject(key) for key, _ in page), "sync_all", PRIORITY_BACKFILL)
            after = page[-1][0]
    context.say("info", f"Sync All: {queued} scenes are in the queue.")
    return {**process_queue(context), "queued": queued}


def view_status(context: Context) -> dict[str, object]:
    """Print the state of the queue, the most important last: Stash shows the newest line first."""
    ensure_worker(context.data_dir, context.start_worker, context.outside.clock, context.session)
    with closing(context.store().connection) as connection:
        shot = take_snapshot(context.data_dir, JobStore(connection, context.outside.clock), context.outside.clock)
    for line in status_lines(shot, context.outside.clock.wall()):
        context.say("info", line)
    return {
        "due": shot.due,
        "later": shot.later,
        "running": shot.running,
        "dead": dict(shot.dead),
        "waiting": dict(shot.waiting),
        "worker": shot.doing,
        "breaker": shot.breaker.state.value,
        "confidence": dict(shot.confidences),
    }


def outage_report(context: Context) -> dict[str, object]:
    """Print when Plex was away, and what that adds up to."""
    history, warning = read_history(context.data_dir, context.outside.clock.sleep)
    now = context.outside.clock.wall()
    for line in [*filter(None, [warning]), *report_lines(history, now)]:
        context.say("info", line)
    return {"outages": len(history.outages), **asdict(metrics(history, now))}


def recover_down(context: Context) -> dict[str, object]:
    """Put back the dead letters of a Plex that was away."""
    return _recover(context, "down")


def recover_temporary(context: Context) -> dict[str, object]:
    """Put back the dead letters of a Plex that was away or failing."""
    return _recover(context, "temporary")


def _recover(context: Context, classes: str) -> dict[str, object]:
    stash, clock = context.stash(), context.outside.clock
    _require_plex(context, stash)
    history, _ = read_history(context.data_dir, clock.sleep)
    with closing(context.store().connection) as connection:
        store = JobStore(connection, clock)
        result = recover(
            store,
            DeadLetters(store),
            CLASSES[classes],
            lambda moment: within(history, moment, MARGIN_S),
            lambda ids: frozenset(key for key, scene in stash.scenes(ids).items() if scene is None),
            clock.wall(),
        )
    ensure_worker(context.data_dir, context.start_worker, clock, context.session)
    context.say("info", result.line())
    return asdict(result)


def _require_plex(context: Context, stash: StashClient) -> None:
    """Raises TaskFailed, politely, while Plex is not healthy: the letters would only come back."""
    config = read_config(stash.settings()).config
    if config.missing():
        raise TaskFailed(f"{' and '.join(config.missing())} is not set. Enter it in PlexSync's settings.")
    with closing(build_plex(context.outside, config)) as plex:
        try:
            plex.check_identity()
            plex.sections()
        except PlexError as error:
            raise TaskFailed(f"Plex is not well yet, so nothing was put back: {error}. Try again later.") from error


def clear_dead_letters(context: Context) -> dict[str, object]:
    """Delete every dead letter."""
    with closing(context.store().connection) as connection:
        count = DeadLetters(JobStore(connection, context.outside.clock)).clear()
    context.say("info", f"{count} dead letters deleted; none is left.")
    return {"deleted": count}


def health_check(context: Context) -> dict[str, object]:
    """Look at both servers, the token and the libraries, and say what is wrong."""
    stash = context.stash()
    config = read_config(stash.settings()).config
    context.say("info", f"Stash answers at {stash.base_url}.")
    if config.missing():
        raise TaskFailed(f"{' and '.join(config.missing())} is not set. Enter it in PlexSync's settings.")
    with closing(build_plex(context.outside, config)) as plex:
        try:
            machine = plex.machine_identifier()
            context.say("info", f"Plex answers at {config.plex_url} (server {machine[:8]}).")
            libraries = [section.title for section in plex.sections() if section.type == "movie"]
        except PlexError as error:
            raise TaskFailed(f"{error}. {error.advice}") from error
    context.say("info", f"The token works; movie libraries: {', '.join(libraries) or 'none'}.")
    wanted = {name.casefold() for name in config.plex_libraries}
    missing = sorted(wanted - {title.casefold() for title in libraries})
    if missing:
        raise TaskFailed(f"Plex has no movie library named {', '.join(missing)}. Correct the setting Plex libraries.")
    alive = worker_lives(str(context.data_dir))
    context.say("info", f"The worker is {'alive' if alive else 'not running; the next edit starts it'}.")
    return {"plex": machine, "libraries": libraries, "worker": alive}


@dataclass(frozen=True, slots=True)
class Task:
    """One row: the button's name and description, the mode it calls, and what it does."""

    name: str
    description: str
    mode: str
    run: Callable[[Context], dict[str, object]]


# fmt: off
TASKS: tuple[Task, ...] = (
    Task("Process Queue", "Work off what waits now, with a progress bar. PlexSync does this by itself; "
         "the button lets you watch.", "process", process_queue),
    Task("View Queue Status", "Write what waits, what failed and why into the log (Settings > Logs).",
         "status", view_status),
    Task("Sync All Scenes", "Send every scene's metadata to Plex. Replaces titles, summaries, tags and posters there.",
         "sync_all", sync_all),
    Task("Outage Summary Report", "Write into the log when Plex was away, for how long, and how often.",
         "outages", outage_report),
    Task("Recover Outage Jobs", "Put scenes back into the queue whose sync failed because Plex was away.",
         "recover", recover_down),
    Task("Recover Outage Jobs: Temporary Errors", "The same, and also scenes that failed with a passing fault of "
         "Plex during a recorded outage.", "recover_temporary", recover_temporary),
    Task("Clear Dead Letter Queue", "Delete all dead letters. Their scenes are sent again at their next change.",
         "clear_dead", clear_dead_letters),
    Task("Health Check", "Check the connection to Stash and to Plex, the token and the libraries.",
         "health", health_check),
)
# fmt: on


def run_task(
    message: Mapping[str, object],
    arguments: Mapping[str, object],
    root: str,
    data_dir: str,
    start_worker: Callable[[str], object],
    write: Callable[[bytes], object],
) -> dict[str, object]:
    """Run the task whose mode was asked for; the answer for Stash. Foreseeable trouble is an `error`."""
    mode = arguments.get("mode")
    task = next((row for row in TASKS if row.mode == mode), None)
    if task is None:
        known = ", ".join(row.mode for row in TASKS)
        return {"error": f"PlexSync does not know the mode {mode!r}. Known modes: {known}, wake, say."}
    outside = Outside(Path(root), Path(data_dir), SystemClock())
    context = Context(
        root=outside.root,
        data_dir=outside.data_dir,
        session=session_parameters(message.get("server_connection"), outside.clock.wall()),
        arguments=arguments,
        start_worker=start_worker,
        say=lambda level, text: write_log(write, level, text),
        progress=lambda share: write_log(write, "progress", f"{share:.4f}"),
        outside=outside,
    )
    try:
        return {"output": _jsonable(task.run(context))}
    except (PlexSyncError, sqlite3.Error, OSError) as error:
        return {"error": f"{task.name}: {error}"}


def _jsonable(document: Mapping[str, object]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in document.items()}
