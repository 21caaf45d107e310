"""Define the calls that take over the settings of another plugin."""

from page.models.base import Answer, Arguments


class OtherSetting(Answer):
    """One setting of another plugin: its name, and its value or why it is not taken over."""

    name: str
    text: str


class OtherPluginAnswer(Answer):
    """What can be taken over from another plugin for Plex.

    Attributes:
        plugin: the id of the other plugin, "" where none has stored settings.
        taken: the names of PlexSync's settings, with the values they would get.
        kept: its keys whose setting is set in PlexSync already, and stays.
        unusable: its keys whose value PlexSync cannot use, with the reason.
        without: its keys without a counterpart, with the reason.
        asks_preserve: it kept every value that Plex has, which PlexSync cannot; the user must say
            whether values that were edited by hand in Plex are to be kept.
        earlier_address: the address of Plex that counts because an earlier plugin with PlexSync's
            id stored it; "" for none.
    """

    plugin: str
    taken: tuple[OtherSetting, ...]
    kept: tuple[str, ...]
    unusable: tuple[OtherSetting, ...]
    without: tuple[OtherSetting, ...]
    asks_preserve: bool
    earlier_address: str


class TakeSettings(Arguments):
    """Whether *Preserve Plex edits* is switched on as well, where the other plugin had its own."""

    preserve: bool = False
