"""How fast jobs may follow each other: the ramp after an outage, the pace of Plex's answers otherwise."""

from collections.abc import Callable
from pathlib import Path

from core.clock import Clock
from core.files import JsonFile
from core.log import EventLog
from sync_queue.store import BATCH
from worker.resilience import pace as pacing
from worker.resilience import rate_limiter as ramps
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.pace import AdaptivePacing
from worker.resilience.rate_limiter import SlowStart

FILE_NAME = "ramp.json"
SAVE_EVERY_S = 10.0
BATCH_WINDOW_S = 10.0  # a batch holds about what the ramp lets through in this time
POLL_S = 0.5  # whoever waits for a token looks this often whether to go on waiting


class Throttle:
    """Holds the ramp and the pace. The ramp survives a restart of the worker."""

    def __init__(self, data_dir: Path, clock: Clock, log: EventLog) -> None:
        self._file = JsonFile(data_dir / FILE_NAME, clock.sleep)
        self._clock = clock
        self._log = log
        self._pace = AdaptivePacing()
        self._saved_at = clock.monotonic()
        document = self._file.read()
        ramp = ramps.from_document(document)
        if document is not None and ramp is None:
            self._file.quarantine()
        if self._file.corruption_warning:
            log.warning("state.corrupt", detail=self._file.corruption_warning)
        self._ramp: SlowStart | None = ramp if ramp is not None and not ramp.is_over else None

    @property
    def ramp(self) -> SlowStart | None:
        """The ramp after an outage; None outside of one."""
        return self._ramp

    @property
    def batch_size(self) -> int:
        """How many jobs are worth taking at once."""
        return (
            BATCH
            if self._ramp is None
            else max(1, min(BATCH, int(self._ramp.rate * BATCH_WINDOW_S)))
        )

    def acquire(self, should_stop: Callable[[], bool]) -> bool:
        """Wait until the next job may start; False when `should_stop` said so first."""
        wait_s = self._wait_s()
        while wait_s > 0.0:
            if should_stop():
                return False
            self._clock.sleep(min(wait_s, POLL_S))
            wait_s = self._wait_s() if self._ramp is not None else wait_s - POLL_S
        return True

    def release(self) -> None:
        """The turn was not used: whoever comes next need not wait for another one."""
        if self._ramp is not None:
            self._ramp = ramps.given_back(self._ramp)

    def on_result(self, ok: bool) -> None:
        """A job's result, as far as Plex is concerned."""
        if self._ramp is None:
            return
        was = self._ramp.throttled
        self._ramp = ramps.heard(self._ramp, ok, self._clock.wall())
        if self._ramp.throttled is not was:
            self._log.info(
                "slow_start.throttled" if self._ramp.throttled else "slow_start.resumed",
                rate=self._ramp.rate,
            )
        if self._clock.monotonic() - self._saved_at >= SAVE_EVERY_S:
            self._save()

    def tick(self) -> None:
        """Time passes although nothing is due: the ramp goes on, and ends."""
        if self._ramp is not None:
            self._ramp = ramps.advanced(self._ramp, self._clock.wall())
            self._end_if_over()

    def on_response(self, took_s: float, status: int) -> None:
        """Plex answered a request."""
        before = self._pace.level
        self._pace = pacing.answered(self._pace, took_s, status)
        if self._pace.level != before:
            self._log.info("pacing.changed", level=self._pace.level, pause_s=self._pace.pause_s)

    def on_breaker_transition(self, old: CircuitState, new: CircuitState) -> None:
        """The gate's listener: Plex is back, so begin gently."""
        if new.state is BreakerStatus.CLOSED and old.state is not BreakerStatus.CLOSED:
            self._ramp = ramps.begin(self._clock.wall())
            self._log.info("slow_start.start")
            self._save()

    def _wait_s(self) -> float:
        if self._ramp is None:
            return self._pace.pause_s
        self._ramp, wait_s = ramps.admit(self._ramp, self._clock.wall())
        self._end_if_over()
        return wait_s

    def _end_if_over(self) -> None:
        if self._ramp is not None and self._ramp.is_over:
            self._save()
            self._ramp = None
            self._log.info("slow_start.end")

    def _save(self) -> None:
        self._saved_at = self._clock.monotonic()
        if self._ramp is None:
            return
        try:
            self._file.write(ramps.as_document(self._ramp), durable=False)
        except OSError as error:
            self._log.warning("state.save_failed", file=FILE_NAME, detail=str(error))
