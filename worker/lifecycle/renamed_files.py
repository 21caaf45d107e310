"""Say in a dead letter that Plex has a file of the same size under another name."""

from core.errors import PlexNotFound
from plex.finder import Finder
from plex.similar_files import FilesBySize
from validation.settings import BY_NAME

OVERRIDES = BY_NAME["match_overrides"].display_name


class RenamedFiles:
    """Reads the index of Plex's files once, for the first missing file; use it for one drain."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._files: FilesBySize | None = None

    def hint(self, scene_id: int, error: PlexNotFound) -> str:
        """Return what to do about a file that Plex has under another name; "" if it has none."""
        if not any(error.sizes):
            return ""
        if self._files is None:
            self._files = FilesBySize(self._finder.files())
        similar = self._files.similar(error.paths, error.sizes)
        if not similar:
            return ""
        names = ", ".join(f"{file.path} (item {file.item})" for file in similar)
        return (
            f"Plex has a file of the same size in a folder of this name under another name: "
            f"{names}. If it is the scene's file, give both the same name, match them on "
            f"PlexSync's page, or enter 'scene {scene_id} => item {similar[0].item}' under "
            f"{OVERRIDES}."
        )
