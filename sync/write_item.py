"""Write one item: all changes together if Plex takes them, field by field if it does not."""

from collections.abc import Mapping
from dataclasses import replace

from core.calls import Steps
from core.clock import Clock
from core.errors import PlexRejected, PlexTemporaryError
from core.record import SyncRecord
from plex.plan import intended_records
from plex.restore import originals
from sync.batch_records import BatchRecords
from sync.edit_sender import EditSender
from sync.plan_items import PlannedItem
from sync_queue.originals import Originals

# After this many failed attempts the next one is the last.
LAST_TRY = 4


class ItemWriter:
    """Saves what is about to be written to an item, then writes it."""

    def __init__(self, sender: EditSender, kept_originals: Originals, clock: Clock) -> None:
        self._sender = sender
        self._originals = kept_originals
        self._clock = clock

    def save_intent(
        self, planned: PlannedItem, record: SyncRecord, records: BatchRecords
    ) -> PlannedItem:
        """Save what the changes overwrite and write; return the plan with the stored record.

        The worker may be killed between the request and its record. `record` identifies the scene
        on the item where none is stored yet.
        """
        item = planned.item
        intended = intended_records(planned.changes, planned.desired, item, planned.record)
        if not intended:
            return planned
        overwritten = originals(planned.changes, intended, item)
        self._originals.save(
            record.server, item.rating_key, item.section, overwritten, self._clock.wall()
        )
        known = planned.record or SyncRecord(
            record.scene_id, record.server, record.item, record.section, record.path
        )
        updated = known.with_fields(intended)
        if updated != known:
            records.save(updated)
        return replace(planned, record=updated)

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
