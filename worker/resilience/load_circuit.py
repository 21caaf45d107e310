"""Loads the circuit breaker with its outage history and connects both to the log."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

from core.clock import Clock
from core.log import EventLog
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.resilience.breaker import FILE_NAME as BREAKER_FILE
from worker.resilience.breaker import (
    BreakerStatus,
    BreakerTransition,
    CircuitState,
    CircuitStateFile,
)
from worker.resilience.circuit import CircuitBreaker, OnTransition
from worker.resilience.outages import FILE_NAME as OUTAGES_FILE
from worker.resilience.outages import OutageRecorder


def load_circuit(
    data_dir: Path,
    clock: Clock,
    rng: Random,
    log: EventLog,
    store: JobStore,
    notices: Notices,
    on_transition: Sequence[OnTransition],
) -> CircuitBreaker:
    """Return the circuit breaker as it was saved; its transitions also go to the history.

    A corrupt file is reported to the user and replaced by its default.

    Args:
        data_dir: the folder of both files.
        clock: the time of transitions and probes.
        rng: spreads the delays between probes.
        log: gets transitions, corrupt files and failed saves.
        store: counts the jobs that an outage affects.
        notices: gets a warning per corrupt file.
        on_transition: called after the history has recorded a transition.
    """
    file = CircuitStateFile(data_dir, clock)
    breaker, warning = file.load()
    outages = OutageRecorder(data_dir, clock, partial(_log_failed_save, log, OUTAGES_FILE))
    outages.sync_with_breaker(breaker)
    for file_name, text in ((BREAKER_FILE, warning), (OUTAGES_FILE, outages.warning)):
        if text:
            log.warning("state.corrupt", file=file_name, detail=text)
            notices.add(f"state:{file_name}", "warning", text, clock.wall())

    def count_affected(event: BreakerTransition) -> None:
        # before the history ends the outage
        if event.new.state is BreakerStatus.CLOSED:
            due, _, running = store.counts()
            outages.add_affected_jobs(due + running)

    listeners = (count_affected, outages.on_breaker_transition, *on_transition)
    save = partial(_save_breaker, log, file)
    return CircuitBreaker(clock, rng, log, breaker, listeners, save)


def _save_breaker(log: EventLog, file: CircuitStateFile, breaker: CircuitState) -> None:
    _log_failed_save(log, BREAKER_FILE, file.save(breaker))


def _log_failed_save(log: EventLog, file_name: str, detail: str) -> None:
    if detail:
        log.warning("state.save_failed", file=file_name, detail=detail)
