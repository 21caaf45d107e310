"""Reads one raw setting: users write addresses, lists and switches in many spellings.

Every reader returns the typed value, or raises ValueError with a reason that never quotes the
value.
"""

import math
import re
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from core.folding import broad_form, plain_form
from validation.content_rating import read_content_rating
from validation.format_names import read_role_format, read_title_format
from validation.genders import read_genders
from validation.limits import MAX_LIBRARIES, MAX_PREFIX_CHARS, MAX_TEXT_CHARS
from validation.quoted_list import split_list
from validation.rule_entries import read_rule_entries
from validation.sanitizers import clean_names, clean_text
from validation.scope import read_scope
from validation.setting import Setting, SettingType
from validation.tag_selection import read_tag_selection

PLEX_PORT = 32400

PathPairs = tuple[tuple[str, str], ...]

_SWITCHES = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"[\w.:%\[\]-]+")
NEVER = 0  # no item has this rating key
_OVERRIDE = re.compile(
    r"(?:scene)?\s*(\d{1,9})\s*=>\s*(?:(?:item)?\s*(\d{1,9})|never)", re.IGNORECASE
)
_WEB_APP = re.compile(r"/web(/.*)?$")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]+")


def is_unset(setting: Setting, raw: object) -> bool:
    """Return True if `raw` means "the default": null, an empty text, or Stash's 0 for an unset
    number.
    """
    if raw is None:
        return True
    if isinstance(raw, str):
        text = raw.strip()
        return not text or (setting.type is SettingType.NUMBER and _is_zero(text))
    return setting.type is SettingType.NUMBER and not isinstance(raw, bool) and raw == 0


def read_setting(setting: Setting, raw: object) -> object:
    """Return the typed value of `raw`.

    Raises:
        ValueError: it is not a value of this setting.
    """
    if setting.type is SettingType.BOOLEAN:
        return read_switch(raw)
    if setting.type is SettingType.NUMBER:
        return read_number(raw, setting)
    text = read_text(raw)
    if setting.choices:
        return read_choice(text, setting.choices)
    return TEXT_READERS[setting.name](text)


def read_switch(raw: object) -> bool:
    """True or False from a boolean, 0 or 1, or a word such as "on"."""
    if isinstance(raw, int | float) and raw in (0, 1):
        return bool(raw)
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word not in _SWITCHES:
        raise ValueError("neither on nor off")
    return _SWITCHES[word]


def read_number(raw: object, setting: Setting) -> float:
    """Return a number within the setting's range; an int where whole numbers are required."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError("not a number")
    try:
        number = float(raw)
    except (ValueError, OverflowError) as error:
        raise ValueError("not a number") from error
    if not (math.isfinite(number) and setting.lowest <= number <= setting.highest):
        raise ValueError("out of range")
    if not setting.is_whole:
        return number
    if not number.is_integer():
        raise ValueError("not a whole number")
    return int(number)


def read_text(raw: object) -> str:
    """Return a text without control characters; a text of digits may have become a number."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError("not a text")
    return clean_text(str(raw), MAX_TEXT_CHARS, keep_newlines=True)


def read_choice(text: str, choices: tuple[str, ...]) -> str:
    """Return the choice that `text` names, in any case."""
    for choice in choices:
        if choice.casefold() == text.casefold():
            return choice
    raise ValueError("not one of the choices")


def read_url(text: str) -> str:
    """Return `scheme://host:port/path` without what a browser's address line adds; "" for "".

    A user name or password in the address is refused, because addresses are logged.
    """
    if not text:
        return ""
    parts = _split_url(text if _SCHEME.match(text) else f"http://{text}")
    if parts.scheme not in ("http", "https"):
        raise ValueError("not an http or https address")
    if "@" in parts.netloc:
        raise ValueError("it holds a user name or password")
    if (
        not parts.hostname
        or not _HOST_AND_PORT.fullmatch(parts.netloc)
        or re.search(r"\s", parts.path)
    ):
        raise ValueError("not an address")
    return f"{parts.scheme}://{parts.netloc.rstrip(':')}{_WEB_APP.sub('', parts.path).rstrip('/')}"


def read_old_url(host: str, port: str) -> str:
    """Return the address from another plugin's host and port; a port in the host wins."""
    url = read_url(host)
    if not url or _split_url(url).port is not None:
        return url
    scheme, _, rest = url.partition("://")
    name, slash, path = rest.partition("/")
    port = str(PLEX_PORT) if _is_zero(port or "0") else port
    return read_url(f"{scheme}://{name}:{port}{slash}{path}")


def _split_url(url: str) -> SplitResult:
    """The parts of `url`, their port known to be usable. Python's own messages would quote the
    value.
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("not an address")
    return parts


def read_token(text: str) -> SecretStr:
    """Return a token; other characters cannot travel in a header and come from a bad copy."""
    if text and not re.fullmatch(r"[!-~]+", text):
        raise ValueError("characters that no token has")
    return SecretStr(text)


def read_libraries(text: str) -> tuple[str, ...]:
    """Return library names; () means all.

    Examples:
        >>> read_libraries('Scenes, "Films, Shorts"')
        ('Scenes', 'Films, Shorts')
    """
    return clean_names(split_list(text, ","), MAX_LIBRARIES)


def read_path_map(text: str) -> PathPairs:
    """Return pairs of a folder in Stash and the same folder in Plex, in their order.

    Examples:
        >>> read_path_map("/data => /media; D:/films/ => /films")
        (('/data', '/media'), ('D:/films', '/films'))
    """
    entries = (entry.strip() for entry in re.split(r"[;\n]", text))
    return tuple(dict.fromkeys(_pair(entry) for entry in entries if entry))


def _pair(entry: str) -> tuple[str, str]:
    stash, arrow, plex = (_folder(part) for part in entry.partition("=>"))
    if not (stash and arrow and plex) or "=>" in plex:
        raise ValueError("not of the form '/data => /media'")
    return stash, plex


def _folder(text: str) -> str:
    """Without the separator at its end, unless it is a root."""
    folder = text.strip()
    if _DRIVE.fullmatch(folder):
        return folder[:3]
    return folder.rstrip("/\\") or folder[:1]


def _is_zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False


def read_overrides(text: str) -> dict[int, int]:
    """Scene ids and the Plex item each is written to; NEVER where it must not be written at all."""
    overrides = {}
    for entry in filter(None, (entry.strip() for entry in re.split(r"[;\n]", text))):
        found = _OVERRIDE.fullmatch(entry)
        if found is None:
            raise ValueError(
                "an entry is not of the form 'scene 42 => item 9137' or 'scene 43 => never'"
            )
        overrides[int(found.group(1))] = int(found.group(2)) if found.group(2) else NEVER
    return overrides


def read_tags(text: str) -> frozenset[str]:
    """Return tag names in their broad form."""
    return frozenset(map(broad_form, clean_names(split_list(text, ","), MAX_LIBRARIES)))


def read_required_tags(text: str) -> frozenset[str]:
    """Return tag names in their plain form."""
    return frozenset(map(plain_form, clean_names(split_list(text, ","), MAX_LIBRARIES)))


def read_folders(text: str) -> tuple[str, ...]:
    """Return folders without their last separator."""
    return tuple(_folder(entry) for entry in split_list(text, ";\n"))


def read_prefix(text: str) -> str:
    """Return what is put before the names of one kind of collections, on one line.

    Raises:
        ValueError: it is longer than a name should have room for.
    """
    prefix = clean_text(text, MAX_TEXT_CHARS)
    if len(prefix) > MAX_PREFIX_CHARS:
        raise ValueError(f"longer than {MAX_PREFIX_CHARS} characters")
    return prefix


TEXT_READERS: Mapping[str, Callable[[str], object]] = {
    "plex_url": read_url,
    "plex_token": read_token,
    "plex_libraries": read_libraries,
    "path_map": read_path_map,
    "collection_prefix_group": read_prefix,
    "collection_prefix_studio": read_prefix,
    "collection_prefix_tag": read_prefix,
    "genre_excluded_tags": read_tag_selection,
    "collection_tags": read_tag_selection,
    "label_tags": read_tag_selection,
    "match_overrides": read_overrides,
    "excluded_tags": read_tags,
    "excluded_paths": read_folders,
    "required_tags": read_required_tags,
    "included_paths": read_folders,
    "reconcile_scope": read_scope,
    "library_rules": read_rule_entries,
    "title_format": read_title_format,
    "sort_title_format": read_title_format,
    "role_format": read_role_format,
    "performer_genders": read_genders,
    "content_rating": read_content_rating,
}
