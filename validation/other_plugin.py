"""Read the settings of the plugin Stash2Plex, so that its users need not type them again. Pure.

Its keys are those of its settings page: the map that Stash stores under its id.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from validation.setting import Setting
from validation.setting_values import is_unset, read_setting, read_text
from validation.settings import BY_NAME
from validation.stored_settings import stored_value

PLUGIN_ID = "Stash2Plex"
PRESERVE = "preserve_plex_edits"

_SAME_NAME = (
    *("plex_url", "plex_token", "enabled", "strict_matching", "max_tags", "trigger_plex_scan"),
    *("obfuscate_paths", "reconcile_interval", "reconcile_scope", "sync_studio", "sync_summary"),
    *("sync_tagline", "sync_date", "sync_performers", "sync_tags", "sync_poster"),
    *("sync_background", "sync_collection"),
)
COUNTERPARTS: Mapping[str, str] = {
    **{name: name for name in _SAME_NAME},
    "plex_library": "plex_libraries",
    "connect_timeout": "plex_connect_timeout_s",
    "read_timeout": "plex_read_timeout_s",
    "sync_master": "sync_metadata",
    "debug_logging": "log_debug",
}
"""The name of our setting by its key; both mean the same."""

WITHOUT_COUNTERPART: Mapping[str, str] = {
    "max_retries": "how often PlexSync tries again follows from what failed",
    "poll_interval": "PlexSync's worker is woken by each change",
    "reconcile_missing": "a comparison always looks for scenes that are missing in Plex",
}
"""Why a key of its settings has no counterpart here."""


@dataclass(frozen=True, slots=True)
class TakenSetting:
    """One setting that can be taken over: its key there, and our setting with the value."""

    key: str
    setting: Setting
    value: str | float | bool


@dataclass(frozen=True, slots=True)
class OtherSettings:
    """What the settings of the other plugin mean here.

    Attributes:
        taken: what differs from what counts now, in the order of our settings.
        kept: keys whose setting the user has set here already; ours stays.
        unusable: keys whose value cannot be used, each with the reason.
        without: keys without a counterpart, each with the reason.
        asks_preserve: it kept values that Plex has. Here *Preserve Plex edits* keeps only those
            that a user has edited, so it is not taken over without asking.
    """

    taken: tuple[TakenSetting, ...] = ()
    kept: tuple[str, ...] = ()
    unusable: tuple[tuple[str, str], ...] = ()
    without: tuple[tuple[str, str], ...] = ()
    asks_preserve: bool = False


def read_other_settings(
    theirs: Mapping[str, object], ours: Mapping[str, object], *, has_token: bool
) -> OtherSettings:
    """Return what can be taken over from `theirs`; `ours` is what Stash stores for PlexSync.

    `has_token`: a Plex token is kept already.

    Examples:
        >>> found = read_other_settings(
        ...     {"max_tags": 20, "max_retries": 3, "sync_master": True}, {}, has_token=False
        ... )
        >>> [(one.setting.name, one.value) for one in found.taken], found.without[0][0]
        ([('max_tags', 20)], 'max_retries')
    """
    taken, kept, unusable = [], [], []
    for key, name in COUNTERPARTS.items():
        setting, value = BY_NAME[name], theirs.get(key)
        if value is None or is_unset(setting, value):
            continue
        try:
            usable = _usable(setting, value)
        except ValueError as error:
            unusable.append((key, str(error)))
            continue
        if usable == setting.default:
            continue
        if stored_value(setting, ours) is not None or (setting.secret and has_token):
            kept.append(key)
        else:
            taken.append(TakenSetting(key, setting, usable))
    without = ((key, why) for key, why in WITHOUT_COUNTERPART.items() if key in theirs)
    asks = theirs.get(PRESERVE) is True and stored_value(BY_NAME[PRESERVE], ours) is None
    return OtherSettings(tuple(taken), tuple(kept), tuple(unusable), tuple(without), asks)


def _usable(setting: Setting, value: object) -> str | float | bool:
    """Return a value that can be stored for our setting.

    Raises:
        ValueError: it is none.
    """
    if setting.name == "plex_libraries":
        name = read_text(value)
        return f'"{name}"' if "," in name else name
    typed = read_setting(setting, value)
    return typed if isinstance(typed, bool | int | float) else read_text(value)
