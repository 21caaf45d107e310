"""Give each Plex library its settings: the general ones, and what the library rules change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.fields import Field
from core.folding import plain_form
from plex.client import Section
from plex.plan import WriteRules
from validation.config import RULES, PlexSyncConfig
from validation.desired_values import desired_images


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The settings by library.

    Attributes:
        config: the general settings.
        section_of: returns the library with this key, None for an unknown one.
    """

    config: PlexSyncConfig
    section_of: Callable[[int], Section | None]

    def config_of(self, section: int) -> PlexSyncConfig:
        """Return the settings for the items of one library; the general ones if it is unknown."""
        if not self.config.library_rules:
            return self.config
        library = self.section_of(section)
        return self.config if library is None else self.config.for_library(library.title)

    def rules_of(self, section: int) -> WriteRules:
        """Return what may be overwritten in one library."""
        return write_rules(self.config_of(section))

    def images_of(self, section: int) -> tuple[Field, ...]:
        """Return the image fields that are enabled in one library, in table order."""
        return desired_images(self.config_of(section))


def write_rules(config: PlexSyncConfig) -> WriteRules:
    """Return the settings that decide what may be overwritten."""
    return WriteRules(
        preserve_plex_edits=config.preserve_plex_edits,
        lock_fields=config.lock_fields,
        lock_collections=config.lock_collections,
        quality_gate=config.quality_gate,
    )


def unknown_libraries(config: PlexSyncConfig, titles: Iterable[str]) -> tuple[str, ...]:
    """Return the libraries that have rules and are not among these titles; () for none."""
    known = set(map(plain_form, titles))
    return tuple(title for title in config.library_rules if plain_form(title) not in known)


def unknown_rules_text(libraries: Iterable[str]) -> str:
    """Return what the user reads about rules of libraries that Plex does not have."""
    names = ", ".join(libraries)
    return (
        f"'{RULES.display_name}' has rules for libraries that Plex does not have: {names}. They "
        "change nothing. Correct the names on PlexSync's page, or remove the rules."
    )
