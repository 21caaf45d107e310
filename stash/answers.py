"""Read Stash's responses: data or error of a query, covers, entities and scene states."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from core.entity import Entity, kind_of
from core.errors import StashQueryError, StashSchemaError, StashUnavailable
from validation.entity_details import details_of
from validation.metadata import first_oshash

SVG = "image/svg+xml"
_ERROR_CHARS = 300
# Stash 0.31 validates a query before it runs it; which status it sends depends on `Accept`.
_SCHEMA_STATUSES = (400, 422)


@dataclass(frozen=True, slots=True)
class Credentials:
    """How Stash lets PlexSync in.

    Attributes:
        api_key: the key that Stash's user has generated, "" for none.
        session_age_s: how long a session is valid, 0 for no limit.
        needs_login: Stash asks for a user name and a password.
    """

    api_key: str
    session_age_s: float
    needs_login: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """A scene's cover.

    `unchanged` means that the image behind `etag` is still the cover. Without `unchanged`, `image`
    None means that the scene has no cover.
    """

    image: bytes | None
    etag: str
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class SceneState:
    """A scene in a list of scenes. `oshash` is its first file's, "" if it has none."""

    scene_id: int
    updated_at: str
    oshash: str


@contextmanager
def expect_shape() -> Iterator[None]:
    """Translate a response of unknown shape: it comes from a proxy, or from a Stash that updates.

    Raises:
        StashUnavailable: the body failed to read the response.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise StashUnavailable("Stash answered in a shape that PlexSync does not know") from error


def read_data(response: requests.Response) -> dict[str, Any]:
    """Return the `data` of a GraphQL response.

    Raises:
        StashUnavailable: the response is no GraphQL response with data, or Stash's database is
            busy.
        StashSchemaError: Stash's schema does not allow the query.
        StashQueryError: Stash failed while it answered the query.
    """
    try:
        document = _read_json(response)
    except (ValueError, RecursionError) as error:
        raise StashUnavailable("Stash answered something that is not JSON") from error
    errors = document.get("errors") if isinstance(document, dict) else None
    if errors:
        text = _error_text(errors)
        # Stash 0.31 sends this error of SQLite with status 200.
        if response.status_code == 200 and "database is locked" in text:
            raise StashUnavailable(f"Stash is busy: {text[:_ERROR_CHARS]}")
        if response.status_code in _SCHEMA_STATUSES:
            raise StashSchemaError(f"Stash refused a query: {text[:_ERROR_CHARS]}")
        if response.status_code == 200:
            raise StashQueryError(f"Stash answered a query with an error: {text[:_ERROR_CHARS]}")
    data = document.get("data") if isinstance(document, dict) else None
    if response.status_code != 200 or not isinstance(data, dict):
        raise StashUnavailable(f"Stash answered {response.status_code} without data")
    return data


def _read_json(response: requests.Response) -> Any:
    """Return the response's JSON, with question marks for lone surrogates.

    Raises:
        ValueError, RecursionError: the response is no JSON that can be read.
    """
    # Without a charset in the header requests would read `text/...` as Latin-1.
    encoding = json.detect_encoding(response.content)
    document = json.loads(response.content.decode(encoding, "replace"))
    if b"\\ud" not in response.content.lower():
        return document
    # SQLite cannot store a lone surrogate, and Plex cannot receive one.
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _error_text(errors: Any) -> str:
    messages = []
    for error in errors:
        messages.append(error.get("message", "") if isinstance(error, dict) else str(error))
    return json.dumps(messages)


def read_scene(raw: object) -> dict[str, Any] | None:
    """Return a scene as Stash sent it, None for a deleted one.

    Anything but an object becomes {}, which fails validation as a scene without data.
    """
    return raw if raw is None or isinstance(raw, dict) else {}


def read_scene_state(raw: Mapping[str, Any]) -> SceneState:
    """Return the state of one listed scene."""
    files = raw["files"]
    oshash = first_oshash(files[0]) if files else ""
    return SceneState(int(raw["id"]), str(raw["updated_at"]), oshash)


def read_entity(subject: str, raw: Mapping[str, Any] | None, read_at: float) -> Entity | None:
    """Return one entity, None for a deleted one."""
    if raw is None:
        return None
    parent = raw.get("parent_studio") or {}
    return Entity(
        subject,
        str(raw["name"]).strip(),
        str(parent.get("id") or ""),
        str(raw["updated_at"]),
        read_at,
        details_of(kind_of(subject), raw),
    )


def check_cover(response: requests.Response, scene_id: int) -> None:
    """Raise unless the response is a cover or Stash's placeholder.

    Raises:
        StashUnavailable: a proxy in front of Stash answered that Stash is away.
        StashQueryError: any other status but 200, which concerns this cover only.
    """
    if response.status_code == 200:
        return
    text = f"Stash answered {response.status_code} for the cover of scene {scene_id}"
    if response.status_code in (502, 503, 504):
        raise StashUnavailable(text)
    raise StashQueryError(text)


def is_placeholder(response: requests.Response) -> bool:
    """Return True for the SVG of a scene without a cover, or a page of a proxy."""
    return response.headers.get("Content-Type", "").startswith((SVG, "text/html"))
