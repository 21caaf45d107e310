"""What became of one job: exactly one outcome per attempt."""

from dataclasses import dataclass
from enum import Enum


class Disposition(Enum):
    """The move a job makes."""

    COMPLETE = "done"
    RETRY = "wait"  # later, with the attempts spent so far
    RELEASE = "release"  # at once, nothing spent: the fault was not the job's
    DEAD_LETTER = "bury"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One job's outcome.

    Attributes:
        fate: the move.
        what: for DONE one of `wrote`, `same`, `gone`, `no_file`, `off`, `excluded`, `skipped`,
            `claimed`; else the error class.
        wrote: names of the fields written.
        items: rating keys looked at.
        confidence: `high`, `low` or "".
        message: for people; "" when there is nothing to say.
        candidates: what the matcher looked at, one line each.
        wait_s: for WAIT, seconds until the next look.
        attempts: failed attempts that count, this one included.
        title: the scene's title or file name, "" when unknown.
        warnings: parts that failed without failing the job.
    """

    disposition: Disposition
    result: str
    wrote: tuple[str, ...] = ()
    items: tuple[int, ...] = ()
    confidence: str = ""
    message: str = ""
    candidates: tuple[str, ...] = ()
    wait_s: float = 0.0
    attempts: int = 0
    title: str = ""
    warnings: tuple[str, ...] = ()
