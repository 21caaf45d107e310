"""The table of synced fields. Adding a field is adding a row here."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a field is read, compared and written; `plex/field_codecs.py` holds one implementation
    each.
    """

    TEXT = "text"
    DATE = "date"
    RATING = "rating"
    NAMES = "names"
    ROLES = "roles"  # texts of the names of another field
    IMAGE = "image"

    # Each is one object; the hash of its name would be made by a function of Python each time.
    __hash__ = object.__hash__


class ClearRule(Enum):
    """What an empty value in Stash does to Plex."""

    ALWAYS = "always"
    NEVER = "never"  # an untitled scene leaves Plex's title alone
    OWN_ONLY = "ours"  # only where the record shows that PlexSync set the value


class RemovalRule(Enum):
    """Which present names are taken off an item, for NAMES fields."""

    ALL_OTHERS = "unwanted"  # everything that Stash does not have
    OWN_ONLY = "ours"  # only names that PlexSync added: users keep others by hand


class LockRule(Enum):
    """What decides whether a written field is locked in Plex."""

    LOCK_FIELDS = "lock_fields"  # an agent would replace the value at its next refresh
    # a locked field keeps out the collections that Plex and agents make by themselves
    LOCK_COLLECTIONS = "lock_collections"
    NEVER = "never"  # a rating belongs to the account, and no agent writes it
    BY_PLEX = "by_plex"  # Plex locks an image that is uploaded or selected


# Each row is one object. Hashing all its attributes would cost a sync a twentieth of its time.
@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One synced field.

    Where the forms of the requests come from: texts, dates and ratings are `<plex>.value`, lists
    `<plex>[n].tag.tag`, as plexapi 4.18 sends them (`mixins/edit.py`) and its tests prove on real
    servers, `titleSort`, `originalTitle`, `contentRating`, `director` and `label` among them. That
    a cleared `titleSort` is derived from the title, and that `actor[n].tagging.text` becomes the
    role, is not confirmed: the emulator has a switch for each, and both ways are tested. Limits of
    texts are those of Plex's columns, which other tools keep to as well.

    Attributes:
        name: our name.
        label: what the user reads.
        stash: the attribute of `SyncMetadata` it comes from (none for a field with `sources`).
        plex: the name in Plex's edits and locks.
        kind: how it is read, compared and written.
        limit: characters for TEXT and DATE, entries for NAMES, bytes for IMAGE, highest value for
            RATING.
        selection: what the GraphQL query must ask for, beyond what the other rows ask for.
        element: the XML element that holds one name, for NAMES.
        lock_rule: whether what is written is locked, and why.
        has_toggle: whether the setting `sync_<name>` switches it.
        enabled_by: the setting that makes the value; while it is empty, the field is off.
        limit_setting: the setting that takes the place of `limit`.
        texts_of: the field of names that the texts belong to, for ROLES.
        derived_from: the field from which Plex derives the value while it is unlocked.
        sources: where the value may come from, chosen by the setting `<name>_source`; the first is
            the default, and `none` disables the field.
        toggled: what the toggle switches, where that is less than the whole field.
        switches: further settings that switch the field on, each for a part of its value.
    """

    name: str
    label: str
    stash: str
    plex: str
    kind: Kind
    limit: int
    selection: str = ""
    element: str = ""
    default_on: bool = True
    clear_rule: ClearRule = ClearRule.ALWAYS
    removal_rule: RemovalRule = RemovalRule.ALL_OTHERS
    lock_rule: LockRule = LockRule.LOCK_FIELDS
    sources: tuple[str, ...] = ()
    toggled: str = ""
    switches: tuple[str, ...] = ()
    has_toggle: bool = True
    enabled_by: str = ""
    limit_setting: str = ""
    derived_from: str = ""
    texts_of: str = ""

    @property
    def toggle(self) -> str:
        """Return the name of the setting that switches the field; "" if it has none."""
        return f"sync_{self.name}" if self.has_toggle else ""


IMAGE_LIMIT_BYTES = 10_000_000  # Plex answers 500 above 10 MiB, and peers refuse above 10,480,000

# fmt: off
FIELDS: tuple[Field, ...] = (
    Field("title", "Title", "title", "title", Kind.TEXT, 255, "title", clear_rule=ClearRule.NEVER),
    Field("sort_title", "Sort title", "title", "titleSort", Kind.TEXT, 255,
          clear_rule=ClearRule.OWN_ONLY, has_toggle=False, enabled_by="sort_title_format",
          derived_from="title"),
    Field("original_title", "Original title", "", "originalTitle", Kind.TEXT, 255,
          has_toggle=False, sources=("none", "code", "file")),
    Field("studio", "Studio", "studio", "studio", Kind.TEXT, 255, "studio { id name parent_studio { id name } }"),
    Field("summary", "Summary", "details", "summary", Kind.TEXT, 10_000, "details"),
    Field("tagline", "Tagline", "", "tagline", Kind.TEXT, 255, "director code",
          sources=("none", "director", "code")),
    Field("date", "Date", "date", "originallyAvailableAt", Kind.DATE, 10, "date"),
    Field("performers", "Performers as actors", "performers", "actor", Kind.NAMES, 50, "performers { id name }",
          element="Role", limit_setting="max_performers"),
    Field("roles", "Role texts of actors", "performers", "actor", Kind.ROLES, 50, element="Role",
          clear_rule=ClearRule.OWN_ONLY, has_toggle=False, enabled_by="role_format",
          limit_setting="max_performers", texts_of="performers"),
    Field("director", "Directors", "director", "director", Kind.NAMES, 20, element="Director",
          default_on=False),
    Field("tags", "Tags as genres", "tags", "genre", Kind.NAMES, 100, "tags { id name }", element="Genre",
          limit_setting="max_tags"),
    Field("collection", "Collections", "", "collection", Kind.NAMES, 100,
          element="Collection", removal_rule=RemovalRule.OWN_ONLY,
          lock_rule=LockRule.LOCK_COLLECTIONS, toggled="Studio as collection",
          switches=("parent_studio_collections", "sync_groups", "collection_tags")),
    # Plex's sharing restrictions use labels. The form of the request is that of genres: labels are
    # one of the tag types of Plex's API description.
    Field("labels", "Tags as labels", "tags", "label", Kind.NAMES, 100, "tags { id name }", element="Label",
          default_on=False, removal_rule=RemovalRule.OWN_ONLY),
    Field("content_rating", "Content rating", "tags", "contentRating", Kind.TEXT, 50,
          clear_rule=ClearRule.OWN_ONLY, has_toggle=False, enabled_by="content_rating"),
    Field("rating", "Rating", "rating", "userRating", Kind.RATING, 10, "rating100",
          default_on=False, clear_rule=ClearRule.OWN_ONLY, lock_rule=LockRule.NEVER),
    Field("poster", "Cover as poster", "cover", "thumb", Kind.IMAGE, IMAGE_LIMIT_BYTES,
          lock_rule=LockRule.BY_PLEX),
    Field("background", "Cover as background", "", "art", Kind.IMAGE, IMAGE_LIMIT_BYTES,
          sources=("none", "cover"), lock_rule=LockRule.BY_PLEX),
)
# fmt: on

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
EDIT_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.kind is not Kind.IMAGE)
IMAGE_FIELDS: tuple[Field, ...] = tuple(field for field in FIELDS if field.kind is Kind.IMAGE)
