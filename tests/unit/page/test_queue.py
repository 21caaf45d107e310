"""The calls about the queue: its order, paging, and what they change."""

import pytest

from core.errors import error_classes
from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT
from page.causes import CAUSES
from page.reasons import BUG, reason_text
from sync_queue import list_statements as list_sql
from sync_queue.store import JobStore
from tests.harness.page_calls import BareCalls
from worker.resilience.retry_policy import RULES, RetryMode


def subjects(answer: dict[str, list[dict[str, object]]]) -> list[object]:
    return [row["subject"] for row in answer["rows"]]


def fill(store: JobStore) -> None:
    """One job in progress, one urgent and two backfills that are due, one for later."""
    store.enqueue("scene:1", "update")
    store.claim()
    store.enqueue_many(["scene:30", "scene:31"], "sync_all", PRIORITY_BACKFILL)
    store.enqueue("tag:9", "update", settle_s=900.0)
    store.enqueue("scene:2", "update", PRIORITY_EDIT)


def test_jobs_are_listed_as_they_are_processed(call: BareCalls, store: JobStore) -> None:
    fill(store)

    answer = call("queue")

    assert subjects(answer) == ["scene:1", "scene:2", "scene:30", "scene:31", "tag:9"]
    assert [row["state"] for row in answer["rows"]] == ["running", "due", "due", "due", "later"]
    assert answer["total"] == 5


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_hold_every_job_one_time(call: BareCalls, store: JobStore, limit: int) -> None:
    fill(store)

    pages = [call("queue", offset=offset, limit=limit) for offset in range(0, 5, limit)]

    assert [subject for page in pages for subject in subjects(page)] == subjects(call("queue"))
    assert call("queue", offset=5)["rows"] == []


def test_a_page_needs_no_sort_and_no_scan_of_rows(store: JobStore) -> None:
    for statement in (list_sql.RUNNING_JOBS, list_sql.DUE_JOBS, list_sql.LATER_JOBS):
        plan = store.connection.execute(
            f"EXPLAIN QUERY PLAN {statement}", {"now": 1.0, "limit": 1, "offset": 1}
        ).fetchall()

        assert all("USING INDEX" in row[3] for row in plan), plan


def test_jobs_of_some_scenes_come_in_the_same_order(call: BareCalls, store: JobStore) -> None:
    fill(store)

    answer = call("queue", scenes=[30, 2, 1, 77, 2], limit=2)

    assert subjects(answer) == ["scene:1", "scene:2"]
    assert answer["total"] == 3


def test_a_row_says_why_in_words(call: BareCalls, store: JobStore) -> None:
    store.enqueue("scene:42", "update")
    store.enqueue("scene:42", "sync_all")
    (job,) = store.claim()
    store.retry_at(job, 4e9, "PlexNotFound", attempts=2)

    (row,) = call("queue")["rows"]

    assert row["scene"] == 42
    assert row["causes"] == ["changed in Stash", "Sync All Scenes"]
    assert (row["reason"], row["attempts"]) == ("PlexNotFound", 2)
    assert row["why"] == "No Plex item plays this scene's file."


def test_sync_now_moves_a_job_to_the_front(call: BareCalls, store: JobStore) -> None:
    fill(store)

    answer = call("sync_now", subjects=["scene:31", "tag:9", "scene:1", "scene:5"])

    assert (answer["count"], answer["is_done"]) == (2, True)
    rows = {row["subject"]: row for row in call("queue")["rows"]}
    assert set(rows) == {"scene:1", "scene:2", "scene:30", "scene:31", "tag:9"}
    assert {rows[name]["state"] for name in ("scene:31", "tag:9")} == {"due"}
    assert {rows[name]["priority"] for name in ("scene:31", "tag:9")} == {PRIORITY_EDIT}


def test_dropping_needs_the_number_that_was_shown(call: BareCalls, store: JobStore) -> None:
    fill(store)
    chosen = ["scene:1", "scene:30", "scene:31", "scene:5"]

    first = call("drop_jobs", subjects=chosen)
    stale = call("drop_jobs", subjects=chosen, confirm=1)

    assert first == stale == {"count": 2, "is_done": False, "text": ""}
    assert call("queue")["total"] == 5

    done = call("drop_jobs", subjects=chosen, confirm=2)

    assert done == {"count": 2, "is_done": True, "text": "2 waiting jobs deleted."}
    assert subjects(call("queue")) == ["scene:1", "scene:2", "tag:9"]


def test_clearing_leaves_what_was_queued_meanwhile(call: BareCalls, store: JobStore) -> None:
    fill(store)
    shown = call("clear_queue")["count"]
    store.enqueue("scene:99", "update")

    stale = call("clear_queue", confirm=shown)

    assert (shown, stale["count"], stale["is_done"]) == (4, 5, False)
    assert call("queue")["total"] == 6
    assert call("clear_queue", confirm=5)["is_done"]
    assert subjects(call("queue")) == ["scene:1"]


def test_an_empty_queue_needs_no_confirmation(call: BareCalls, store: JobStore) -> None:
    assert call("clear_queue") == {"count": 0, "is_done": True, "text": "No job waits."}


@pytest.mark.parametrize(
    "arguments", [{"limit": 201}, {"offset": -1}, {"scenes": [-1]}, {"scene": [1]}]
)
def test_bad_arguments_are_one_clear_error(
    call: BareCalls, store: JobStore, arguments: dict[str, object]
) -> None:
    assert call.error("queue", **arguments).startswith("queue: ")


def test_every_failure_has_a_text_and_a_way_out() -> None:
    ended = {kind for kind, rule in RULES.items() if rule.wait is not RetryMode.RECOVERY}
    silent = {"SceneDeleted", "SceneHasNoFile", "PlexSyncError"}

    for kind in {*error_classes(), *ended}:
        text = reason_text(kind.__name__)
        assert text.label.endswith(".")
        assert text.action or kind.__name__ in silent or kind not in ended, kind
    assert reason_text("KeyError").label == BUG


def test_no_two_causes_read_the_same() -> None:
    assert len(set(CAUSES.values())) == len(CAUSES)
