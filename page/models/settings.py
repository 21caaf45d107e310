"""Define the calls about settings and about the way to Plex."""

from typing import Literal

from pydantic import Field

from page.models.base import Answer, Arguments, SettingValue
from page.models.rules import RuleRow


class SettingRow(Answer):
    """One setting, as it counts now.

    Attributes:
        name: its name in PlexSync; `key` is the one under which Stash stores it.
        spellings: every stored key that means this setting; a save replaces all of them.
        value: the value that counts, also where nothing is stored; "" for a secret.
        default: what counts where nothing is stored.
        is_set: True if a value is stored, usable or not.
        is_default: True if the value that counts is the default.
        per_library: a library rule may set it.
        is_whole: a number must be whole.
        lowest, highest: the limits of a number; 0 and 0 for other types.
        problem: why the stored value is not used, "" where it is.
    """

    name: str
    key: str
    spellings: tuple[str, ...]
    group: str
    type: Literal["STRING", "NUMBER", "BOOLEAN"]
    label: str
    purpose: str
    default_text: str
    unit: str
    lowest: float
    highest: float
    choices: tuple[str, ...]
    per_library: bool
    is_whole: bool
    is_secret: bool
    is_required: bool
    value: SettingValue
    default: SettingValue
    is_set: bool
    is_default: bool
    problem: str


class SettingGroup(Answer):
    """One group of settings, in the order of use."""

    id: str
    title: str


TokenPlace = Literal["none", "file", "settings"]


class SettingsAnswer(Answer):
    """All settings.

    Attributes:
        groups: in the order of use.
        rows: in the order of their groups.
        rules: the library rules in their order; () where their text cannot be read.
        token: where the Plex token that counts is kept.
        unknown: stored keys that mean nothing to PlexSync.
    """

    groups: tuple[SettingGroup, ...]
    rows: tuple[SettingRow, ...]
    rules: tuple[RuleRow, ...]
    token: TokenPlace
    unknown: tuple[str, ...]


class CheckSettings(Arguments):
    """Values that the user is about to save, by the setting's name."""

    changes: dict[str, SettingValue] = Field(max_length=200)


class CheckedSettings(Answer):
    """What is wrong with the values: text by setting; {} where all can be saved."""

    errors: dict[str, str]


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


class TestConnection(Arguments):
    """A URL and a token that may differ from the stored ones.

    Attributes:
        url: as the user typed it; "" for the stored one.
        token: as the user typed it; "" for the stored one.
        verify_tls: whether the certificate must fit; None for the stored choice.
    """

    url: str = Field(default="", max_length=2_000)
    token: str = Field(default="", max_length=1_000)
    verify_tls: bool | None = None


class Finding(Answer):
    """One thing that was checked: what is the case, and what to do about it ("" for nothing)."""

    level: Literal["ok", "warning", "error"]
    text: str
    action: str = ""


class PlexLibrary(Answer):
    """One library of Plex.

    Attributes:
        type: `movie`, `show`, `artist` or `photo`.
        items: how many items it has; None if Plex does not say.
        folders: as Plex sees them.
        is_supported: PlexSync can write to libraries of its type.
        is_chosen: PlexSync writes to it with the settings as they are.
    """

    id: int
    title: str
    type: str
    items: int | None
    folders: tuple[str, ...]
    is_supported: bool
    is_chosen: bool


class ConnectionReport(Answer):
    """The result of a test: findings in the order of the check; the server as it answered.

    `url` is the address as it would be stored, "" if it cannot be one.
    """

    is_ok: bool
    url: str
    findings: tuple[Finding, ...]
    server: str = ""
    version: str = ""
    libraries: tuple[PlexLibrary, ...] = ()


class SaveToken(Arguments):
    """A token that the user typed."""

    token: str = Field(min_length=1, max_length=1_000)


class SignInAddress(Answer):
    """One address of a server, and what the test of it said.

    `is_owner`: the token may change items; None where the address did not answer.
    """

    url: str
    is_local: bool
    is_relay: bool
    is_tls: bool
    is_reachable: bool
    is_owner: bool | None
    problem: str = ""


class SignInServer(Answer):
    """One Plex server of the account."""

    id: str
    name: str
    is_owned: bool
    addresses: tuple[SignInAddress, ...]


class SignInAnswer(Answer):
    """How far a sign-in is.

    Attributes:
        state: none: not begun; waiting: for the user; choose: a server and an address
            must be chosen; expired and failed: begin again.
        code: what the sign-in page shows.
        url: the sign-in page of plex.tv.
        expires_at: until when the user can sign in.
        problem: what is wrong and what to do, "" for nothing.
        servers: with `choose`.
    """

    state: Literal["none", "waiting", "choose", "expired", "failed"]
    code: str = ""
    url: str = ""
    expires_at: float = 0.0
    problem: str = ""
    servers: tuple[SignInServer, ...] = ()


class ChooseServer(Arguments):
    """A server and one of its addresses, of a sign-in in the state `choose`."""

    server: str = Field(max_length=200)
    url: str = Field(max_length=2_000)


class ChosenServer(Answer):
    """The token is stored; the page saves `url` as the setting Plex URL."""

    url: str
    text: str


class LibrariesAnswer(Answer):
    """Plex's libraries.

    Attributes:
        libraries: in Plex's order; () where Plex does not answer.
        missing: names in the setting that Plex does not have.
        problem: why they cannot be shown, "" where they can.
    """

    libraries: tuple[PlexLibrary, ...]
    missing: tuple[str, ...]
    problem: str


class PathPair(Answer):
    """One pair of the mapping: a folder as Stash sees it, and as Plex sees it."""

    source: str
    target: str


class LearnedPair(Answer):
    """A pair that PlexSync learned from files, and how many files support it."""

    source: str
    target: str
    files: int


class PathsAnswer(Answer):
    """The mapping that is set, what was learned, and the folders of both servers."""

    pairs: tuple[PathPair, ...]
    learned: tuple[LearnedPair, ...]
    stash_folders: tuple[str, ...]
    plex_folders: tuple[str, ...]
    problem: str


class TypedPair(Arguments):
    """One pair as the user typed it."""

    source: str = Field(max_length=4_000)
    target: str = Field(max_length=4_000)


class CheckPaths(Arguments):
    """A mapping that the user is about to save."""

    pairs: tuple[TypedPair, ...] = Field(max_length=200)


class CheckedPaths(Answer):
    """How well a mapping fits.

    Attributes:
        sample: how many scenes were looked at.
        found_before, found_after: how many are found with the stored and with the new mapping.
        is_reversed: the other way round the pairs fit, and as they stand they do not.
        turned: the pairs the other way round, () unless `is_reversed`.
        proposed: pairs that files of one name and size support.
        examples: paths of scenes that are not found with the new mapping, as Stash sees them.
        errors: text by row number of a pair that cannot be used.
    """

    sample: int
    found_before: int
    found_after: int
    is_reversed: bool
    turned: tuple[PathPair, ...]
    proposed: tuple[PathPair, ...]
    examples: tuple[str, ...]
    errors: dict[str, str]
