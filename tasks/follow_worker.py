"""Follow the worker from a task, until there is no reason to wait any longer."""

from collections.abc import Callable

from core.clock import Clock
from sync_queue.meta import MetaStore

POLL_S = 0.5
STALL_TIMEOUT_S = 60.0
# A worker that has just been started is blocked for a moment, too.
IDLE_GRACE_S = 3.0


def follow_worker(
    clock: Clock,
    facts: MetaStore,
    is_pending: Callable[[], bool],
    poll: Callable[[], object],
    ends_at: float,
) -> bool:
    """Follow while something is pending; return True if time is up.

    A task holds Stash's only job slot, so it must end; the worker continues without it. The end
    also comes when the worker is blocked for IDLE_GRACE_S or nothing moves for STALL_TIMEOUT_S.

    Args:
        clock: Time and waits.
        facts: Where the worker stores its status.
        is_pending: Returns True while a worker has something to do for this task.
        poll: Shows the progress and returns its state; equal states mean that nothing moved.
        ends_at: When time is up, by the monotonic clock.
    """
    moved_at = worked_at = clock.monotonic()
    state: object = None
    while is_pending():
        clock.sleep(POLL_S)
        before, state = state, poll()
        now = clock.monotonic()
        if state != before:
            moved_at = now
        worker = facts.worker()
        if worker is None or not worker.status.is_blocked:
            worked_at = now
        if now - worked_at >= IDLE_GRACE_S or now - moved_at >= STALL_TIMEOUT_S:
            return False
        if now >= ends_at:
            return True
    return False
