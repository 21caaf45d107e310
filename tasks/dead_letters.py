"""Tasks on the dead letters."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from core.errors import PlexError
from core.text import format_counts, pluralize
from core.units import DAY_S
from stash.client import StashClient
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.store import JobStore
from tasks.context import TaskContext, TaskFailed, TaskResult
from tasks.recovery import CLASSES, MARGIN_S, RecoveryResult, caused_by_outage, recover
from worker.reporting.status import format_dead_letter
from worker.resilience.outages import is_during_outage, read_history

LISTED = 20


def list_dead_letters(context: TaskContext) -> TaskResult:
    """Print the newest dead letters, the newest last."""
    with context.store() as store:
        dead_letters = DeadLetters(store)
        newest, by_reason = dead_letters.newest(LISTED), dead_letters.by_reason()
    for dead_letter in reversed(newest):
        context.info(format_dead_letter(dead_letter))
    total = sum(by_reason.values())
    context.info(
        f"{pluralize(total, 'dead letter')}"
        f"{f' ({format_counts(by_reason)})' if total else ''}; {len(newest)} shown."
    )
    return {"dead": by_reason}


def retry_dead_letters(context: TaskContext) -> TaskResult:
    """Put every dead letter back into the queue."""
    with context.store() as store:
        dead_letters, now = DeadLetters(store), context.clock.wall()
        revived = sum(
            dead_letters.requeue(dead_letter, now)
            for dead_letter in dead_letters.newest(limit=None)
        )
        left = sum(dead_letters.by_reason().values())
    context.try_start_worker()
    context.info(f"{pluralize(revived, 'dead letter')} back in the queue; {left or 'none'} left.")
    return {"revived": revived, "left": left}


def clear_dead_letters(context: TaskContext) -> TaskResult:
    """Delete every dead letter."""
    return _delete(context, "Clear Dead Letter Queue", lambda dead_letter: True)


def purge_dead_letters(context: TaskContext) -> TaskResult:
    """Delete the dead letters that are older than the setting says."""
    days = context.read_settings(context.stash_client()).config.dead_letter_days
    oldest = context.clock.wall() - days * DAY_S
    return _delete(
        context, "Purge Old Dead Letters", lambda dead_letter: dead_letter.last_at < oldest
    )


def recover_down(context: TaskContext) -> TaskResult:
    """Put back the dead letters of a Plex that was away."""
    return _recover(context, "down")


def recover_temporary(context: TaskContext) -> TaskResult:
    """Put back the dead letters of a Plex that was away or failing."""
    return _recover(context, "temporary")


def _delete(context: TaskContext, task: str, is_chosen: Callable[[DeadLetter], bool]) -> TaskResult:
    with context.store() as store:
        dead_letters = DeadLetters(store)
        chosen = [
            dead_letter for dead_letter in dead_letters.newest(limit=None) if is_chosen(dead_letter)
        ]
        if not context.confirm(
            task, len(chosen), f"{pluralize(len(chosen), 'dead letter')} would be deleted."
        ):
            return {"deleted": 0, "chosen": len(chosen)}
        deleted = sum(dead_letters.drop(dead_letter.subject) for dead_letter in chosen)
        left = sum(dead_letters.by_reason().values())
    context.info(f"{pluralize(deleted, 'dead letter')} deleted; {left or 'none'} left.")
    return {"deleted": deleted, "left": left}


def outage_dead_letters(
    context: TaskContext, store: JobStore, classes: str
) -> tuple[DeadLetter, ...]:
    """Return the dead letters of these classes that an outage caused; send nothing."""
    return caused_by_outage(DeadLetters(store), CLASSES[classes], _outage_test(context))[0]


def recover_dead_letters(
    context: TaskContext, classes: str, limit: int | None = None
) -> RecoveryResult:
    """Put back at most `limit` dead letters of these classes that an outage caused.

    Raises:
        TaskFailed: Plex is not well yet, or Stash cannot be asked.
    """
    stash = context.stash_client()
    _require_plex(context, stash)

    def gone(ids: Sequence[int]) -> frozenset[int]:
        return frozenset(key for key, scene in stash.scenes(ids).items() if scene is None)

    with context.store() as store:
        result = recover(
            store,
            DeadLetters(store),
            CLASSES[classes],
            _outage_test(context),
            gone,
            context.clock.wall(),
            limit,
        )
    context.try_start_worker()
    return result


def _recover(context: TaskContext, classes: str) -> TaskResult:
    result = recover_dead_letters(context, classes)
    context.info(result.line())
    return asdict(result)


def _outage_test(context: TaskContext) -> Callable[[float], bool]:
    """Return what says whether a moment lies within a recorded outage."""
    history, _ = read_history(context.data_dir, context.clock)
    return lambda moment: is_during_outage(history, moment, MARGIN_S)


def _require_plex(context: TaskContext, stash: StashClient) -> None:
    """Raise TaskFailed unless Plex is healthy: the dead letters would only return."""
    plex = context.build_plex(context.config(stash))
    try:
        plex.check_identity()
        plex.sections()
    except PlexError as error:
        raise TaskFailed(
            f"Plex is not well yet, so nothing was put back: {error}. Try again later."
        ) from error
    finally:
        plex.close()
