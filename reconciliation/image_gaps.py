"""Find images that are out of step, without loading one.

Times are compared first, ETags next, and Plex's list of images last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.clock import Clock
from core.errors import PlexError, StashQueryError
from core.fields import Field
from core.log import EventLog
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.client import PlexClient
from plex.image_state import ItemImages, concerns_images_only, is_suspect, shows
from stash.client import StashClient
from sync.image_failures import must_send
from sync.library_settings import LibrarySettings
from validation.metadata import SyncMetadata


@dataclass(frozen=True, slots=True)
class ImageGaps:
    """Image fields that are out of step, see `Observation`.

    `record` must be saved: Plex gave the images of PlexSync other paths. None when nothing changed.
    """

    unsent: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    record: SyncRecord | None = None


@dataclass(frozen=True, slots=True)
class ImageChecker:
    """Compares the images that were sent with those of both servers."""

    libraries: LibrarySettings
    stash: StashClient
    plex: PlexClient
    clock: Clock
    log: EventLog

    def check_images(
        self, scene: SyncMetadata, item: PlexItem, record: SyncRecord | None
    ) -> ImageGaps:
        """Return the image fields of one item that are out of step.

        None where a server fails for this image alone: the texts of the other scenes do not wait.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        try:
            return self._check(scene, item, record)
        except PlexError as error:
            if not concerns_images_only(error, self.plex):
                raise
            self.log.info("reconcile.image_skipped", item=item.rating_key, detail=str(error))
        except StashQueryError as error:
            self.log.info("reconcile.image_skipped", scene=scene.scene_id, detail=str(error))
        return ImageGaps()

    def _check(self, scene: SyncMetadata, item: PlexItem, record: SyncRecord | None) -> ImageGaps:
        fields = self.libraries.images_of(item.section)
        rules = self.libraries.rules_of(item.section)
        if record is None:
            # Nothing proves that a cover was ever sent.
            has_cover = bool(fields) and self.stash.has_other_cover(scene.scene_id, "")
            names = tuple(field.name for field in fields)
            return ImageGaps(unsent=names if has_cover else ())
        now = self.clock.wall()
        unsent = tuple(
            field.name for field in fields if must_send(record.images.get(field.name), rules, now)
        )
        unsent = unsent or self._changed_in_stash(scene, record, fields)
        if unsent:
            return ImageGaps(unsent=unsent)
        return self._compare(item, record)

    def _compare(self, item: PlexItem, record: SyncRecord) -> ImageGaps:
        """Return the fields whose image Plex replaced, and the record with paths that moved."""
        images, replaced = ItemImages(self.plex, item), []
        compared = record
        rules = self.libraries.rules_of(item.section)
        for field in self.libraries.images_of(item.section):
            sent = record.images[field.name]
            if not is_suspect(field, item, sent, rules):
                continue
            if shows(images, field, sent.sha1):
                moved = replace(sent, item_path=item.images.get(field.name, ""))
                compared = compared.with_images({field.name: moved})
            elif not sent.history.is_suspended:
                replaced.append(field.name)
        return ImageGaps(
            replaced=tuple(replaced), record=compared if compared is not record else None
        )

    def _changed_in_stash(
        self, scene: SyncMetadata, record: SyncRecord, fields: Sequence[Field]
    ) -> tuple[str, ...]:
        """Return the fields whose cover has other bytes; ask Stash only if the scene changed."""
        is_same_file = record.oshash in ("", scene.files[0].oshash)
        if not fields or (record.updated_at == scene.updated_at and is_same_file):
            return ()
        # An image that was chosen by hand stays, whatever the cover.
        etags = {
            field.name: record.images[field.name].etag
            for field in fields
            if not record.images[field.name].is_by_hand
        }
        has_changed = {
            etag: self.stash.has_other_cover(scene.scene_id, etag) for etag in set(etags.values())
        }
        return tuple(name for name, etag in etags.items() if has_changed[etag])
