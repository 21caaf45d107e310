"""The task that gives Plex back what it showed before PlexSync's first write."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from core.calls import run_here
from core.errors import PlexError, PlexRejected, PlexTemporaryError
from core.fields import IMAGE_FIELDS, Field
from core.original import AUTOMATIC, Original
from core.plex_item import PlexItem
from core.text import pluralize
from plex.client import READ_BATCH, PlexClient
from plex.edit_request import lock_target
from plex.image_state import IMAGE_LISTS, concerns_images_only
from plex.plan import Change
from plex.restore import Restoration, image_to_restore, plan_restoration
from stash.client import StashClient
from sync.context import SyncContext
from sync.edit_sender import EditSender
from sync.group_collections import CollectionWriter
from sync.made_collections import FIELD as COLLECTIONS
from sync.recognize_server import recognize_server
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import MetaStore, WorkerStatus
from sync_queue.records import Records
from sync_queue.store import JobStore
from tasks.context import TaskContext, TaskFailed, TaskResult, plex_failure
from validation.config import read_config

NAME = "Restore Plex Values"
LISTED = 10
KeptItem = tuple[int, int, Mapping[str, Original]]
"""An item, its library, and its originals by field."""

RESTORED, EDITED, GONE, REFUSED = "restored", "edited", "gone", "refused"


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
            run = ItemRestorer(context, ctx.plex, ctx.records, ctx.sender(), server)
            result = run.restore_all(stash)
            if "chosen" not in result:
                _delete_emptied(context, ctx, server)
            return result
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            ctx.close()


def _delete_emptied(context: TaskContext, ctx: SyncContext, server: str) -> None:
    """Delete the collections that PlexSync made and that have no members any more.

    Others stay, with what they show: something else is in them. The worker does not run.
    """
    rows = ctx.records.collections
    writer = CollectionWriter(ctx.plex, rows, ctx.log, before_write=ctx.check_epoch)
    deleted = writer.delete_emptied(rows.of_server(server).values())
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


@dataclass(slots=True)
class _ItemResult:
    """One item's result: fields edited since, and those Plex rejected with its reason."""

    edited: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class ItemRestorer:
    """One run: writes items and counts. `server` is the identifier of the Plex server."""

    def __init__(
        self,
        context: TaskContext,
        plex: PlexClient,
        records: Records,
        sender: EditSender,
        server: str,
    ) -> None:
        self._context = context
        self._plex = plex
        self._records = records
        self._originals = records.originals
        self._sender = sender
        self._server = server
        self._counts: Counter[str] = Counter()
        self._details: list[str] = []

    def restore_all(self, stash: StashClient) -> TaskResult:
        """Restore every item once the user has confirmed it; return the counts.

        Raises:
            PlexError: Plex failed; what is not restored yet stays for the next run.
            TaskFailed: the user has switched PlexSync on meanwhile.
        """
        total = self._originals.count(self._server)
        if not self._context.confirm(
            NAME, total, f"{total} items in Plex would get back what they showed before PlexSync."
        ):
            return {"chosen": total, RESTORED: 0}
        after, done = 0, 0
        while page := self._originals.page(self._server, after, READ_BATCH):
            _require_disabled(stash)
            self.restore_page(page)
            done += len(page)
            self._context.progress(done / total)
            after = page[-1][0]
        return self._finish()

    def restore_page(self, page: Sequence[KeptItem]) -> Counter[str]:
        """Restore some items without asking; return the counts of this run so far.

        Raises:
            PlexError: Plex failed; what is not restored yet keeps its originals.
        """
        items = self._read(page)
        results = {
            item: self._restore_item(items[item], kept) for item, _, kept in page if item in items
        }
        now = self._read(page) if results else {}
        for item, _, kept in page:
            self._verify_item(item, now.get(item), kept, results.get(item))
        return self._counts

    def _restore_item(self, item: PlexItem, kept: Mapping[str, Original]) -> _ItemResult:
        """Write what differs on one item."""
        plan = self._plan(item, kept)
        for change in plan.changes:
            if change.field is COLLECTIONS:
                own = self._records.collections
                own.mark_titles_due(self._server, item.section, change.remove)
        result = _ItemResult(list(plan.edited), self._write(item, plan.changes))
        for image in (image for image in IMAGE_FIELDS if image.name in kept):
            try:
                self._restore_image(item, image, kept[image.name], result)
            except PlexError as error:
                if not concerns_images_only(error, self._plex):
                    raise
                # The next run tries again: the item's originals stay.
                result.failed[image.name] = str(error)
        return result

    def _verify_item(
        self,
        key: int,
        item: PlexItem | None,
        kept: Mapping[str, Original],
        result: _ItemResult | None,
    ) -> None:
        """Forget an item that shows its originals; the next run retries any other."""
        if item is None or result is None:
            self._counts[GONE] += 1
            self._originals.forget(self._server, key)
            return
        for change in self._plan(item, kept).changes:
            result.failed.setdefault(change.field.name, "accepted, but not shown")
        self._counts[REFUSED if result.failed else RESTORED] += 1
        self._counts[EDITED] += bool(result.edited)
        if result.edited:
            names = ", ".join(result.edited)
            self._details.append(
                f"{item.title} (item {key}): edited in Plex since, stays: {names}."
            )
        if result.failed:
            names, reason = ", ".join(result.failed), next(iter(result.failed.values()))
            self._details.append(
                f"{item.title} (item {key}): Plex does not take {names} ({reason})."
            )
        else:
            self._originals.forget(self._server, key)

    def _finish(self) -> TaskResult:
        """Report what was done, the most important last: Stash shows the newest line first."""
        for line in self._details[:LISTED]:
            self._context.info(line)
        if len(self._details) > LISTED:
            self._context.info(f"And {len(self._details) - LISTED} items more.")
        counts = self._counts
        self._context.info(
            f"{counts[RESTORED]} items put back, {counts[EDITED]} of all keep what was "
            "edited since, "
            f"{counts[GONE]} are gone from Plex, {counts[REFUSED]} refused."
        )
        if counts[RESTORED]:
            self._context.info(
                "Switched on again, PlexSync writes what changes in Stash, and everything "
                "by Sync All."
            )
        return {name: counts[name] for name in (RESTORED, EDITED, GONE, REFUSED)}

    def _read(self, page: Sequence[KeptItem]) -> dict[int, PlexItem]:
        """Return the items as they are now, one request per library; what is gone is absent."""
        items: dict[int, PlexItem] = {}
        for section in sorted({section for _, section, _ in page}):
            keys = [item for item, where, _ in page if where == section]
            items.update(self._plex.items(section, keys))
        return items

    def _plan(self, item: PlexItem, kept: Mapping[str, Original]) -> Restoration:
        return plan_restoration(kept, item, self._records.of_item(item.rating_key, self._server))

    def _write(self, item: PlexItem, changes: tuple[Change, ...]) -> dict[str, str]:
        """Send the changes; the fields Plex refused and why."""
        if not changes:
            return {}
        try:
            run_here(self._sender.send(item, changes))
        except (PlexRejected, PlexTemporaryError):
            return run_here(self._sender.send_individually(item, changes))
        return {}

    def _restore_image(
        self, item: PlexItem, image: Field, original: Original, result: _ItemResult
    ) -> None:
        """Select the image that was shown before, where ours is still the selected one.

        Raises:
            PlexError: Plex did not do it.
        """
        plex, kind = self._plex, IMAGE_LISTS[image.plex]
        available = plex.images(item.rating_key, kind)
        shown = next((key for key, selected in available if selected), "")
        former, is_locked = image_to_restore(original, available), image.plex in item.locked
        is_ours = shown.endswith(original.written_digests)
        # Plex may choose another image by itself, as long as none was chosen by hand.
        is_former = shown == former or (
            original.value is AUTOMATIC and not is_ours and not is_locked
        )
        if not is_former and not (is_ours and _has_image(available, former)):
            result.edited.append(
                image.name
            )  # by hand, or the former image is gone: ours is better than none
            return
        if not is_former and former:
            plex.select_image(item.rating_key, kind, former)
        elif not is_former:
            plex.deselect_image(item.rating_key, kind)
        # Choosing an image locks it.
        if not is_former or original.locked != is_locked:
            plex.edit(lock_target(item.section, item.rating_key, image, locked=original.locked))


def _has_image(available: Sequence[tuple[str, bool]], key: str) -> bool:
    """Whether an image can be chosen; choosing none always can."""
    return not key or any(key == each for each, _ in available)
