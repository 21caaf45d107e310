"""Loads the circuit breaker with its outage history and connects both to the log."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from core.clock import Clock
from core.log import EventLog
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.resilience.breaker import FILE_NAME as BREAKER_FILE
from worker.resilience.breaker import BreakerStatus, BreakerTransition, CircuitStateFile
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
    """Return the circuit breaker as it was saved; every transition also goes to the history.

    A corrupt file is reported to the user and replaced.
    """
    file = CircuitStateFile(data_dir, clock)
    breaker, warning = file.load()

    def report_failed_save(file_name: str, detail: str) -> None:
        if detail:
            log.warning("state.save_failed", file=file_name, detail=detail)

    outages = OutageRecorder(
        data_dir, clock, lambda detail: report_failed_save(OUTAGES_FILE, detail)
    )
    outages.sync_with_breaker(breaker)
    for file_name, text in ((BREAKER_FILE, warning), (OUTAGES_FILE, outages.warning)):
        if text:
            log.warning("state.corrupt", file=file_name, detail=text)
            notices.add(f"state:{file_name}", "warning", text, clock.wall())

    def count_affected(event: BreakerTransition) -> None:
        if event.new.state is BreakerStatus.CLOSED:
            due, _, running = store.counts()
            outages.add_affected_jobs(due + running)

    return CircuitBreaker(
        clock,
        rng,
        log,
        breaker,
        (count_affected, outages.on_breaker_transition, *on_transition),
        save=lambda breaker: report_failed_save(BREAKER_FILE, file.save(breaker)),
    )
