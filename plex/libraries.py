"""Chooses the libraries that the settings name. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.folding import plain_form
from plex.client import Section

MOVIES = "movie"


@dataclass(frozen=True, slots=True)
class LibraryChoice:
    """The libraries to write to.

    Attributes:
        sections: those that Plex has.
        missing: the configured names that Plex has no movie library of, as the user wrote them.
        titles: the titles of all movie libraries of Plex.
    """

    sections: tuple[Section, ...]
    missing: tuple[str, ...]
    titles: tuple[str, ...]

    @property
    def problem(self) -> str:
        """Return which libraries are missing and which Plex has, as text for the user."""
        has = ", ".join(title.strip() for title in self.titles) or "none"
        return f"Plex has no movie library named {', '.join(self.missing)} (it has: {has})"


def choose_libraries(found: Iterable[Section], names: Sequence[str]) -> LibraryChoice:
    """Return the movie libraries that the names mean; all of them without a name."""
    movies = tuple(section for section in found if section.type == MOVIES)
    titles = tuple(section.title for section in movies)
    if not names:
        return LibraryChoice(movies, (), titles)
    chosen = tuple(
        section for section in movies if any(is_library(section.title, name) for name in names)
    )
    missing = tuple(name for name in names if not any(is_library(title, name) for title in titles))
    return LibraryChoice(chosen, missing, titles)


def is_library(title: str, name: str) -> bool:
    """Return True if a library with this title is meant by this name in a setting.

    Blanks, case and the two Unicode spellings of accented characters do not count. Where the title
    is in double quotes, the name may stand without them, because they quote a name in a list.

    Examples:
        >>> is_library("Films ", "films"), is_library('"Best" Films', "Best Films")
        (True, False)
    """
    unquoted = title.strip().removeprefix('"').removesuffix('"')
    return plain_form(name) in (plain_form(title), plain_form(unquoted))
