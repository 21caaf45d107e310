"""Answer what the page polls: queue, worker and Plex at a glance.

As light as a hook, because Stash starts a process for it every few seconds while the page is shown:
standard library only, nothing is written, no document is validated in depth.
"""

import _sqlite3 as sqlite3  # why: sync_queue/hook_queue.py
import json
import os
from collections.abc import Mapping

from core.version import VERSION
from sync_queue import statements as sql
from sync_queue.hook_queue import QueueUnavailable, connect, is_worker_alive

MODE = "ui"
CALL = "snapshot"
BREAKER_FILE = "circuit_breaker.json"
SLOW_START_FILE = "ramp.json"
BREAKER_STATES = ("closed", "open", "half_open")
SLOW_START_S = 300.0
RECONCILE = "reconcile"
RUN_KINDS = ("sync_all", "sync_recent", "force_sync", RECONCILE)
BUSY_TIMEOUT_S = 0.5  # the next poll follows in seconds

Json = dict[str, object]


def run_snapshot(data_dir: str, now: float) -> Json:
    """Return Stash's answer: `output` with the snapshot.

    `queue` is None while the database is missing, locked or of another version; times are epoch
    seconds, 0 for never:

    ```text
    {"version": "1.4.0", "at": 1795960000.0,
     "queue": {"due": 0, "later": 2, "running": 0, "dead_letters": 1, "next_due_at": 1795960060.0},
     "worker": {"is_running": true, "version": "1.4.0", "status": "idle", "detail": "",
                "started_at": 1795950000.0},
     "plex": {"state": "closed", "since": 1795950000.0, "reason": "", "next_probe_at": 0,
              "is_slow_start": false},
     "run": {"kind": "sync_all", "asked_at": 1795959990.0, "is_waiting": false, "done": 500,
             "total": 2000, "queued": 480, "left": 470}}
    ```

    `run` is None where the worker does no long work for the user.
    """
    queue, worker, run = _read_database(data_dir, now)
    worker["is_running"] = is_worker_alive(data_dir)
    output = {
        "version": VERSION,
        "at": now,
        "queue": queue,
        "worker": worker,
        "plex": _plex(data_dir),
        "run": run,
    }
    return {"output": output}


def _read_database(data_dir: str, now: float) -> tuple[Json | None, Json, Json | None]:
    worker: Json = {"version": "", "status": "", "detail": "", "started_at": 0}
    try:
        connection = connect(data_dir, BUSY_TIMEOUT_S)
    except (QueueUnavailable, sqlite3.Error):
        return None, worker, None
    try:
        due, later, running = connection.execute(sql.COUNTS, {"now": now}).fetchone()
        dead_letters = connection.execute(sql.TOTAL_DEAD_LETTERS).fetchone()[0]
        next_due_at = connection.execute(sql.NEXT_DUE).fetchone()[0]
        row = connection.execute(sql.WORKER).fetchone()
        run = read_run(connection)
    except sqlite3.Error:
        return None, worker, None
    finally:
        connection.close()
    if row is not None:
        _pid, version, _epoch, _started_by, started_at, doing = row
        status, _, detail = str(doing).partition(": ")
        worker = {"version": version, "status": status, "detail": detail, "started_at": started_at}
    queue: Json = {"due": due, "later": later, "running": running}
    return {**queue, "dead_letters": dead_letters, "next_due_at": next_due_at or 0}, worker, run


def read_run(connection: sqlite3.Connection) -> Json | None:
    """Return the long work of the worker; None where there is none.

    A comparison is shown before a sync of which only jobs are left.
    """
    rows = dict(connection.execute(sql.RUNS).fetchall())
    if not rows:
        return None
    sync = _parse(rows.get(sql.SYNC_RUN, ""))
    if sync and not sync.get("is_enqueued"):
        return _sync_run(connection, sync)
    comparison = _parse(rows.get(sql.RECONCILE_RUN, ""))
    if comparison and rows.get(sql.RECONCILE_CANCEL) != repr(comparison.get("started_at")):
        return _comparison(connection, comparison)
    request = _parse(rows.get(sql.RECONCILE_REQUEST, ""))
    if request:
        return _comparison(connection, request)
    shown = _sync_run(connection, sync) if sync else None
    return shown if shown and shown["left"] else None


def _sync_run(connection: sqlite3.Connection, sync: Json) -> Json | None:
    kind = sync.get("kind")
    if kind not in RUN_KINDS:
        return None
    return {
        "kind": kind,
        "asked_at": _number(sync, "asked_at"),
        "is_waiting": not sync.get("started_at"),
        "done": int(_number(sync, "done")),
        "total": int(_number(sync, "total")),
        "queued": int(_number(sync, "queued")),
        "left": _count_left(connection, str(kind)),
    }


def _comparison(connection: sqlite3.Connection, document: Json) -> Json:
    enqueued = document.get("enqueued")
    counts = enqueued if isinstance(enqueued, dict) else {}
    return {
        "kind": RECONCILE,
        "asked_at": _number(document, "asked_at"),
        "is_waiting": "started_at" not in document,
        "done": int(_number(document, "checked")),
        "total": int(_number(document, "total")),
        "queued": sum(int(_number(counts, kind)) for kind in counts),
        "left": _count_left(connection, RECONCILE),
    }


def _count_left(connection: sqlite3.Connection, cause: str) -> int:
    return int(connection.execute(sql.COUNT_CAUSED_BY, {"cause": cause}).fetchone()[0])


def _plex(data_dir: str) -> Json:
    breaker = _document(data_dir, BREAKER_FILE)
    state = breaker.get("state")
    slow_start = _document(data_dir, SLOW_START_FILE)
    age_s = _number(slow_start, "age_s")
    return {
        "state": state if state in BREAKER_STATES else BREAKER_STATES[0],
        "since": _number(breaker, "since"),
        "reason": str(breaker.get("why") or ""),
        "next_probe_at": _number(breaker, "next_probe_at"),
        "is_slow_start": _number(slow_start, "started_at") > 0 and age_s < SLOW_START_S,
    }


def _number(document: Mapping[str, object], key: str) -> float:
    value = document.get(key)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(float(value)) < 1e12 else 0.0  # type: ignore[arg-type]


def _document(data_dir: str, name: str) -> Json:
    """Return a state document; {} where it is missing or damaged, which the worker repairs."""
    try:
        with open(os.path.join(data_dir, name), encoding="utf-8") as stream:
            return _parse(stream.read())
    except (OSError, ValueError):
        return {}


def _parse(text: str) -> Json:
    """Return a JSON object; {} for anything else."""
    try:
        document = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
