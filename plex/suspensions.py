"""Decide which planned changes are not written any more, and what is recorded of sends. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from core.field_values import FieldValue, digests
from core.fields import BY_NAME
from core.record import FieldRecord, SyncRecord
from core.send_history import NO_HISTORY, SendHistory, Suspension
from plex.plan import Change


@dataclass(frozen=True, slots=True)
class CheckedChanges:
    """Planned changes by what becomes of them.

    Attributes:
        writable: what is written.
        overwritten: what is suspended from now on, because another program replaces it each time.
    """

    writable: tuple[Change, ...]
    overwritten: tuple[Change, ...] = ()


def check_changes(
    changes: Sequence[Change],
    desired: Mapping[str, FieldValue],
    record: SyncRecord | None,
    now: float,
) -> CheckedChanges:
    """Return the changes without those of suspended values; a new value is always written.

    `now` in epoch seconds.
    """
    writable: list[Change] = []
    overwritten: list[Change] = []
    for change in changes:
        name = change.field.name
        known = record.fields.get(name) if record else None
        history = history_of(known, name, desired[name])
        if history.is_suspended:
            continue
        is_overwritten = (
            known is not None
            and not change.keeps
            and bool(known.verified or not known.pushed)
            and history.is_overwritten(now)
        )
        (overwritten if is_overwritten else writable).append(change)
    return CheckedChanges(tuple(writable), tuple(overwritten))


def history_of(known: FieldRecord | None, name: str, desired: FieldValue) -> SendHistory:
    """Return what became of the desired value so far; an empty history for any other value."""
    if known is None or known.pushed not in digests(BY_NAME[name].kind, desired):
        return NO_HISTORY
    return known.history


def with_histories(
    fields: Mapping[str, FieldRecord],
    sent: Collection[str],
    desired: Mapping[str, FieldValue],
    stored: SyncRecord | None,
    now: float,
) -> dict[str, FieldRecord]:
    """Return the records after a write; `sent` are the fields that Plex took.

    A field that was not sent and is among `fields` shows its desired value.
    """
    before = stored.fields if stored else {}
    records = dict(fields)
    for name, known in fields.items():
        if name not in desired:
            continue
        earlier = before.get(name)
        # A record that stayed as it was is of the value that is desired.
        is_same = earlier is known
        history = known.history if is_same else history_of(earlier, name, desired[name])
        history = history.sent(now) if name in sent else history.verified(is_kept=True)
        if history is not known.history:
            records[name] = known.with_history(history)
    return records


def suspend(record: SyncRecord, names: Collection[str], reason: Suspension) -> SyncRecord:
    """Return the record with the values of these fields suspended."""
    return record.with_fields(
        {
            name: replace(
                record.fields[name], history=replace(record.fields[name].history, suspension=reason)
            )
            for name in names
            if name in record.fields
        }
    )


def suspended_fields(record: SyncRecord) -> dict[str, Suspension]:
    """Return why which fields of the item are not written any more; {} for none."""
    histories = {name: known.history for name, known in record.fields.items()}
    histories.update({name: image.history for name, image in record.images.items()})
    return {name: history.suspension for name, history in histories.items() if history.is_suspended}


def lifted(record: SyncRecord, names: Collection[str] | None = None) -> SyncRecord:
    """Return the record with nothing suspended; counting begins again.

    `names` are the fields it is about, None for all.
    """
    fields = {
        name: replace(known, history=NO_HISTORY)
        for name, known in record.fields.items()
        if known.history.stands_in_the_way and (names is None or name in names)
    }
    images = {
        name: replace(image, history=NO_HISTORY)
        for name, image in record.images.items()
        if image.history.stands_in_the_way and (names is None or name in names)
    }
    return record.with_fields(fields).with_images(images)
