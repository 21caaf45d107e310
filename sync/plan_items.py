"""Plan what one scene's items should show and what must be written to them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.field_values import FieldValue
from core.fields import Field
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.edit_request import EditLimits, fit_text
from plex.locks import own_locks, release_locks
from plex.plan import Change, plan_changes
from plex.suspensions import check_changes
from sync.batch_records import BatchRecords
from sync.library_settings import LibrarySettings
from sync.ownership import Ownership, owner_of
from validation.desired_values import desired_values
from validation.metadata import SyncMetadata


@dataclass(frozen=True, slots=True)
class PlanRules:
    """What a plan depends on besides scene, item and record.

    `limits` cut long texts, so that what is compared and remembered is what can be sent. `now` in
    epoch seconds dates what was sent before.
    """

    libraries: LibrarySettings
    limits: EditLimits
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One item of one scene: what it should show and what must be written.

    Attributes:
        scene: the scene as it was read.
        item: the item as it was read.
        record: the scene's record on the item as stored when the plan was made; None for none.
        owner: the scene that owns the item instead; None if this one does.
        desired: what the item should show, by field name; {} where another scene owns it.
        changes: what must be written; () when nothing differs or another scene owns the item.
        overwritten: what differs and is no longer written from now on: another program replaces it
            after each sync.
        is_intended: what is about to be written is stored in `record`, what it overwrites in the
            originals.
    """

    scene: SyncMetadata
    item: PlexItem
    record: SyncRecord | None
    owner: int | None
    desired: Mapping[str, FieldValue]
    changes: tuple[Change, ...]
    overwritten: tuple[Change, ...] = ()
    is_intended: bool = False

    def has_foreign_lock(self, field: Field) -> bool:
        """Return True if Plex locks a field that PlexSync has never written here."""
        is_known = self.record is not None and field.name in self.record.fields
        return field.plex in self.item.locked and not is_known


def plan_items(
    scene: SyncMetadata,
    items: Iterable[PlexItem],
    records: BatchRecords,
    ownership: Ownership,
    rules: PlanRules,
) -> tuple[PlannedItem, ...]:
    """Plan every item of one scene, in the order given.

    The records of the items must be loaded, and `ownership` must know which of their scenes are
    deleted.
    """
    desired_by_section: dict[int, dict[str, FieldValue]] = {}
    planned = []
    for item in items:
        section = item.section
        if section not in desired_by_section:
            desired_by_section[section] = _desired(scene, section, rules)
        desired, write = desired_by_section[section], rules.libraries.rules_of(section)
        owner = owner_of(scene.scene_id, item, records, ownership)
        record = records.get(scene.scene_id, item.rating_key)
        if owner is not None:
            planned.append(PlannedItem(scene, item, record, owner, {}, ()))
            continue
        differing = plan_changes(desired, item, record, write, identified=scene.has_identity)
        checked = check_changes(differing, desired, record, rules.now)
        changes = checked.writable
        locks = own_locks(item, record, write) if changes else ()
        if locks:
            changes = release_locks(changes, locks, records.originals_of(item.rating_key))
        planned.append(
            PlannedItem(scene, item, record, None, desired, changes, checked.overwritten)
        )
    return tuple(planned)


def replan_item(
    scene: SyncMetadata,
    item: PlexItem,
    records: BatchRecords,
    ownership: Ownership,
    rules: PlanRules,
) -> PlannedItem:
    """Plan one item, because its record, its owner or the limits changed after planning."""
    return plan_items(scene, [item], records, ownership, rules)[0]


def _desired(scene: SyncMetadata, section: int, rules: PlanRules) -> dict[str, FieldValue]:
    return {
        name: fit_text(value, rules.limits) if isinstance(value, str) else value
        for name, value in desired_values(scene, rules.libraries.config_of(section)).items()
    }
