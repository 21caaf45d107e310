"""Stash shows a switch as off and a number as 0 until it was set once. So the worker stores the defaults.

Stash replaces the whole map of a plugin's settings at each save, and a settings page saves the map as it
was when the page was opened. So this writes only when nobody has changed anything for a minute, and a page
that is open meanwhile drops with its next save what was written. Therefore it goes on looking for an
hour, and puts back what vanished when it is calm again.
"""

from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from core.errors import StashQueryError
from core.log import EventLog
from core.timers import IntervalTimer
from stash.client import StashClient
from sync_queue.meta import MetaStore
from validation.config import read_config, stored_names
from validation.settings import SETTINGS

STABLE_FOR_S = 60.0  # the map must have stayed the same for this long
WATCH_S = 600.0  # once nothing is missing it looks less often: an idle worker asks next to nothing
GOOD_LOOKS = 6  # of these, in a row, are enough
DONE = "defaults_written"


def missing_defaults(raw: Mapping[str, object]) -> dict[str, object]:
    """What to add to the stored settings so that Stash's page shows the truth; {} when nothing, or not yet.

    A key that a person has stored, in whatever spelling, stays as it is. A default that Stash shows by
    itself (off, 0, empty) is not stored.
    """
    if not raw or read_config(raw).config.missing_required():
        return {}
    known = stored_names(raw)
    return {
        setting.key: setting.default
        for setting in SETTINGS
        if setting.default and not {setting.key, setting.name} & known
    }


def dropped_keys(written: Mapping[str, object], now: Mapping[str, object]) -> dict[str, object]:
    """What was written and is not there any more."""
    return {key: value for key, value in written.items() if key not in now}


class DefaultSettingsWriter:
    """Writes the missing defaults, once per version of PlexSync."""

    def __init__(self, facts: MetaStore, clock: Clock, log: EventLog, version: str) -> None:
        self._facts = facts
        self._log = log
        self._version = version
        self._look = IntervalTimer(clock, STABLE_FOR_S)
        self._last: dict[str, Any] | None = None
        self._kept: dict[str, Any] = {}
        self._good_looks = 0

    def write_when_stable(self, stash: StashClient | None) -> None:
        """Look now and then; write what is missing when two looks, a minute apart at least, saw the same map.

        Raises:
            StashUnavailable: it is tried again.
        """
        if stash is None or not self._look.fire() or self._facts.get(DONE) == self._version:
            return
        raw = stash.settings()
        is_calm, self._last = raw == self._last, raw
        if (
            self._kept
        ):  # a newer value is a person's; who empties the whole map wants it to begin anew
            self._kept = {**self._kept, **raw} if raw else {}
        if not is_calm or not raw or read_config(raw).config.missing_required():
            return
        missing = {**missing_defaults(raw), **dropped_keys(self._kept, raw)}
        if missing:
            self._write(stash, raw, missing)
            return
        self._look.postpone(WATCH_S)
        self._good_looks += 1
        if self._good_looks >= GOOD_LOOKS:
            self._facts.set(DONE, self._version)

    def _write(
        self, stash: StashClient, raw: Mapping[str, object], missing: Mapping[str, object]
    ) -> None:
        """Store the map as it was read just now, with what is missing in it; what is in it stays as it is."""
        written = {**missing, **raw}
        try:
            stash.save_settings(written)
        except StashQueryError as error:
            self._log.warning("settings.defaults_failed", detail=str(error))
            self._facts.set(DONE, self._version)
            return
        restored = tuple(key for key in missing if key in self._kept)
        self._log.info(
            "settings.defaults",
            keys=tuple(key for key in missing if key not in restored),
            restored=restored,
        )
        self._last, self._kept, self._good_looks = written, written, 0
        self._look.postpone(WATCH_S)
