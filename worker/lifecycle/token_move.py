"""Move a Plex token out of Stash's settings, where every program that queries them sees it.

The file is written first, then the digests, then the settings are emptied: a worker killed in
between leaves a token that counts, and the next worker continues. An open settings page may write
the old map back. Its token is known by its digest: it is emptied again, and never taken.
"""

from collections.abc import Mapping

from core.checkpoint import Checkpoint
from core.clock import Clock
from core.errors import StashQueryError
from core.log import EventLog
from core.timers import IntervalTimer
from stash.client import StashClient
from stash.token_settings import empty_token_settings
from sync_queue.notices import Notices
from validation.kept_token import KeptToken
from validation.settings import BY_NAME
from validation.stored_settings import typed_tokens
from validation.token_file import FILE_NAME, TokenFile

# The map must have stayed the same for this long: the user may still be typing.
STABLE_FOR_S = 60.0
# While no token is in the settings they are read this often, and after a failure.
WATCH_S = 3_600.0

NOTICE_MOVED = "token:moved"
NOTICE_EMPTIED = "token:emptied"
NOTICE_FAILED = "token:failed"
_NAME = BY_NAME["plex_token"].display_name
MOVED = (
    f"PlexSync moved the {_NAME} from Stash's settings into its own folder (data/{FILE_NAME}), "
    "because every program that may query Stash can read its settings. The setting is empty from "
    "now on; the connection to Plex stays."
)
EMPTIED = (
    f"Stash's settings held a {_NAME} again that PlexSync had moved before; PlexSync emptied the "
    "setting. An open settings page writes old values back: reload it. If you want to use that "
    "token again, enter it on PlexSync's page."
)
NOT_SAVED = (
    "The Plex token stays in Stash's settings, where every program that may query Stash can read "
    "it: Stash did not save the settings without it ({error}). PlexSync tries again within an hour."
)
NOT_WRITABLE = (
    "PlexSync cannot write the Plex token into its folder ({error}), so it stays in Stash's "
    "settings, where every program that may query Stash can read it. Let the user who runs Stash "
    "own PlexSync's data/ folder."
)


class TokenMover:
    """Watches the stored settings of one worker for tokens, and moves them into the file."""

    def __init__(
        self,
        tokens: TokenFile,
        notices: Notices,
        clock: Clock,
        log: EventLog,
        checkpoint: Checkpoint,
    ) -> None:
        self._tokens = tokens
        self._notices = notices
        self._clock = clock
        self._log = log
        self._checkpoint = checkpoint
        self._watch_timer = IntervalTimer(clock, WATCH_S)
        self._stable_timer = IntervalTimer(clock, STABLE_FOR_S)
        self._latest: Mapping[str, object] | None = None
        # The map with a token that must stay the same; None while no token is stored.
        self._watched: Mapping[str, object] | None = None

    def move_when_stable(
        self, stash: StashClient | None, latest: Mapping[str, object] | None
    ) -> None:
        """Move the token once the settings have stayed the same for a minute.

        `latest` is the map that the worker has read last, None for none: a token in it is noticed
        immediately; one that was stored since then within an hour.

        Raises:
            StashUnavailable: it is tried again later.
        """
        if stash is None:
            return
        if latest is not self._latest and latest is not None:
            self._latest = latest
            self._watch(latest)
        if self._watched is None:
            if self._watch_timer.fire():
                self._watch(stash.settings())
        elif self._stable_timer.fire():
            self._move(stash, self._watched)

    def _watch(self, raw: Mapping[str, object]) -> None:
        if not typed_tokens(raw):
            self._watched = None
        elif raw != self._watched:
            self._watched = dict(raw)
            self._stable_timer.postpone(STABLE_FOR_S)

    def _move(self, stash: StashClient, watched: Mapping[str, object]) -> None:
        raw = stash.settings()
        if raw != watched:
            self._watch(raw)
            return
        self._watched = None
        self._watch_timer.postpone(WATCH_S)
        typed, kept = typed_tokens(raw), self._tokens.load()
        try:
            if not self._keep(stash, raw, kept):
                self._watch(stash.settings())
                return
        except OSError as error:
            self._log.warning("token.not_moved", detail=str(error))
            self._notify(NOTICE_FAILED, "warning", NOT_WRITABLE.format(error=error))
            return
        except StashQueryError as error:
            self._log.warning("token.not_moved", detail=str(error))
            self._notify(NOTICE_FAILED, "warning", NOT_SAVED.format(error=error))
            return
        self._notices.drop(NOTICE_FAILED)
        if kept.new_tokens(typed):
            self._log.info("token.moved", file=FILE_NAME)
            self._notify(NOTICE_MOVED, "info", MOVED)
        else:
            self._log.info("token.emptied")
            self._notify(NOTICE_EMPTIED, "warning", EMPTIED)

    def _keep(self, stash: StashClient, raw: Mapping[str, object], kept: KeptToken) -> bool:
        """Return False if the settings were changed meanwhile and stay as they are."""
        typed = typed_tokens(raw)
        self._tokens.save(kept.choose(typed))
        self._checkpoint("token.kept")
        self._tokens.remember(typed)
        self._checkpoint("token.remembered")
        return empty_token_settings(stash, self._tokens, raw)

    def _notify(self, kind: str, level: str, text: str) -> None:
        self._notices.add(kind, level, text, self._clock.wall())
