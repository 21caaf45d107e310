"""What changed in Stash since the watermark and is not known here: a hook that never ran is a delay, not a loss.

Stash compares timestamps as texts in its own zone, so the question is asked with a wide margin and each
answer is decided by parsing it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from core.clock import Clock
from core.job import PRIORITY_BACKFILL, scene_subject
from core.log import EventLog
from stash.client import StashClient
from sync_queue import statements as sql
from sync_queue.facts import Facts
from sync_queue.records import Records
from sync_queue.store import JobStore

WATERMARK = sql.WATERMARK
FIRST_START = "first_start"  # what changed before it is nobody's edit
MARGIN = timedelta(hours=26)  # covers every zone a server can be in
PAGE = 500
SETTLED_S = 2.0  # Stash's times are whole seconds: younger ones may hide a second edit
UNREADABLE_S = 86_400.0
OVERLAP_S = 120.0  # clocks differ a little, and a transaction commits after its timestamp


class CatchUp:
    """Asks Stash what changed, and notes what the records do not know."""

    def __init__(
        self,
        store: JobStore,
        facts: Facts,
        records: Records,
        clock: Clock,
        log: EventLog,
        checkpoint: Callable[[str], object] = str,
    ) -> None:
        self._store = store
        self._facts = facts
        self._records = records
        self._clock = clock
        self._log = log
        self._checkpoint = checkpoint

    def run(self, stash: StashClient, server: str) -> int:
        """Note what changed since the watermark and move it to now; how many scenes were noted.

        The first run ever only sets the watermark: nothing is touched before the first edit.

        Raises:
            StashUnavailable: the watermark stays where it was.
        """
        now = self._clock.wall()
        kept = self._facts.get(WATERMARK)
        watermark = to_number(kept)
        if watermark is None and kept:
            watermark = now - UNREADABLE_S  # damaged; beginning now would repair nothing
        if watermark is None:
            self._facts.set(FIRST_START, repr(now))
            self._facts.set(WATERMARK, repr(now))
            return 0
        floor = to_number(self._facts.get(FIRST_START)) or 0.0
        if floor > now:  # a clock that was ahead at the first start must not hide what happens from now on
            floor = now
            self._facts.set(FIRST_START, repr(now))
        since = max(min(watermark, now) - OVERLAP_S, floor - SETTLED_S)
        noted = 0
        after = 0
        while True:
            page = stash.scene_page(after, PAGE, _since(since))
            subjects = [scene_subject(key) for key, text in page if self._is_news(key, text, since, server, now)]
            last = len(page) < PAGE
            if subjects or last:
                meta = (WATERMARK, repr(now)) if last else None
                noted += self._store.note_many(subjects, "catch_up", PRIORITY_BACKFILL, meta=meta)
            self._checkpoint("catch_up.page")
            if last:
                break
            after = page[-1][0]
        if noted:
            self._log.info("catch_up.noted", scenes=noted)
        return noted

    def _is_news(self, scene_id: int, text: str, since: float, server: str, now: float) -> bool:
        """Whether a scene moved after `since` and no record proves that its state was read since."""
        updated = parse_time(text)
        if updated is not None and updated <= since:
            return False
        known, read_at = self._records.known_update(scene_id, server)
        if known == text and updated is not None and (read_at >= updated + SETTLED_S or updated > now):
            return False
        # A time that lies ahead or makes no sense dates nothing: any dead letter then counts as known.
        dated = updated if updated is not None and updated <= now else 0.0
        return not self._store.has_news_of(scene_subject(scene_id), since=dated)


def parse_time(text: str) -> float | None:
    """Epoch seconds of a time as Stash writes it; None when it is none."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _since(moment_s: float) -> str:
    """A moment as a text without zone, early enough for every zone."""
    moment = datetime.fromtimestamp(moment_s, timezone.utc) - MARGIN
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def to_number(text: str) -> float | None:
    """A kept fact as a number; None when it is none."""
    try:
        return float(text)
    except ValueError:
        return None
