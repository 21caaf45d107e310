"""Describes one field on one item: what it should show, what it shows, and whose value that is.

Pure: the record separates PlexSync's own values from the user's.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from core.field_values import FieldValue, digests, normal_form, same_value
from core.fields import EDIT_FIELDS, Field
from core.file_names import file_stem
from core.plex_item import PlexItem
from core.record import FieldRecord, SyncRecord

CLEARED = "0" * 16  # the digest of an intended clearing; "" means that nothing is intended


class FieldState(NamedTuple):
    """One field on one item, with all that its decision hangs on."""

    field: Field
    desired: FieldValue
    present: FieldValue
    known: FieldRecord | None
    is_locked: bool

    @property
    def clears(self) -> bool:
        """Return True if the item should show nothing here."""
        return not normal_form(self.field.kind, self.desired)

    @property
    def is_ours(self) -> bool:
        """Return True if PlexSync set a value here and Plex still shows it."""
        if self.known is None or not normal_form(self.field.kind, self.present):
            return False
        now = digests(self.field.kind, self.present)
        return self.known.intended in now or (
            self.known.pushed != "" and not now.isdisjoint((self.known.pushed, self.known.verified))
        )

    @property
    def is_known(self) -> bool:
        """Return True if Plex shows what the record says."""
        if self.known is None:
            return False
        marks = {self.known.pushed, self.known.verified}
        if self.known.intended:
            marks.add("" if self.known.intended == CLEARED else self.known.intended)
        return not marks.isdisjoint(digests(self.field.kind, self.present))


def field_states(
    desired: Mapping[str, FieldValue], item: PlexItem, record: SyncRecord | None
) -> list[FieldState]:
    """Return the state of each desired field, in table order."""
    known = record.fields if record else {}
    return [
        FieldState(
            field=field,
            desired=desired[field.name],
            present=item.values.get(field.name),
            known=known.get(field.name),
            is_locked=field.plex in item.locked,
        )
        for field in EDIT_FIELDS
        if field.name in desired
    ]


def is_hand_edit(case: FieldState, item: PlexItem) -> bool:
    """Return True if the user entered the current value in Plex.

    Plex does not say who locked a field. Where PlexSync has never written, the lock is the only
    sign.
    """
    if case.known is not None:
        return not case.is_known
    if not case.is_locked or not normal_form(case.field.kind, case.present):
        return False
    return not any(
        same_value(case.field.kind, file_stem(file), case.present) for file in item.files
    )


class FieldOwner(Enum):
    """Whose value an item shows in a field."""

    # PlexSync wrote it.
    STASH = "stash"
    # It was edited in Plex by hand, or by another program, since PlexSync wrote the field.
    HAND = "hand"
    # Plex's own agents, or a value that was there before PlexSync.
    PLEX = "plex"
    # The field is empty.
    NONE = "none"


def owner_of_field(
    field: Field, desired: FieldValue, item: PlexItem, record: SyncRecord | None
) -> FieldOwner:
    """Return whose value the item shows. Pure."""
    (case,) = field_states({field.name: desired}, item, record)
    if not normal_form(field.kind, case.present):
        return FieldOwner.NONE
    if case.is_ours:
        return FieldOwner.STASH
    return FieldOwner.HAND if is_hand_edit(case, item) else FieldOwner.PLEX
