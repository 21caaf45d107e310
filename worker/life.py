"""A worker's life: look twice a second whether anything is to be done, and leave when Stash is gone."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from core.clock import Clock
from core.errors import Fenced, PlexError, PlexSyncError, StashUnavailable
from core.log import EventLog
from stash.client import StashRefused
from sync_queue import statements as sql
from sync_queue.dead_letters import DeadLetters
from sync_queue.facts import Facts
from sync_queue.inbox import SPILL
from sync_queue.notices import Notices
from sync_queue.schema import back_up
from sync_queue.spill import absorb_spill, drop_leftovers
from sync_queue.store import BATCH, JobStore
from worker.backoff import LIBRARY_LOOK_S, library_gap
from worker.bench import Workbench
from worker.breaker import State, probe_is_due
from worker.catch_up import CatchUp, to_number
from worker.defaults import Defaults
from worker.drain import PAUSE_S, Drain
from worker.gate import Gate
from worker.settings import Settings
from worker.stats import StatisticsKeeper
from worker.throttle import Throttle
from worker.timers import Every

TURN_S = 0.5
BURST_S = 60.0  # the catch-up looks this long after the last hook of a burst
DRAIN_CHUNK_S = 60.0  # a long drain pauses this often to re-read settings and look around, twice that in a batch
HEARD_S = 120.0  # a Stash that answered so lately need not be asked whether it is there
LINGER_S = sql.SETTLE_WINDOW_S + 1.0  # whoever works in a worker's place waits for an edit that still rests
STASH_SILENT_S = 600.0
UNSET_S = 30.0  # while the settings forbid to ask Plex, they are read this often
UNSAID_S = 60.0  # a notice that Stash would not take is offered again after this
NOT_FOUND = "PlexNotFound"
EVERY_LETTER = 1_000_000
SERVER = "server"
WAITING_FOR_STASH = "waiting for Stash"
SYNCING = "syncing"
BACKED_UP = "backed_up_at"
DAY_S = 86_400.0


class Farewell(Enum):
    """Why a worker leaves."""

    SILENT = "Stash has not answered for ten minutes"
    UPDATED = "the installed plugin version has changed"
    FENCED = "a newer worker has taken over"
    UNINSTALLED = "the plugin was removed"


class Duty(Protocol):
    """Work of the worker that is no job: done in small steps, so that an edit never waits behind it."""

    def is_due(self) -> bool:
        """Whether there is a step to do now; asked twice a second, so it must be cheap."""

    def step(self, bench: Workbench) -> None:
        """Do one bounded step.

        Raises:
            PlexError: Plex failed; the gate hears of it, and the step is tried again.
            StashUnavailable: Stash did; the worker rests, and the step is tried again.
        """


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a worker is made of; built by `wiring.py`."""

    data_dir: Path
    store: JobStore
    facts: Facts
    letters: DeadLetters
    notices: Notices
    settings: Settings
    gate: Gate
    drain: Drain
    throttle: Throttle
    statistics: StatisticsKeeper
    catch_up: CatchUp
    defaults: Defaults
    clock: Clock
    log: EventLog
    epoch: int
    installed_version: Callable[[], str]
    version: str
    beat: Callable[[], None]
    checkpoint: Callable[[str], object] = str
    duties: tuple[Duty, ...] = ()
    before_speaking: Callable[[], None] = lambda: None
    is_gone: Callable[[], bool] = lambda: False
    stash_came_back: Callable[[], None] = lambda: None


class WorkerLife:
    """One worker, from the lease to the farewell."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        clock = parts.clock
        self._heartbeat = Every(clock, 60.0)
        self._version_look = Every(clock, 5.0, later=True)
        self._renewal = Every(clock, 60.0)
        self._speak = Every(clock, 2.0)
        self._due_look = Every(clock, 30.0)
        self._probing = Every(clock, 0.0)
        self._library_look = Every(clock, LIBRARY_LOOK_S, later=True)
        self._looked_at_library = float("-inf")
        self._known_gains = -1
        self._catch_up = Every(clock, 900.0)
        self._tidying = Every(clock, 600.0)
        self._after_burst: float | None = None
        self._rest_until = clock.monotonic()
        self._stash_failures = 0
        self._heard_stash = clock.monotonic()
        self._was_up = True
        self._seen = -1
        self._next_due: float | None = None
        self._said_doing = ""
        self._goes_on = True
        self._ends_at = float("inf")

    def run(self) -> Farewell:
        """Live until there is a reason to leave."""
        self._p.log.info("worker.start", epoch=self._p.epoch, version=self._p.version)
        try:
            while True:
                farewell = self.turn()
                if farewell is not None:
                    break
                if not (self._goes_on and self._is_due()):
                    self._p.clock.sleep(TURN_S)
        except Fenced:
            farewell = Farewell.FENCED
        self._p.log.info("worker.leave", why=farewell.value)
        return farewell

    def work_off(self, on_turn: Callable[[], None], ends_at: float = float("inf")) -> None:
        """Work in a task's own process until nothing is due, nor will be soon, or time is up.

        `ends_at` is by the monotonic clock. A change that was made just now is waited for.

        Raises:
            Fenced: a worker has come to life after all.
        """
        self._ends_at = ends_at
        while self.turn() is None and self._p.clock.monotonic() < ends_at:
            on_turn()
            if not (self._is_due_soon() or self._has_duties()):
                break
            if not self._is_due():
                self._p.clock.sleep(TURN_S)

    def has_news(self) -> bool:
        """Whether anything came in since this worker last looked; asked after the lease is released."""
        return self._p.store.changes_seen() != self._seen or self._spilled()

    def turn(self) -> Farewell | None:
        """One look around; a reason to leave, or None."""
        self._p.beat()
        if self._p.is_gone():
            return Farewell.UNINSTALLED
        self._p.throttle.tick()
        if self._version_look.is_due() and self._p.installed_version() != self._p.version:
            return Farewell.UPDATED
        self._notice_changes()
        if self._heartbeat.is_due() and self._p.clock.monotonic() - self._heard_stash >= HEARD_S:
            self._hear_stash()
        if self._is_stash_silent():
            self._hear_stash()  # it may have come back since the last heartbeat
            if self._is_stash_silent():
                return Farewell.SILENT
        if not self._is_resting():
            self._act()
        return None

    # -- looking --------------------------------------------------------------------------------

    def _notice_changes(self) -> None:
        if self._spilled():
            self._absorb()
        seen = self._p.store.changes_seen()
        if seen != self._seen:
            if self._seen >= 0:
                self._after_burst = self._p.clock.monotonic() + BURST_S
                self._rest_until = self._p.clock.monotonic()  # somebody is there, with a fresher session
                self._heard_stash = self._p.clock.monotonic()  # hooks and tasks only run while Stash does
            self._seen = seen
            self._next_due = self._p.store.next_due()
        elif self._due_look.is_due():
            self._next_due = self._p.store.next_due()

    def _spilled(self) -> bool:
        folder = self._p.data_dir / SPILL
        return folder.is_dir() and any(folder.glob("*.json"))

    def _absorb(self) -> None:
        self._heard_stash = self._p.clock.monotonic()  # a hook was here
        absorbed, refused = absorb_spill(self._p.data_dir, self._p.store, self._p.checkpoint)
        self._next_due = self._p.store.next_due()
        self._p.log.info("spill.absorbed", changes=absorbed, refused=refused)

    def _is_due_soon(self) -> bool:
        """Whether it is worth while to wait for a job; before the settings were ever read nothing speaks against it."""
        if self._next_due is None or not self._p.gate.admits or self._is_resting():
            return False
        is_soon = self._next_due <= self._p.clock.wall() + LINGER_S
        return self._is_due() or (is_soon and (self._p.settings.config is None or self._may_write()))

    def _is_due(self) -> bool:
        """Whether a job is due that may be worked on now."""
        if self._next_due is None or not self._p.gate.admits or self._is_resting():
            return False
        now = self._p.clock.wall()
        is_due = self._next_due <= now or self._next_due > now + sql.LONGEST_WAIT_S
        return is_due and self._p.settings.config is not None and self._may_write()

    def _is_resting(self) -> bool:
        """Whether a server failed just now and is left alone for a while."""
        return self._p.clock.monotonic() < self._rest_until

    def _may_write(self) -> bool:
        config = self._p.settings.config
        return config is not None and config.enabled and not config.missing()

    def _is_stash_silent(self) -> bool:
        return self._p.clock.monotonic() - self._heard_stash >= STASH_SILENT_S

    def _hear_stash(self) -> None:
        stash = self._p.settings.stash()
        is_up = stash is not None and stash.is_up()
        if is_up:
            self._heard_stash = self._p.clock.monotonic()
        if is_up and not self._was_up:
            self._p.stash_came_back()
        self._was_up = is_up

    # -- acting ---------------------------------------------------------------------------------

    def _act(self) -> None:
        """Everything that needs Stash; where it does not answer, rest with growing pauses."""
        try:
            self._renew()
            self._probe()
            self._drain()
            self._look_at_library()
            self._catch_up_if_due()
            self._do_duties()
            self._say_notices()
            self._tidy()
            self._p.defaults.write_if_calm(self._p.settings.stash())
        except (StashUnavailable, StashRefused) as error:
            self._was_up = self._was_up and isinstance(error, StashRefused)
            self._stash_failures += 1
            rest_s = min(60.0, 2.0 ** min(self._stash_failures, 6))
            self._rest_until = self._p.clock.monotonic() + rest_s
            self._doing(WAITING_FOR_STASH)
            self._p.log.info("stash.unavailable", detail=str(error), next_s=rest_s)
        else:
            self._stash_failures = 0
            if self._said_doing in ("", WAITING_FOR_STASH):
                self._doing("idle")

    def _renew(self) -> None:
        if self._renewal.is_due():
            age_s = self._p.settings.renew() or DAY_S  # 0: this Stash's sessions do not age
            self._renewal.push(max(1.0, min(600.0, age_s / 3.0)))

    def _bench(self) -> Workbench | None:
        """The bench under the settings of this moment; None while nothing may be written."""
        generation = self._p.settings.generation
        bench = self._p.settings.bench()
        self._heard_stash = self._p.clock.monotonic()
        self._p.beat()
        if self._p.settings.generation != generation:
            self._p.gate.settings_changed()
        if bench is None or not self._may_write():
            self._doing("waiting for its settings" if bench is None else "switched off")
            return None
        return bench

    def _probe(self) -> None:
        breaker = self._p.gate.breaker
        if breaker.state is State.OPEN and probe_is_due(breaker, self._p.clock.wall()) and self._probing.is_due():
            bench = self._bench()
            if bench is None:
                self._probing.push(UNSET_S)
            else:
                self._p.gate.probe(bench.plex)
        if self._p.gate.breaker.state is State.OPEN and (self._p.settings.config is None or self._may_write()):
            self._doing(f"waiting for Plex: {self._p.gate.breaker.why}")

    def _drain(self) -> None:
        half_open = self._p.gate.breaker.state is State.HALF_OPEN and self._may_write()
        if not half_open and not self._first_or_due():
            return
        bench = self._bench()
        if bench is None:
            self._next_due = None  # looked at again with the next change, or by the half-minute look
            return
        self._doing(SYNCING)
        until = self._p.clock.monotonic() + DRAIN_CHUNK_S
        report = self._p.drain.run(
            bench,
            lambda: self._has_worked_until(until),
            must_stop=lambda: self._has_worked_until(until + DRAIN_CHUNK_S),
        )
        self._goes_on = report.halted == "stopped" or report.done >= BATCH
        self._next_due = self._p.store.next_due()
        if report.done or report.buried or report.waiting:
            self._p.log.info(
                "drain.end",
                done=report.done,
                wrote=report.wrote,
                waiting=report.waiting,
                dead=report.buried,
                halted=report.halted,
            )
            self._remember_server(bench)
            self._p.statistics.save()
        if report.halted == StashUnavailable.__name__:
            raise StashUnavailable("Stash went away during a drain")
        if report.halted and not report.done and self._p.gate.admits:
            self._rest_until = self._p.clock.monotonic() + PAUSE_S  # it failed, and a health check said nothing
        if self._p.gate.breaker.state is not State.OPEN:
            self._doing("idle")

    def _first_or_due(self) -> bool:
        """Due, as far as it is known; before the settings were ever read, a due job is reason to read them."""
        if self._p.settings.config is None or not self._may_write():
            now = self._p.clock.wall()
            return self._next_due is not None and self._next_due <= now and bool(self._p.gate.admits)
        return self._is_due()

    def _has_worked_until(self, until: float) -> bool:
        self._p.beat()
        return self._p.clock.monotonic() >= min(until, self._ends_at)

    def _remember_server(self, bench: Workbench) -> None:
        machine = bench.plex.known_machine
        if machine and self._p.facts.get(SERVER) != machine:
            self._p.facts.set(SERVER, machine)

    def _look_at_library(self) -> None:
        """While files are missing in Plex, see now and then whether a library has moved."""
        if not self._library_look.is_due() or not self._p.gate.admits:
            return
        waits, buried = self._p.store.anything_waits_for(NOT_FOUND), NOT_FOUND in self._p.letters.by_reason()
        gap_s, now = library_gap(waits=waits, buried=buried), self._p.clock.monotonic()
        if gap_s is None or now - self._looked_at_library < gap_s:
            return
        bench = self._bench()
        if bench is None:
            return
        self._looked_at_library = now
        try:
            moved = bench.finder.has_moved()
        except PlexError as error:
            self._p.gate.failed(error, bench.plex)
            return
        # A job that looked for its own file may have found the files of others.
        known, self._known_gains = self._known_gains, bench.finder.gains
        if moved or known != self._known_gains:
            woken = self._p.store.wake(NOT_FOUND)
            revived = self._revive(bench)
            self._next_due = self._p.store.next_due()
            self._p.log.info("library.moved", woken=woken, revived=revived)

    def _revive(self, bench: Workbench) -> int:
        """Dead letters whose file Plex has now go back into the queue."""
        now = self._p.clock.wall()
        return sum(
            self._p.letters.revive(letter, now)
            for letter in self._p.letters.newest(EVERY_LETTER)
            if letter.reason == NOT_FOUND and any(map(bench.finder.candidates, letter.candidates))
        )

    def _catch_up_if_due(self) -> None:
        burst_over = self._after_burst is not None and self._p.clock.monotonic() >= self._after_burst
        if not burst_over and not self._catch_up.is_due():
            return
        stash = self._p.settings.stash()
        if stash is None:
            self._catch_up.now()
            return
        self._after_burst = None  # first: a Stash that refuses the question must not be asked it at every turn
        try:
            self._p.catch_up.run(stash, self._p.facts.get(SERVER))
        except StashUnavailable:
            self._catch_up.now()
            raise
        self._next_due = self._p.store.next_due()

    def _do_duties(self) -> None:
        """Steps of each duty that is due, until a job is; jobs that are due come first."""
        for duty in self._p.duties:
            if not self._p.gate.admits or self._is_due() or not duty.is_due():
                continue
            bench = self._bench()
            if bench is None:
                return
            until = self._p.clock.monotonic() + DRAIN_CHUNK_S
            try:
                duty.step(bench)
                while self._p.gate.admits and not self._has_worked_until(until) and not self._p.store.is_due():
                    if not duty.is_due():
                        break
                    duty.step(bench)
            except PlexError as error:
                self._p.gate.failed(error, bench.plex)
            self._next_due = self._p.store.next_due()

    def _has_duties(self) -> bool:
        """Whether a duty could do a step now."""
        may_work = self._p.gate.admits and not self._is_resting() and self._may_write()
        return bool(may_work) and any(duty.is_due() for duty in self._p.duties)

    def _say_notices(self) -> None:
        """Have Stash log what people must hear; a hook or task prints what Stash would not take."""
        if not self._speak.is_due():
            return
        self._p.before_speaking()
        waiting = self._p.notices.untold()
        stash = self._p.settings.stash() if waiting else None
        for kind, level, text in waiting if stash else ():
            try:
                stash.say(level, text)  # type: ignore[union-attr]
            except StashUnavailable:
                raise
            except PlexSyncError as error:
                self._p.log.warning("notice.unsaid", kind=kind, detail=str(error))
                self._speak.push(UNSAID_S)
                return
            self._p.notices.mark_told(kind, self._p.clock.wall())

    def _tidy(self) -> None:
        if not self._tidying.is_due():
            return
        self._p.store.prune()
        now = self._p.clock.wall()
        drop_leftovers(self._p.data_dir, now)
        if abs(now - (to_number(self._p.facts.get(BACKED_UP)) or 0.0)) < DAY_S:
            return
        try:
            back_up(self._p.store.connection, self._p.data_dir)
        except (OSError, sqlite3.OperationalError) as error:
            self._p.log.warning("backup.failed", detail=str(error))
        self._p.facts.set(BACKED_UP, repr(now))

    def _doing(self, text: str) -> None:
        if text != self._said_doing:
            self._said_doing = text
            self._p.facts.doing(text, self._p.epoch)
