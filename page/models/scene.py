"""Define the calls about one scene, and the marks on scene cards."""

from typing import Literal

from pydantic import Field

from page.models.base import Answer, Arguments
from page.models.jobs import CandidateRow, SceneId, SceneIds


class ChooseScene(Arguments):
    """One scene."""

    scene: SceneId


class FieldRow(Answer):
    """One field of one item.

    Attributes:
        stash: what the scene asks for, as text; "" for nothing.
        plex: what Plex shows.
        write: what would be written; None where nothing would.
        owner: stash: PlexSync wrote what Plex shows; hand: edited by hand in Plex; plex: Plex's
            own; none: empty.
        is_locked: locked in Plex.
        is_on: the field is switched on in the settings.
        note: why it is not written although it differs, "" for no reason.
    """

    name: str
    label: str
    stash: str
    plex: str
    write: str | None
    owner: Literal["stash", "hand", "plex", "none"]
    is_locked: bool
    is_on: bool
    note: str


class ItemRow(Answer):
    """One Plex item that the scene is matched with, and why."""

    item: int
    title: str
    library: str
    link: str
    reason: str
    fields: tuple[FieldRow, ...]
    can_restore: bool
    """Plex's own values of this item were kept, so that they can be put back."""


SceneState = Literal["in_step", "differs", "waiting", "running", "dead_letter", "left_out", "none"]


class SceneAnswer(Answer):
    """Everything about one scene.

    Attributes:
        state: left_out: the settings or an override leave it out; none: no item was found.
        text: the state in words, with what to do.
        items: () where none is found, or Plex does not answer.
        candidates: what was looked at.
        override: the item that was chosen by hand; 0 for never, None for no override.
        override_source: "" for none.
        problem: why the items cannot be shown, "" where they can.
    """

    scene: int
    state: SceneState
    text: str
    items: tuple[ItemRow, ...]
    candidates: tuple[CandidateRow, ...]
    override: int | None
    override_source: Literal["", "page", "setting"]
    problem: str


class SearchItems(Arguments):
    """A title, or a part of a file's name."""

    text: str = Field(min_length=1, max_length=200)


class FoundItem(Answer):
    """One Plex item that was found."""

    item: int
    title: str
    year: int | None
    library: str
    path: str
    link: str


class FoundItems(Answer):
    """At most 50 items; `has_more`: there are more."""

    items: tuple[FoundItem, ...]
    has_more: bool


class RestoreScene(Arguments):
    """Put Plex's own values of the scene's items back; see `Confirmed` for `confirm`.

    The scene gets the override *never*, because the next edit would write it again.
    """

    scene: SceneId
    confirm: int | None = None


class SceneStates(Arguments):
    """Scenes whose cards are shown."""

    ids: SceneIds


class SceneStatesAnswer(Answer):
    """The scenes among them that wait and that have a dead letter; others are left out."""

    waiting: tuple[int, ...]
    failed: tuple[int, ...]
