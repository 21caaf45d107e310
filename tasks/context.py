"""What every task works with; `tasks/run.py` builds it."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import Clock
from core.errors import PlexError, PlexSyncError
from core.text import are_not_set
from plex.client import PlexClient
from plex.plex_tv import PLEX_TV
from stash.answers import SceneState
from stash.client import StashClient
from stash.session import StashAddress
from sync.context import SyncContext
from sync_queue.hook_queue import DATABASE, QueueUnavailable, connect
from sync_queue.store import JobStore
from tasks.confirmation import Confirmation
from tasks.progress import MAX_DURATION_S, WorkerStartError, ensure_worker
from validation.config import ConfigResult, PlexSyncConfig, read_config
from validation.token_file import TokenFile


class TaskFailed(PlexSyncError):
    """The task could not do its job."""


TaskResult = dict[str, object]


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a task works with.

    Attributes:
        data_dir: the folder of the stored data.
        clock: the time.
        session: the session row of this run; None if Stash did not say where it listens.
        start_worker: starts a detached worker.
        log: writes a line to Stash's log: level, text.
        progress: moves the progress bar, 0 to 1.
        build_plex: returns a Plex client for the given settings.
        build_sync_context: returns what a sync works with, on a store of the task's own.
        work_here: drains the queue in this process for at most so many seconds and reports its
            progress; returns False if a worker is running after all.
        started_at: when this run began, epoch seconds.
        plex_tv: the address of plex.tv; a test passes its own.
        confirmed: the number that the user has seen and confirmed; None where only a second run
            confirms.
    """

    data_dir: Path
    clock: Clock
    session: Mapping[str, object] | None
    start_worker: Callable[[str], object]
    log: Callable[[str, str], None]
    progress: Callable[[float], None]
    build_plex: Callable[[PlexSyncConfig], PlexClient]
    build_sync_context: Callable[[PlexSyncConfig, StashClient, JobStore], SyncContext]
    work_here: Callable[[Callable[[], None], float], bool]
    started_at: float = field(default=0.0)
    plex_tv: str = PLEX_TV
    confirmed: int | None = None

    def info(self, text: str) -> None:
        """Write a line for the user."""
        self.log("info", text)

    @contextmanager
    def store(self) -> Iterator[JobStore]:
        """Open the queue; if there is none yet, start a worker that creates it.

        Raises:
            TaskFailed: the database cannot be used.
            WorkerStartError: there is none, and no worker can be started.
        """
        if not self.has_queue():
            self.ensure_worker()
        connection = self._connect()
        try:
            yield JobStore(connection, self.clock)
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        """Return a connection to the queue; a queue of an earlier version is upgraded by a worker.

        Raises:
            TaskFailed: the database cannot be used.
            WorkerStartError: it must be upgraded, and no worker can be started.
        """
        try:
            try:
                return connect(str(self.data_dir))
            except QueueUnavailable:
                # After an update only a worker migrates the schema, and none may have run yet.
                self.ensure_worker()
                return connect(str(self.data_dir))
        except (QueueUnavailable, sqlite3.Error) as error:
            text = (
                f"PlexSync's queue cannot be opened: {error}. See plexsync.log in its data folder."
            )
            raise TaskFailed(text) from error

    def has_queue(self) -> bool:
        """Return True if a worker has created the queue."""
        return (self.data_dir / DATABASE).exists()

    def try_start_worker(self) -> bool:
        """Return True if a worker is running or was started; warn and return False otherwise."""
        try:
            self.ensure_worker()
        except WorkerStartError as error:
            self.log("warning", str(error))
            return False
        return True

    def ensure_worker(self) -> None:
        """Make sure that a worker is running.

        Raises:
            WorkerStartError: none could be started within ten seconds.
        """
        ensure_worker(self.data_dir, self.start_worker, self.clock, self.session)

    def stash_client(self) -> StashClient:
        """Stash, by the session of this very run.

        Raises:
            TaskFailed: the task was started without a connection to Stash.
        """
        if self.session is None:
            raise TaskFailed("Stash did not say where it listens; start this task from Stash.")
        return stash_of(self.session)

    @property
    def tokens(self) -> TokenFile:
        """Return the Plex token in the data folder."""
        return TokenFile(self.data_dir, self.clock.sleep)

    def read_settings(self, stash: StashClient) -> ConfigResult:
        """Return the settings as they are now, complete or not."""
        return read_config(stash.settings(), self.tokens.load())

    def try_read_settings(self) -> ConfigResult | None:
        """Return the settings as they are now; None if Stash does not say them."""
        try:
            return self.read_settings(self.stash_client())
        except PlexSyncError:
            return None

    def config(self, stash: StashClient) -> PlexSyncConfig:
        """Return the settings as they are now.

        Raises:
            TaskFailed: a required one is missing.
        """
        config = self.read_settings(stash).config
        if config.missing_required():
            raise TaskFailed(missing_text(config.missing_required()))
        return config

    def max_duration_s(self) -> float:
        """Return how many seconds a task may hold Stash's job slot; the default if Stash cannot
        say.
        """
        try:
            return self.read_settings(self.stash_client()).config.process_minutes * 60.0
        except PlexSyncError:
            return MAX_DURATION_S

    def confirm(self, task: str, count: int, what: str) -> bool:
        """Return True if this run may delete `count` things; else announce what a second run
        deletes.

        Raises:
            TaskFailed: the user has confirmed a smaller number.
        """
        if self.confirmed is not None:
            if self.confirmed < count:
                raise TaskFailed(
                    f"{what} You confirmed {self.confirmed}. Nothing was changed; start again."
                )
            return True
        confirmation = Confirmation(self.data_dir, self.clock)
        if not count or confirmation.consume(task, count, self.started_at):
            return True
        self.info(f"{what} Run {task} again within 5 minutes (not sooner than 5 seconds) to do it.")
        confirmation.request(task, count)
        return False


def missing_text(settings: tuple[str, ...]) -> str:
    """Return the sentence for these settings, which are required and not set.

    Examples:
        >>> missing_text(("Plex token",))
        "Plex token is not set. Enter it in PlexSync's settings."
    """
    what = "it" if len(settings) == 1 else "them"
    return f"{are_not_set(settings)}. Enter {what} in PlexSync's settings."


def stash_of(session: Mapping[str, object]) -> StashClient:
    """Stash, by a session row. Sends nothing."""
    address = StashAddress(str(session["scheme"]), str(session["host"]), int(str(session["port"])))
    return StashClient(address, str(session["cookie"]))


def scene_pages(stash: StashClient, size: int, since: str = "") -> Iterator[list[tuple[int, str]]]:
    """Yield all scenes by id, page by page, as `scene_page` returns them."""
    after = 0
    while page := stash.scene_page(after, size, since):
        yield page
        after = page[-1][0]


def state_pages(stash: StashClient, size: int, since: str = "") -> Iterator[list[SceneState]]:
    """Yield the same pages with the file behind each id."""
    after = 0
    while page := stash.scene_file_states(after, size, since):
        yield page
        after = page[-1].scene_id


def plex_failure(error: PlexError) -> TaskFailed:
    """Return a failure of Plex as a task's error, with what to do about it."""
    return TaskFailed(f"{error}. {error.advice}")
