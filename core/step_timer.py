"""How long the steps of a sync take, and how many requests they cost."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.clock import Clock

KEPT_TIMES = 200  # the newest of each step; enough for a median and a 95th percentile
STEPS = ("job", "read", "match", "items", "share", "write", "images", "verify")
"""In the order in which users see them; docs/troubleshoot.md explains each."""

PLEX = "plex"
STASH = "stash"


class StepTimer:
    """Keeps the newest times of each step, and counts the requests while a queue is drained."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._is_syncing = False
        self._times_s: dict[str, deque[float]] = {}
        self.requests: Counter[str] = Counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens here; a step that fails has no time, because it would be that of a
        timeout.
        """
        started = self._clock.monotonic()
        yield
        self.record(name, self._clock.monotonic() - started)

    def record(self, name: str, took_s: float) -> None:
        """Remember one time of a step."""
        self._times_s.setdefault(name, deque(maxlen=KEPT_TIMES)).append(round(took_s, 4))

    @contextmanager
    def counting_requests(self) -> Iterator[None]:
        """Count the requests of this block as a sync's; probes, catch-ups and settings reads do not
        count.
        """
        self._is_syncing = True
        try:
            yield
        finally:
            self._is_syncing = False

    def count_request(self, server: str) -> None:
        """Count one request to `plex` or `stash`."""
        self.requests[server] += self._is_syncing

    def times_s(self) -> dict[str, tuple[float, ...]]:
        """Return the newest times in seconds by step, oldest first; {} before the first."""
        return {name: tuple(times) for name, times in self._times_s.items()}

    def restore(self, times_s: Mapping[str, Sequence[float]], requests: Mapping[str, int]) -> None:
        """Replace what is remembered, e.g. by what an earlier worker has left, or by nothing."""
        self._times_s = {name: deque(times, maxlen=KEPT_TIMES) for name, times in times_s.items()}
        self.requests = Counter(requests)
