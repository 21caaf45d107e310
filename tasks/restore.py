"""The task that gives Plex back what it showed before PlexSync's first write."""

from collections.abc import Iterable
from contextlib import closing

from core.calls import run_here
from core.errors import PlexError
from core.own_collection import OwnCollection
from core.text import pluralize
from plex.client import READ_BATCH
from stash.client import StashClient
from sync.group_collections import CollectionWriter
from sync.item_restorer import EDITED, GONE, REFUSED, RESTORED, ItemRestorer
from sync.recognize_server import recognize_server
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import MetaStore, WorkerStatus
from sync_queue.originals import Originals
from sync_queue.records import Records
from sync_queue.store import JobStore
from tasks.context import TaskContext, TaskFailed, TaskResult, plex_failure
from validation.config import read_config

NAME = "Restore Plex Values"
LISTED = 10


def restore_values(context: TaskContext) -> TaskResult:
    """Restore the original values of every item, except what the user has edited in Plex since."""
    stash = context.stash_client()
    config = context.config(stash)
    _require_disabled(stash)
    with context.store() as store:
        if _is_worker_busy(store) and is_worker_alive(str(context.data_dir)):
            raise TaskFailed(
                "The worker is just finishing what it has begun; run this task again in a minute."
            )
        ctx = context.build_sync_context(config, stash, store)
        try:
            server = ctx.plex.machine_identifier()
            recognize_server(ctx.plex, ctx.records, ctx.log)
            restorer = ctx.restorer(server)
            result = _restore_all(context, stash, ctx.records.originals, restorer, server)
            if "chosen" not in result:
                rows = ctx.records.collections
                writer = CollectionWriter(ctx.plex, rows, ctx.log, before_write=ctx.check_epoch)
                _delete_emptied(context, writer, rows.of_server(server).values())
            return result
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            ctx.close()


def _delete_emptied(
    context: TaskContext, writer: CollectionWriter, rows: Iterable[OwnCollection]
) -> None:
    """Delete the collections that PlexSync made and that have no members any more.

    Others stay, with what they show: something else is in them. The worker does not run.
    """
    deleted = writer.delete_emptied(rows)
    if deleted:
        what = pluralize(deleted, "collection")
        context.info(f"PlexSync deleted {what} that it had made and that have no members now.")


def count_restorable(context: TaskContext) -> int:
    """Return how many items would get back what they showed; change nothing.

    Raises:
        TaskFailed: PlexSync is switched on, or Plex does not answer.
    """
    stash = context.stash_client()
    config = context.config(stash)
    _require_disabled(stash)
    with context.store() as store:
        try:
            with closing(context.build_plex(config)) as plex:
                server = plex.machine_identifier()
        except PlexError as error:
            raise plex_failure(error) from error
        return Records(store).originals.count(server)


def _require_disabled(stash: StashClient) -> None:
    """Raises TaskFailed while PlexSync writes: what is put back would be overwritten by the next
    edit.
    """
    if read_config(stash.settings()).config.enabled:
        raise TaskFailed(
            "Switch Enabled off in PlexSync's settings first; otherwise what is put back "
            "would be overwritten again."
        )


def _is_worker_busy(store: JobStore) -> bool:
    """Whether a worker is in the middle of a drain that began under the old settings."""
    row = MetaStore(store).worker()
    return bool(store.counts()[2]) or (row is not None and row.status is WorkerStatus.SYNCING)


def _restore_all(
    context: TaskContext,
    stash: StashClient,
    originals: Originals,
    restorer: ItemRestorer,
    server: str,
) -> TaskResult:
    """Restore every item once the user has confirmed it; return the counts.

    Raises:
        PlexError: Plex failed; what is not restored yet stays for the next run.
        TaskFailed: the user has switched PlexSync on meanwhile.
    """
    total = originals.count(server)
    if not context.confirm(
        NAME, total, f"{total} items in Plex would get back what they showed before PlexSync."
    ):
        return {"chosen": total, RESTORED: 0}
    after, done = 0, 0
    while page := originals.page(server, after, READ_BATCH):
        _require_disabled(stash)
        run_here(restorer.restore_page(page))
        done += len(page)
        context.progress(done / total)
        after = page[-1][0]
    return _report(context, restorer)


def _report(context: TaskContext, restorer: ItemRestorer) -> TaskResult:
    """Report what was done, the most important last: Stash shows the newest line first."""
    for line in restorer.details[:LISTED]:
        context.info(line)
    if len(restorer.details) > LISTED:
        context.info(f"And {len(restorer.details) - LISTED} items more.")
    counts = restorer.counts
    context.info(
        f"{counts[RESTORED]} items put back, {counts[EDITED]} of all keep what was edited since, "
        f"{counts[GONE]} are gone from Plex, {counts[REFUSED]} refused."
    )
    if counts[RESTORED]:
        context.info(
            "Switched on again, PlexSync writes what changes in Stash, and everything by Sync All."
        )
    return {name: counts[name] for name in (RESTORED, EDITED, GONE, REFUSED)}
