"""A snapshot of one Plex item: everything PlexSync may compare or write, read in one request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.field_values import FieldValue


@dataclass(frozen=True, slots=True)
class PlexItem:
    """One item as Plex holds it now.

    `values` is keyed by our field names and holds every edit field (empty ones as "", () or None).
    `locked` holds Plex's own names of locked fields. `images` maps an image field's name to the
    path of the image shown, "" when none.
    """

    rating_key: int
    section: int
    title: str
    files: tuple[str, ...]
    values: Mapping[str, FieldValue]
    locked: frozenset[str] = frozenset()
    images: Mapping[str, str] = field(default_factory=dict)
