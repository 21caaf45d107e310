"""Read images from Stash: covers of scenes, and those at other paths."""

from functools import partial
from urllib.parse import quote

import requests

from core.calls import Begun
from core.errors import StashQueryError
from stash.answers import Cover, check_image, is_placeholder
from stash.transport import StashTransport


class StashImages(StashTransport):
    """Send conditional requests for images. Several threads may send them at the same time."""

    def cover(self, scene_id: int, version: str, etag: str = "") -> Cover:
        """Return the scene's cover, with one conditional request.

        Stash 0.31 sends an SVG placeholder for a scene without a cover.

        Args:
            scene_id: The scene.
            version: Changes the URL, so that no cache between answers with an old cover.
            etag: The ETag of the cover that is already known, "" for none.

        Raises:
            StashUnavailable: Stash is away.
            StashQueryError: Stash cannot send this cover.
        """
        return self.image(_cover_path(scene_id, version), _cover_of(scene_id), etag)

    def begin_cover(self, scene_id: int, version: str, etag: str = "") -> Begun | None:
        """Begin what `cover` does, without waiting; None where only `cover` can do it now."""
        url = f"{self.base_url}{_cover_path(scene_id, version)}"
        options = {"headers": _if_changed(etag)}
        try:
            exchange = self.s.begin("GET", url, **options)
        except (requests.RequestException, ValueError):
            return None  # `cover` says what is wrong
        if exchange is None:
            return None
        finish = partial(self.s.finish_request, exchange, "GET", url, **options)
        return Begun(exchange, lambda: self._read_image(finish(), _cover_of(scene_id), etag))

    def image(self, path: str, what: str, etag: str = "") -> Cover:
        """Return the image at a path of Stash, with one conditional request.

        Args:
            path: The path, with its query.
            what: Names the image in an error.
            etag: The ETag of the image that is already known, "" for none.

        Raises:
            StashUnavailable, StashQueryError: as for `cover`.
        """
        response = self.s.request("GET", f"{self.base_url}{path}", headers=_if_changed(etag))
        return self._read_image(response, what, etag)

    def _read_image(self, response: requests.Response, what: str, etag: str) -> Cover:
        if response.status_code == 304:
            return Cover(None, etag, unchanged=True)
        if response.status_code == 404:
            return Cover(None, "")
        self._check_image(response, what)
        if is_placeholder(response):
            return Cover(None, response.headers.get("ETag", ""))
        return Cover(response.content, response.headers.get("ETag", ""))

    def has_other_cover(self, scene_id: int, etag: str) -> bool:
        """Return True if the scene has a cover with another ETag; the image is not downloaded.

        Raises:
            StashUnavailable, StashQueryError: as for `cover`.
        """
        url = f"{self.base_url}/scene/{scene_id}/screenshot"
        response = self.s.request("GET", url, headers=_if_changed(etag), stream=True)
        try:
            if response.status_code in (304, 404):
                return False
            self._check_image(response, _cover_of(scene_id))
            if is_placeholder(response):
                return False
            return bool(response.headers.get("ETag", "") != etag)
        finally:
            response.close()

    def _check_image(self, response: requests.Response, what: str) -> None:
        """Raise unless the response is an image or Stash's placeholder.

        Raises:
            StashUnavailable: Stash is away, or waits for its user.
            StashQueryError: Stash is ready and cannot send this image.
        """
        try:
            check_image(response, what)
        except StashQueryError:
            self.check_ready()
            raise


def _cover_of(scene_id: int) -> str:
    return f"the cover of scene {scene_id}"


def _cover_path(scene_id: int, version: str) -> str:
    return f"/scene/{scene_id}/screenshot?t={quote(version)}"


def _if_changed(etag: str) -> dict[str, str]:
    return {"If-None-Match": etag} if etag else {}
