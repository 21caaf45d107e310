"""Turns one event of Stash into one waiting job. Standard library only: the user's save waits.

The hook reads no values and no settings and sends no request. It enqueues what changed and why; the
worker reads the scene, or what scenes show of a performer, studio, tag or group, when it drains,
and decides.
"""

import _sqlite3 as sqlite3  # why: sync_queue/hook_queue.py
import os

from hooks.message import MERGE
from sync_queue import statements as sql
from sync_queue.hook_queue import (
    QueueUnavailable,
    connect,
    insert_job,
    is_worker_alive,
    job_row,
    pop_notices,
    pop_pending_message,
    session_parameters,
    write_spills,
)

TYPE_CHECKING = False  # `typing` and `collections.abc` cost a hook more than its own work
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    PollProcess = Callable[[], int | None]
    """Says whether a started worker has ended: None while it runs."""

SCENE_TRIGGERS = ("Scene.Create.Post", "Scene.Update.Post", "Scene.Destroy.Post")
# What scenes show changes without the scenes being touched.
ENTITY_TRIGGERS = (
    "Performer.Update.Post",
    "Performer.Destroy.Post",
    "Studio.Update.Post",
    "Studio.Destroy.Post",
    "Tag.Update.Post",
    "Tag.Destroy.Post",
    "Tag.Merge.Post",
    "Group.Update.Post",
    "Group.Destroy.Post",
)
TRIGGERS = (*SCENE_TRIGGERS, *ENTITY_TRIGGERS)

# Keys of an update that Plex can never show. Everything else is noted: when in doubt, note it.
IGNORED_KEYS = frozenset(
    {
        "id",
        "ids",
        "clientMutationId",
        "play_count",
        "play_duration",
        "play_history",
        "last_played_at",
        "resume_time",
        "o_counter",
        "o_history",
        "last_o_at",
    }
)

# The same for what scenes show of others.
IGNORED_ENTITY_KEYS = frozenset(
    {
        "id",
        "ids",
        "clientMutationId",
        "favorite",
        "rating100",
        "image",
        "back_image",
        "alias_list",
        "aliases",
        "custom_fields",
        "death_date",
        "description",
        "details",
        "ignore_auto_tag",
        "stash_ids",
        "url",
        "urls",
    }
)

EDIT = 0  # the priority of a user's edit (core/job.py names them all; the hook does not load it)
SCENE = "scene"
MAX_ID = 19  # digits; what SQLite cannot hold is no id


class InvalidHookContext(Exception):
    """The hook's input does not say what changed."""


def job_from_context(context: object, now: float) -> dict[str, object] | None:
    """Return the job for one hook context; None if the event cannot matter to Plex.

    Raises:
        InvalidHookContext: the context names no scene or entity, or no event that PlexSync listens
            to.

    Examples:
        >>> played = {"type": "Scene.Update.Post", "id": 42, "input": {}}
        >>> played |= {"inputFields": ["id", "play_count"]}
        >>> job_from_context(played, 1000.0) is None
        True
        >>> note = job_from_context(played | {"inputFields": ["id", "title"]}, 1000.0)
        >>> note["subject"], note["cause"], note["due_at"]
        ('scene:42', 'update', 1001.0)
    """
    if not isinstance(context, dict):
        raise InvalidHookContext("the hook context is missing")
    trigger, number = context.get("type"), context.get("id")
    if trigger not in TRIGGERS:
        raise InvalidHookContext(f"unknown event {_abbreviate(trigger)}")
    kind, event, _ = str(trigger).lower().split(".")
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise InvalidHookContext(f"{trigger} names no {kind} (id {_abbreviate(number)})")
    silent = IGNORED_KEYS if kind == SCENE else IGNORED_ENTITY_KEYS
    if event == "update" and _is_silent(context.get("inputFields"), silent):
        return None
    subject = f"{kind}:{number}"
    if kind == SCENE and event != "destroy" and context.get("input") is None:
        # A scan: the cover and the metadata come later, and no user waits for it in Plex.
        return job_row(subject, "scan", EDIT, now, sql.SCAN_SETTLE_S, None)
    return job_row(subject, event, EDIT, now, sql.SETTLE_S, sql.SETTLE_WINDOW_S)


def merge_source_jobs(context: object, now: float) -> list[dict[str, object]]:
    """Return the jobs of the tags that a merge removed: only they say which scenes it touched."""
    given = (
        context.get("input") if isinstance(context, dict) and context.get("type") == MERGE else None
    )
    sources = given.get("source") if isinstance(given, dict) else None
    numbers = (
        [text for text in sources if isinstance(text, str)] if isinstance(sources, list) else []
    )
    return [
        job_row(f"tag:{int(text)}", "merge", EDIT, now, sql.SETTLE_S, sql.SETTLE_WINDOW_S)
        for text in dict.fromkeys(numbers)
        if text.isascii() and text.isdigit() and 0 < len(text) < MAX_ID
    ]


def _abbreviate(value: object) -> str:
    return repr(value)[:100]  # it may be megabytes, and Stash's log ends at a line of 64 KiB


def _is_silent(input_fields: object, silent: frozenset[str]) -> bool:
    if not isinstance(input_fields, list) or not input_fields:
        return False
    return all(isinstance(key, str) and key in silent for key in input_fields)


def _no_checkpoint(name: str) -> None:
    """Do nothing; `core.checkpoint` would be one more file to load."""


def run_hook(
    message: dict[str, object],
    data_dir: str,
    now: float,
    start_worker: "Callable[[str], PollProcess]",
    write_error: "Callable[[bytes], object]",
    checkpoint: "Callable[[str], object]" = _no_checkpoint,
) -> dict[str, object]:
    """Handle one hook run and return the answer for Stash. Never raise for foreseeable faults."""
    arguments = message.get("args")
    context = arguments.get("hookContext") if isinstance(arguments, dict) else None
    try:
        note = job_from_context(context, now)
    except InvalidHookContext as error:
        return {"error": f"PlexSync noted nothing: {error}."}
    if note is None:
        return {"output": "ok"}
    notes = [note, *merge_source_jobs(context, now)]
    session = session_parameters(message.get("server_connection"), now)
    try:
        os.makedirs(data_dir, mode=0o700, exist_ok=True)
        alive = is_worker_alive(data_dir)
        checkpoint("hook.probed")
        ended = None if alive else _start(start_worker, note, write_error)
        checkpoint("hook.started")
        _enqueue_or_spill(data_dir, notes, session, now, write_error)
        print_pending_message(data_dir, write_error)
        checkpoint("hook.enqueued")
        # No lost wake-up: a stopping worker checks the queue after it released the lease, and the
        # hook probes the lease after its commit.
        if (alive or (ended is not None and ended() is not None)) and not is_worker_alive(data_dir):
            _start(start_worker, note, write_error)
    except (OSError, sqlite3.Error) as error:
        return {"error": _failure_message(note, error)}
    return {"output": "ok"}


def _start(
    start_worker: "Callable[[str], PollProcess]",
    note: dict[str, object],
    write_error: "Callable[[bytes], object]",
) -> "PollProcess | None":
    """Start a worker; a failure is said and does not keep the change from being noted."""
    try:
        return start_worker(str(note["cause"]))
    except OSError as error:
        text = (
            f"PlexSync could not start its worker: {error}. The change is kept; "
            "run the task Process Queue."
        )
        _write_log(write_error, "error", text)
        return None


def _enqueue_or_spill(
    data_dir: str,
    notes: "Sequence[dict[str, object]]",
    session: dict[str, object] | None,
    now: float,
    write_error: "Callable[[bytes], object]",
) -> None:
    """Commit the notes, or spill them when the database does not take them."""
    try:
        connection = connect(data_dir)
    except (QueueUnavailable, sqlite3.Error):
        write_spills(data_dir, notes, session)
        return
    try:
        insert_job(connection, notes[0], session, notes[1:])
        print_notices(connection, now, write_error)
    except sqlite3.Error:
        write_spills(data_dir, notes, session)
    finally:
        connection.close()


def print_notices(
    connection: sqlite3.Connection, now: float, write_error: "Callable[[bytes], object]"
) -> None:
    """Write the pending notices to Stash's log.

    Raises:
        sqlite3.Error: they could not be taken.
    """
    for level, text in pop_notices(connection, now):
        _write_log(write_error, level, text)


def print_pending_message(data_dir: str, write_error: "Callable[[bytes], object]") -> None:
    """Say what a worker left that could not even load the packages it keeps notices with."""
    left = pop_pending_message(data_dir)
    if left is not None:
        _write_log(write_error, *left)


def _write_log(write_error: "Callable[[bytes], object]", level: str, text: str) -> None:
    """Write a line to Stash's log, or none where Stash does not know the level."""
    from core.stash_log import LEVELS, write_log  # few hooks have a line to write

    if level in LEVELS:
        write_log(write_error, level, text)


def _failure_message(note: dict[str, object], error: Exception) -> str:
    return (
        f"PlexSync could not note the change of {note['subject']}: {error}. "
        "Check that PlexSync's data folder is writable and the disk is not full; "
        "the next catch-up repairs this change."
    )
