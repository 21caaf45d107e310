"""Answer the calls about the dead letters."""

from core.text import pluralize
from core.units import DAY_S
from page.candidates import candidate_rows
from page.links import NO_LINKS, PlexLinks, plex_links
from page.models.base import Confirmed
from page.models.jobs import (
    ChooseDeadLetters,
    DeadLetterGroup,
    DeadLetterRow,
    DeadLettersAnswer,
    ListDeadLetters,
    PurgeDeadLetters,
    Recover,
)
from page.queue import scene_of, scene_subjects
from page.reasons import BUG, reason_text
from sync_queue.chosen_dead_letters import (
    Choice,
    DeadLetterPage,
    delete_chosen,
    page_of_reason,
    page_of_subjects,
    requeue_chosen,
)
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.shown_number import was_shown
from sync_queue.store import JobStore
from tasks.context import TaskContext
from tasks.dead_letters import outage_dead_letters, recover_dead_letters

SEE_LOG = "The worker's log has its trace."


def list_dead_letters(context: TaskContext, arguments: ListDeadLetters) -> DeadLettersAnswer:
    """Return the groups of all dead letters, and a page of those that were asked for."""
    with context.store() as store:
        groups = DeadLetters(store).by_reason()
        page = _page(store, arguments)
        has_items = any(
            candidate.item is not None
            for dead_letter in page.dead_letters
            for candidate in dead_letter.looked_at
        )
        links = plex_links(context, store) if has_items else NO_LINKS
    return DeadLettersAnswer(
        groups=tuple(_group(reason, count) for reason, count in groups.items()),
        total=page.total,
        rows=tuple(_row(dead_letter, links) for dead_letter in page.dead_letters),
    )


def retry_dead_letters(context: TaskContext, arguments: ChooseDeadLetters) -> Confirmed:
    """Put dead letters back into the queue, and make sure that a worker processes them."""
    with context.store() as store:
        count, is_done = requeue_chosen(store, context.clock, _choice(arguments), arguments.confirm)
    if is_done and count:
        context.try_start_worker()
    return _confirmed(count, "put back into the queue", is_done=is_done)


def dismiss_dead_letters(context: TaskContext, arguments: ChooseDeadLetters) -> Confirmed:
    """Delete dead letters; their scenes are sent again when they change next."""
    with context.store() as store:
        count, is_done = delete_chosen(store, _choice(arguments), arguments.confirm)
    return _confirmed(count, "deleted", is_done=is_done)


def purge_dead_letters(context: TaskContext, arguments: PurgeDeadLetters) -> Confirmed:
    """Delete the dead letters whose last failure is older than so many days."""
    choice = Choice(before=context.clock.wall() - arguments.days * DAY_S)
    with context.store() as store:
        count, is_done = delete_chosen(store, choice, arguments.confirm)
    return _confirmed(count, "deleted", is_done=is_done)


def recover(context: TaskContext, arguments: Recover) -> Confirmed:
    """Put back the dead letters of an outage, if Plex is well again.

    Raises:
        TaskFailed: Plex is not well yet, or Stash cannot be asked.
    """
    with context.store() as store:
        count = len(outage_dead_letters(context, store, arguments.errors))
    if not was_shown(count, arguments.confirm):
        return Confirmed(count=count, is_done=False)
    if not count:
        return _confirmed(0, "", is_done=True)
    result = recover_dead_letters(context, arguments.errors, limit=count)
    return Confirmed(count=count, is_done=True, text=result.line())


def _page(store: JobStore, arguments: ListDeadLetters) -> DeadLetterPage:
    offset, limit, reason = arguments.offset, arguments.limit, arguments.reason
    if arguments.scenes is None:
        return page_of_reason(store, reason, offset, limit)
    return page_of_subjects(store, scene_subjects(arguments.scenes), reason, offset, limit)


def _choice(arguments: ChooseDeadLetters) -> Choice:
    return Choice(arguments.subjects, arguments.reason)


def _confirmed(count: int, what: str, *, is_done: bool) -> Confirmed:
    text = (
        f"{pluralize(count, 'dead letter')} {what}." if count else "There is no such dead letter."
    )
    return Confirmed(count=count, is_done=is_done, text=text if is_done else "")


def _group(reason: str, count: int) -> DeadLetterGroup:
    text = reason_text(reason)
    return DeadLetterGroup(reason=reason, label=text.label, count=count, action=text.action)


def _row(dead_letter: DeadLetter, links: PlexLinks) -> DeadLetterRow:
    return DeadLetterRow(
        subject=dead_letter.subject,
        scene=scene_of(dead_letter.subject),
        title=dead_letter.title,
        reason=dead_letter.reason,
        message=message_of(dead_letter),
        attempts=dead_letter.attempts,
        first_at=dead_letter.first_at,
        last_at=dead_letter.last_at,
        candidates=candidate_rows(dead_letter.looked_at, links),
    )


def message_of(dead_letter: DeadLetter) -> str:
    """Return the message without the trace of a bug, whose last line says what happened."""
    lines = dead_letter.message.strip().splitlines()
    if len(lines) < 2 or reason_text(dead_letter.reason).label != BUG:
        return dead_letter.message.strip()
    return f"{lines[0]} {lines[-1]}. {SEE_LOG}"
