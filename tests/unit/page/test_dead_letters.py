"""The calls about the dead letters: groups, rows, and what they change."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from core.match import Candidate, CandidateEntry, Evidence, PlexFile
from core.units import DAY_S
from sync_queue.store import JobStore
from tests.harness.page_calls import BareCalls
from worker.resilience.outages import begin_outage, end_outage, history_file, read_history
from worker.resilience.retry_policy import failure_text

FILE = PlexFile("/media/2019/holiday.mp4", 1_000, 9137, 1)
CANDIDATE = Candidate(FILE, Evidence.NAME_AND_SIZE, "/data/holiday.mp4")


def fail(
    store: JobStore,
    subject: str,
    reason: str = "WeakMatch",
    message: str = "Look.",
    *,
    priority: int = PRIORITY_BACKFILL,
    at: float | None = None,
    candidates: tuple[CandidateEntry, ...] = (),
) -> None:
    store.enqueue(subject, "update", priority)
    (job,) = store.claim()
    store.dead_letter(job, title="A title", reason=reason, message=message, candidates=candidates)
    if at is not None:
        store.connection.execute(
            "UPDATE dead_letters SET last_at = ? WHERE subject = ?", (at, subject)
        )


def subjects(answer: Any) -> list[str]:
    return [row["subject"] for row in answer["rows"]]


def test_groups_name_what_happened_and_what_to_do(call: BareCalls, store: JobStore) -> None:
    fail(store, "scene:1", "PlexNotFound")
    fail(store, "scene:2", "WeakMatch")
    fail(store, "scene:3", "PlexNotFound")

    groups = call("dead_letters")["groups"]

    assert [(group["reason"], group["count"]) for group in groups] == [
        ("PlexNotFound", 2),
        ("WeakMatch", 1),
    ]
    assert groups[0]["label"] == "No Plex item plays this scene's file."
    assert all(group["action"] for group in groups)


def test_rows_are_paged_newest_first(call: BareCalls, store: JobStore) -> None:
    now = time.time()
    for number in range(5):
        fail(store, f"scene:{number}", at=now - number)
    fail(store, "tag:9", "ZeroDivisionError", at=now - 9.0)

    first, second = call("dead_letters", limit=3), call("dead_letters", limit=3, offset=3)

    assert subjects(first) == ["scene:0", "scene:1", "scene:2"]
    assert subjects(second) == ["scene:3", "scene:4", "tag:9"]
    assert first["total"] == 6
    assert subjects(call("dead_letters", reason="ZeroDivisionError")) == ["tag:9"]
    chosen = call("dead_letters", scenes=[4, 0, 77], limit=1)
    assert (subjects(chosen), chosen["total"]) == (["scene:0"], 2)


def test_candidates_come_with_item_and_evidence(call: BareCalls, store: JobStore) -> None:
    fail(store, "scene:42", candidates=(CANDIDATE.entry(),))

    (row,) = call("dead_letters")["rows"]

    (shown,) = row["candidates"]
    assert shown == {
        "item": 9137,
        "link": "",
        "evidence": "name_and_size",
        "score": 0.8,
        "path": "/media/2019/holiday.mp4",
        "text": CANDIDATE.describe(),
    }
    assert (row["scene"], row["title"]) == (42, "A title")


@pytest.mark.parametrize(
    "stored", ['["item 7 exact_path 1.0 /a"]', '[{"text": "item 7", "item": "7", "score": 9}]']
)
def test_candidates_without_an_item_are_text(call: BareCalls, store: JobStore, stored: str) -> None:
    fail(store, "scene:42")
    store.connection.execute("UPDATE dead_letters SET candidates = ?", (stored,))

    (shown,) = call("dead_letters")["rows"][0]["candidates"]

    assert shown["text"].startswith("item 7")
    assert (shown["item"], shown["path"], shown["evidence"]) == (None, "", "")


@pytest.mark.parametrize("stored", ["", "{", "5", "null"])
def test_damaged_candidates_are_none(call: BareCalls, store: JobStore, stored: str) -> None:
    fail(store, "scene:42")
    store.connection.execute("UPDATE dead_letters SET candidates = ?", (stored,))

    assert call("dead_letters")["rows"][0]["candidates"] == []


def test_a_bugs_trace_stays_in_the_log(call: BareCalls, store: JobStore) -> None:
    try:
        json.loads("{}")["absent"]
    except KeyError as error:
        fail(store, "scene:42", "KeyError", failure_text(error))

    message = call("dead_letters")["rows"][0]["message"]

    assert "Traceback" not in message
    assert "KeyError: 'absent'" in message


def test_retrying_needs_the_number_that_was_shown(call: BareCalls, store: JobStore) -> None:
    for number in range(3):
        fail(store, f"scene:{number}")
    fail(store, "scene:9", "PlexNotFound")

    assert call("retry_dead_letters", reason="WeakMatch") == {
        "count": 3,
        "is_done": False,
        "text": "",
    }
    assert call("retry_dead_letters", reason="WeakMatch", confirm=2)["is_done"] is False
    assert call("queue")["total"] == 0

    answer = call("retry_dead_letters", reason="WeakMatch", confirm=3)

    assert (answer["count"], answer["is_done"]) == (3, True)
    assert [row["priority"] for row in call("queue")["rows"]] == [PRIORITY_BACKFILL] * 3
    assert subjects(call("dead_letters")) == ["scene:9"]


def test_a_single_dead_letter_is_retried_before_a_backlog(call: BareCalls, store: JobStore) -> None:
    fail(store, "scene:7")
    store.enqueue_many([f"scene:{number}" for number in range(100, 110)], "sync_all")

    call("retry_dead_letters", subjects=["scene:7", "scene:8"], confirm=1)

    first = call("queue")["rows"][0]
    assert (first["subject"], first["priority"]) == ("scene:7", PRIORITY_EDIT)


def test_dismissing_deletes_and_enqueues_nothing(call: BareCalls, store: JobStore) -> None:
    fail(store, "scene:1")
    fail(store, "scene:2", "PlexNotFound")

    assert call("dismiss_dead_letters", confirm=1)["is_done"] is False
    assert call("dismiss_dead_letters", subjects=["scene:1"], confirm=1)["is_done"]
    assert subjects(call("dead_letters")) == ["scene:2"]
    assert call("dismiss_dead_letters", confirm=1)["text"] == "1 dead letter deleted."
    assert (call("dead_letters")["total"], call("queue")["total"]) == (0, 0)


def test_only_older_dead_letters_are_purged(call: BareCalls, store: JobStore) -> None:
    fail(store, "scene:1", at=time.time() - 31 * DAY_S)
    fail(store, "scene:2", at=time.time() - 29 * DAY_S)

    assert call("purge_dead_letters", days=30) == {"count": 1, "is_done": False, "text": ""}
    assert call("purge_dead_letters", days=30, confirm=1)["is_done"]
    assert subjects(call("dead_letters")) == ["scene:2"]
    assert call("purge_dead_letters", days=0, confirm=1)["count"] == 1


def test_recovering_first_counts(call: BareCalls, store: JobStore, tmp_path: Path) -> None:
    now = time.time()
    history = begin_outage(read_history(tmp_path, SystemClock())[0], now - 3600.0, "a", "b", False)
    history_file(tmp_path, SystemClock()).save(end_outage(history, now - 1800.0, "over"))
    fail(store, "scene:1", "PlexUnavailable", at=now - 2000.0)
    fail(store, "scene:2", "PlexUnavailable", at=now - 90_000.0)
    fail(store, "scene:3", "PlexTemporaryError", at=now - 2000.0)

    assert call("recover", errors="down")["count"] == 1
    assert call("recover", errors="temporary", confirm=1) == {
        "count": 2,
        "is_done": False,
        "text": "",
    }
    assert call("dead_letters")["total"] == 3
    # With the right number Stash is asked which scenes are left.
    assert "Stash" in call.error("recover", errors="down", confirm=1)
