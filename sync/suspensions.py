"""Values that are no longer written: which were just suspended, and what lifts them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from core.field_values import FieldValue
from core.fields import BY_NAME, FIELDS, Field
from core.job import FORCE_SYNC, Job
from core.send_history import Suspension
from plex.plan import WriteRules, should_lock
from plex.suspensions import lifted
from sync.batch_records import BatchRecords
from sync.plan_items import PlannedItem
from sync_queue.meta import MetaStore
from sync_queue.records import Records
from validation.config import PlexSyncConfig

# The meta key of the settings of each field, as they were when they were read last.
FIELD_SETTINGS = "field_settings"
LIFTING_CAUSES = frozenset({FORCE_SYNC})


@dataclass(frozen=True, slots=True)
class SuspendedField:
    """A value that is no longer written from now on, and what Plex shows instead."""

    scene_id: int
    item: int
    field: Field
    reason: Suspension
    desired: FieldValue = ""
    shown: FieldValue = ""


def overwritten_fields(planned: PlannedItem) -> list[SuspendedField]:
    """Return what this plan suspends because another program replaces it."""
    item = planned.item
    return [
        SuspendedField(
            planned.scene.scene_id,
            item.rating_key,
            change.field,
            Suspension.OVERWRITTEN,
            planned.desired[change.field.name],
            item.values.get(change.field.name),
        )
        for change in planned.overwritten
    ]


def suspended_images(planned: PlannedItem, names: Iterable[str]) -> list[SuspendedField]:
    """Return the image fields that are suspended on this item because something replaces them."""
    scene_id, item = planned.scene.scene_id, planned.item.rating_key
    return [SuspendedField(scene_id, item, BY_NAME[name], Suspension.OVERWRITTEN) for name in names]


def lifts(job: Job) -> bool:
    """Return True if the user asked for this job, so that suspended values are sent again."""
    return not LIFTING_CAUSES.isdisjoint(job.causes)


def lift_for_scene(records: BatchRecords, scene_id: int) -> bool:
    """Lift what is suspended on the scene's items; do this before planning.

    Returns:
        True if anything was suspended or counted.
    """
    has_lifted = False
    for record in records.of_scene(scene_id):
        cleared = lifted(record)
        if cleared != record:
            records.save(cleared)
            has_lifted = True
    return has_lifted


def lift_after_change(
    config: PlexSyncConfig, rules: WriteRules, records: Records, facts: MetaStore
) -> tuple[str, ...]:
    """Lift what is suspended in fields whose settings have changed; return their names.

    The settings are compared with those of the last call, also one of an earlier worker.
    """
    current = {field.name: _settings_of(field, config, rules) for field in FIELDS}
    text = json.dumps(current)
    stored = facts.get(FIELD_SETTINGS)
    if stored == text:
        return ()
    known = _parse(stored)
    changed = tuple(name for name in current if name in known and known[name] != current[name])
    if changed:
        for record in records.suspended():
            cleared = lifted(record, changed)
            if cleared != record:
                records.save(cleared)
    # After the records: a kill in between repeats the work.
    facts.set(FIELD_SETTINGS, text)
    return changed


def _settings_of(field: Field, config: PlexSyncConfig, rules: WriteRules) -> list[object]:
    """Return what the user can change to deal with a suspended value of the field."""
    return [
        config.field_enabled(field.name),
        config.sources.get(field.name, ""),
        rules.preserve_plex_edits,
        should_lock(field, rules),
        *filter(config.is_on, field.switches),
    ]


def _parse(text: str) -> dict[str, object]:
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
