"""The breaker at work: what jobs and probes report goes in, whether Plex may be asked comes out."""

from collections.abc import Callable
from random import Random

from core.clock import Clock
from core.errors import PlexAccessError, PlexError, PlexUnavailable
from core.log import EventLog
from plex.client import PlexClient
from sync_queue.store import BATCH
from worker.resilience import breaker as moves
from worker.resilience.breaker import BreakerStatus, CircuitState
from worker.resilience.retry_policy import BreakerSignal, rule_for

Listener = Callable[[CircuitState, CircuitState], None]

REASONS = {
    BreakerStatus.HALF_OPEN: "the health check succeeded",
    BreakerStatus.CLOSED: "the half-open test succeeded",
}


class CircuitBreaker:
    """Holds the breaker; only the worker moves it.

    Listeners hear of each transition (old, new), and when it turns out that a person must act.
    """

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        log: EventLog,
        breaker: CircuitState | None = None,
        listeners: tuple[Listener, ...] = (),
        save: Callable[[CircuitState], object] = lambda breaker: None,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._log = log
        self._listeners = listeners
        self._save = save
        self.breaker = breaker or CircuitState()

    @property
    def max_jobs(self) -> int:
        """How many jobs may be taken now: a batch, one, or none."""
        return {BreakerStatus.CLOSED: BATCH, BreakerStatus.HALF_OPEN: 1, BreakerStatus.OPEN: 0}[
            self.breaker.state
        ]

    def succeeded(self) -> None:
        """Plex did its part in a job or an authenticated request."""
        self._transition(moves.on_success(self.breaker, self._clock.wall()))

    def failed(self, error: Exception, plex: PlexClient) -> None:
        """A job or a shared read failed; a refused connection is confirmed by a health check."""
        signal, reason, now = (
            rule_for(error).signal,
            f"{type(error).__name__}: {error}",
            self._clock.wall(),
        )
        if signal is BreakerSignal.REFUSED:
            self._transition(moves.trip(self.breaker, reason, now, self._rng, refused=True))
        elif signal is BreakerSignal.DOWN and not self._is_healthy(plex):
            self._transition(moves.trip(self.breaker, reason, now, self._rng))
        elif signal in (BreakerSignal.DOWN, BreakerSignal.COUNT):
            self._transition(moves.on_failure(self.breaker, reason, now, self._rng))

    def probe(self, plex: PlexClient) -> None:
        """Ask Plex whether it is healthy again, if it is time; HALF_OPEN when it is."""
        if not moves.probe_is_due(self.breaker, self._clock.wall()):
            return
        try:
            plex.check_identity()
            plex.sections()
        except PlexError as error:
            refused = self.breaker.refused or isinstance(error, PlexAccessError)
            reason = f"{type(error).__name__}: {error}"
            self._transition(
                moves.trip(self.breaker, reason, self._clock.wall(), self._rng, refused=refused)
            )
        else:
            self._transition(moves.half_open(self.breaker))

    def half_open_test(self, plex: PlexClient) -> None:
        """Half-open with no job due: an authenticated request decides."""
        try:
            plex.sections()
        except PlexError as error:
            self.failed(error, plex)
        else:
            self.succeeded()

    def settings_changed(self) -> None:
        """The address or the token is another one: ask at once instead of at the next gap."""
        if self.breaker.state is BreakerStatus.OPEN:
            self._transition(moves.probe_now(self.breaker, self._clock.wall()))

    def _is_healthy(self, plex: PlexClient) -> bool:
        try:
            plex.check_identity()
        except PlexUnavailable:
            return False
        except PlexError:
            return True  # somebody answered
        return True

    def _transition(self, new: CircuitState) -> None:
        old, self.breaker = self.breaker, new
        if new != old and not (
            old.state is BreakerStatus.CLOSED and new.state is BreakerStatus.CLOSED
        ):
            self._save(new)  # the schedule of the probes is kept as well, not only the transitions
        if (old.state, old.refused) == (new.state, new.refused):
            return
        reason = new.reason if new.state is BreakerStatus.OPEN else REASONS[new.state]
        self._log.warning(
            "breaker.transition",
            old=old.state.value,
            new=new.state.value,
            reason=reason,
            since=int(old.since) or None,
        )
        for listener in self._listeners:
            listener(old, new)
