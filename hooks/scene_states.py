"""Answer which scenes wait and which failed, for the marks on Stash's scene cards.

As light as `hooks/snapshot.py`: standard library only, nothing is written, only what is asked for
is read.
"""

import _sqlite3 as sqlite3  # why: sync_queue/hook_queue.py
from collections.abc import Mapping

from sync_queue import statements as sql
from sync_queue.hook_queue import QueueUnavailable, connect

CALL = "scene_states"
MAX_IDS = 1_000
MAX_ID = 2**53  # the largest whole number that a page can send
BUSY_TIMEOUT_S = 0.5  # marks that are missing once do no harm
PER_QUERY = 500  # SQLite before 3.32 takes 999 values
_KNOWN = ("mode", "call", "ids")

Json = dict[str, object]


def run_scene_states(arguments: Mapping[str, object], data_dir: str) -> Json:
    """Return Stash's answer: `output` with the ids that wait or failed, or an `error`.

    A scene whose job is in progress waits as well; one that waits is not also failed, because it
    is tried again. Both lists are empty while the database is missing, locked or of another
    version:

    ```text
    {"waiting": [42], "failed": [7]}
    ```
    """
    error = _problem(arguments)
    if error:
        return {"error": f"{CALL}: {error}"}
    ids = dict.fromkeys(arguments["ids"])  # type: ignore[call-overload]
    try:
        connection = connect(data_dir, BUSY_TIMEOUT_S)
    except (QueueUnavailable, sqlite3.Error):
        return {"output": {"waiting": [], "failed": []}}
    try:
        waiting = _among(connection, sql.WAITING_AMONG, ids)
        waiting |= _among(connection, sql.RUNNING_AMONG, ids)
        failed = _among(connection, sql.DEAD_LETTERS_AMONG, ids)
    except sqlite3.Error:
        return {"output": {"waiting": [], "failed": []}}
    finally:
        connection.close()
    return {
        "output": {
            "waiting": [scene for scene in ids if scene in waiting],
            "failed": [scene for scene in ids if scene in failed and scene not in waiting],
        }
    }


def _problem(arguments: Mapping[str, object]) -> str:
    """Return what is wrong with the arguments; "" for nothing."""
    unknown = [name for name in arguments if name not in _KNOWN]
    if unknown:
        return f"{unknown[0]}: it takes no such argument."
    ids = arguments.get("ids")
    if not isinstance(ids, list):
        return "ids: a list of scene ids is needed."
    if len(ids) > MAX_IDS:
        return f"ids: at most {MAX_IDS:,} scenes in one call."
    if not all(type(scene) is int and 0 <= scene <= MAX_ID for scene in ids):
        return "ids: a scene id is a whole number that is not negative."
    return ""


def _among(connection: sqlite3.Connection, statement: str, ids: dict[int, None]) -> set[int]:
    """Return those of the scenes whose subject the statement finds."""
    found: set[int] = set()
    subjects = [f"scene:{scene}" for scene in ids]
    for start in range(0, len(subjects), PER_QUERY):
        page = subjects[start : start + PER_QUERY]
        rows = connection.execute(statement.format(places=", ".join("?" * len(page))), page)
        found.update(int(subject.partition(":")[2]) for (subject,) in rows)
    return found
