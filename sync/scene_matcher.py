"""Match scenes with Plex's files: by match override, by the settings, else by learned paths."""

from collections.abc import Mapping, Sequence

from core.match import Candidate, Confidence, Evidence, MatchResult, PlexFile
from plex.finder import Finder
from plex.matcher import is_exact, match_scene
from plex.path_learner import StashFile, apply, match_learned
from plex.path_map import PathMap
from plex.reversed_mapping import find_reversed, find_reversed_folder
from plex.scan_folder import ScanFolder, folders_of
from stash.client import StashClient
from sync.path_learning import LearnedPathStore
from validation.metadata import SceneFile, SyncMetadata

PINNED = "decided by hand"


class SceneMatcher:
    """Finds the items of scenes in the index of Plex's files.

    `overrides` are the items that the user has chosen, by scene id. `learning` is None where the
    user has set a path mapping.
    """

    def __init__(
        self,
        overrides: Mapping[int, int],
        stash: StashClient,
        finder: Finder,
        path_map: PathMap,
        learning: LearnedPathStore | None,
    ) -> None:
        self._overrides = overrides
        self._stash = stash
        self._finder = finder
        self._path_map = path_map
        self._learning = learning

    def prepare(self) -> None:
        """Load the libraries' files and, once a day, learn how Plex names Stash's folders.

        Raises:
            PlexError, StashUnavailable: a server failed.
        """
        self._finder.prepare()
        # Where a library is missing, a name that seems unique may not be.
        is_complete = not self._finder.missing_libraries
        if is_complete and self._learning is not None and self._learning.is_due():
            self._learning.learn(self._stash, self._finder.candidates)

    def match(self, scene: SyncMetadata) -> MatchResult:
        """Match one scene against the index; send nothing.

        While a configured library is missing, only an exact path counts: the other evidence is
        that no further file of the name is known.
        """
        result = self._override_match(scene) or self._match_files(scene.files)
        if self._finder.missing_libraries and not is_exact(result):
            return MatchResult((), Confidence.NONE, (), "a library that may have it is missing")
        return result

    @property
    def missing_libraries(self) -> tuple[str, ...]:
        """Return the configured libraries that Plex does not have."""
        return self._finder.missing_libraries

    def refresh(
        self,
        missing: Sequence[SyncMetadata],
        *,
        polled_since: float = 0.0,
        listed_since: float = 0.0,
    ) -> None:
        """Bring the index up to date, because Plex had no file for these scenes.

        Both times are epoch seconds: an answer of Plex that is older does not count.

        Raises:
            PlexError: Plex failed.
        """
        self._finder.refresh(
            # A file of the same name and another size is not the scene's: it is still missing.
            lambda: any(self.match(scene).confidence is Confidence.NONE for scene in missing),
            polled_since=polled_since,
            listed_since=listed_since,
        )

    def rematch(self, scene: SyncMetadata, stale: Sequence[PlexFile]) -> MatchResult:
        """Match one scene again after Plex moved the files that it was matched with.

        Raises:
            PlexError: Plex failed.
        """
        self.forget(stale)
        self._finder.refresh(lambda: True)
        return self.match(scene)

    def forget(self, stale: Sequence[PlexFile]) -> None:
        """Remove files from the index that their items no longer play."""
        for file in stale:
            self._finder.forget(file)

    def mapped_paths(self, scene: SyncMetadata) -> tuple[str, ...]:
        """Return where Plex should have the scene's files, for an error message."""
        return tuple(path for file in scene.files for path in self._path_map.mapped(file.path))

    def mapping_advice(self, scene: SyncMetadata) -> str:
        """Return what to enter if the path mapping is the wrong way round for this scene, else "".

        Ask this for a scene that was not matched with certainty.
        """
        pair = find_reversed(scene.files, self._finder.candidates, self._path_map)
        return pair.advice if pair else ""

    def folder_advice(self, scene: SyncMetadata) -> str:
        """Return what to enter if the exchanged path mapping leads into a library, else "".

        Ask this for a scene whose folder, as it is mapped now, is in no library.
        """
        sections = self._finder.sections
        for file in scene.files:
            pair = find_reversed_folder(
                file.path, self._path_map, lambda path: bool(folders_of([path], sections))
            )
            if pair is not None:
                return pair.advice
        return ""

    def folders(self, scene: SyncMetadata) -> tuple[ScanFolder, ...]:
        """Return the folders of Plex that would hold the scene's files; () if no library does."""
        return tuple(folder for file in scene.files for folder in self._folders_of(file.path))

    def _folders_of(self, path: str) -> tuple[ScanFolder, ...]:
        # The learned paths come first, then the path mapping, then the path as it is in Stash.
        mappings = self._learning.mappings if self._learning is not None else ()
        learned = [mapped for mapped in (apply(mapping, path) for mapping in mappings) if mapped]
        for paths in (*((mapped,) for mapped in learned), self._path_map.mapped(path)):
            folders = folders_of(paths, self._finder.sections)
            if folders:
                return folders
        return ()

    def _override_match(self, scene: SyncMetadata) -> MatchResult | None:
        """Return the match that the user has set for this scene; None for every other scene."""
        item = self._overrides.get(scene.scene_id)
        if not item or not self._finder.sections:
            return None
        # Plex serves every item through any library; the read returns the library that it is
        # really in.
        pin = PlexFile("", 0, item, self._finder.sections[0].key)
        candidate = Candidate(pin, Evidence.EXACT_PATH, scene.files[0].path, PINNED)
        return MatchResult((item,), Confidence.HIGH, (candidate,), PINNED)

    def _match_files(self, files: Sequence[SceneFile]) -> MatchResult:
        """Match by the settings, else by learned paths; any file may contradict a learned path."""
        result = match_scene(files, self._finder.candidates, self._path_map)
        if self._learning is None or not self._learning.mappings:
            return result
        self._learning.drop_contradicted(files, self._finder.candidates)
        if result.confidence is Confidence.HIGH:
            return result
        stash_files = [StashFile(file.path, file.size) for file in files]
        learned = match_learned(stash_files, self._finder.candidates, self._learning.mappings)
        return learned or result
