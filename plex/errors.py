"""Translates a failure of plexapi or requests into one of PlexSync's errors.

plexapi raises `BadRequest` for every status but 401 and 404, 429 and 5xx included, and the status
is only in its text; a status that requests has no name for ends in a `TypeError`. So the status
decides first, the type second.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

import requests
from plexapi.exceptions import BadRequest, NotFound, PlexApiException, Unauthorized
from requests.exceptions import InvalidHeader, InvalidSchema, InvalidURL, MissingSchema, SSLError
from urllib3.exceptions import HTTPError, LocationValueError, ReadTimeoutError

from core.errors import (
    PlexAccessError,
    PlexError,
    PlexNotFound,
    PlexRejected,
    PlexTemporaryError,
    PlexUnavailable,
    reason_of,
)

_STATUS = re.compile(r"^\((\d{3})\)")
_LIMIT = re.compile(r"\((?:connect|read) timeout=([\d.]+)\)")

_BAD_URL = (MissingSchema, InvalidSchema, InvalidURL, LocationValueError)
_BAD_TOKEN = (InvalidHeader, UnicodeEncodeError)

_REFUSED = frozenset({401, 403, 498})
_REJECTED = frozenset({400, 405, 409, 422})
_TOO_LONG = frozenset({413, 414, 431})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONG_TARGET = 4_000  # a 400 on a longer request target means that the target is too long


# TypeError, ValueError and AttributeError: what plexapi and the reading of an answer trip over.
_FOREIGN = (
    PlexApiException,
    requests.RequestException,
    HTTPError,
    ParseError,
    TypeError,
    ValueError,
    AttributeError,
)


@contextmanager
def plex_errors(target: str = "") -> Iterator[None]:
    """Translate whatever the body raises; the original stays as `__cause__`.

    Raises:
        PlexError: always one of its subclasses.
    """
    try:
        yield
    except PlexError:
        raise
    except _FOREIGN as error:
        raise translate(error, len(target)) from error


def translate(error: Exception, target_chars: int = 0) -> PlexError:
    """Return the PlexSync error for one failure. Its text never holds a body, a URL or a token."""
    status = status_of(error)
    if status is not None:
        translated = _from_status(status, target_chars)
        translated.status = status
        return translated
    if isinstance(error, SSLError):
        # `plex/connection_faults.py` says more where the cause is known
        return PlexAccessError("the TLS certificate of Plex is not trusted")
    if isinstance(error, _BAD_URL):
        return PlexAccessError("the Plex URL is unusable")
    if isinstance(error, _BAD_TOKEN):
        return PlexAccessError("the Plex token holds characters that no token has")
    if isinstance(error, requests.ConnectionError) and not is_late_body(error):
        return PlexUnavailable(f"no connection to Plex{_within(error)} ({reason_of(error)})")
    if isinstance(error, requests.ReadTimeout):
        return PlexTemporaryError(f"Plex did not answer{_within(error)} ({reason_of(error)})")
    if isinstance(error, requests.RequestException):
        return PlexTemporaryError(f"Plex broke off ({reason_of(error)})")
    if isinstance(error, ParseError):
        return PlexTemporaryError("Plex sent broken XML")
    return PlexTemporaryError(f"Plex sent something unexpected ({reason_of(error)})")


def _within(error: Exception) -> str:
    """Return the time-out in words, so that the user knows the setting; "" for other errors."""
    found = _LIMIT.search(str(error))
    return f" within {float(found.group(1)):g} s" if found else ""


def is_late_body(error: BaseException) -> bool:
    """Return True if an answer stopped midway; requests raises a connection error for it."""
    return isinstance(error, requests.ConnectionError) and any(
        isinstance(cause, ReadTimeoutError) for cause in error.args
    )


def status_of(error: Exception) -> int | None:
    """Return the HTTP status behind a plexapi error; None if there is none."""
    if isinstance(error, Unauthorized):
        return 401
    if isinstance(error, NotFound):
        return 404
    found = _STATUS.match(str(error)) if isinstance(error, BadRequest) else None
    return int(found.group(1)) if found else None


def _from_status(status: int, target_chars: int) -> PlexError:
    text = f"Plex answered {status}"
    if status in _REFUSED:
        return PlexAccessError(f"{text}: the Plex token is wrong, expired, or not the owner's")
    if status in _REDIRECTS:
        return PlexAccessError(f"{text}: the Plex URL redirects elsewhere")
    if status == 404:
        return PlexNotFound(text)
    if status in _TOO_LONG or (status == 400 and target_chars > LONG_TARGET):
        return PlexRejected(f"{text}: the request is too long", too_long=True)
    if status in _REJECTED:
        return PlexRejected(text)
    if status == 503:
        return PlexUnavailable(f"{text}: it is starting up, in maintenance or overloaded")
    return PlexTemporaryError(text)
