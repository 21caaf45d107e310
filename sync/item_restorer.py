"""Put back what items showed before PlexSync's first write, except what was edited since."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from core.calls import Steps, call
from core.errors import PlexAccessError, PlexError, PlexRejected, PlexTemporaryError
from core.fields import BY_NAME, IMAGE_FIELDS, Field
from core.original import AUTOMATIC, Original
from core.plex_item import PlexItem
from plex.client import PlexClient
from plex.edit_request import lock_target
from plex.image_state import IMAGE_LISTS, concerns_images_only
from plex.plan import Change
from plex.restore import Restoration, image_to_restore, plan_restoration
from sync.edit_sender import EditSender
from sync_queue.originals import KeptItem
from sync_queue.records import Records

_COLLECTIONS = BY_NAME["collection"]
RESTORED, EDITED, GONE, REFUSED = "restored", "edited", "gone", "refused"


@dataclass(slots=True)
class _ItemResult:
    """One item's result: fields edited since, and those Plex rejected with its reason."""

    edited: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class ItemRestorer:
    """Restores items and counts.

    Attributes:
        counts: how many items were restored, hold later edits, are gone or were refused.
        details: one line for each item that keeps an edit, or that Plex refused.
        failed: the fields that Plex refused, with its reason.
        is_temporary: Plex failed on one of them, and may take it later.
    """

    def __init__(
        self,
        plex: PlexClient,
        records: Records,
        sender: EditSender,
        server: str,
        check_epoch: Callable[[], None],
    ) -> None:
        """Send nothing.

        `server` is the identifier of the Plex server; `check_epoch` raises Fenced once a newer
        worker has taken over.
        """
        self._plex = plex
        self._records = records
        self._originals = records.originals
        self._sender = sender
        self._check_epoch = check_epoch
        self._server = server
        self.counts: Counter[str] = Counter()
        self.details: list[str] = []
        self.failed: dict[str, str] = {}
        self.is_temporary = False

    def restore_page(self, page: Sequence[KeptItem]) -> Steps[None]:
        """Restore some items; an item that shows its originals is forgotten.

        A killed run may be repeated: what is not restored yet keeps its originals.

        Raises:
            PlexError: Plex failed; what is not restored yet keeps its originals.
        """
        items = yield from self.read(page)
        results = {}
        for item, _, kept in page:
            if item in items:
                results[item] = yield from self._restore_item(items[item], kept)
        now = (yield from self.read(page)) if results else {}
        for item, _, kept in page:
            self._verify_item(item, now.get(item), kept, results.get(item))

    def read(self, page: Sequence[KeptItem]) -> Steps[dict[int, PlexItem]]:
        """Return the items as they are now, one request per library; what is gone is absent.

        Raises:
            PlexError: Plex failed.
        """
        items: dict[int, PlexItem] = {}
        for section in sorted({section for _, section, _ in page}):
            keys = [item for item, where, _ in page if where == section]
            items.update((yield from call(partial(self._plex.items, section, keys))))
        return items

    def _restore_item(self, item: PlexItem, kept: Mapping[str, Original]) -> Steps[_ItemResult]:
        """Write what differs on one item."""
        plan = self._plan(item, kept)
        for change in plan.changes:
            if change.field is _COLLECTIONS:
                own = self._records.collections
                own.mark_titles_due(self._server, item.section, change.remove)
        result = _ItemResult(list(plan.edited), (yield from self._write(item, plan.changes)))
        for image in (image for image in IMAGE_FIELDS if image.name in kept):
            try:
                yield from self._restore_image(item, image, kept[image.name], result)
            except PlexError as error:
                if not (yield from call(partial(concerns_images_only, error, self._plex))):
                    raise
                # The next run tries again: the item's originals stay.
                result.failed[image.name] = str(error)
                self._note(error)
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
            self.counts[GONE] += 1
            self._originals.forget(self._server, key)
            return
        for change in self._plan(item, kept).changes:
            result.failed.setdefault(change.field.name, "accepted, but not shown")
        self.counts[REFUSED if result.failed else RESTORED] += 1
        self.counts[EDITED] += bool(result.edited)
        if result.edited:
            names = ", ".join(result.edited)
            self.details.append(f"{item.title} (item {key}): edited in Plex since, stays: {names}.")
        if result.failed:
            names, reason = ", ".join(result.failed), next(iter(result.failed.values()))
            self.details.append(
                f"{item.title} (item {key}): Plex does not take {names} ({reason})."
            )
            self.failed.update(result.failed)
        else:
            self._originals.forget(self._server, key)

    def _plan(self, item: PlexItem, kept: Mapping[str, Original]) -> Restoration:
        return plan_restoration(kept, item, self._records.of_item(item.rating_key, self._server))

    def _write(self, item: PlexItem, changes: tuple[Change, ...]) -> Steps[dict[str, str]]:
        """Send the changes; return the fields Plex refused and why."""
        if not changes:
            return {}
        try:
            yield from self._sender.send(item, changes)
        except (PlexRejected, PlexTemporaryError) as error:
            failed = yield from self._sender.send_individually(item, changes)
            if failed:
                self._note(error)
            return failed
        return {}

    def _note(self, error: PlexError) -> None:
        is_refusal = isinstance(error, PlexRejected | PlexAccessError)
        self.is_temporary = self.is_temporary or not is_refusal

    def _restore_image(
        self, item: PlexItem, image: Field, original: Original, result: _ItemResult
    ) -> Steps[None]:
        """Select the image that was shown before, where ours is still the selected one.

        Raises:
            PlexError: Plex did not do it.
        """
        plex, key, kind = self._plex, item.rating_key, IMAGE_LISTS[image.plex]
        available = yield from call(partial(plex.images, key, kind))
        shown = next((name for name, selected in available if selected), "")
        former, is_locked = image_to_restore(original, available), image.plex in item.locked
        is_ours = shown.endswith(original.written_digests)
        # Plex may choose another image by itself, as long as none was chosen by hand.
        is_former = shown == former or (
            original.value is AUTOMATIC and not is_ours and not is_locked
        )
        if not is_former and not (is_ours and _has_image(available, former)):
            # By hand, or the former image is gone: ours is better than none.
            result.edited.append(image.name)
            return
        if not is_former and former:
            yield from self._send(partial(plex.select_image, key, kind, former))
        elif not is_former:
            yield from self._send(partial(plex.deselect_image, key, kind))
        # Choosing an image locks it.
        if not is_former or original.locked != is_locked:
            target = lock_target(item.section, key, image, locked=original.locked)
            yield from self._send(partial(plex.edit, target))

    def _send(self, write: Callable[[], object]) -> Steps[None]:
        self._check_epoch()
        yield from call(write, is_write=True)


def _has_image(available: Sequence[tuple[str, bool]], key: str) -> bool:
    """Whether an image can be chosen; choosing none always can."""
    return not key or any(key == name for name, _ in available)
