"""Say whether a version of Stash is one that PlexSync supports. Pure."""

import re

OLDEST = (0, 28)
"""The oldest minor version of Stash whose schema, plugin interface and page PlexSync supports."""

NEWEST_KNOWN = (0, 30)
"""The newest minor version of Stash that PlexSync's queries were compared with."""

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)(?:\D|$)")

Version = tuple[int, int]


def parse_version(text: str) -> Version | None:
    """Return the major and the minor number of Stash's version; None for a build without one.

    Examples:
        >>> parse_version("v0.30.1-12-gcf3489efd"), parse_version("unknown")
        ((0, 30), None)
    """
    match = _NUMBERS.match(text.strip())
    return (int(match[1]), int(match[2])) if match else None


def version_text(version: Version) -> str:
    """Return a version as Stash writes it, e.g. `v0.28`."""
    return f"v{version[0]}.{version[1]}"


def is_too_old(text: str) -> bool:
    """Return True if Stash is older than PlexSync supports; False where its version is unknown."""
    version = parse_version(text)
    return version is not None and version < OLDEST


def version_advice(text: str) -> str:
    """Return what follows from Stash's version, as sentences; "" for one that PlexSync knows.

    Examples:
        >>> version_advice("v0.27.2")
        'Stash v0.27.2 is older than v0.28, the oldest that PlexSync supports. Update Stash.'
    """
    version = parse_version(text)
    if version is None:
        name = f"'{text.strip()}'" if text.strip() else "no version"
        return (
            f"Stash reports {name}, so PlexSync cannot say whether it supports this Stash; it "
            f"supports {version_text(OLDEST)} and newer."
        )
    if version < OLDEST:
        return (
            f"Stash {text.strip()} is older than {version_text(OLDEST)}, the oldest that PlexSync "
            "supports. Update Stash."
        )
    if version > NEWEST_KNOWN:
        return (
            f"Stash {text.strip()} is newer than {version_text(NEWEST_KNOWN)}, the newest that "
            "this PlexSync knows. If something does not arrive in Plex, update PlexSync first."
        )
    return ""
