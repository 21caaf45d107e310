"""A scene as Stash tells it, in one typed and frozen shape; everything downstream works on this.

Stash writes an unset value as null, as "" or not at all; here they are all the same empty value.
Cleaning for Plex happens later, where the settings are known.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from core.entity import entity_subject
from core.file_names import file_stem
from core.tree import NO_TREES, PARENTS, Node, SceneTag, Trees
from core.unicode_form import caseless
from validation.entity_details import PERFORMER_TAGS, details_of, ids_of
from validation.group_tree import shown_groups
from validation.performers import Performer, by_name, read_performer
from validation.sanitizers import clean_date

RawObject = Mapping[str, object]

# The key under which a scene names what was not asked for, because Stash's schema lacks it.
LEFT_OUT = "left_out"
# The key under which a scene brings the trees of tags and studios that the settings need.
TREES = "trees"
_KEYS = {"rating": "rating100"}
"""Stash's name of an attribute, where it is another one."""


class SceneFile(BaseModel):
    """One media file as Stash sees it. `size` in bytes, 0 if unknown; `oshash` "" if unknown."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    oshash: str


class SyncMetadata(BaseModel):
    """One scene. Empty is "", (), or None.

    `cast` is sorted by name, because Stash defines no order for performers; `tags` keep Stash's.
    Ids stand in the order of their names. `files` has the primary file first. `date` is YYYY-MM-DD,
    `rating` 0 to 10. `groups` are the scene's groups and all that contain them, by name;
    `group_parents` names by id those that contain it directly, "" for none, None for unknown.
    `above_studio` is the studio's parent and, where the settings need them, all above it.
    `own_tags` are `tags` with what is above them, `performer_tags` those of all performers by name;
    both know what is above a tag, and the latter are read, only where the settings need it. Times
    are Stash's own texts. `stash_ids` are the scene's IDs in stash-boxes, () unless the settings
    ask for them. `left_out` are Stash's names of what its schema lacks. `entity_details` are
    `Entity.details` by subject, of the entities that have any.
    """

    model_config = ConfigDict(frozen=True)

    scene_id: int
    title: str
    details: str
    director: str
    code: str
    studio: str
    studio_id: int | None
    parent_studio: str
    parent_studio_id: int | None
    date: str
    rating: float | None
    cast: tuple[Performer, ...]
    tags: tuple[str, ...]
    tag_ids: tuple[int, ...]
    groups: tuple[str, ...] = ()
    group_ids: tuple[int, ...] = ()
    group_parents: tuple[str | None, ...] = ()
    above_studio: tuple[Node, ...] = ()
    own_tags: tuple[SceneTag, ...] = ()
    performer_tags: tuple[SceneTag, ...] = ()
    organized: bool
    created_at: str
    updated_at: str
    files: tuple[SceneFile, ...]
    stash_ids: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    entity_details: Mapping[str, str] = {}

    def is_known(self, attribute: str) -> bool:
        """Return False if Stash was not asked for this attribute: it is not empty but unknown."""
        return _KEYS.get(attribute, attribute) not in self.left_out

    @property
    def performers(self) -> tuple[str, ...]:
        """Return the names of all performers."""
        return tuple(person.name for person in self.cast)

    @property
    def performer_ids(self) -> tuple[int, ...]:
        """Return the ids of all performers."""
        return tuple(person.id for person in self.cast)

    @property
    def file(self) -> str:
        """Return the name of the primary file without its extension; "" for a scene without one."""
        return file_stem(self.files[0].path) if self.files else ""

    @property
    def has_identity(self) -> bool:
        """Return True if the user has identified this scene; a bare file with a title is not
        identified.
        """
        return any((self.studio, self.performers, self.tags, self.details, self.date))


def parse_scene(raw: RawObject) -> SyncMetadata:
    """Return the scene in one `findScene` answer.

    Raises:
        ValueError: the answer has no usable id, or a value of a shape Stash does not send.
    """
    try:
        return _scene(raw)
    except ValueError as error:
        raise ValueError(f"scene {raw.get('id', '?')}: {error}") from error


def _scene(raw: RawObject) -> SyncMetadata:
    studio = _object(raw, "studio")
    parent = _object(studio, "parent_studio")
    groups = shown_groups(raw.get("groups"))
    trees = _trees(raw)
    tags = tuple(trees.place_tag(_node(tag)) for tag in _named(raw, "tags"))
    studio_id = _id(studio) if studio else None
    return SyncMetadata(
        scene_id=_id(raw),
        title=_text(raw, "title"),
        details=_text(raw, "details"),
        director=_text(raw, "director"),
        code=_text(raw, "code"),
        studio=_text(studio, "name"),
        studio_id=studio_id,
        parent_studio=_text(parent, "name"),
        parent_studio_id=_id(parent) if parent else None,
        date=clean_date(_text(raw, "date")),
        rating=_rating(raw),
        cast=_cast(raw),
        tags=tuple(tag.name for tag in tags),
        tag_ids=tuple(tag.node.id for tag in tags),
        groups=tuple(group.name for group in groups),
        group_ids=tuple(group.group_id for group in groups),
        group_parents=tuple(group.parents for group in groups),
        above_studio=trees.above_studio(studio_id, _node(parent) if parent else None),
        own_tags=tags,
        performer_tags=tuple(map(trees.place_tag, _tags_of_performers(raw))),
        organized=raw.get("organized") is True,
        created_at=_text(raw, "created_at"),
        updated_at=_text(raw, "updated_at"),
        files=tuple(
            _file(file) for file in _objects(raw, "files") if _is_usable_path(file.get("path"))
        ),
        stash_ids=tuple(
            filter(None, (_text(one, "stash_id") for one in _objects(raw, "stash_ids")))
        ),
        left_out=_names(raw.get(LEFT_OUT)),
        entity_details=_entity_details(raw),
    )


def _cast(raw: RawObject) -> tuple[Performer, ...]:
    return by_name(
        read_performer(_id(person), name, person)
        for person in _objects(raw, "performers")
        if (name := _text(person, "name"))
    )


def _entity_details(raw: RawObject) -> dict[str, str]:
    return {
        entity_subject(kind, _id(entity)): text
        for kind, key in (("performer", "performers"), ("tag", "tags"))
        for entity in _objects(raw, key)
        if (text := details_of(kind, entity))
    }


def _text(raw: RawObject, key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a text")
    return value.strip()


def _names(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset()


def _object(raw: RawObject, key: str) -> RawObject:
    """The object under `key`; an empty one when it is unset."""
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{key} is not an object")
    return value


def _objects(raw: RawObject, key: str) -> list[RawObject]:
    value = raw.get(key)
    if value is None:
        return []
    if not isinstance(value, list | tuple) or not all(
        isinstance(entry, Mapping) for entry in value
    ):
        raise ValueError(f"{key} is not a list of objects")
    return list(value)


def _named(raw: RawObject, key: str) -> list[RawObject]:
    return [entity for entity in _objects(raw, key) if _text(entity, "name")]


def _tags_of_performers(raw: RawObject) -> list[Node]:
    """Each tag that a performer has, by name."""
    performers = _objects(raw, "performers")
    tags = {_node(tag) for performer in performers for tag in _named(performer, PERFORMER_TAGS)}
    return sorted(tags, key=lambda tag: (caseless(tag.name), tag.id))


def _node(raw: RawObject) -> Node:
    parents = tuple(sorted(set(ids_of(raw[PARENTS])))) if PARENTS in raw else None
    return Node(_id(raw), _text(raw, "name"), parents)


def _trees(raw: RawObject) -> Trees:
    trees = raw.get(TREES)
    return trees if isinstance(trees, Trees) else NO_TREES


def _id(raw: RawObject) -> int:
    value = raw.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("an id is missing or not a number")
    return int(value)


def _rating(raw: RawObject) -> float | None:
    """0 to 10 from Stash's 1 to 100; Plex cannot tell a rating of 0 from none."""
    value = raw.get("rating100")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("rating100 is not a number")
    return min(max(value, 0), 100) / 10 or None


def _is_usable_path(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _file(raw: RawObject) -> SceneFile:
    """One file; its path stays as it is, because a file name may begin or end with a space."""
    return SceneFile(path=str(raw["path"]), size=_size(raw.get("size")), oshash=first_oshash(raw))


def _size(value: object) -> int:
    """Bytes, 0 if unknown: one odd size must not keep the scene from being matched by its path."""
    try:
        return max(int(value), 0) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0


def first_oshash(raw: RawObject) -> str:
    """Return the oshash of one file as Stash sent it, "" if it has none."""
    for fingerprint in _objects(raw, "fingerprints"):
        if fingerprint.get("type") == "oshash":
            return _text(fingerprint, "value")
    return _text(raw, "oshash") or _text(raw, "fingerprint")
