"""Finding the items that may play a file, at the lowest cost: the index first, Plex only for what
is new.

A lookup is local. Plex is asked again only when a file is missing from the index, and then once for
all files that are missing: the change markers (1 request), what was added since (usually 1), and
the whole listing only when a marker moved and the file is still missing, at most once per move of
the marker.
"""

from collections.abc import Callable, Iterator, Sequence

from core.clock import Clock
from core.errors import PlexAccessError
from core.match import PlexFile
from core.units import DAY_S
from plex.client import PlexClient, Section
from plex.index import FileIndex
from plex.index_changes import IndexChange
from plex.libraries import LibraryChoice, choose_libraries
from plex.library_listing import added_at, files_of, iter_items
from validation.settings import BY_NAME

LIBRARIES = BY_NAME["plex_libraries"].display_name
OVERLAP_S = 600  # clocks differ, and `addedAt` is the server's
EXPIRES_S = 3600.0  # a rename may not move the marker; asked again only when a look-up misses
MARKERS_FRESH_S = 5.0  # one look serves the jobs of a batch and the next few
# Plex's clock may be ahead; an `addedAt` that is further ahead says nothing about what is new.
MAX_AHEAD_S = DAY_S


def no_library(choice: LibraryChoice) -> PlexAccessError:
    """Return the error for settings that name only libraries which Plex does not have."""
    error = PlexAccessError(choice.problem)
    error.hint = f"Correct the setting {LIBRARIES}; put a name that has a comma in double quotes."
    return error


class Finder:
    """Candidates for files. Holds the index and decides when to ask Plex."""

    def __init__(
        self,
        client: PlexClient,
        index: FileIndex,
        names: Sequence[str],
        clock: Clock,
        on_missing: Callable[[LibraryChoice], object] = lambda choice: None,
        on_titles: Callable[[Sequence[str]], object] = lambda titles: None,
    ) -> None:
        """Send nothing.

        `on_missing` is called when other libraries are missing than before, `on_titles` with the
        titles of all movie libraries when they are others than before.
        """
        self._client = client
        self._index = index
        self._names = tuple(names)
        self._clock = clock
        self._on_missing = on_missing
        self._on_titles = on_titles
        self._titles: tuple[str, ...] | None = None
        self._sections: tuple[Section, ...] = ()
        self._polled_at = float("-inf")
        self._polled_wall_at = float("-inf")
        self._missing: tuple[str, ...] = ()
        self._gains = 0

    def close(self) -> None:
        """Close the index's files."""
        self._index.close()

    def candidates(self, path: str) -> list[PlexFile]:
        """Return every indexed file of this name in all configured libraries; send nothing."""
        return [
            file for section in self._sections for file in self._index.by_name(section.uuid, path)
        ]

    def files(self) -> Iterator[PlexFile]:
        """Yield every indexed file of all configured libraries; send nothing."""
        for section in self._sections:
            yield from self._index.files(section.uuid)

    def prepare(self) -> None:
        """Know the libraries and have each listed once.

        Raises:
            PlexError: Plex did not answer, or none of the configured libraries exists.
        """
        if not self._sections:
            self._poll_markers()
        self._list_unlisted()

    def load_sections(self) -> None:
        """Know the libraries that Plex has; list none of them.

        Raises:
            PlexError: Plex did not answer, or none of the configured libraries exists.
        """
        if not self._sections:
            self._sections = self._choose_libraries().sections

    @property
    def unlisted(self) -> tuple[Section, ...]:
        """Return the libraries that were never listed; send nothing."""
        return tuple(one for one in self._sections if self._index.state(one.uuid) is None)

    def has_changed(self) -> bool:
        """Poll the markers and add new files; return True if a library's marker has moved.

        Raises:
            PlexError: Plex did not answer, or none of the configured libraries exists.
        """
        self.prepare()
        before = {section.uuid: section.marker for section in self._sections}
        self._poll_markers()
        has_moved = any(before.get(section.uuid) != section.marker for section in self._sections)
        has_new_files = self._add_new_to_all()
        return has_moved or has_new_files

    @property
    def is_listing_outdated(self) -> bool:
        """Return True if a marker has moved since its library was last listed; send nothing."""
        return any(self._has_moved(section) for section in self._sections)

    def list_moved(self) -> bool:
        """List each library whose marker has moved since it was last listed.

        Return True if any library gained a file.

        Raises:
            PlexError: Plex failed.
        """
        gained = [self._list(section) for section in self._sections if self._has_moved(section)]
        return any(gained)

    @property
    def revision(self) -> int:
        """Return how often the index has gained files; send nothing."""
        return self._gains

    def refresh(
        self,
        still_missing: Callable[[], bool],
        *,
        polled_since: float = 0.0,
        listed_since: float = 0.0,
    ) -> bool:
        """Ask Plex what is new, because a file is missing; return True if a library gained a file.

        First the markers (1 request, shared by every caller of the moment); where one moved, what
        was added since; and the whole listing only if `still_missing` says so afterwards, at most
        once per move of the marker.

        Args:
            still_missing: says whether a file is still missing.
            polled_since: epoch seconds; older markers are polled again, however fresh they are.
            listed_since: epoch seconds; an older listing is repeated although no marker moved.
        """
        self.prepare()
        is_fresh = self._clock.monotonic() - self._polled_at < MARKERS_FRESH_S
        if not is_fresh or self._polled_wall_at < polled_since:
            self._poll_markers()
        has_new_files = self._add_new_to_all()
        if still_missing():
            for section in self._sections:
                if self._list_if_outdated(section, listed_since):
                    has_new_files = True
        return has_new_files

    def changes(self) -> list[tuple[Section, IndexChange]]:
        """Return what has changed in each library's index since `forget_change`; [] for nothing."""
        changes = [(section, self._index.change(section.uuid)) for section in self._sections]
        return [(section, change) for section, change in changes if not change.is_empty]

    def forget_change(self, section: Section, change: IndexChange) -> None:
        """Forget a change of a library's index that was carried out."""
        self._index.forget_change(section.uuid, change)

    def clear(self) -> int:
        """Forget the whole index; how many rows."""
        return self._index.clear()

    def section_of(self, key: int) -> Section | None:
        """Return the configured library with this key; None for an unknown one."""
        return next((section for section in self._sections if section.key == key), None)

    def forget(self, file: PlexFile) -> None:
        """Remove a file from the index: its match proved stale."""
        section = self.section_of(file.section)
        if section is not None:
            self._index.forget_item(section.uuid, file.path, file.item)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the configured libraries as last seen; () before the first poll."""
        return self._sections

    @property
    def missing_libraries(self) -> tuple[str, ...]:
        """Return the configured names that Plex had no library of at the last poll."""
        return self._missing

    def _poll_markers(self) -> None:
        choice = self._choose_libraries()
        before, self._missing = self._missing, choice.missing
        self._sections = choice.sections
        self._polled_at = self._clock.monotonic()
        self._polled_wall_at = self._clock.wall()
        if choice.missing and choice.missing != before:
            self._on_missing(choice)
        # A library that was missing until now.
        self._list_unlisted()

    def _choose_libraries(self) -> LibraryChoice:
        choice = choose_libraries(self._client.sections(), self._names)
        if choice.missing and not choice.sections:
            raise no_library(choice)
        before, self._titles = self._titles, choice.titles
        if before != choice.titles:
            self._on_titles(choice.titles)
        return choice

    def _list_unlisted(self) -> None:
        for section in self._sections:
            if self._index.state(section.uuid) is None:
                self._list(section)

    def _add_new_to_all(self) -> bool:
        """Add new files to the index of each library; return True if any library had some."""
        has_new_files = False
        for section in self._sections:
            if self._add_new(section):
                has_new_files = True
        return has_new_files

    def _add_new(self, section: Section) -> bool:
        """Index what was added since the last poll; return True if there was anything."""
        state = self._index.state(section.uuid)
        if state is None or state.marker == section.marker:
            return False
        if not self._is_plausible(state.newest):
            # Versions up to 1.1 kept an absurd date, after which nothing counts as new.
            return self._list(section)
        files, newest = self._read(section, max(0, state.newest - OVERLAP_S))
        if any(self._is_replacement(section, file) for file in files):
            # The index still has the old item; only the whole listing says what else has gone.
            return self._list(section)
        return self._bump_revision(
            self._index.add(section.uuid, files, marker=section.marker, newest=newest) > 0
        )

    def _is_replacement(self, section: Section, file: PlexFile) -> bool:
        """Return True if the index has the file under the key of another item only."""
        known = self._index.by_name(section.uuid, file.path)
        items = {row.item for row in known if row.path == file.path}
        return bool(items) and file.item not in items

    def _has_moved(self, section: Section) -> bool:
        state = self._index.state(section.uuid)
        return state is not None and state.listed != section.marker

    def _is_plausible(self, added: int) -> bool:
        """Return True for a date, epoch seconds, that an item may have been added at."""
        return added <= self._clock.wall() + MAX_AHEAD_S

    def _list_if_outdated(self, section: Section, listed_since: float) -> bool:
        """List a library if its marker changed or the listing is old; return True if it changed."""
        state = self._index.state(section.uuid)
        if state is None:
            return False
        is_fresh = 0 <= self._clock.wall() - state.listed_at < EXPIRES_S
        if state.listed == section.marker and is_fresh and state.listed_at >= listed_since:
            return False
        return self._list(section)

    def _list(self, section: Section) -> bool:
        files, newest = self._read(section, None)
        now = self._clock.wall()
        return self._bump_revision(
            self._index.rebuild(section.uuid, files, marker=section.marker, now=now, newest=newest)
        )

    def _bump_revision(self, gained: bool) -> bool:
        self._gains += gained
        return gained

    def _read(self, section: Section, since: int | None) -> tuple[list[PlexFile], int]:
        files: list[PlexFile] = []
        newest = 0
        for video in iter_items(self._client, section.key, since):
            added = added_at(video)
            if self._is_plausible(added):
                newest = max(newest, added)
            files.extend(files_of(video, section.key))
        return files, newest
