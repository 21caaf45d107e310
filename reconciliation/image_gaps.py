"""Find images that are out of step, without loading one.

Times are compared first, ETags next, and Plex's list of images last.
"""

from dataclasses import dataclass, replace

from core.fields import Field
from core.plex_item import PlexItem
from core.record import SyncRecord
from plex.client import PlexClient
from plex.image_state import compare_images
from plex.plan import WriteRules
from stash.client import StashClient
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
    """Compares the images that were sent with those of both servers.

    `fields` are the image fields that the settings enable.
    """

    fields: tuple[Field, ...]
    stash: StashClient
    plex: PlexClient
    rules: WriteRules

    def check_images(
        self, scene: SyncMetadata, item: PlexItem, record: SyncRecord | None
    ) -> ImageGaps:
        """Return the image fields of one item that are out of step.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        if record is None:
            # Nothing proves that a cover was ever sent.
            has_cover = bool(self.fields) and self.stash.has_other_cover(scene.scene_id, "")
            names = tuple(field.name for field in self.fields)
            return ImageGaps(unsent=names if has_cover else ())
        absent = tuple(field.name for field in self.fields if field.name not in record.images)
        if absent:
            return ImageGaps(unsent=absent)
        unsent = self._changed_in_stash(scene, record)
        if unsent:
            return ImageGaps(unsent=unsent)
        others, _ = compare_images(self.plex, item, self.fields, record.images, self.rules)
        replaced = tuple(field.name for field in self.fields if field.name in others)
        return ImageGaps(replaced=replaced, record=self._with_paths(item, record, replaced))

    def _with_paths(
        self, item: PlexItem, record: SyncRecord, replaced: tuple[str, ...]
    ) -> SyncRecord | None:
        """Return the record with the current paths of PlexSync's images; None if it has them.

        Where no read after the upload has shown the path, the current one counts as PlexSync's.
        """
        images = {
            field.name: replace(
                record.images[field.name], item_path=item.images.get(field.name, "")
            )
            for field in self.fields
            if record.images[field.name].sha1 and field.name not in replaced
        }
        updated = record.with_images(images)
        return updated if updated != record else None

    def _changed_in_stash(self, scene: SyncMetadata, record: SyncRecord) -> tuple[str, ...]:
        """Return the fields whose cover has other bytes; ask Stash only if the scene changed."""
        if not self.fields or record.updated_at == scene.updated_at:
            return ()
        etags = {field.name: record.images[field.name].etag for field in self.fields}
        has_changed = {
            etag: self.stash.has_other_cover(scene.scene_id, etag) for etag in set(etags.values())
        }
        return tuple(name for name, etag in etags.items() if has_changed[etag])
