"""Answer what the page polls: queue, worker and Plex at a glance.

As light as a hook, because Stash starts a process for it every few seconds while the page is shown:
standard library only, nothing is written, no document is validated in depth.
"""

import json
import os
import sqlite3
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
BUSY_TIMEOUT_S = 0.5  # the next poll follows in seconds

Json = dict[str, object]


def run_snapshot(data_dir: str, now: float) -> Json:
    """Return Stash's answer: `output` with the snapshot.

    `queue` is None while the database is missing, locked or of another version; times are epoch
    seconds, 0 for never:

    ```text
    {"version": "1.2.0", "at": 1795960000.0,
     "queue": {"due": 0, "later": 2, "running": 0, "dead_letters": 1, "next_due_at": 1795960060.0},
     "worker": {"is_running": true, "version": "1.2.0", "status": "idle", "detail": "",
                "started_at": 1795950000.0},
     "plex": {"state": "closed", "since": 1795950000.0, "reason": "", "next_probe_at": 0,
              "is_slow_start": false}}
    ```
    """
    queue, worker = _read_database(data_dir, now)
    worker["is_running"] = is_worker_alive(data_dir)
    output = {
        "version": VERSION,
        "at": now,
        "queue": queue,
        "worker": worker,
        "plex": _plex(data_dir),
    }
    return {"output": output}


def _read_database(data_dir: str, now: float) -> tuple[Json | None, Json]:
    worker: Json = {"version": "", "status": "", "detail": "", "started_at": 0}
    try:
        connection = connect(data_dir, BUSY_TIMEOUT_S)
    except (QueueUnavailable, sqlite3.Error):
        return None, worker
    try:
        due, later, running = connection.execute(sql.COUNTS, {"now": now}).fetchone()
        dead_letters = connection.execute(sql.TOTAL_DEAD_LETTERS).fetchone()[0]
        next_due_at = connection.execute(sql.NEXT_DUE).fetchone()[0]
        row = connection.execute(sql.WORKER).fetchone()
    except sqlite3.Error:
        return None, worker
    finally:
        connection.close()
    if row is not None:
        _pid, version, _epoch, _started_by, started_at, doing = row
        status, _, detail = str(doing).partition(": ")
        worker = {"version": version, "status": status, "detail": detail, "started_at": started_at}
    queue: Json = {"due": due, "later": later, "running": running}
    return {**queue, "dead_letters": dead_letters, "next_due_at": next_due_at or 0}, worker


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
            document = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
