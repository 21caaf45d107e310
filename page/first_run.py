"""Detect which steps of a first run are done, and remember them."""

from collections.abc import Iterator

from core.errors import PlexError
from page.models.state import FirstRun
from plex.libraries import choose_libraries
from sync_queue.meta import MetaStore
from sync_queue.records import Records
from sync_queue.store import JobStore
from tasks.context import TaskContext
from tasks.first_run import CONNECTED, DRY_RUN, LIBRARIES, PATHS, STEPS, done_steps, mark_done
from validation.config import PlexSyncConfig


def first_run(
    context: TaskContext, store: JobStore, config: PlexSyncConfig | None
) -> FirstRun | None:
    """Return the steps; None once all are done, as for everybody whose scenes were written.

    `config` is None where Stash does not say what is set.
    """
    done = done_steps(MetaStore(store))
    found = done.union(_found_steps(context, store, config, done))
    if found != done:
        done = mark_done(store, *found)
    if done.issuperset(STEPS):
        return None
    return FirstRun(
        is_connected=CONNECTED in done,
        has_libraries=LIBRARIES in done,
        has_paths=PATHS in done,
        has_dry_run=DRY_RUN in done,
    )


def _found_steps(
    context: TaskContext, store: JobStore, config: PlexSyncConfig | None, done: frozenset[str]
) -> Iterator[str]:
    if done.issuperset(STEPS):
        return
    if Records(store).has_any():
        yield from STEPS
        return
    if config is None:
        return
    if config.path_map:
        yield PATHS
    if not config.missing_required() and not done.issuperset((CONNECTED, LIBRARIES)):
        yield from _ask_plex(context, config)


def _ask_plex(context: TaskContext, config: PlexSyncConfig) -> Iterator[str]:
    """Plex is asked only until it has answered once: nothing else may have reached it yet."""
    try:
        plex = context.build_plex(config)
        try:
            choice = choose_libraries(plex.sections(), config.plex_libraries)
        finally:
            plex.close()
    except (PlexError, OSError):
        return
    yield CONNECTED
    if choice.sections:
        yield LIBRARIES
