"""Ask Stash for groups: what a group's collection shows, and which groups contain it."""

from dataclasses import dataclass

from core.entity import entity_subject
from stash import queries
from stash.answers import Cover, expect_shape, read_parents
from stash.client import StashClient

# The end of the address of a group without a front image. Stash sends a picture for it all the
# same; seen in Stash v0.30 for performers, whose addresses are made alike.
_NO_IMAGE = "default=true"


@dataclass(frozen=True, slots=True)
class StashGroup:
    """A group as its collection shows it.

    Attributes:
        group_id: Stash's id.
        name: its name.
        synopsis: its synopsis, "" for none.
        has_image: whether it has a front image.
    """

    group_id: int
    name: str
    synopsis: str
    has_image: bool


def read_group(stash: StashClient, group_id: int) -> StashGroup | None:
    """Return the group; None if Stash no longer has it.

    Raises:
        StashUnavailable, StashQueryError: Stash failed.
    """
    data = stash.graphql(queries.GROUP, {"id": str(group_id)})
    with expect_shape():
        raw = data["findGroup"]
        if raw is None:
            return None
        path = str(raw["front_image_path"] or "")
        has_image = bool(path) and not path.endswith(_NO_IMAGE)
        return StashGroup(group_id, str(raw["name"]).strip(), str(raw["synopsis"] or ""), has_image)


def read_front_image(stash: StashClient, group_id: int, etag: str) -> Cover:
    """Return the group's front image, with one conditional request.

    Args:
        stash: the client.
        group_id: the group; ask only for one that has an image.
        etag: the ETag of the image that is already known, "" for none.

    Raises:
        StashUnavailable: Stash is away, or waits for its user.
        StashQueryError: Stash cannot send this image.
    """
    return stash.image(
        f"/group/{group_id}/frontimage", f"the front image of group {group_id}", etag
    )


def read_group_parents(stash: StashClient) -> dict[str, str]:
    """Return for each group the ids of those that contain it, by the group's subject.

    One request: Stash has no time by which sub-groups that were added or removed could be found.

    Raises:
        StashUnavailable, StashQueryError: Stash failed.
    """
    data = stash.graphql(queries.GROUP_PARENTS)
    with expect_shape():
        rows = data["findGroups"]["groups"]
        return {entity_subject("group", row["id"]): read_parents(row) for row in rows}
