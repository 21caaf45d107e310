"""Every way in which a request to Plex can fail, and what PlexSync makes of it."""

from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

import plexapi.exceptions
import pytest
import requests.exceptions
import urllib3.exceptions

from core.errors import (
    PlexError,
    PlexNotFound,
    PlexRejected,
    PlexTemporaryError,
    PlexUnavailable,
)
from plex.errors import LONG_TARGET, plex_errors, status_of, translate


@pytest.mark.parametrize(("length", "too_long"), [(LONG_TARGET, False), (LONG_TARGET + 1, True)])
def test_a_bad_request_is_about_length_only_for_long_targets(length: int, too_long: bool) -> None:
    error = translate(plexapi.exceptions.BadRequest("(400) bad_request; http://plex/ body"), length)

    assert isinstance(error, PlexRejected)
    assert error.too_long is too_long


def _classes(module: object) -> Iterator[type[Exception]]:
    for thing in vars(module).values():
        if (
            isinstance(thing, type)
            and issubclass(thing, Exception)
            and not issubclass(thing, Warning)
        ):
            yield thing


FOREIGN = [*_classes(plexapi.exceptions), *_classes(requests.exceptions), ParseError]


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_foreign_exception_is_translated(kind: type[Exception]) -> None:
    arguments = (
        ("what", "document", 0)
        if issubclass(kind, requests.exceptions.JSONDecodeError)
        else ("what",)
    )

    with pytest.raises(PlexError), plex_errors():
        raise kind(*arguments)


def test_plexapi_and_requests_were_really_looked_through() -> None:
    names = {kind.__name__ for kind in FOREIGN}

    assert {
        "BadRequest",
        "NotFound",
        "Unauthorized",
        "ReadTimeout",
        "ChunkedEncodingError",
        "SSLError",
    } <= names


def test_an_error_of_plexsync_passes_unchanged() -> None:
    ours = PlexNotFound("gone")

    with pytest.raises(PlexNotFound) as caught, plex_errors():
        raise ours

    assert caught.value is ours


def test_a_bug_of_plexsync_is_not_turned_into_a_fault_of_plex() -> None:
    with pytest.raises(KeyError), plex_errors():
        raise KeyError("bug")


def test_a_dropped_body_differs_from_a_lost_connection() -> None:
    late = requests.ConnectionError(urllib3.exceptions.ReadTimeoutError(None, "", "late"))  # type: ignore[arg-type]

    assert isinstance(translate(late), PlexTemporaryError)
    assert isinstance(translate(requests.ConnectionError("refused")), PlexUnavailable)


def test_a_status_is_read_only_where_plexapi_wrote_one() -> None:
    assert status_of(plexapi.exceptions.BadRequest("(507) full; http://plex/")) == 507
    assert status_of(plexapi.exceptions.BadRequest("Unknown media type (404)")) is None
    assert status_of(ValueError("(503)")) is None
