"""List what PlexSync needs of Stash's schema, and since which version of Stash it is there.

A row names what came late, or comes later than the oldest supported version. What has no row is
part of every version that PlexSync supports.
"""

from dataclasses import dataclass

from stash.versions import OLDEST, Version, version_text


def member_name(type_name: str, field: str = "", argument: str = "") -> str:
    """Return how a member of a schema is written.

    Examples:
        >>> member_name("Query", "findScenes", "ids")
        'Query.findScenes(ids)'
    """
    name = f"{type_name}.{field}" if field else type_name
    return f"{name}({argument})" if argument else name


@dataclass(frozen=True, slots=True)
class Need:
    """One member of Stash's schema.

    Attributes:
        type: an object or input type, or an enum.
        field: its field, or its value; "" for the type itself.
        argument: the field's argument; "" for the field itself.
        since: the first minor version of Stash that has it.
    """

    type: str
    field: str
    argument: str
    since: Version

    @property
    def name(self) -> str:
        """Return the member as it is written in a message, e.g. `Query.findScenes(ids)`."""
        return member_name(self.type, self.field, self.argument)


NEEDS: tuple[Need, ...] = (
    Need("Mutation", "runPluginOperation", "", (0, 25)),
    Need("Mutation", "runPluginTask", "args_map", (0, 25)),
    Need("Query", "findScenes", "ids", (0, 25)),
    Need("Job", "error", "", (0, 26)),
    Need("JobStatus", "FAILED", "", (0, 26)),
    Need("Scene", "groups", "", (0, 27)),
    Need("Mutation", "performerMerge", "", (0, 31)),  # in no release up to v0.30.1
)

_BY_NAME = {need.name: need for need in NEEDS}


def since(member: str) -> Version | None:
    """Return the first version of Stash that has a member; None where it has no row."""
    need = _BY_NAME.get(member)
    return need.since if need else None


def since_text(member: str) -> str:
    """Return since when Stash has a member, for a message."""
    version = since(member)
    if version is None:
        return f"part of every supported Stash, {version_text(OLDEST)} or newer"
    return f"in Stash since {version_text(version)}"
