"""Reports what Stash waits for, where its user has to act."""

from core.clock import Clock
from core.errors import (
    PlexSyncError,
    StashNeed,
    StashQueryError,
    StashSchemaError,
    StashUnavailable,
)
from core.version import VERSION
from stash.selection import SceneSelection
from sync_queue.notices import Notices

# The class of the notice; one at a time, because Stash waits for one thing at a time.
STASH = "stash"
SCHEMA = "stash_schema"
LEFT_OUT = "stash_fields"


def serves_operations(error: PlexSyncError) -> bool:
    """Return True if Stash answers, so that a notice can be delivered, although it serves no data.

    A Stash that is away or asks for a login takes no notice; then the next hook prints it.
    """
    if isinstance(error, StashUnavailable):
        return error.need not in (None, StashNeed.LOGIN)
    return isinstance(error, StashQueryError)


class StashReport:
    """Adds a notice while Stash waits for its user, and removes it when Stash is ready."""

    def __init__(self, notices: Notices, clock: Clock) -> None:
        self._notices = notices
        self._clock = clock
        self._reported: StashUnavailable | StashQueryError | None = None
        self._left_out: tuple[str, ...] = ()

    def on_failure(self, error: StashUnavailable | StashQueryError) -> str:
        """Report what the user has to do; return it for the status, "" for nothing."""
        detail = describe_need(error)
        if isinstance(error, StashSchemaError):
            self._add(SCHEMA, detail)
        elif detail and (self._reported is None or detail != describe_need(self._reported)):
            self._notices.drop(STASH)
            self._add(STASH, detail)
            self._reported = error
        return detail

    def on_selection(self, selection: SceneSelection) -> None:
        """Report once what Stash's schema lacks: its values in Plex stay as they are."""
        if selection.left_out == self._left_out:
            return
        self._left_out = selection.left_out
        self._notices.drop(LEFT_OUT)
        if selection.left_out:
            self._notices.add(LEFT_OUT, "warning", left_out_text(selection), self._clock.wall())

    def on_success(self) -> None:
        """Remove the notice, so that the next one is delivered immediately.

        One about a login could not be delivered while it was true, so it stays until a hook has
        printed it: the user still has the choice of an API key.
        """
        error, self._reported = self._reported, None
        if error is None:
            return
        if serves_operations(error) or not self._notices.is_pending(STASH):
            self._notices.drop(STASH)

    def _add(self, notice_class: str, detail: str) -> None:
        text = f"{detail}. Changes stay queued and are sent afterwards."
        self._notices.add(notice_class, "warning", text, self._clock.wall())


def left_out_text(selection: SceneSelection) -> str:
    """Return for the user what Stash's schema lacks, and what follows."""
    names = ", ".join(selection.left_out)
    return (
        f"Stash {selection.version} does not know {names} of a scene; PlexSync {VERSION} leaves "
        "what comes from there alone in Plex. Update PlexSync, then run Reconcile Library (All)."
    )


def describe_need(error: Exception) -> str:
    """Return what Stash waits for and what the user has to do, as a sentence without a stop; "" if
    it is only away.

    Examples:
        >>> describe_need(StashUnavailable("x", need=StashNeed.SETUP))
        'Stash is not set up; open Stash and finish its setup'
    """
    if isinstance(error, StashUnavailable) and error.need is not None:
        return f"Stash {error.need.value}"
    if isinstance(error, StashSchemaError):
        return f"{str(error).rstrip('.')}. Update PlexSync; if this is the newest one, report it"
    return ""
