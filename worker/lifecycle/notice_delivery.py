"""Write the user's notices to Stash's log."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import PlexSyncError, StashUnavailable
from core.log import EventLog
from core.timers import IntervalTimer
from sync_queue.notices import Notices
from worker.lifecycle.live_settings import LiveSettings

NOTICE_INTERVAL_S = 2.0
# A notice that Stash has rejected is sent again after this long; meanwhile a hook may print it.
NOTICE_RETRY_S = 60.0


class NoticeSender:
    """Sends pending notices; `before` is called first and may add some."""

    def __init__(
        self,
        notices: Notices,
        settings: LiveSettings,
        clock: Clock,
        log: EventLog,
        before: Callable[[], None],
    ) -> None:
        self._notices = notices
        self._settings = settings
        self._clock = clock
        self._log = log
        self._before = before
        self._timer = IntervalTimer(clock, NOTICE_INTERVAL_S)

    def send_if_due(self) -> None:
        """Send the pending notices, until Stash rejects one.

        Raises:
            StashUnavailable: the notices that were not sent stay pending.
        """
        if not self._timer.fire():
            return
        self._before()
        pending = self._notices.pending()
        stash = self._settings.stash() if pending else None
        if stash is None:
            return
        for kind, level, text in pending:
            try:
                stash.log_line(level, text)
            except StashUnavailable:
                raise
            except PlexSyncError as error:
                self._log.warning("notice.undelivered", kind=kind, detail=str(error))
                self._timer.postpone(NOTICE_RETRY_S)
                return
            self._notices.mark_delivered(kind, self._clock.wall())
