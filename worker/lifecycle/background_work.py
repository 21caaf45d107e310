"""Run the worker's background tasks in small steps, between jobs."""

from collections.abc import Callable
from functools import partial

from core.errors import PlexError
from plex.client import PlexClient
from plex.finder import Finder
from sync.context import SyncContext
from worker.lifecycle.components import BackgroundTask, WorkerComponents
from worker.lifecycle.due_work import DueWork
from worker.lifecycle.stash_connection import StashConnection


class BackgroundWork:
    """Runs the tasks that are due while no job is."""

    def __init__(
        self,
        components: WorkerComponents,
        due_work: DueWork,
        stash: StashConnection,
        on_index_used: Callable[[Finder, PlexClient], object],
    ) -> None:
        """`on_index_used` is called after the steps of a task: they may have listed libraries."""
        self._tasks = components.background_tasks
        self._store = components.queue.store
        self._circuit = components.circuit
        self._settings = components.settings
        self._due_work = due_work
        self._stash = stash
        self._on_index_used = on_index_used

    def run_if_due(
        self,
        get_context: Callable[[], SyncContext | None],
        must_stop: Callable[[], bool],
    ) -> None:
        """Run each task that is due until a job is due: jobs come first.

        Args:
            get_context: Returns what a step works with; None while writing is not allowed.
            must_stop: Returns True once the time for one task is used up.

        Raises:
            StashUnavailable, StashQueryError: Stash failed; the step is repeated later.
        """
        for task in self._tasks:
            if not self._circuit.max_jobs or self._due_work.is_due() or not task.is_due():
                continue
            ctx = get_context()
            if ctx is None:
                return
            try:
                self._run_steps(task, partial(task.step, ctx), must_stop)
                self._on_index_used(ctx.finder, ctx.plex)
            except PlexError as error:
                self._circuit.failed(error, ctx.plex)
            self._due_work.refresh()

    def has_due_task(self) -> bool:
        """Return True if a task is due that may run now."""
        can_write = self._circuit.max_jobs and self._settings.may_write
        if not can_write or self._stash.is_backing_off():
            return False
        return any(task.is_due() for task in self._tasks)

    def _run_steps(
        self, task: BackgroundTask, step: Callable[[], None], must_stop: Callable[[], bool]
    ) -> None:
        step()
        while self._circuit.max_jobs and not must_stop():
            if self._store.is_due() or not task.is_due():
                return
            step()
