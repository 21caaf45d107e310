"""What a Stash library holds, frozen: no reader in another thread sees half a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath
from typing import Any


class ServerTime:
    """The server's wall clock: whole seconds, written with the offset of the configured zone."""

    def __init__(self, clock: Callable[[], float], zone: str) -> None:
        self.clock = clock
        self.zone = zone

    def now(self) -> str:
        return self.text(self.clock())

    def text(self, epoch: float) -> str:
        moment = datetime.fromtimestamp(int(epoch), tz=_offset(self.zone))
        return moment.isoformat().replace("+00:00", "Z")


def _offset(zone: str) -> timezone:
    if zone in ("Z", "UTC"):
        return timezone.utc
    hours, minutes = zone[1:].split(":")
    delta = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-delta if zone[0] == "-" else delta)


def epoch_of(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


@dataclass(frozen=True)
class StashId:
    endpoint: str
    stash_id: str
    updated_at: str


@dataclass(frozen=True)
class VideoFile:
    id: int
    path: str
    size: int = 0
    oshash: str = ""
    md5: str = ""
    phash: str = ""
    duration: float = 0.0
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    bit_rate: int = 0
    format: str = "mp4"
    video_codec: str = "h264"
    audio_codec: str = "aac"
    mod_time: str = ""
    created_at: str = ""
    updated_at: str = ""

    @property
    def basename(self) -> str:
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class SceneGroup:
    group_id: int
    scene_index: int | None = None


@dataclass(frozen=True)
class Scene:
    id: int
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    urls: tuple[str, ...] = ()
    date: str | None = None
    rating100: int | None = None
    organized: bool = False
    o_counter: int = 0
    play_count: int = 0
    play_duration: float = 0.0
    resume_time: float = 0.0
    last_played_at: str | None = None
    o_history: tuple[str, ...] = ()  # newest first, as is the other one
    play_history: tuple[str, ...] = ()
    studio_id: int | None = None
    performer_ids: tuple[int, ...] = ()
    tag_ids: tuple[int, ...] = ()
    group_links: tuple[SceneGroup, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    file_ids: tuple[int, ...] = ()
    cover: bytes | None = field(default=None, repr=False)
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Performer:
    id: int
    name: str
    disambiguation: str = ""
    gender: str | None = None
    birthdate: str | None = None
    country: str = ""
    alias_list: tuple[str, ...] = ()
    favorite: bool = False
    ignore_auto_tag: bool = False
    tag_ids: tuple[int, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    image: bytes | None = field(default=None, repr=False)
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Studio:
    id: int
    name: str
    parent_id: int | None = None
    urls: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    details: str = ""
    ignore_auto_tag: bool = False
    tag_ids: tuple[int, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    image: bytes | None = field(default=None, repr=False)
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Tag:
    id: int
    name: str
    sort_name: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    ignore_auto_tag: bool = False
    favorite: bool = False
    parent_ids: tuple[int, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    image: bytes | None = field(default=None, repr=False)
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class Group:
    id: int
    name: str
    aliases: str = ""
    date: str | None = None
    director: str = ""
    synopsis: str = ""
    urls: tuple[str, ...] = ()
    studio_id: int | None = None
    tag_ids: tuple[int, ...] = ()
    containing_ids: tuple[int, ...] = ()
    image: bytes | None = field(default=None, repr=False)
    created_at: str = ""
    updated_at: str = ""


@dataclass(frozen=True)
class SceneView:
    """One scene with names instead of ids, for assertions.

    `cast` are the performers with their details. `studios_above` has the parent first. A line is a tag followed by everything above it; there is
    one for each tag of the scene, of its performers, and above these.
    """

    id: int
    title: str
    code: str
    details: str
    director: str
    urls: tuple[str, ...]
    date: str | None
    rating100: int | None
    organized: bool
    studio: str | None
    performers: tuple[str, ...]
    cast: tuple[Performer, ...]
    tags: tuple[str, ...]
    groups: tuple[str, ...]
    all_groups: tuple[str, ...]  # with those that contain them, on every level
    studios_above: tuple[str, ...]
    tag_lines: tuple[tuple[str, ...], ...]
    files: tuple[VideoFile, ...]
    cover: bytes | None
    created_at: str
    updated_at: str

    @property
    def path(self) -> str | None:
        return self.files[0].path if self.files else None
