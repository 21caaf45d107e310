"""What Plex showed before PlexSync's first write, so that a person can have it back."""

from dataclasses import dataclass, replace

from core.field_values import FieldValue

_MOST_MARKS = 8  # a field that is written again and again is still known by its newest values


@dataclass(frozen=True, slots=True)
class Original:
    """One field of one item before it was written for the first time.

    `marks` tell PlexSync's own values from a later hand edit: digests of what was or was about to be written,
    for images the sha1 of the bytes. `put` are the names PlexSync put there, `taken` those it took off.
    """

    value: FieldValue
    locked: bool
    marks: tuple[str, ...] = ()
    put: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()

    def written_again(self, later: "Original") -> "Original":
        """This original with what a later write adds to it; its value and lock stay what they were."""
        return replace(
            self,
            marks=_united(self.marks, later.marks)[-_MOST_MARKS:],
            put=_united(self.put, later.put),
            taken=_united(self.taken, later.taken),
        )


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Both, each entry once, the ones that were named last at the end."""
    return tuple(reversed(dict.fromkeys(reversed((*first, *second)))))
