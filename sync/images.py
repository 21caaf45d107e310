"""Send covers as posters and backgrounds, with one conditional request to Stash."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from core.calls import Steps, call
from core.clock import Clock
from core.errors import PlexError, PlexTemporaryError
from core.fields import Field
from core.outcome import FailedImage
from core.plex_item import PlexItem
from core.record import ImageRecord, SyncRecord
from core.send_history import NO_HISTORY, Suspension
from core.step_timer import StepTimer
from plex.client import PlexClient
from plex.image_state import ItemImages, concerns_images_only, is_suspect, shows
from stash.answers import Cover
from stash.client import StashClient
from sync.image_failures import is_known_refusal, must_send, next_failure
from sync.image_gate import ImageGate
from sync.image_sender import Image, ImageOutcome, ImageSender
from sync.library_settings import LibrarySettings
from validation.metadata import SyncMetadata

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_WEBP = (b"RIFF", b"WEBP")
_CLOSED = "Plex takes no images at the moment"
_AGAIN = {
    False: "; PlexSync sends it again with the scene's next sync",
    True: " again; PlexSync sends this cover once a week, or with Force Sync All",
}
"""When a refused cover is sent again, by whether it was refused so before."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Which cover to send, and how eagerly.

    Attributes:
        scene: the scene.
        last_update: the `updated_at` of the last sync. Where it is still the scene's and every
            field was sent, Stash is not asked.
        covers: Stash's answers for the scene by ETag, shared by the scene's items.
        is_forced: the user wants everything sent: each image is compared with Plex's.
    """

    scene: SyncMetadata
    last_update: str
    covers: dict[str, Cover]
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class ImageResult:
    """What became of an item's images.

    Attributes:
        record: the record with what they are now. It keeps the last sync's `updated_at` while a
            cover was not taken, because that claims nothing that is not true.
        written: the fields that were sent.
        warnings: one text for each field that Plex cannot show or refused.
        failed: the fields that Plex failed to take, which must be sent again.
        suspended: the fields whose image is no longer sent, since something replaces it each time.
    """

    record: SyncRecord
    written: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failed: tuple[FailedImage, ...] = ()
    suspended: tuple[str, ...] = ()


@dataclass(slots=True)
class _ItemProgress:
    """What is known of one item's images so far.

    `fields` are those that its library's settings enable, `due` those whose image must be sent
    whatever the ETag says, `stopped` those that just failed or were refused.
    """

    item: PlexItem
    fields: tuple[Field, ...]
    images: ItemImages
    record: SyncRecord
    due: set[str] = field(default_factory=set)
    written: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    failed: list[FailedImage] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)

    def known(self, name: str) -> ImageRecord | None:
        return self.record.images.get(name)

    def keep(self, name: str, image: ImageRecord) -> None:
        self.record = self.record.with_images({name: image})

    def result(self, last_update: str) -> ImageResult:
        failures = [image.failure for image in map(self.known, _names(self.fields)) if image]
        is_settled = all(failure is None or is_known_refusal(failure) for failure in failures)
        return ImageResult(
            self.record if is_settled else replace(self.record, updated_at=last_update),
            tuple(self.written),
            tuple(self.warnings),
            tuple(self.failed),
            tuple(self.suspended),
        )


@dataclass(frozen=True, slots=True)
class ImageWriter:
    """Sends a scene's cover to the image fields that the settings enable."""

    libraries: LibrarySettings
    stash: StashClient
    plex: PlexClient
    sender: ImageSender
    clock: Clock
    timer: StepTimer
    gate: ImageGate

    def write(
        self, item: PlexItem, record: SyncRecord, request: ImageRequest
    ) -> Steps[ImageResult]:
        """Send the cover to the item where it differs from what was sent.

        Raises:
            PlexError, StashError: a server failed; what was sent so far is kept in Plex.
        """
        fields = self.libraries.images_of(item.section)
        progress = _ItemProgress(item, fields, ItemImages(self.plex, item), record)
        for image_field in fields:
            yield from self._compare(image_field, progress, request)
        is_unchanged = request.last_update == request.scene.updated_at and not progress.due
        if fields and not (is_unchanged and not request.is_forced):
            with self.timer.step("images"):
                yield from self._send_cover(progress, request)
        return progress.result(request.last_update)

    def _compare(
        self, image_field: Field, progress: _ItemProgress, request: ImageRequest
    ) -> Steps[None]:
        """Mark the field as due if the item was not given its image, or shows another one."""
        name = image_field.name
        known = progress.known(name)
        rules = self.libraries.rules_of(progress.item.section)
        now, is_forced = self.clock.wall(), request.is_forced
        if known is None or must_send(known, rules, now, is_forced=is_forced):
            progress.due.add(name)
            return
        is_doubtful = is_forced and bool(known.sha1)
        if not is_doubtful and not is_suspect(image_field, progress.item, known, rules):
            return
        if known.history.is_suspended:
            return  # other bytes are found by the ETag of the cover
        if not self._may_send():
            return
        try:
            is_shown = yield from call(partial(shows, progress.images, image_field, known.sha1))
        except PlexError as error:
            yield from self._on_failure(image_field, progress, known.sha1, error)
            return
        if is_shown:
            progress.keep(name, replace(known, item_path=progress.item.images.get(name, "")))
        elif known.history.is_overwritten(now):
            history = replace(known.history, suspension=Suspension.OVERWRITTEN)
            progress.keep(name, replace(known, history=history))
            progress.suspended.append(name)
        else:
            progress.due.add(name)

    def _send_cover(self, progress: _ItemProgress, request: ImageRequest) -> Steps[None]:
        scene, covers = request.scene, request.covers
        if progress.due and not self._may_send():
            for image_field in progress.fields:
                if image_field.name in progress.due:
                    closed = PlexTemporaryError(_CLOSED)
                    yield from self._on_failure(image_field, progress, "", closed)
            return
        etag = "" if progress.due else _common_etag(progress.record.images, progress.fields)
        if etag not in covers:
            wanted = (scene.scene_id, _cache_buster(scene), etag)
            read = partial(self.stash.cover, *wanted)
            covers[etag] = yield from call(read, begin=partial(self.stash.begin_cover, *wanted))
        cover = covers[etag]
        if cover.unchanged:
            return
        if cover.image is None:
            for name in _names(progress.fields):
                # Plex keeps what it shows, which is the scene's image no more.
                progress.keep(name, ImageRecord("", cover.etag))
            return
        sha1 = hashlib.sha1(cover.image, usedforsecurity=False).hexdigest()
        for image_field in progress.fields:
            if image_field.name not in progress.stopped:
                image = Image(cover.image, sha1)
                yield from self._send_field(image_field, progress, image, cover.etag)

    def _send_field(
        self, image_field: Field, progress: _ItemProgress, image: Image, etag: str
    ) -> Steps[None]:
        name, item = image_field.name, progress.item
        problem = image_problem(image.content, image_field.limit, "the cover")
        if problem:
            progress.warnings.append(f"{name}: {problem}")
            progress.keep(name, ImageRecord("", etag))
            return
        known = progress.known(name)
        if known is not None and name not in progress.due and _is_decided(known, image):
            progress.keep(name, replace(known, etag=etag))
            return
        try:
            if not self._may_send():
                raise PlexTemporaryError(_CLOSED)
            server = progress.record.server
            outcome = yield from self.sender.send(
                item, server, image_field, image, known, progress.images
            )
        except PlexError as error:
            progress.keep(name, replace(known or ImageRecord(""), etag=etag))
            yield from self._on_failure(image_field, progress, image.sha1, error)
            return
        if outcome is ImageOutcome.BY_HAND:
            kept = replace(known or ImageRecord(""), etag=etag, failure=None, is_by_hand=True)
            progress.keep(name, kept)
            return
        path = item.images.get(name, "") if outcome is ImageOutcome.SHOWN else ""
        # The verifying read fills in the path of an image that was just sent.
        history = known.history if known and known.sha1 == image.sha1 else NO_HISTORY
        if outcome is ImageOutcome.SENT:
            history = history.sent(self.clock.wall())
            self.gate.on_success()
            progress.written.append(name)
        progress.keep(name, ImageRecord(image.sha1, etag, path, history=history))

    def _on_failure(
        self, image_field: Field, progress: _ItemProgress, sha1: str, error: PlexError
    ) -> Steps[None]:
        """Record that Plex did not take an image: it is sent again, or it was refused.

        Raises:
            PlexError: Plex takes nothing else either.
        """
        if not (yield from call(partial(concerns_images_only, error, self.plex))):
            raise error
        name, known = image_field.name, progress.known(image_field.name)
        before = known.failure if known else None
        failure = next_failure(before, sha1, error, self.clock.wall())
        progress.keep(name, replace(known or ImageRecord(""), failure=failure))
        progress.due.discard(name)
        progress.stopped.add(name)
        if failure.is_refusal:
            progress.warnings.append(f"{name}: {error}{_AGAIN[is_known_refusal(failure)]}")
        else:
            self.gate.on_failure(progress.item.rating_key, self.clock.monotonic())
            progress.failed.append(FailedImage(name, str(error), failure.count))

    def _may_send(self) -> bool:
        return self.gate.is_open(self.clock.monotonic())


def _names(fields: Sequence[Field]) -> tuple[str, ...]:
    return tuple(image_field.name for image_field in fields)


def _is_decided(known: ImageRecord, image: Image) -> bool:
    """Return True if Plex shows this image, or has refused it and is left alone for a while."""
    if known.failure is not None:
        return known.failure.sha1 == image.sha1
    return known.sha1 == image.sha1


def image_problem(image: bytes, limit: int, what: str) -> str:
    """Return why Plex cannot show the image, "" if it can.

    `limit` in bytes; `what` names the image in the reason.
    """
    if len(image) > limit:
        return f"{what} has {len(image)} bytes, Plex takes {limit}"
    is_webp = image.startswith(_WEBP[0]) and image[8:12] == _WEBP[1]
    if not image.startswith(_IMAGE_STARTS) and not is_webp:
        return f"{what} is not a JPEG, PNG or WebP image"
    return ""


def _common_etag(images: Mapping[str, ImageRecord], fields: Sequence[Field]) -> str:
    """Return the ETag that every field was sent from; "" when they differ."""
    etags = {images[image_field.name].etag for image_field in fields}
    return etags.pop() if len(etags) == 1 else ""


def _cache_buster(scene: SyncMetadata) -> str:
    return "".join(character for character in scene.updated_at if character.isalnum())
