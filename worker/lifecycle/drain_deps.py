"""Define what every drain of a worker works with; `wiring.py` builds it once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from core.checkpoint import Checkpoint, no_checkpoint
from core.clock import Clock
from core.events import JobFinished
from core.log import EventLog
from sync.batch import BatchRead
from sync_queue.notices import Notices
from sync_queue.store import JobStore
from worker.discovery.fan_out import FanOut
from worker.lifecycle.request_pool import Pool
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.throttle import Throttle

OnJobFinished = Callable[[JobFinished], None]
OnBatchRead = Callable[[BatchRead], None]


@dataclass(frozen=True, slots=True)
class DrainDeps:
    """What a drain works with: the queue, the limits of Plex, and who is notified.

    `pool` carries out the requests of the jobs.
    """

    store: JobStore
    notices: Notices
    circuit: CircuitBreaker
    throttle: Throttle
    fan_out: FanOut
    pool: Pool
    rng: Random
    clock: Clock
    log: EventLog
    on_job_finished: Sequence[OnJobFinished] = ()
    on_batch_read: Sequence[OnBatchRead] = ()
    checkpoint: Checkpoint = no_checkpoint
