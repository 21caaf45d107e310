"""Writes one log line per finished job, and notices for what the user should know."""

from collections.abc import Mapping

from core.clock import Clock
from core.errors import StashSchemaError
from core.events import JobFinished
from core.job import display_name
from core.log import EventLog
from core.outcome import Disposition, SyncResult
from core.text import format_duration
from sync_queue.notices import Notices
from worker.reporting.stash_report import SCHEMA
from worker.resilience.breaker import BreakerStatus, BreakerTransition, CircuitState

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
TEXTS = {
    REFUSED: (
        "PlexSync has no access to Plex; every change stays queued. Check the Plex URL, the Plex "
        "token and the Plex libraries in PlexSync's settings. ({reason})"
    ),
    GONE: (
        "PlexSync cannot reach Plex; changes stay queued and are sent once Plex answers. ({reason})"
    ),
    BACK: "Plex is back after {duration}; PlexSync sends the queued changes.",
}
"""The notices of an outage by class; REFUSED needs the user, GONE ends without one."""
LEVELS = {REFUSED: "error", GONE: "warning", BACK: "info"}


class JobReporter:
    """Reports finished jobs and outages of Plex."""

    def __init__(self, log: EventLog, notices: Notices, clock: Clock) -> None:
        self._log = log
        self._notices = notices
        self._clock = clock

    def on_job_finished(self, event: JobFinished) -> None:
        """Write the job's line, and a notice if the user may have to act."""
        if event.job.is_scene or event.outcome.disposition is not Disposition.COMPLETE:
            self._log_job(event)
            self._report_problems(event)
        else:
            self._log_fan_out(event)

    def on_breaker_transition(self, event: BreakerTransition) -> None:
        """Add a notice if Plex is unavailable or denies access, and when it is back."""
        old, new = event.old, event.new
        if new.refused and not old.refused:
            self._notify_outage(REFUSED, reason=new.reason)
        elif new.state is BreakerStatus.OPEN and old.state is BreakerStatus.CLOSED:
            self._notify_outage(GONE, reason=new.reason)
        elif new.state is BreakerStatus.CLOSED:
            self._notify_recovery(old)

    def notify_long_outage(self, breaker: CircuitState) -> None:
        """Report an outage of five minutes that was not reported because of an earlier one."""
        now = self._clock.wall()
        is_outage = breaker.state is BreakerStatus.OPEN and not breaker.refused
        if not is_outage or now - breaker.since < LONG_OUTAGE_S:
            return
        if self._notices.was_delivered(GONE, breaker.since):
            return

        self._notices.drop(GONE)
        duration = format_duration(now - breaker.since)
        text = (
            f"PlexSync has not reached Plex for {duration}; changes stay queued. ({breaker.reason})"
        )
        self._notices.add(GONE, "warning", text, now)

    def _log_fan_out(self, event: JobFinished) -> None:
        """Write the line of an entity's job, which enqueued the jobs of its scenes."""
        self._log.info(
            "fan_out.done",
            entity=event.job.subject,
            cause=event.job.cause,
            what=event.outcome.result_text,
            queued=event.outcome.message,
            took_s=round(event.took_s, 3),
        )

    def _log_job(self, event: JobFinished) -> None:
        disposition = event.outcome.disposition
        is_dead = disposition is Disposition.DEAD_LETTER
        write = self._log.warning if is_dead else self._log.info
        write(EVENTS[disposition], **_job_facts(event))

    def _report_problems(self, event: JobFinished) -> None:
        outcome = event.outcome
        number = event.job.subject.partition(":")[2]
        for warning in outcome.warnings:
            self._log.warning("sync.part_failed", scene=number, part=warning)
            part = warning.partition(":")[0]
            text = f"Scene {number}: {warning}. The rest was written."
            self._notify(f"part:{part}", text)

        if outcome.disposition is Disposition.COMPLETE:
            for image in outcome.failed_images:
                self._log.info(
                    "sync.image_retry",
                    scene=number,
                    part=image.name,
                    attempt=image.count,
                    next_s=round(outcome.wait_s),
                    detail=image.text,
                )

        if outcome.result is SyncResult.CLAIMED:
            self._log.warning("sync.claimed", scene=number, detail=outcome.message)
            self._notify("claimed", f"Scene {number} was not written: {outcome.message}.")

        if outcome.error is StashSchemaError:
            self._notify(SCHEMA, outcome.message)

        if outcome.disposition is Disposition.DEAD_LETTER:
            name = display_name(event.job.subject).capitalize()
            title = f" ({outcome.title})" if outcome.title else ""
            # a bug's message continues with its traceback
            first_line = outcome.message.partition("\n")[0]
            text = f"{name}{title} is in the dead letters: {outcome.reason}. {first_line}"
            self._notify(f"dead:{outcome.reason}", text)

    def _notify_recovery(self, old: CircuitState) -> None:
        """Report the end of an outage if its start was reported: Plex may flap all day."""
        now, was_delivered = self._clock.wall(), self._notices.was_delivered
        # an outage that ended before its notice was delivered is not reported
        if self._notices.is_pending(GONE):
            self._notices.drop(GONE)
        if was_delivered(GONE, old.since) or was_delivered(REFUSED, old.since):
            self._notices.drop(BACK)
            self._notify_outage(BACK, duration=format_duration(now - old.since))
        self._notices.drop(REFUSED)

    def _notify_outage(self, notice_class: str, **facts: str) -> None:
        text = TEXTS[notice_class].format(**facts)
        self._notices.add(notice_class, LEVELS[notice_class], text, self._clock.wall())

    def _notify(self, notice_class: str, text: str) -> None:
        self._notices.add(notice_class, "warning", text, self._clock.wall())


def _job_facts(event: JobFinished) -> Mapping[str, object]:
    """Return the facts of the job's line in the order in which they are written."""
    job, outcome = event.job, event.outcome
    kind, _, number = job.subject.partition(":")
    facts: dict[str, object] = {kind: number, "cause": job.cause, "item": outcome.items}
    if outcome.disposition is Disposition.COMPLETE:
        facts["what"] = outcome.result_text
        facts["wrote"] = outcome.wrote
        facts["confidence"] = outcome.confidence
    else:
        facts["reason"] = outcome.reason
        facts["attempt"] = outcome.attempts
        facts["detail"] = outcome.message
    if outcome.disposition is Disposition.RETRY:
        facts["next_s"] = round(outcome.wait_s)
    facts["took_s"] = round(event.took_s, 3)
    return facts
