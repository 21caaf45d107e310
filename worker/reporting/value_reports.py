"""Report values that Plex did not keep, and values that are no longer sent."""

from collections.abc import Sequence

from core.field_values import FieldValue
from core.fields import Kind, LockRule
from core.log import EventLog
from core.send_history import MAX_SENDS, Suspension
from core.text import format_value
from sync.library_settings import LibrarySettings
from sync.suspensions import SuspendedField
from sync.verify import DroppedFields
from sync_queue.notices import Notices
from validation.config import PlexSyncConfig
from validation.settings import BY_NAME

_MAX_CHARS = 60
_PRESERVE = BY_NAME["preserve_plex_edits"].display_name
_LOCKS = {
    LockRule.LOCK_FIELDS: BY_NAME["lock_fields"].display_name,
    LockRule.LOCK_COLLECTIONS: BY_NAME["lock_collections"].display_name,
}


class ValueReports:
    """Writes log lines and notices; `Notices` limits each class to one an hour."""

    def __init__(self, notices: Notices, log: EventLog) -> None:
        self._notices = notices
        self._log = log

    def report(
        self,
        dropped: Sequence[DroppedFields],
        suspended: Sequence[SuspendedField],
        libraries: LibrarySettings,
        now: float,
    ) -> None:
        """Report what the verifying read and the plans have found; `now` in epoch seconds."""
        for loss in dropped:
            self._report_loss(loss, now)
        for one in suspended:
            self._log.warning(
                "value.suspended",
                scene=one.scene_id,
                item=one.item,
                field=one.field.name,
                reason=one.reason.value,
            )
            kind = f"{one.reason.value}:{one.field.name}"
            text = suspension_text(one, libraries.config_of(one.section))
            self._notices.add(kind, "warning", text, now)

    def _report_loss(self, loss: DroppedFields, now: float) -> None:
        self._log.warning("verify.dropped", scene=loss.scene_id, item=loss.item, fields=loss.fields)
        suspended = {one.field.name for one in loss.suspended}
        fields = [name for name in loss.fields if name not in suspended]
        if not fields:
            return
        names = ", ".join(fields)
        text = (
            f"Plex accepted {names} of scene {loss.scene_id} (item {loss.item}) but does not "
            "show it. Look at the item in Plex; PlexSync sends it once more with the scene's "
            "next change."
        )
        self._notices.add(f"dropped:{names}", "warning", text, now)


def suspension_text(one: SuspendedField, config: PlexSyncConfig) -> str:
    """Return the notice: what Plex shows, that the value is no longer sent, and the ways out."""
    name = one.field.name
    where = f"{name} of scene {one.scene_id} (item {one.item})"
    values = f"{_quoted(one.shown)} instead of {_quoted(one.desired)}"
    if one.field.kind is Kind.IMAGE:
        values = "another image"
    if one.reason is Suspension.NOT_KEPT:
        what = f"Plex does not keep {where}: it shows {values}."
        ways = ["check the item in Plex"]
    else:
        times = f"PlexSync sent {where} {MAX_SENDS} times within 7 days"
        what = f"{times}, and something replaced it again: Plex shows {values}."
        ways = ["keep other programs from setting this field", *_settings(one, config)]
    switch = BY_NAME[f"sync_{name}"].display_name
    ways.append(f"switch '{switch}' off")
    return (
        f"{what} PlexSync no longer sends this value; a new value in Stash is sent as always. "
        f"What you can do: {', '.join(ways)}. Force Sync All, or another setting of the field, "
        "makes PlexSync send it again."
    )


def _settings(one: SuspendedField, config: PlexSyncConfig) -> list[str]:
    """Return the settings that end the quarrel about the field and are not on yet."""
    rule, ways = one.field.lock_rule, []
    if rule is LockRule.LOCK_COLLECTIONS and not config.lock_collections:
        ways.append(f"switch '{_LOCKS[rule]}' on if it is an agent of Plex")
    if rule in _LOCKS and not config.lock_fields:
        ways.append(f"switch '{_LOCKS[LockRule.LOCK_FIELDS]}' on if it is an agent of Plex")
    if not config.preserve_plex_edits:
        ways.append(f"switch '{_PRESERVE}' on")
    return ways


def _quoted(value: FieldValue) -> str:
    text = format_value(value, _MAX_CHARS)
    return repr(text) if text else "nothing"
