"""Has Stash log what people must hear; a hook or task prints what Stash would not take."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import PlexSyncError, StashUnavailable
from core.log import EventLog
from core.timers import IntervalTimer
from sync_queue.notices import Notices
from worker.lifecycle.live_settings import LiveSettings

NOTICE_INTERVAL_S = 2.0
NOTICE_RETRY_S = 60.0  # a notice that Stash would not take is offered again after this


class NoticeSender:
    """The worker's voice. `before` is called first: whoever has something to say makes a notice of it."""

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
        self._due = IntervalTimer(clock, NOTICE_INTERVAL_S)

    def send_if_due(self) -> None:
        """Say what waits, as far as Stash takes it.

        Raises:
            StashUnavailable: what was not said yet goes on waiting.
        """
        if not self._due.fire():
            return
        self._before()
        waiting = self._notices.pending()
        stash = self._settings.stash() if waiting else None
        if stash is None:
            return
        for kind, level, text in waiting:
            try:
                stash.log_line(level, text)
            except StashUnavailable:
                raise
            except PlexSyncError as error:
                self._log.warning("notice.undelivered", kind=kind, detail=str(error))
                self._due.postpone(NOTICE_RETRY_S)
                return
            self._notices.mark_delivered(kind, self._clock.wall())
