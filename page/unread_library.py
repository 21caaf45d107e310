"""Find a library that a call must not list, because the user waits for the answer."""

from collections.abc import Iterable

from plex.client import PlexClient, Section

# A larger library is listed by the worker or by a task, which show progress.
MAX_LISTED = 20_000


def unread_library(plex: PlexClient, unlisted: Iterable[Section]) -> tuple[str, int] | None:
    """Return title and number of items of a library that would take long to list; None for none.

    Raises:
        PlexError: Plex did not answer.
    """
    for section in unlisted:
        items = plex.count_items(section.key) or 0
        if items > MAX_LISTED:
            return section.title, items
    return None
