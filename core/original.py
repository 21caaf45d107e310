"""Records what Plex showed before PlexSync's first write, so that the user can restore it."""

from dataclasses import dataclass, replace

from core.field_values import FieldValue

AUTOMATIC = None
"""The value of an image that Plex chose by itself, and whose name was not read."""

_MAX_MARKS = 8  # a field that is written again and again is still known by its newest values


@dataclass(frozen=True, slots=True)
class Original:
    """One field of one item before it was written for the first time.

    `written_digests` tell PlexSync's own values from a later hand edit: digests of what was or was
    about to be written, for images the sha1 of the bytes. The value of an image is the name that
    Plex gives it, "" for none, or AUTOMATIC. `added` are the names PlexSync added,
    `removed` those it removed.
    """

    value: FieldValue
    locked: bool
    written_digests: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def merged_with(self, later: "Original") -> "Original":
        """Return this original with what a later write adds to it; its value and lock do not
        change.
        """
        return replace(
            self,
            written_digests=_united(self.written_digests, later.written_digests)[-_MAX_MARKS:],
            added=_united(self.added, later.added),
            removed=_united(self.removed, later.removed),
        )


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Both, each entry once, the ones that were named last at the end."""
    return tuple(reversed(dict.fromkeys(reversed((*first, *second)))))
