"""Every query PlexSync sends to Stash; what a scene must bring is taken from the field table."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.fields import FIELDS

ALWAYS = "id organized created_at updated_at files { path size fingerprints { type value } }"

SCENE = " ".join([ALWAYS, *(field.selection for field in FIELDS if field.selection)])
"""The selection of one scene: what is always needed, then what each field's row asks for."""

SETTINGS = "query PlexSyncSettings($id: ID!) { configuration { plugins(include: [$id]) } }"

SAVE_SETTINGS = """mutation PlexSyncSaveSettings($id: ID!, $values: Map!) {
  configurePlugin(plugin_id: $id, input: $values)
}"""

CREDENTIALS = (
    "query PlexSyncCredentials { configuration { general { apiKey maxSessionAge username } } }"
)

LIBRARY_FOLDERS = (
    "query PlexSyncFolders { configuration { general { stashes { path excludeVideo } } } }"
)

STASH_VERSION = "query PlexSyncStashVersion { version { version } }"

# What an operation writes to its stderr ends in Stash's log: the only way for a detached worker to
# reach it.
SAY = "mutation PlexSyncSay($id: ID!, $args: Map!) { runPluginOperation(plugin_id: $id, args: $args) }"

GROUP = """query PlexSyncGroup($id: ID!) {
  findGroup(id: $id) { id name synopsis front_image_path }
}"""

GROUP_PARENTS = """query PlexSyncGroupParents {
  findGroups(filter: {per_page: -1}) { groups { id containing_groups { group { id } } } }
}"""

SYSTEM_STATUS = "query PlexSyncStatus { systemStatus { status } }"

SCENES_AFTER = """query PlexSyncScenes($after: Int!, $size: Int!) {
  findScenes(filter: {sort: "id", per_page: $size}, scene_filter: {id: {value: $after, modifier: GREATER_THAN}}) {
    scenes { id updated_at }
  }
}"""

COUNT_SCENES = "query PlexSyncCount { findScenes(filter: {per_page: 1}) { count } }"

# A repeatable random order: a sample that is spread over the whole library.
FILE_SAMPLE = """query PlexSyncSample($size: Int!) {
  findScenes(filter: {sort: "random_4711", per_page: $size}) { scenes { files { path size } } }
}"""

CHANGED_SCENES = """query PlexSyncChanged($after: Int!, $size: Int!, $since: String!) {
  findScenes(filter: {sort: "id", per_page: $size},
             scene_filter: {id: {value: $after, modifier: GREATER_THAN},
                            updated_at: {value: $since, modifier: GREATER_THAN}}) {
    scenes { id updated_at }
  }
}"""

# The same two with what tells the file behind an id: a full import gives every id to another scene.
SCENE_STATES = SCENES_AFTER.replace(
    "updated_at }", "updated_at files { fingerprints { type value } } }"
)
CHANGED_STATES = CHANGED_SCENES.replace(
    "updated_at }", "updated_at files { fingerprints { type value } } }"
)

SCENES_WITH = """query PlexSyncWith($oshash: String!) {
  findScenes(filter: {sort: "id", per_page: 10}, scene_filter: {oshash: {value: $oshash, modifier: EQUALS}}) {
    scenes { id }
  }
}"""


# Whole scenes for the comparison. `count` is how many there are, asked for once only: Stash counts each time.
_WHOLE_PAGE = """query PlexSyncWholeScenes($after: Int!, $size: Int!, $counted: Boolean!%s) {
  findScenes(filter: {sort: "id", per_page: $size},
             scene_filter: {id: {value: $after, modifier: GREATER_THAN}%s}) {
    count @include(if: $counted) scenes { %s }
  }
}"""


def one_scene(selection: str) -> str:
    """Return the query for the oldest or the newest scene: whether Stash serves scenes at all."""
    return f"""query PlexSyncOneScene($direction: SortDirectionEnum!) {{
  findScenes(filter: {{sort: "id", direction: $direction, per_page: 1}}) {{
    scenes {{ {selection} }}
  }}
}}"""


def whole_scenes(selection: str) -> str:
    """Return the query for a page of whole scenes."""
    return _WHOLE_PAGE % ("", "", selection)


def recent_scenes(selection: str) -> str:
    """Return the query for a page of whole scenes that were created or changed recently."""
    return _WHOLE_PAGE % (
        ", $since: String!",
        ", AND: {updated_at: {value: $since, modifier: GREATER_THAN},"
        " OR: {created_at: {value: $since, modifier: GREATER_THAN}}}",
        selection,
    )


def scenes_by_id(ids: Sequence[int], selection: str = SCENE) -> str:
    """Return one query for a batch: `findScenes(ids)` would fail as a whole for one missing id.

    Examples:
        >>> print(scenes_by_id([42, 43]).partition(" fragment ")[0])
        query PlexSyncBatch { s42: findScene(id: 42) { ...scene } s43: findScene(id: 43) { ...scene } }
    """
    parts = " ".join(f"s{number}: findScene(id: {number}) {{ ...scene }}" for number in ids)
    return f"query PlexSyncBatch {{ {parts} }} fragment scene on Scene {{ {selection} }}"


_FIND_ONE = {
    "performer": "findPerformer",
    "studio": "findStudio",
    "tag": "findTag",
    "group": "findGroup",
}
_FIND_MANY = {
    "performer": ("findPerformers", "performers"),
    "studio": ("findStudios", "studios"),
    "tag": ("findTags", "tags"),
    "group": ("findGroups", "groups"),
}
_ALL_LEVELS = -1
# How far below an entity its scenes are looked for: a scene shows its studio's parent, too, and all
# groups that contain its own.
_DEPTH = {"studio": 1, "tag": 0, "group": _ALL_LEVELS}
_ABOVE = {"studio": "parent_studio", "tag": "parents"}


NO_DETAILS: Mapping[str, str] = MappingProxyType({})
_PARENTS = {
    "studio": "parent_studio { id }",
    "group": "containing_groups { group { id } }",
}
"""What an entity stands below, where scenes show that."""


def entities_by_subject(subjects: Sequence[str], details: Mapping[str, str] = NO_DETAILS) -> str:
    """Return one query for a batch of entities as e0, e1, ...; a deleted one is null in the answer.

    `details` is what to ask for besides the name and what stands above it, by kind.

    Examples:
        >>> print(entities_by_subject(["performer:3"], {"performer": "gender"}))
        query PlexSyncEntities { e0: findPerformer(id: 3) { id name updated_at gender } }
    """
    parts = []
    for place, subject in enumerate(subjects):
        kind, _, number = subject.partition(":")
        above = _PARENTS.get(kind, "")
        selection = " ".join(filter(None, ("id name updated_at", above, details.get(kind, ""))))
        parts.append(f"e{place}: {_FIND_ONE[kind]}(id: {int(number)}) {{ {selection} }}")
    return f"query PlexSyncEntities {{ {' '.join(parts)} }}"


def scenes_showing(kind: str, *, all_levels: bool = False, by_performers: bool = False) -> str:
    """Return the query for a page of the scenes that show one entity, by id.

    Args:
        kind: of the entity.
        all_levels: also those of everything below a tag or a studio.
        by_performers: also those whose performers have the tag.
    """
    levels = f", depth: {_ALL_LEVELS if all_levels else _DEPTH[kind]}" if kind in _DEPTH else ""
    entity = f"{{value: [$id], modifier: INCLUDES{levels}}}"
    shown = f"{kind}s: {entity}"
    if by_performers:
        shown = f"AND: {{{shown}, OR: {{performer_tags: {entity}}}}}"
    return f"""query PlexSyncShowing($id: ID!, $after: Int!, $size: Int!) {{
  findScenes(filter: {{sort: "id", per_page: $size}},
             scene_filter: {{id: {{value: $after, modifier: GREATER_THAN}}, {shown}}}) {{
    scenes {{ id }}
  }}
}}"""


def tree(kind: str) -> str:
    """Return the query for every tag or studio with the ids of its parents."""
    field, rows = _FIND_MANY[kind]
    return (
        f"query PlexSyncTree {{ listed: {field}(filter: {{per_page: -1}}) "
        f"{{ rows: {rows} {{ id name {_ABOVE[kind]} {{ id }} }} }} }}"
    )


def newest_entities(kinds: Sequence[str]) -> str:
    """Return the query for a page of each kind, the newest first by Stash's own order of its texts."""
    parts = []
    for kind in kinds:
        field, rows = _FIND_MANY[kind]
        parts.append(
            f'{kind}: {field}(filter: {{sort: "updated_at", direction: DESC, per_page: $size, page: $page}}) '
            f"{{ rows: {rows} {{ id updated_at }} }}"
        )
    return f"query PlexSyncNewest($size: Int!, $page: Int!) {{ {' '.join(parts)} }}"


def entity_ids(kind: str) -> str:
    """Return the query for the ids of every entity of one kind."""
    field, rows = _FIND_MANY[kind]
    return f"query PlexSyncIds {{ listed: {field}(filter: {{per_page: -1}}) {{ rows: {rows} {{ id }} }} }}"


def types_by_name(names: Sequence[str]) -> str:
    """Return the query for the fields of some types of Stash's schema, as t0, t1, ..."""
    named = "name ofType { name ofType { name ofType { name } } }"
    parts = [
        f't{place}: __type(name: "{name}") {{ fields {{ name type {{ {named} }} }} }}'
        for place, name in enumerate(names)
    ]
    return f"query PlexSyncTypes {{ {' '.join(parts)} }}"
