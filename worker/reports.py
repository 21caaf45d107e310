"""What the outside hears of jobs: one log line per finished job, one notice per kind of trouble."""

from core.clock import Clock
from core.job import Job
from core.log import EventLog
from core.outcome import Fate, Outcome
from sync_queue.notices import Notices

_EVENTS = {Fate.DONE: "sync.done", Fate.WAIT: "sync.wait", Fate.RELEASE: "sync.release", Fate.BURY: "sync.bury"}


class Reporter:
    """A drain's listener."""

    def __init__(self, log: EventLog, notices: Notices, clock: Clock) -> None:
        self._log = log
        self._notices = notices
        self._clock = clock

    def heard(self, job: Job, outcome: Outcome, took_s: float) -> None:
        """Write the job's line, and a notice when a person may have to act."""
        number = job.subject.partition(":")[2]
        facts: dict[str, object] = {"scene": number, "cause": job.cause, "item": outcome.items}
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
            self._say(f"part:{warning[:40]}", f"Scene {number}: {warning}. The rest was written.")
        if outcome.what == "claimed":
            self._log.warning("sync.claimed", scene=number, detail=outcome.message)
            self._say("claimed", f"Scene {number} was not written: {outcome.message}.")
        if outcome.fate is Fate.BURY:
            shown = f" ({outcome.title})" if outcome.title else ""
            first_line = outcome.message.partition("\n")[0]
            text = f"Scene {number}{shown} is in the dead letters: {outcome.what}. {first_line}"
            self._say(f"dead:{outcome.what}", text)

    def _say(self, kind: str, text: str) -> None:
        self._notices.add(kind, "warning", text, self._clock.wall())
