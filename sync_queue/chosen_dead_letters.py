"""List dead letters for the page, and requeue or delete those that the user has chosen.

What the user has chosen is counted and changed under one lock, and never more than was shown.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.job import PRIORITY_EDIT, REQUEUED
from sync_queue import list_statements as list_sql
from sync_queue import statements as sql
from sync_queue.database import read_among
from sync_queue.dead_letters import DeadLetter, dead_letter_of
from sync_queue.hook_queue import job_row
from sync_queue.shown_number import was_shown
from sync_queue.store import JobStore

_Chosen = list[tuple[str, int]]
"""The subject and the priority of each chosen dead letter."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Some dead letters.

    Attributes:
        subjects: those of these subjects alone; None for all.
        reason: those of this error class alone; "" for all.
        before: those that failed last before this moment, epoch seconds.
    """

    subjects: Sequence[str] | None = None
    reason: str = ""
    before: float = float("inf")


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """Some dead letters of a list, and how many the list has in all."""

    total: int
    dead_letters: tuple[DeadLetter, ...]


def page_of_reason(store: JobStore, reason: str, offset: int, limit: int) -> DeadLetterPage:
    """Return dead letters of one reason, "" for all, newest first."""
    values: dict[str, object] = {"reason": reason, "limit": limit, "offset": offset}
    total = int(store.connection.execute(list_sql.COUNT_DEAD_LETTERS_OF, values).fetchone()[0])
    where = list_sql.OF_REASON if reason else ""
    rows = store.connection.execute(list_sql.DEAD_LETTER_PAGE.format(where=where), values)
    return DeadLetterPage(total, tuple(map(dead_letter_of, rows)))


def page_of_subjects(
    store: JobStore, subjects: Sequence[str], reason: str, offset: int, limit: int
) -> DeadLetterPage:
    """Return the dead letters of these subjects and one reason, "" for all, newest first."""
    chosen = [
        dead_letter
        for dead_letter in _of_subjects(store.connection, subjects)
        if reason in ("", dead_letter.reason)
    ]
    chosen.sort(key=lambda dead_letter: (-dead_letter.last_at, dead_letter.subject))
    return DeadLetterPage(len(chosen), tuple(chosen[offset : offset + limit]))


def requeue_chosen(
    store: JobStore, clock: Clock, choice: Choice, shown: int | None
) -> tuple[int, bool]:
    """Return chosen dead letters to the queue; return their number and whether it was done.

    Nothing is done if there are more than `shown`, or if that is None. Those that were chosen by
    subject are as urgent as an edit; the others keep their priority, so that a large group does
    not hold up the user's edits.
    """
    now = clock.wall()

    def requeue(connection: sqlite3.Connection, chosen: _Chosen) -> None:
        for subject, priority in chosen:
            urgency = max(priority, PRIORITY_EDIT) if choice.subjects is None else PRIORITY_EDIT
            connection.execute(sql.DELETE_DEAD_LETTER, {"subject": subject})
            connection.execute(sql.ENQUEUE, job_row(subject, REQUEUED, urgency, now, 0.0, None))

    return _change(store, choice, shown, requeue)


def delete_chosen(store: JobStore, choice: Choice, shown: int | None) -> tuple[int, bool]:
    """Delete chosen dead letters; return their number and whether it was done."""

    def delete(connection: sqlite3.Connection, chosen: _Chosen) -> None:
        rows = ({"subject": subject} for subject, _ in chosen)
        connection.executemany(sql.DELETE_DEAD_LETTER, rows)

    return _change(store, choice, shown, delete)


def _change(
    store: JobStore,
    choice: Choice,
    shown: int | None,
    change: Callable[[sqlite3.Connection, _Chosen], None],
) -> tuple[int, bool]:
    with store.transaction() as connection:
        chosen = _chosen(connection, choice)
        is_done = was_shown(len(chosen), shown)
        if is_done:
            change(connection, chosen)
    return len(chosen), is_done


def _chosen(connection: sqlite3.Connection, choice: Choice) -> _Chosen:
    if choice.subjects is not None:
        return [
            (dead_letter.subject, dead_letter.priority)
            for dead_letter in _of_subjects(connection, choice.subjects)
            if choice.reason in ("", dead_letter.reason) and dead_letter.last_at < choice.before
        ]
    values = {"reason": choice.reason, "before": choice.before}
    return connection.execute(list_sql.CHOSEN_DEAD_LETTERS, values).fetchall()


def _of_subjects(connection: sqlite3.Connection, subjects: Sequence[str]) -> Iterator[DeadLetter]:
    distinct = list(dict.fromkeys(subjects))
    return map(dead_letter_of, read_among(connection, list_sql.DEAD_LETTERS_OF, distinct))
