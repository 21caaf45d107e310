"""Defines every error as one tree. A class's docstring is what the user reads.

```text
PlexSyncError
├── PlexError
│   ├── PlexUnavailable        no answer, or 503
│   ├── PlexTemporaryError     it answered, badly; try again
│   ├── PlexAccessError        token, TLS or address: the user must act
│   ├── PlexRejected           Plex will never take this value
│   ├── PlexNotFound           no item plays this file (yet)
│   ├── LibraryMissing         the file may be in a library that is missing
│   └── StaleMatch             the matched item is gone or plays another file
├── MatchError
│   ├── AmbiguousMatch         several candidates
│   └── WeakMatch              one candidate, single weak evidence
├── StashUnavailable           Stash does not answer, or ended our session
├── StashQueryError            Stash rejected a query
├── SceneDeleted               the scene is no longer in Stash
├── SceneHasNoFile             the scene has no file
├── InvalidScene               Stash's answer about the scene is invalid
├── PoisonJob                  workers crashed while processing this job
├── Fenced                     a newer worker has taken over
└── ConfigurationError         a required setting is missing or unusable
```
"""

from collections.abc import Iterator

from core.match import Candidate


class PlexSyncError(Exception):
    """PlexSync could not do what was asked."""

    hint = ""
    """What to do about this very failure, where more is known than the class says."""

    @property
    def advice(self) -> str:
        """Return what to do: the hint, else the docstring of the class on one line."""
        return self.hint or " ".join((self.__doc__ or "").split())


class PlexError(PlexSyncError):
    """Plex did not do what was asked."""


class PlexUnavailable(PlexError):
    """Plex does not answer. The change waits and is sent as soon as Plex is back."""


class PlexTemporaryError(PlexError):
    """Plex answered with a passing fault. PlexSync tries again by itself."""


class PlexAccessError(PlexError):
    """Plex refuses the connection. Check the Plex URL and the Plex token in PlexSync's settings."""


class PlexRejected(PlexError):
    """Plex does not take this value. Look at the fields named and correct them in Stash."""

    def __init__(
        self, message: str, *, fields: tuple[str, ...] = (), too_long: bool = False
    ) -> None:
        super().__init__(message)
        self.fields = fields
        self.too_long = too_long


class PlexNotFound(PlexError):
    """No Plex item plays this scene's file. Let Plex scan its folder, or correct the path
    mapping.
    """

    def __init__(
        self, message: str, *, paths: tuple[str, ...] = (), sizes: tuple[int, ...] = ()
    ) -> None:
        """Keep where the scene's files were looked for, and their sizes in bytes."""
        super().__init__(message)
        self.paths = paths
        self.sizes = sizes


class LibraryMissing(PlexError):
    """A library that the setting Plex libraries names is missing in Plex. Correct the setting, or
    bring the library back; scenes that may be in it wait.
    """


class StaleMatch(PlexError):
    """The matched Plex item is gone or plays another file. The scene is matched again."""


class MatchError(PlexSyncError):
    """No Plex item could be chosen with certainty."""

    def __init__(self, message: str, *, candidates: tuple[Candidate, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class AmbiguousMatch(MatchError):
    """Several Plex items could be this scene. Correct the path mapping so that the paths agree."""


class WeakMatch(MatchError):
    """One Plex item could be this scene, but only weak evidence says so. Correct the path
    mapping.
    """


class StashUnavailable(PlexSyncError):
    """Stash does not answer, or ended the session. PlexSync waits for it."""


class StashQueryError(PlexSyncError):
    """Stash answered a query of PlexSync with an error."""


class SceneDeleted(PlexSyncError):
    """The scene is no longer in Stash."""


class InvalidScene(PlexSyncError):
    """Stash described the scene in a way PlexSync does not understand. Please report this."""


class SceneHasNoFile(PlexSyncError):
    """The scene has no file, so nothing in Plex can play it."""


class PoisonJob(PlexSyncError):
    """PlexSync's worker crashed several times while it processed this job. See the worker's log."""


class Fenced(PlexSyncError):
    """A newer worker has taken over; this one writes nothing more."""


class ConfigurationError(PlexSyncError):
    """A required setting is missing. Enter the Plex URL and the Plex token in PlexSync's
    settings.
    """


RENAMED_ERRORS = {  # old name: the name since 1.2; rows that earlier versions stored are rewritten
    "SceneGone": "SceneDeleted",
    "NoFile": "SceneHasNoFile",
    "BadScene": "InvalidScene",
    "PlexRefused": "PlexAccessError",
    "PlexServerDown": "PlexUnavailable",
    "StashRefused": "StashQueryError",
    "WorkerDied": "PoisonJob",
}


def reason_of(error: Exception) -> str:
    """Return the name under which an error is counted, stored and logged: that of its class.

    Examples:
        >>> reason_of(SceneDeleted("scene 42"))
        'SceneDeleted'
    """
    return type(error).__name__


def error_classes(root: type[PlexSyncError] = PlexSyncError) -> Iterator[type[PlexSyncError]]:
    """Yield every class of the tree below and including `root`, parents first."""
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)
