"""Answer the calls that take over the settings of another plugin for Plex."""

from collections.abc import Mapping

from page.models.base import Done, NoArguments
from page.models.settings import OtherPluginAnswer, OtherSetting, TakeSettings
from page.token import keep_token
from tasks.context import TaskContext
from validation.config import OLD_HOST, read_config
from validation.other_plugin import (
    PLUGIN_ID,
    PRESERVE,
    OtherSettings,
    TakenSetting,
    read_other_settings,
)
from validation.settings import BY_NAME
from validation.stored_settings import stored_names, stored_value

TOKEN = "plex_token"  # noqa: S105 the name of a setting
_HIDDEN = "(not shown)"


def other_plugin(context: TaskContext, arguments: NoArguments) -> OtherPluginAnswer:
    """Return what the settings of the plugin Stash2Plex mean here.

    Raises:
        StashUnavailable, StashQueryError: Stash does not say what is stored.
    """
    stash = context.stash_client()
    ours, theirs = stash.settings(), stash.settings(PLUGIN_ID)
    found = _read(context, theirs, ours)
    return OtherPluginAnswer(
        plugin=PLUGIN_ID if theirs else "",
        taken=tuple(map(_row, found.taken)),
        kept=found.kept,
        unusable=tuple(OtherSetting(name=key, text=why) for key, why in found.unusable),
        without=tuple(OtherSetting(name=key, text=why) for key, why in found.without),
        asks_preserve=found.asks_preserve,
        earlier_address=_earlier_address(ours),
    )


def take_settings(context: TaskContext, arguments: TakeSettings) -> Done:
    """Store what can be taken over; what is set here already stays.

    The token comes first: killed in between, the card offers the rest again.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: the token or the settings are not stored.
    """
    stash = context.stash_client()
    found = _read(context, stash.settings(PLUGIN_ID), stash.settings())
    values = {one.setting.name: one.value for one in found.taken}
    token = values.pop(TOKEN, "")
    if token:
        keep_token(context, str(token))
    if arguments.preserve and found.asks_preserve:
        values[PRESERVE] = True
    if values:
        stored = {BY_NAME[name].key: value for name, value in values.items()}
        stash.save_settings({**stash.settings(), **stored})
        context.try_start_worker()
    count = len(values) + bool(token)
    return Done(text=f"Taken over from {PLUGIN_ID}: {count} of its settings.")


def _read(
    context: TaskContext, theirs: Mapping[str, object], ours: Mapping[str, object]
) -> OtherSettings:
    kept = context.tokens.load()
    has_token = bool(read_config(ours, kept).config.plex_token.get_secret_value())
    return read_other_settings(theirs, ours, has_token=has_token)


def _row(one: TakenSetting) -> OtherSetting:
    value = {True: "on", False: "off"}[one.value] if isinstance(one.value, bool) else one.value
    text = _HIDDEN if one.setting.secret else str(value)
    return OtherSetting(name=one.setting.display_name, text=text)


def _earlier_address(ours: Mapping[str, object]) -> str:
    """The address that counts because another plugin with our id stored it; "" for none."""
    if OLD_HOST not in stored_names(ours) or stored_value(BY_NAME["plex_url"], ours) is not None:
        return ""
    return read_config(ours).config.plex_url
