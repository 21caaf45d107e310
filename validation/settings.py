"""Define the settings, one row each; manifest, pages and reader come from this table.

To add a setting, add a row here and an attribute in `validation/config.py`. The toggle of a synced
field comes from the table of fields.
"""

from core.fields import FIELDS, Field
from validation.collection_settings import COLLECTIONS, STUDIOS, TAGS
from validation.field_settings import VALUES_OF_FIELDS
from validation.setting import Setting, SettingType

GROUPS: dict[str, str] = {
    "a": "Connection",
    "b": "Matching",
    "c": "Fields",
    "d": "Reconciliation",
    "e": "Log",
    "f": "Tasks",
}

KEEP, RESTORE = "keep", "restore"
"""What `on_excluded` does with what was written for a scene that is excluded later."""

# fmt: off
_CONNECTION = (
    Setting(
        "enabled", "a", SettingType.BOOLEAN, True, "Enabled",
        "If off, PlexSync writes nothing to Plex; changes stay in the queue until it is switched "
        "on.",
    ),
    Setting(
        "plex_url", "a", SettingType.STRING, "", "Plex URL",
        "Address of the Plex server as Stash reaches it, e.g. http://192.168.1.10:32400.",
        default_note="empty (required)", required=True,
    ),
    Setting(
        "plex_token", "a", SettingType.STRING, "", "Plex token",
        "X-Plex-Token of the account that owns the server. PlexSync moves it into its own folder "
        "within minutes and empties this field, because every program that may query Stash can "
        "read it here.",
        default_note="empty (required)", secret=True, required=True,
    ),
    Setting(
        "plex_libraries", "a", SettingType.STRING, "", "Plex libraries",
        "Names of the Plex libraries to write to, separated by commas. Put a name that has a comma "
        "in double quotes.",
        default_note="empty; all libraries of the types Movies and Other Videos are then used",
    ),
    Setting(
        "plex_connect_timeout_s", "a", SettingType.NUMBER, 5.0, "Plex connect timeout",
        "How long PlexSync waits for Plex to accept a connection. 0 means the default.",
        unit="seconds", lowest=1, highest=60,
    ),
    Setting(
        "plex_read_timeout_s", "a", SettingType.NUMBER, 30.0, "Plex read timeout",
        "How long PlexSync waits for Plex to answer a request. 0 means the default.",
        unit="seconds", lowest=5, highest=300,
    ),
    Setting(
        "plex_verify_tls", "a", SettingType.BOOLEAN, True, "Verify TLS certificate",
        "Applies to a Plex URL that begins with https. If off, PlexSync accepts any certificate, "
        "also a self-signed one.",
    ),
)

_MATCHING = (
    Setting(
        "path_map", "b", SettingType.STRING, "", "Path mapping",
        "Where Plex sees the folders of Stash: '/data => /media'. Separate several pairs by "
        "semicolons.",
        default_note="empty; PlexSync then uses folder names, file name and size",
    ),
    Setting(
        "strict_matching", "b", SettingType.BOOLEAN, True, "Strict matching",
        "Write only to Plex items that certainly play the scene's file. If off, PlexSync also "
        "writes to the best guess.",
    ),
    Setting(
        "match_overrides", "b", SettingType.STRING, "", "Match overrides",
        "Assigns single scenes by hand: 'scene 42 => item 9137; scene 43 => never'. The item is "
        "Plex's rating key.",
    ),
    Setting(
        "skip_not_found", "b", SettingType.BOOLEAN, False, "Skip scenes that Plex does not have",
        "For Plex libraries that hold only part of your scenes. If on, a scene without a Plex "
        "item is skipped; it is neither retried nor becomes a dead letter.",
    ),
    Setting(
        "trigger_plex_scan", "b", SettingType.BOOLEAN, False, "Trigger Plex scan",
        "If Plex does not have the file of a new scene yet, ask Plex to scan that folder, once "
        "for all its scenes.",
    ),
    Setting(
        "only_organized", "b", SettingType.BOOLEAN, False, "Only organized scenes",
        "Skip scenes that are not marked as organized in Stash.",
    ),
    Setting(
        "excluded_tags", "b", SettingType.STRING, "", "Excluded tags",
        "Skip scenes that have one of these tags, in upper or lower case. Separate tags by commas; "
        "put a tag that has a comma in double quotes.",
    ),
    Setting(
        "excluded_paths", "b", SettingType.STRING, "", "Excluded paths",
        "Skip scenes whose file is below one of these folders, as Stash sees them, in upper or "
        "lower case. Separate folders by semicolons.",
    ),
    Setting(
        "required_stash_id", "b", SettingType.BOOLEAN, False, "Only scenes with a stash-box ID",
        "Skip scenes without an ID of a stash-box: they are not identified yet.",
    ),
    Setting(
        "required_tags", "b", SettingType.STRING, "", "Required tags",
        "Skip scenes that have none of these tags, in upper or lower case. Separate tags by "
        "commas; put a tag that has a comma in double quotes.",
    ),
    Setting(
        "included_paths", "b", SettingType.STRING, "", "Included paths",
        "Skip scenes without a file below one of these folders, exactly as Stash writes them. "
        "Separate folders by semicolons.",
    ),
    Setting(
        "min_rating", "b", SettingType.NUMBER, 0, "Lowest rating",
        "Skip scenes that are rated lower, and unrated ones. 100 is the best rating, 5 stars. 0 "
        "means none.",
        lowest=0, highest=100,
    ),
    Setting(
        "on_excluded", "b", SettingType.STRING, KEEP, "When a scene no longer qualifies",
        "What becomes of what PlexSync has written for a scene that the settings above come to "
        "skip: 'keep' leaves it in Plex, 'restore' puts back what Plex showed before.",
        choices=(KEEP, RESTORE),
    ),
    Setting(
        "library_rules", "b", SettingType.STRING, "", "Library rules",
        "Other fields and formats for single Plex libraries, as one JSON text: "
        '\'{"Scenes": {"sync_studio": false}}\'. Edit them as a table on PlexSync\'s page.',
        default_note="empty; the settings hold for all libraries",
    ),
)

_MASTER = Setting(
    "sync_metadata", "c", SettingType.BOOLEAN, True, "Sync metadata",
    "Master switch of all fields. If off, PlexSync writes nothing to Plex and records nothing.",
    is_general=True,
)

_WRITING = (
    Setting(
        "max_tags", "c", SettingType.NUMBER, 100, "Maximum tags",
        "How many tags of a scene are written as genres: the first ones in Stash's order, without "
        "those that are no genres. 0 means the default.",
        unit="tags", lowest=1, highest=1000,
    ),
    Setting(
        "strip_emoji", "c", SettingType.BOOLEAN, False, "Strip emoji",
        "Remove emoji and other pictographs from every text and name.",
    ),
    Setting(
        "preserve_plex_edits", "c", SettingType.BOOLEAN, False, "Preserve Plex edits",
        "Keep the value of a field that was edited by hand in Plex. If off, Stash's value "
        "replaces it.",
    ),
    Setting(
        "quality_gate", "c", SettingType.BOOLEAN, True, "Quality gate",
        "A scene without studio, performers, tags, details and date is probably not identified "
        "yet. If on, such a scene clears only values in Plex that PlexSync wrote.",
    ),
    Setting(
        "lock_fields", "c", SettingType.BOOLEAN, True, "Lock fields",
        "Lock the written fields, so that Plex's own agents do not overwrite them.",
    ),
    Setting(
        "lock_collections", "c", SettingType.BOOLEAN, False, "Lock collections",
        "With Lock fields on, also lock an item's collections. Plex's automatic collections and "
        "those of its agents then stay away from the items that PlexSync has written.",
    ),
)


_RECONCILIATION = (
    Setting(
        "reconcile_interval", "d", SettingType.STRING, "daily", "Reconcile interval",
        "How often PlexSync compares Stash with Plex, to find changes that no hook reported. "
        "Every scene is compared at least every 7 days, except with never.",
        choices=("never", "hourly", "daily", "weekly"),
    ),
    Setting(
        "reconcile_scope", "d", SettingType.STRING, "24h", "Reconcile scope",
        "Which scenes are compared: 'all', '24h', '7days', a number of days, or 'library' and the "
        "name of a Plex library. Days count from a scene's last change.",
    ),
)


_LOG = (
    Setting(
        "log_json", "e", SettingType.BOOLEAN, False, "JSON log",
        "Write each line of plexsync.log as one JSON object, for programs that read it.",
    ),
    Setting(
        "log_debug", "e", SettingType.BOOLEAN, False, "Debug logging",
        "Also write into plexsync.log what was read, matched and sent for each scene.",
    ),
    Setting(
        "obfuscate_paths", "e", SettingType.BOOLEAN, False, "Anonymise paths",
        "Replace folder and file names in the log by words, always the same ones for the same "
        "name, so that you can share a log. Titles are not changed.",
    ),
)

_TASKS = (
    Setting(
        "dead_letter_days", "f", SettingType.NUMBER, 30, "Purge dead letters older than",
        "Age from which the task Purge Old Dead Letters deletes a dead letter. 0 means the "
        "default.",
        unit="days", lowest=1, highest=3650,
    ),
    Setting(
        "process_minutes", "f", SettingType.NUMBER, 30, "Process Queue time limit",
        "How long the task Process Queue shows the worker's progress at most; the worker continues "
        "afterwards. 0 means the default.",
        unit="minutes", lowest=1, highest=1440,
    ),
    Setting(
        "test_scene", "f", SettingType.NUMBER, 0, "Test scene ID",
        "ID of the scene that the task Test One Scene checks. 0 means none.",
        lowest=0, highest=999_999,
    ),
)
# fmt: on


def _in_a_sentence(label: str) -> str:
    return label[:1].lower() + label[1:]


def _toggle(field: Field) -> Setting:
    label = _in_a_sentence(field.toggled or field.label)
    what, _, becomes = label.partition(" as ")
    destination = f"to Plex as {becomes}" if becomes else "to Plex"
    return Setting(
        field.toggle,
        "c",
        SettingType.BOOLEAN,
        field.default_on,
        f"Sync {label}",
        f"Write the {what} {destination}. If off, Plex keeps its own value.",
    )


def _source(field: Field) -> Setting:
    label = field.name.replace("_", " ")
    return Setting(
        f"{field.name}_source",
        "c",
        SettingType.STRING,
        field.sources[0],
        f"Source of the {label}",
        f"Which value of the scene becomes the {label} in Plex. 'none' leaves Plex's value "
        "unchanged.",
        choices=field.sources,
    )


_TOGGLES = tuple(_toggle(field) for field in FIELDS if field.has_toggle)
_SOURCES = tuple(_source(field) for field in FIELDS if field.sources)

SETTINGS: tuple[Setting, ...] = (
    *(*_CONNECTION, *_MATCHING, _MASTER, *_TOGGLES, *_SOURCES),
    *(*COLLECTIONS, *STUDIOS, *TAGS, *VALUES_OF_FIELDS, *_WRITING),
    *(*_RECONCILIATION, *_LOG, *_TASKS),
)

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}
BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}
