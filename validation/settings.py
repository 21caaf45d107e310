"""The table of settings: the manifest, the settings pages and the reading of settings all come from it.

Adding a setting is adding a row here and an attribute in `validation/config.py`; a synced field brings
its toggle along from the table of fields.
"""

from dataclasses import dataclass
from enum import Enum

from core.fields import FIELDS, Field


class SettingType(Enum):
    """The types Stash knows."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: our name, also the attribute of the settings model.
        group: one letter before the name, because Stash's page sorts by key.
        default: what an unset value means; a whole number as default asks for whole numbers.
        display_name: what a person reads on Stash's page.
        purpose: what it does, in a sentence or two; default, range and unit are added by `description`.
        default_note: what the default means where it does not speak for itself.
        unit: of a number.
        lowest: the lowest number that is taken.
        highest: the highest number that is taken.
        choices: the only texts that are taken.
        secret: never shown in warnings, logs or reports.
        required: nothing can be written to Plex without it.
    """

    name: str
    group: str
    type: SettingType
    default: str | float | bool
    display_name: str
    purpose: str
    default_note: str = ""
    unit: str = ""
    lowest: float = 0
    highest: float = 0
    choices: tuple[str, ...] = ()
    secret: bool = False
    required: bool = False

    @property
    def key(self) -> str:
        """The name under which Stash stores it."""
        return f"{self.group}_{self.name}"

    @property
    def is_whole(self) -> bool:
        return isinstance(self.default, int)

    @property
    def default_text(self) -> str:
        """The default as a person reads it."""
        if isinstance(self.default, bool):
            return "on" if self.default else "off"
        if isinstance(self.default, int | float):
            return " ".join(filter(None, (f"{self.default:g}", self.unit)))
        return self.default or self.default_note or "empty"

    @property
    def range_text(self) -> str:
        """What is taken, as a person reads it; "" when the type says enough."""
        if self.choices:
            return "One of: " + ", ".join(self.choices) + "."
        if self.type is SettingType.NUMBER:
            return (
                " ".join(filter(None, (f"From {self.lowest:g} to {self.highest:g}", self.unit)))
                + "."
            )
        return ""

    @property
    def description(self) -> str:
        """Purpose, range and default as one line."""
        return " ".join(
            filter(None, (self.purpose, self.range_text, f"Default: {self.default_text}."))
        )


GROUPS: dict[str, str] = {
    "a": "Connection",
    "b": "Matching",
    "c": "Fields",
    "d": "Reconciliation",
    "e": "Log",
    "f": "Tasks",
}

_CONNECTION = (
    Setting(
        "enabled", "a", SettingType.BOOLEAN, True, "Enabled",
        "Switched off, changes are still kept in the queue, but nothing is written to Plex.",
    ),
    Setting(
        "plex_url", "a", SettingType.STRING, "", "Plex URL",
        "Address of the Plex server as Stash reaches it, e.g. http://192.168.1.10:32400.",
        default_note="empty (required)", required=True,
    ),
    Setting(
        "plex_token", "a", SettingType.STRING, "", "Plex token",
        "X-Plex-Token of the account that owns the server. Anybody who can log in to Stash can read it.",
        default_note="empty (required)", secret=True, required=True,
    ),
    Setting(
        "plex_libraries", "a", SettingType.STRING, "", "Plex libraries",
        "Names of the Plex libraries to write to, separated by commas.",
        default_note="empty; all libraries of the types Movies and Other Videos are then used",
    ),
    Setting(
        "plex_connect_timeout_s", "a", SettingType.NUMBER, 5.0, "Plex connect timeout",
        "How long to wait for Plex to accept a connection. 0 means the default.",
        unit="seconds", lowest=1, highest=60,
    ),
    Setting(
        "plex_read_timeout_s", "a", SettingType.NUMBER, 30.0, "Plex read timeout",
        "How long to wait for Plex to answer a request. 0 means the default.",
        unit="seconds", lowest=5, highest=300,
    ),
    Setting(
        "plex_verify_tls", "a", SettingType.BOOLEAN, True, "Verify Plex's certificate",
        "For a Plex URL that begins with https. Switched off, any certificate is taken, a self-signed one too.",
    ),
)  # fmt: skip

_MATCHING = (
    Setting(
        "path_map", "b", SettingType.STRING, "", "Path mapping",
        "How folders in Stash are called in Plex: '/data => /media', several separated by semicolons.",
        default_note="empty; files are then recognised by the names of their folders, their own name and their size",
    ),
    Setting(
        "strict_matching", "b", SettingType.BOOLEAN, True, "Strict matching",
        "Write only to Plex items that certainly play the scene's file. Switched off, the best guess is written too.",
    ),
    Setting(
        "match_overrides", "b", SettingType.STRING, "", "Match overrides",
        "Decides single scenes by hand: 'scene 42 => item 9137; scene 43 => never'. The item is Plex's rating key.",
    ),
    Setting(
        "skip_not_found", "b", SettingType.BOOLEAN, False, "Skip scenes that Plex does not have",
        "For libraries that are a deliberate subset: such a scene neither waits nor becomes a dead letter.",
    ),
    Setting(
        "trigger_plex_scan", "b", SettingType.BOOLEAN, False, "Trigger Plex scan",
        "When Plex does not have the file of a new scene yet, ask Plex to scan that folder, once for all its scenes.",
    ),
    Setting(
        "only_organized", "b", SettingType.BOOLEAN, False, "Only organized scenes",
        "Leave scenes alone that are not marked as organized in Stash.",
    ),
    Setting(
        "excluded_tags", "b", SettingType.STRING, "", "Excluded tags",
        "A scene that carries one of these tags is left alone. Separated by commas.",
    ),
    Setting(
        "excluded_paths", "b", SettingType.STRING, "", "Excluded paths",
        "A scene whose file lies below one of these folders, as Stash sees it, is left alone. Separated by semicolons.",
    ),
)  # fmt: skip

_MASTER = Setting(
    "sync_metadata", "c", SettingType.BOOLEAN, True, "Sync metadata",
    "Master switch of all fields. Switched off, nothing is written to Plex and nothing recorded.",
)  # fmt: skip

_WRITING = (
    Setting(
        "max_tags", "c", SettingType.NUMBER, 100, "Most tags",
        "How many tags of a scene are written as genres; the first ones in Stash's order. 0 means the default.",
        unit="tags", lowest=1, highest=1000,
    ),
    Setting(
        "strip_emoji", "c", SettingType.BOOLEAN, False, "Strip emoji",
        "Take emoji and other pictographs out of every text and name.",
    ),
    Setting(
        "preserve_plex_edits", "c", SettingType.BOOLEAN, False, "Preserve Plex edits",
        "A field that somebody edited by hand in Plex keeps that edit. Switched off, Stash's value replaces it.",
    ),
    Setting(
        "quality_gate", "c", SettingType.BOOLEAN, True, "Quality gate",
        "A scene without studio, performers, tags, details and date is probably not identified yet: it empties "
        "nothing in Plex but what PlexSync wrote.",
    ),
    Setting(
        "lock_fields", "c", SettingType.BOOLEAN, True, "Lock fields",
        "Lock what is written, so that Plex's own agents do not overwrite it.",
    ),
)  # fmt: skip


_RECONCILIATION = (
    Setting(
        "reconcile_interval", "d", SettingType.STRING, "daily", "Reconcile: how often",
        "How often Stash and Plex are compared by themselves, for what no hook tells of. Every scene is compared at "
        "least every 7 days, unless never.",
        choices=("never", "hourly", "daily", "weekly"),
    ),
    Setting(
        "reconcile_scope", "d", SettingType.STRING, "24h", "Reconcile: which scenes",
        "What is compared then: 'all', '24h', '7days', a number of days, or 'library' and the name of a Plex library. "
        "Days count from a scene's last change.",
    ),
)  # fmt: skip


_LOG = (
    Setting(
        "log_json", "e", SettingType.BOOLEAN, False, "Log: JSON lines",
        "Write each line of plexsync.log as one JSON object, for programs that read it.",
    ),
    Setting(
        "log_debug", "e", SettingType.BOOLEAN, False, "Log: every step",
        "Write what was read, matched and sent for each scene into plexsync.log, too.",
    ),
    Setting(
        "obfuscate_paths", "e", SettingType.BOOLEAN, False, "Log: hide paths",
        "Write words instead of folder and file names, the same ones for the same name everywhere, so that a log "
        "can be shown to others. Titles are not changed.",
    ),
)  # fmt: skip

_TASKS = (
    Setting(
        "dead_letter_days", "f", SettingType.NUMBER, 30, "Task: days of old dead letters",
        "Purge Old Dead Letters deletes those that are older. 0 means the default.",
        unit="days", lowest=1, highest=3650,
    ),
    Setting(
        "process_minutes", "f", SettingType.NUMBER, 30, "Task: longest time of Process Queue",
        "How long Process Queue follows the worker at most; the worker goes on afterwards. 0 means the default.",
        unit="minutes", lowest=1, highest=1440,
    ),
    Setting(
        "test_scene", "f", SettingType.NUMBER, 0, "Task: scene to test",
        "The id of the scene that Test One Scene looks at. 0 means none.",
        lowest=0, highest=999_999,
    ),
)  # fmt: skip


def _in_a_sentence(label: str) -> str:
    return label[:1].lower() + label[1:]


def _toggle(field: Field) -> Setting:
    label = _in_a_sentence(field.label)
    what, _, becomes = label.partition(" as ")
    destination = f"to Plex as {becomes}" if becomes else "to Plex"
    return Setting(
        f"sync_{field.name}",
        "c",
        SettingType.BOOLEAN,
        field.default_on,
        f"Sync {label}",
        f"Write the {what} {destination}. Switched off, Plex keeps its own.",
    )


def _source(field: Field) -> Setting:
    return Setting(
        f"{field.name}_source",
        "c",
        SettingType.STRING,
        field.sources[0],
        f"Source of the {field.name}",
        f"What of the scene becomes the {field.name} in Plex; 'none' leaves Plex's alone.",
        choices=field.sources,
    )


_TOGGLES = tuple(_toggle(field) for field in FIELDS)
_SOURCES = tuple(_source(field) for field in FIELDS if field.sources)

SETTINGS: tuple[Setting, ...] = (
    *(*_CONNECTION, *_MATCHING, _MASTER, *_TOGGLES, *_SOURCES, *_WRITING),
    *(*_RECONCILIATION, *_LOG, *_TASKS),
)
