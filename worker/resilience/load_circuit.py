"""Load the circuit breaker and the outage history as they were saved."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from core.clock import Clock
from core.log import EventLog
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.breaker_file import CircuitStateFile
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.outages import OutageRecorder


def load_circuit(
    data_dir: Path,
    clock: Clock,
    rng: Random,
    log: EventLog,
    store: JobStore,
    notices: Notices,
    listeners: Sequence[Callable[[CircuitState, CircuitState], None]],
) -> CircuitBreaker:
    """Return the circuit breaker as it was saved; every transition also goes to the history.

    A corrupt file is reported to the user and replaced.
    """
    file = CircuitStateFile(data_dir, clock)
    breaker, warning = file.load()

    def unsaved(text: str) -> None:
        if text:
            file_name, _, detail = text.partition(": ")
            log.warning("state.save_failed", file=file_name, detail=detail)

    outages = OutageRecorder(data_dir, clock, unsaved)
    outages.sync_with_breaker(breaker)
    for text in filter(None, (warning, outages.warning)):
        log.warning("state.corrupt", detail=text)
        notices.add(f"state:{text[:20]}", "warning", text, clock.wall())

    def count_affected(old: CircuitState, new: CircuitState) -> None:
        if new.state is BreakerStatus.CLOSED:
            due, _, running = store.counts()
            outages.add_affected_jobs(due + running)

    return CircuitBreaker(
        clock,
        rng,
        log,
        breaker,
        (count_affected, outages.on_breaker_transition, *listeners),
        save=lambda breaker: unsaved(file.save(breaker)),
    )
