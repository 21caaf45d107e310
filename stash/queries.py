"""Every query PlexSync sends to Stash; what a scene must bring is taken from the field table."""

from collections.abc import Sequence

from core.fields import FIELDS

_ALWAYS = "id organized created_at updated_at files { path size fingerprints { type value } }"

SCENE = " ".join([_ALWAYS, *(field.selection for field in FIELDS if field.selection)])
"""The selection of one scene: what is always needed, then what each field's row asks for."""

SETTINGS = "query PlexSyncSettings($id: ID!) { configuration { plugins(include: [$id]) } }"

SAVE_SETTINGS = """mutation PlexSyncSaveSettings($id: ID!, $values: Map!) {
  configurePlugin(plugin_id: $id, input: $values)
}"""

CREDENTIALS = "query PlexSyncCredentials { configuration { general { apiKey maxSessionAge } } }"

VERSION = "query PlexSyncVersion { version { version } }"

# Whatever an operation writes to its stderr ends in Stash's log: the only way a detached worker can speak.
SAY = "mutation PlexSyncSay($id: ID!, $args: Map!) { runPluginOperation(plugin_id: $id, args: $args) }"

SCENES_AFTER = """query PlexSyncScenes($after: Int!, $size: Int!) {
  findScenes(filter: {sort: "id", per_page: $size}, scene_filter: {id: {value: $after, modifier: GREATER_THAN}}) {
    scenes { id updated_at }
  }
}"""

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


# Whole scenes for the comparison. `count` is how many there are, asked for once only: Stash counts each time.
_WHOLE_PAGE = """query PlexSyncWholeScenes($after: Int!, $size: Int!, $counted: Boolean!%s) {
  findScenes(filter: {sort: "id", per_page: $size},
             scene_filter: {id: {value: $after, modifier: GREATER_THAN}%s}) {
    count @include(if: $counted) scenes { %s }
  }
}"""
WHOLE_SCENES = _WHOLE_PAGE % ("", "", SCENE)
RECENT_SCENES = _WHOLE_PAGE % (
    ", $since: String!",
    ", AND: {updated_at: {value: $since, modifier: GREATER_THAN},"
    " OR: {created_at: {value: $since, modifier: GREATER_THAN}}}",
    SCENE,
)


def scenes_by_id(ids: Sequence[int]) -> str:
    """One query for a batch: aliases, because `findScenes(ids)` fails as a whole for one missing id."""
    parts = " ".join(f"s{number}: findScene(id: {number}) {{ ...scene }}" for number in ids)
    return f"query PlexSyncBatch {{ {parts} }} fragment scene on Scene {{ {SCENE} }}"
