"""What the outside hears of jobs: one log line per finished job, one notice per kind of trouble."""

from core.clock import Clock
from core.job import Job, spoken
from core.log import EventLog
from core.outcome import Fate, Outcome
from core.text import duration
from sync_queue.notices import Notices
from worker.resilience.breaker import Breaker, State

REFUSED = "refused"
GONE = "plex_gone"
BACK = "plex_back"
LONG_OUTAGE_S = 300.0
_EVENTS = {Fate.DONE: "sync.done", Fate.WAIT: "sync.wait", Fate.RELEASE: "sync.release", Fate.BURY: "sync.bury"}


class Reporter:
    """A drain's listener."""

    def __init__(self, log: EventLog, notices: Notices, clock: Clock) -> None:
        self._log = log
        self._notices = notices
        self._clock = clock

    def heard(self, job: Job, outcome: Outcome, took_s: float) -> None:
        """Write the job's line, and a notice when a person may have to act."""
        if not job.is_scene and outcome.fate is Fate.DONE:
            self._log.info(
                "fan_out.done",
                entity=job.subject,
                cause=job.cause,
                what=outcome.what,
                queued=outcome.message,
                took_s=round(took_s, 3),
            )
            return
        kind, _, number = job.subject.partition(":")
        facts: dict[str, object] = {kind: number, "cause": job.cause, "item": outcome.items}
        if outcome.fate is Fate.DONE:
            facts.update(what=outcome.what, wrote=outcome.wrote, confidence=outcome.confidence)
        else:
            facts.update(why=outcome.what, attempt=outcome.attempts, detail=outcome.message)
        if outcome.fate is Fate.WAIT:
            facts.update(next_s=round(outcome.wait_s))
        facts.update(took_s=round(took_s, 3))
        write = self._log.warning if outcome.fate is Fate.BURY else self._log.info
        write(_EVENTS[outcome.fate], **facts)
        for warning in outcome.warnings:
            self._log.warning("sync.part_failed", scene=number, part=warning)
            self._say(f"part:{warning.partition(':')[0]}", f"Scene {number}: {warning}. The rest was written.")
        if outcome.what == "claimed":
            self._log.warning("sync.claimed", scene=number, detail=outcome.message)
            self._say("claimed", f"Scene {number} was not written: {outcome.message}.")
        if outcome.fate is Fate.BURY:
            shown = f" ({outcome.title})" if outcome.title else ""
            first_line = outcome.message.partition("\n")[0]
            text = f"{spoken(job.subject).capitalize()}{shown} is in the dead letters: {outcome.what}. {first_line}"
            self._say(f"dead:{outcome.what}", text)

    def gate_moved(self, old: Breaker, new: Breaker) -> None:
        """One notice when Plex goes away, one when a person must act, one when it is back. The gate's listener."""
        if new.refused and not old.refused:
            text = (
                f"Plex refuses PlexSync, and every change waits. Check the Plex URL, the Plex token and the "
                f"Plex libraries in PlexSync's settings. ({new.why})"
            )
            self._notices.add(REFUSED, "error", text, self._clock.wall())
        elif new.state is State.OPEN and old.state is State.CLOSED:
            text = f"PlexSync cannot reach Plex; changes wait and are sent by themselves. ({new.why})"
            self._notices.add(GONE, "warning", text, self._clock.wall())
        elif new.state is State.CLOSED:
            self._tell_of_recovery(old)

    def remind(self, breaker: Breaker) -> None:
        """An outage that began soon after another one was not told of; it is when it turns out to be long."""
        now = self._clock.wall()
        if breaker.state is not State.OPEN or breaker.refused or now - breaker.since < LONG_OUTAGE_S:
            return
        if not self._notices.was_told(GONE, breaker.since):
            self._notices.drop(GONE)
            text = f"PlexSync has not reached Plex for {duration(now - breaker.since)}; changes wait. ({breaker.why})"
            self._notices.add(GONE, "warning", text, now)

    def _tell_of_recovery(self, old: Breaker) -> None:
        """Who was told that Plex went away is told that it is back, and nobody else: a Plex may flap all day."""
        now, was_told = self._clock.wall(), self._notices.was_told
        if self._notices.is_untold(GONE):
            self._notices.drop(GONE)  # over before anybody could hear of it
        if was_told(GONE, old.since) or was_told(REFUSED, old.since):
            self._notices.drop(BACK)
            text = f"Plex is back after {duration(now - old.since)}; PlexSync sends what waited."
            self._notices.add(BACK, "info", text, now)
        self._notices.drop(REFUSED)

    def _say(self, kind: str, text: str) -> None:
        self._notices.add(kind, "warning", text, self._clock.wall())
