"""What the outside hears of jobs: one log line per finished job, one notice per kind of trouble."""

from core.clock import Clock
from core.events import JobFinished
from core.job import display_name
from core.log import EventLog
from core.outcome import Disposition, SyncResult
from core.text import format_duration
from sync_queue.notices import Notices
from worker.resilience.breaker import BreakerStatus, CircuitState

REFUSED = "refused"
GONE = "plex_gone"
BACK = "plex_back"
LONG_OUTAGE_S = 300.0
EVENTS = {
    Disposition.COMPLETE: "sync.done",
    Disposition.RETRY: "sync.retry",
    Disposition.RELEASE: "sync.release",
    Disposition.DEAD_LETTER: "sync.dead_letter",
}


class JobReporter:
    """A drain's listener."""

    def __init__(self, log: EventLog, notices: Notices, clock: Clock) -> None:
        self._log = log
        self._notices = notices
        self._clock = clock

    def on_job_finished(self, event: JobFinished) -> None:
        """Write the job's line, and a notice when a person may have to act."""
        job, outcome = event.job, event.outcome
        if not job.is_scene and outcome.disposition is Disposition.COMPLETE:
            self._log.info(
                "fan_out.done",
                entity=job.subject,
                cause=job.cause,
                what=outcome.result_text,
                queued=outcome.message,
                took_s=round(event.took_s, 3),
            )
            return
        kind, _, number = job.subject.partition(":")
        facts: dict[str, object] = {kind: number, "cause": job.cause, "item": outcome.items}
        if outcome.disposition is Disposition.COMPLETE:
            facts.update(what=outcome.result_text, wrote=outcome.wrote, confidence=outcome.confidence)
        else:
            facts.update(reason=outcome.reason, attempt=outcome.attempts, detail=outcome.message)
        if outcome.disposition is Disposition.RETRY:
            facts.update(next_s=round(outcome.wait_s))
        facts.update(took_s=round(event.took_s, 3))
        write = (
            self._log.warning if outcome.disposition is Disposition.DEAD_LETTER else self._log.info
        )
        write(EVENTS[outcome.disposition], **facts)
        for warning in outcome.warnings:
            self._log.warning("sync.part_failed", scene=number, part=warning)
            self._notify(
                f"part:{warning.partition(':')[0]}",
                f"Scene {number}: {warning}. The rest was written.",
            )
        if outcome.result is SyncResult.CLAIMED:
            self._log.warning("sync.claimed", scene=number, detail=outcome.message)
            self._notify("claimed", f"Scene {number} was not written: {outcome.message}.")
        if outcome.disposition is Disposition.DEAD_LETTER:
            shown = f" ({outcome.title})" if outcome.title else ""
            first_line = outcome.message.partition("\n")[0]
            text = f"{display_name(job.subject).capitalize()}{shown} is in the dead letters: {outcome.reason}. {first_line}"
            self._notify(f"dead:{outcome.reason}", text)

    def on_breaker_transition(self, old: CircuitState, new: CircuitState) -> None:
        """One notice when Plex goes away, one when a person must act, one when it is back. The gate's listener."""
        if new.refused and not old.refused:
            text = (
                f"Plex refuses PlexSync, and every change waits. Check the Plex URL, the Plex token and the "
                f"Plex libraries in PlexSync's settings. ({new.reason})"
            )
            self._notices.add(REFUSED, "error", text, self._clock.wall())
        elif new.state is BreakerStatus.OPEN and old.state is BreakerStatus.CLOSED:
            text = f"PlexSync cannot reach Plex; changes wait and are sent by themselves. ({new.reason})"
            self._notices.add(GONE, "warning", text, self._clock.wall())
        elif new.state is BreakerStatus.CLOSED:
            self._notify_recovery(old)

    def notify_long_outage(self, breaker: CircuitState) -> None:
        """An outage that began soon after another one was not told of; it is when it turns out to be long."""
        now = self._clock.wall()
        if (
            breaker.state is not BreakerStatus.OPEN
            or breaker.refused
            or now - breaker.since < LONG_OUTAGE_S
        ):
            return
        if not self._notices.was_delivered(GONE, breaker.since):
            self._notices.drop(GONE)
            text = f"PlexSync has not reached Plex for {format_duration(now - breaker.since)}; changes wait. ({breaker.reason})"
            self._notices.add(GONE, "warning", text, now)

    def _notify_recovery(self, old: CircuitState) -> None:
        """Who was told that Plex went away is told that it is back, and nobody else: a Plex may flap all day."""
        now, was_told = self._clock.wall(), self._notices.was_delivered
        if self._notices.is_pending(GONE):
            self._notices.drop(GONE)  # over before anybody could hear of it
        if was_told(GONE, old.since) or was_told(REFUSED, old.since):
            self._notices.drop(BACK)
            text = f"Plex is back after {format_duration(now - old.since)}; PlexSync sends what waited."
            self._notices.add(BACK, "info", text, now)
        self._notices.drop(REFUSED)

    def _notify(self, kind: str, text: str) -> None:
        self._notices.add(kind, "warning", text, self._clock.wall())
