"""Puts dead letters that an outage caused back into the queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import PlexTemporaryError, PlexUnavailable
from core.job import SCENE
from sync_queue.dead_letters import DeadLetter, DeadLetters
from sync_queue.store import JobStore

MARGIN_S = 600.0  # a job's last failure may be noticed a little before or after the outage itself
PAGE = 100

CLASSES: Mapping[str, tuple[str, ...]] = {
    "down": (PlexUnavailable.__name__,),
    "temporary": (PlexUnavailable.__name__, PlexTemporaryError.__name__),
}
"""What a button may choose: only what a Plex that was away caused, or passing faults as well."""


@dataclass(slots=True)
class RecoveryResult:
    """The result: `recovered` counts by error class; other dead letters were dropped or kept."""

    recovered: dict[str, int] = field(default_factory=dict)
    queued: int = 0
    gone: int = 0
    elsewhere: int = 0

    def line(self) -> str:
        """Return one line for the user."""
        classes = (
            ", ".join(f"{count} x {name}" for name, count in sorted(self.recovered.items()))
            or "none"
        )
        return (
            f"Back in the queue: {classes}. Already queued: {self.queued}, gone from "
            f"Stash: {self.gone}, "
            f"not from an outage: {self.elsewhere}."
        )


def count_recoverable(
    dead_letters: DeadLetters, was_outage: Callable[[float], bool]
) -> dict[str, int]:
    """Return how many dead letters each choice would put back; scenes gone from Stash count too."""
    times = dead_letters.times()
    return {
        choice: sum(was_outage(last_at) for reason in reasons for last_at in times.get(reason, ()))
        for choice, reasons in CLASSES.items()
    }


def caused_by_outage(
    dead_letters: DeadLetters, classes: Sequence[str], was_outage: Callable[[float], bool]
) -> tuple[tuple[DeadLetter, ...], int]:
    """Return the dead letters of these classes that failed within an outage, newest first, and
    the number of those that did not.
    """
    chosen = [
        dead_letter
        for dead_letter in dead_letters.newest(limit=None)
        if dead_letter.reason in classes
    ]
    caused = tuple(dead_letter for dead_letter in chosen if was_outage(dead_letter.last_at))
    return caused, len(chosen) - len(caused)


def recover(
    store: JobStore,
    dead_letters: DeadLetters,
    classes: Sequence[str],
    was_outage: Callable[[float], bool],
    gone_scenes: Callable[[Sequence[int]], frozenset[int]],
    now: float,
    limit: int | None = None,
) -> RecoveryResult:
    """Requeue the dead letters of these classes that failed within an outage.

    `limit` is the largest number of them, the newest first; None for all.
    """
    result = RecoveryResult()
    caused, result.elsewhere = caused_by_outage(dead_letters, classes, was_outage)
    born = caused[:limit]
    for start in range(0, len(born), PAGE):
        page = born[start : start + PAGE]
        gone = gone_scenes(
            [scene for dead_letter in page if (scene := _scene_of(dead_letter)) is not None]
        )
        for dead_letter in page:
            _recover_one(
                store, dead_letters, dead_letter, _scene_of(dead_letter) in gone, now, result
            )
    return result


def _recover_one(
    store: JobStore,
    dead_letters: DeadLetters,
    dead_letter: DeadLetter,
    is_gone: bool,
    now: float,
    result: RecoveryResult,
) -> None:
    if is_gone:
        result.gone += dead_letters.drop(dead_letter.subject)
    elif store.is_queued(dead_letter.subject):
        result.queued += dead_letters.drop(dead_letter.subject)
    elif dead_letters.requeue(dead_letter, now):
        result.recovered[dead_letter.reason] = result.recovered.get(dead_letter.reason, 0) + 1


def _scene_of(dead_letter: DeadLetter) -> int | None:
    kind, _, number = dead_letter.subject.partition(":")
    return int(number) if kind == SCENE and number.isdigit() else None
