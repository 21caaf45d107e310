"""Bring the collections that PlexSync made of groups in step with these.

A collection shows its group's synopsis and front image, and is deleted once it is empty. All of a
group's collections are written together, so that the group is read once.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.checkpoint import Checkpoint, no_checkpoint
from core.errors import PlexAccessError, PlexNotFound, PlexRejected, StashQueryError
from core.field_values import digest, same_value
from core.fields import BY_NAME, Kind
from core.log import EventLog
from core.own_collection import Due, OwnCollection
from plex.client import PlexClient
from plex.collections import PlexCollection, summary_target, unlock_image_target
from plex.edit_request import EditLimits, fit_text
from plex.image_state import concerns_images_only
from stash.client import StashClient
from stash.groups import StashGroup, read_front_image, read_group
from sync.images import image_problem
from sync.library_settings import LibrarySettings
from sync_queue.collections import OwnCollections, row_key
from validation.collection_sources import clean_title, with_prefix
from validation.sanitizers import clean_text

_SUMMARY = BY_NAME["summary"]
_POSTER = BY_NAME["poster"]
_POSTERS = "posters"
_UPLOADED = "upload://"

Listing = Sequence[PlexCollection]


def find_collection(row: OwnCollection, listing: Listing) -> PlexCollection | None:
    """Return the collection of a row, None if it is gone or is not PlexSync's any more. Pure.

    It has the row's title. Where it has another key than the row's, or the row has none yet, it is
    PlexSync's only while it has neither summary nor image.
    """
    key = row_key(row.section, row.title)
    same = [
        found
        for found in listing
        if not found.is_smart and row_key(row.section, found.title) == key
    ]
    for found in same:
        if found.key == row.item:
            return found
    return same[0] if same and same[0].is_bare else None


def seen_as(row: OwnCollection, found: PlexCollection) -> OwnCollection:
    """Return the row with its collection's key; nothing was sent to one with another key. Pure."""
    if row.item == found.key:
        return row
    return replace(row, item=found.key, summary="", image="", etag="", sending="")


@dataclass
class CollectionWriter:
    """Writes to collections in Plex, and keeps their rows.

    `before_write` runs before each write; it waits while Plex is slow, and raises Fenced once a
    newer worker has taken over.
    """

    plex: PlexClient
    rows: OwnCollections
    log: EventLog
    before_write: Callable[[], object]
    listings: dict[int, Listing] = field(default_factory=dict)

    def resolve(self, row: OwnCollection) -> tuple[OwnCollection, PlexCollection] | None:
        """Return the row and its collection; None if there is none, and then the row is forgotten.

        Raises:
            PlexError: Plex failed.
        """
        was_listed = row.section in self.listings
        found = find_collection(row, self._listing(row.section))
        if found is None and was_listed:
            # It may have been made after the listing.
            self.listings.pop(row.section)
            found = find_collection(row, self._listing(row.section))
        if found is None:
            self.rows.forget([row])
            return None
        return seen_as(row, found), found

    def delete_if_empty(self, row: OwnCollection, found: PlexCollection) -> bool:
        """Delete a collection without members, after a read that shows none; return True if so.

        Raises:
            PlexError: Plex failed.
        """
        if found.count != 0:
            return False
        try:
            if self.plex.collections.count_members(found.key) != 0:
                return False
            self.before_write()
            self.plex.collections.delete(found.key)
        except PlexNotFound:
            pass  # Plex has removed it by itself
        self.rows.forget([row])
        self.listings.pop(row.section, None)
        self.log.info("collection.deleted", title=row.title, item=found.key)
        return True

    def delete_emptied(self, rows: Iterable[OwnCollection]) -> int:
        """Delete all of these that are empty; return how many.

        Raises:
            PlexError: Plex failed.
        """
        resolved = filter(None, map(self.resolve, rows))
        return sum(self.delete_if_empty(row, found) for row, found in resolved)

    def _listing(self, section: int) -> Listing:
        if section not in self.listings:
            self.listings[section] = self.plex.collections.list_all(section)
        return self.listings[section]


@dataclass(frozen=True, slots=True)
class GroupCollections:
    """Shows groups on their collections, under one set of settings.

    `names_by_subject` returns the groups that scenes show: another one of a collection's title may
    give it what the group that it showed cannot any more.
    """

    stash: StashClient
    writer: CollectionWriter
    libraries: LibrarySettings
    limits: EditLimits
    names_by_subject: Callable[[], Mapping[str, str]]
    checkpoint: Checkpoint = no_checkpoint

    def bring_in_step(self, rows: Iterable[OwnCollection]) -> None:
        """Write what differs on the collections of one group; afterwards none of them is due.

        Raises:
            PlexError, StashUnavailable: a server failed; the rest stays due.
            StashQueryError: Stash does not answer for this group.
        """
        groups: dict[str, StashGroup | None] = {}
        for due in rows:
            resolved = self.writer.resolve(due)
            if resolved is None or self.writer.delete_if_empty(*resolved):
                continue
            row, found = resolved
            has_changed = row.due is Due.GROUP or row.item != due.item
            if has_changed and self.libraries.config_of(row.section).sync_groups:
                subject = self._subject(row, groups)
                if subject:
                    group = groups[subject]
                    assert group is not None
                    row = self._show(replace(row, subject=subject), found, group)
            self.checkpoint("collection.written")
            self.writer.rows.save(replace(row, due=Due.NO))

    def _subject(self, row: OwnCollection, groups: dict[str, StashGroup | None]) -> str:
        """Return the group whose collection has the row's title; "" if none is known."""
        for subject in self._candidates(row):
            if subject not in groups:
                groups[subject] = read_group(self.stash, int(subject.partition(":")[2]))
            group = groups[subject]
            if group is not None and self._is_titled(row, group.name):
                return subject
        return ""

    def _candidates(self, row: OwnCollection) -> Iterator[str]:
        """Yield the row's group, then all others of its title, which are looked for only then."""
        yield row.subject
        for subject, name in self.names_by_subject().items():
            if subject != row.subject and self._is_titled(row, name):
                yield subject

    def _is_titled(self, row: OwnCollection, name: str) -> bool:
        config = self.libraries.config_of(row.section)
        prefixed = with_prefix(config.collection_prefix_group, clean_title(name, config))
        title = clean_title(prefixed, config)
        return row_key(row.section, title) == row_key(row.section, row.title)

    def _show(self, row: OwnCollection, found: PlexCollection, group: StashGroup) -> OwnCollection:
        """Write synopsis and front image where they differ; return the row as it is then."""
        before = (row.summary, row.image)
        row = self._show_image(self._show_summary(row, found, group), group)
        if (row.summary, row.image) != before:
            self.writer.log.info("collection.updated", title=row.title, item=row.item)
        return row

    def _show_summary(
        self, row: OwnCollection, found: PlexCollection, group: StashGroup
    ) -> OwnCollection:
        desired = self._summary(row, group)
        shown, sent = digest(Kind.TEXT, found.summary), row.summary
        row = replace(row, summary=digest(Kind.TEXT, desired))
        if same_value(Kind.TEXT, desired, found.summary):
            return row
        rules = self.libraries.rules_of(row.section)
        if rules.preserve_plex_edits and shown not in ("", sent):
            return replace(row, summary=sent)
        target = summary_target(row.section, row.item, desired, locked=rules.lock_fields)
        self.writer.before_write()
        try:
            self.writer.plex.edit(target)
        except PlexRejected as error:
            self._on_refused(row, "the synopsis", error)
        return row

    def _summary(self, row: OwnCollection, group: StashGroup) -> str:
        """Return the synopsis as one request can carry it."""
        text = clean_text(
            group.synopsis,
            _SUMMARY.limit,
            keep_newlines=True,
            strip_emoji=self.libraries.config_of(row.section).strip_emoji,
            compose=True,
        )
        return fit_text(text, self.limits)

    def _show_image(self, row: OwnCollection, group: StashGroup) -> OwnCollection:
        if not group.has_image:
            return self._remove_image(row)
        try:
            cover = read_front_image(self.stash, group.group_id, row.etag)
        except StashQueryError as error:
            self._on_refused(row, "the front image", error)
            return row
        if cover.unchanged:
            return row
        if cover.image is None:
            return self._remove_image(row)
        problem = image_problem(cover.image, _POSTER.limit, "the front image")
        if problem:
            self._on_refused(row, "the front image", problem)
            return replace(row, etag=cover.etag)
        sha1 = hashlib.sha1(cover.image, usedforsecurity=False).hexdigest()
        if sha1 == row.image:
            return replace(row, etag=cover.etag)
        try:
            return self._send_image(row, cover.image, sha1, cover.etag)
        except (PlexRejected, PlexAccessError) as error:
            if not concerns_images_only(error, self.writer.plex):
                raise
            self._on_refused(row, "the front image", error)
            # Stash is asked with this ETag from now on: the same image is not sent again.
            return replace(row, etag=cover.etag)

    def _send_image(self, row: OwnCollection, image: bytes, sha1: str, etag: str) -> OwnCollection:
        """Upload an image, or select it if Plex has it; not over one that was chosen by hand."""
        plex = self.writer.plex
        sent = replace(row, image=sha1, etag=etag, sending="")
        # Without a look at Plex's list an image could be there twice after a kill.
        if sha1 == row.sending or self.libraries.rules_of(row.section).preserve_plex_edits:
            available = plex.images(row.item, _POSTERS)
            shown = next((name for name, is_selected in available if is_selected), "")
            ours = tuple(filter(None, (row.image, row.sending)))
            is_by_hand = shown.startswith(_UPLOADED) and not (ours and shown.endswith(ours))
            if self.libraries.rules_of(row.section).preserve_plex_edits and is_by_hand:
                return replace(row, etag=etag)
            if shown.endswith(sha1):
                return sent
            for name, _ in available:
                if name.endswith(sha1):
                    self.writer.before_write()
                    plex.select_image(row.item, _POSTERS, name)
                    return sent
        self.writer.rows.save(replace(row, sending=sha1))
        self.writer.before_write()
        plex.upload_image(row.item, _POSTERS, image)
        return sent

    def _remove_image(self, row: OwnCollection) -> OwnCollection:
        """Have Plex show its own picture again, if it shows the image that was sent."""
        if not row.image:
            return replace(row, etag="")
        plex = self.writer.plex
        available = plex.images(row.item, _POSTERS)
        if any(is_selected and name.endswith(row.image) for name, is_selected in available):
            self.writer.before_write()
            plex.deselect_image(row.item, _POSTERS)
            plex.edit(unlock_image_target(row.section, row.item))
        return replace(row, image="", etag="", sending="")

    def _on_refused(self, row: OwnCollection, what: str, reason: object) -> None:
        self.writer.log.warning(
            "collection.refused", title=row.title, what=what, detail=str(reason)
        )
