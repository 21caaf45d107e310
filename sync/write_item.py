"""Write one item: all changes together if Plex takes them, field by field if it does not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.calls import Steps
from core.clock import Clock
from core.errors import PlexRejected, PlexTemporaryError
from core.record import SyncRecord
from plex.plan import intended_records
from plex.restore import originals
from sync.batch_records import BatchRecords
from sync.edit_sender import EditSender
from sync.plan_items import PlannedItem
from sync_queue.originals import Originals, Overwritten

# After this many failed attempts the next one is the last.
LAST_TRY = 4


@dataclass(frozen=True, slots=True)
class _Intent:
    """What is about to be written to an item, and what that overwrites."""

    record: SyncRecord
    overwritten: Overwritten


class ItemWriter:
    """Saves what is about to be written to an item, then writes it."""

    def __init__(self, sender: EditSender, kept_originals: Originals, clock: Clock) -> None:
        self._sender = sender
        self._originals = kept_originals
        self._clock = clock

    def save_intents(
        self, plans: Iterable[tuple[PlannedItem, SyncRecord]], records: BatchRecords
    ) -> list[PlannedItem]:
        """Save what the changes overwrite and write; return the plans with the stored records.

        The worker may be killed between a request and its record. Each record identifies the scene
        on the item where none is stored yet. A plan whose intent is saved already is returned as it
        is.
        """
        saved, updated, overwritten = [], [], []
        for planned, record in plans:
            intent = None if planned.is_intended else _intent(planned, record)
            if intent is None:
                saved.append(planned)
                continue
            saved.append(replace(planned, record=intent.record, is_intended=True))
            overwritten.append(intent.overwritten)
            if intent.record != planned.record:
                updated.append(intent.record)
        if overwritten:
            with records.transaction():
                self._originals.save(records.server, overwritten, self._clock.wall())
                records.save(*updated)
        return saved

    def send(self, planned: PlannedItem, attempts: int) -> Steps[Mapping[str, str]]:
        """Send the changes; return the fields that Plex rejected with its reason, {} for none.

        `attempts` are the failed attempts of the job so far. Before the last one a temporary
        failure is raised; in the last one each field is sent alone.

        Raises:
            PlexRejected: a request is too long for the server.
            PlexError: Plex took nothing; the retry policy decides what follows.
        """
        if not planned.changes:
            return {}
        try:
            yield from self._sender.send(planned.item, planned.changes)
        except PlexRejected as error:
            if error.too_long:
                raise
        except PlexTemporaryError:
            if attempts < LAST_TRY:
                raise
        else:
            return {}
        return (yield from self._sender.send_individually(planned.item, planned.changes))


def _intent(planned: PlannedItem, record: SyncRecord) -> _Intent | None:
    """Return what the plan intends; None if it changes nothing. Pure."""
    item = planned.item
    intended = intended_records(planned.changes, planned.desired, item, planned.record)
    if not intended:
        return None
    known = planned.record or SyncRecord(
        record.scene_id, record.server, record.item, record.section, record.path
    )
    overwritten = originals(planned.changes, intended, item)
    return _Intent(
        known.with_fields(intended), Overwritten(item.rating_key, item.section, overwritten)
    )
