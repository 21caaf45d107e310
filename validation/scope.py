"""Defines which scenes a reconciliation compares, and how the user writes it."""

import re
from dataclasses import dataclass

MAX_DAYS = 3650
_DAYS = re.compile(r"(\d{1,4})\s*(?:d|days?)?", re.IGNORECASE)
_LIBRARY = re.compile(r"library\s*[: ]\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_NAMED = {"all": 0, "24h": 1, "7days": 7}


@dataclass(frozen=True, slots=True)
class Scope:
    """The scenes created or changed within `days` (0: whenever), in one Plex library ("": in all of
    them).
    """

    days: int = 0
    library: str = ""

    @property
    def is_full(self) -> bool:
        """Return True if every scene is compared."""
        return not self.days and not self.library

    @property
    def text(self) -> str:
        """Return the scope as `read_scope` parses it."""
        if self.library:
            return f"library {self.library}"
        named = {days: name for name, days in _NAMED.items()}
        return named.get(self.days, f"{self.days} days")

    def covers(self, other: "Scope") -> bool:
        """Return True if a run over this scope compares everything that one over `other` would."""
        if self.is_full:
            return True
        if self.library or other.library:
            return self == other
        return 0 < other.days <= self.days


ALL = Scope()
RECENT = Scope(days=1)
WEEK = Scope(days=7)


def read_scope(text: str) -> Scope:
    """Parse `all`, `24h`, `7days`, a number of days, or `library` and the name of a Plex library.

    Raises:
        ValueError: it is none of these.
    """
    word = "".join(text.split()).casefold()
    if word in _NAMED:
        return Scope(days=_NAMED[word])
    days = _DAYS.fullmatch(text.strip())
    if days is not None and 0 < int(days.group(1)) <= MAX_DAYS:
        return Scope(days=int(days.group(1)))
    library = _LIBRARY.fullmatch(text.strip())
    if library is None:
        raise ValueError("neither all, 24h, 7days, a number of days nor 'library' and a name")
    return Scope(library=library.group(1))
