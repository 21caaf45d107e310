"""Two revisions side by side: attempts of the other one, and rows with both figures.

Both are driven from outside: the manifest's command as the revision ships it, its input, the folder
`data/`, and what both servers are asked. The emulators and this code are this revision's for both.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.environment import BenchEnvironment, WaitTimeout, open_environment
from benchmarks.report import NONE, Row
from benchmarks.revision import Revision
from tests.emulators.stash_client import GraphqlFailure

# What a revision that lacks something may end with.
FAILURES = (
    GraphqlFailure,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    WaitTimeout,
    sqlite3.Error,
    subprocess.SubprocessError,
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pair:
    """This revision, and the one to compare it with."""

    this: Revision
    other: Revision


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both revisions: less is better, unless it is a speed.

    `this` 0.0: unknown on this system; `other` None: that revision cannot do it.
    """

    this: float
    other: float | None
    is_speed: bool = False

    @property
    def gain(self) -> float | None:
        """Return how many times better this revision is; None if there is nothing to compare."""
        if not self.this or not self.other:
            return None
        return self.this / self.other if self.is_speed else self.other / self.this

    def row(self, part: str, what: str, text: Callable[[float], str], budget: "Budget") -> Row:
        """Return the row; `text` formats a value of either revision."""
        return Row(
            part,
            what,
            text(self.this) if self.this else "?",
            budget.text,
            budget.is_met(self),
            is_figure=True,
            other=text(self.other) if self.other else NONE,
            ratio=f"{self.gain:.2f} x" if self.gain else NONE,
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """What a figure should be: at most `maximum`, at least `gain` times better; None: anything."""

    text: str = ""
    maximum: float | None = None
    gain: float | None = None

    def is_met(self, figure: Figure) -> bool | None:
        """Return None if nothing was demanded, measured, or there to compare with."""
        if not figure.this:
            return None
        verdicts = []
        if self.maximum is not None:
            verdicts.append(figure.this <= self.maximum)
        if self.gain is not None and figure.gain is not None:
            verdicts.append(figure.gain >= self.gain)
        return all(verdicts) if verdicts else None


def attempt(what: str, do: Callable[[], Result]) -> Result | None:
    """Do something with the other revision; None if it cannot, with the reason on stderr."""
    try:
        return do()
    except FAILURES as error:
        print(f"the other revision cannot do this: {what}: {error}", file=sys.stderr, flush=True)
        return None


def open_both(stack: ExitStack, pair: Pair) -> tuple[BenchEnvironment, BenchEnvironment | None]:
    """Open an environment for each, with one scene that was synced; close both with the stack."""

    def opened(revision: Revision) -> BenchEnvironment:
        return stack.enter_context(open_environment(0, revision.source, revision.python))

    return opened(pair.this), attempt("run between both servers", lambda: opened(pair.other))
