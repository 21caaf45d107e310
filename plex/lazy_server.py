"""Adapt plexapi's server: how it is reached, and what it sends with each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from plexapi.base import PlexObject
from plexapi.server import PlexServer


class LazyPlexServer(PlexServer):
    """plexapi's server without the request at construction, with our device identity in each
    request.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        session: requests.Session,
        timeout: Any,
        identity: Mapping[str, str],
    ):
        self._baseurl, self._token = base_url, token
        self._showSecrets, self._timeout = False, timeout
        self.session = session
        self._identity = dict(identity)
        PlexObject.__init__(self, self, None, self.key)

    def _headers(self, **more: str) -> dict[str, str]:
        headers: dict[str, str] = super()._headers(**more)
        headers.update(self._identity)
        return headers


@dataclass(frozen=True, slots=True)
class PlexAddress:
    """How to reach Plex. Timeouts are (connect, read) in seconds; `verify`: its certificate must be
    trusted; `was_reached`: Plex has answered at this URL before.
    """

    url: str
    token: str
    timeout_s: tuple[float, float]
    verify: bool = True
    was_reached: bool = False
