"""Stash shows a switch as off and a number as 0 until it was set once. So the worker stores the defaults.

Stash replaces the whole map of a plugin's settings at each save, and a settings page that is open saves
the map it has read. So this waits until nobody has changed anything for a minute, and looks afterwards
whether something got lost.
"""

from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from core.log import EventLog
from stash.client import StashClient, StashRefused
from sync_queue.facts import Facts
from validation.config import read_config, stored_names
from validation.settings import SETTINGS
from worker.timers import Every

CALM_S = 60.0  # the map must have stayed the same for this long
DONE = "defaults_written"


def missing_defaults(raw: Mapping[str, object]) -> dict[str, object]:
    """What to add to the stored settings so that Stash's page shows the truth; {} when nothing, or not yet.

    A key that a person has stored, in whatever spelling, stays as it is. A default that Stash shows by
    itself (off, 0, empty) is not stored.
    """
    if not raw or read_config(raw).config.missing():
        return {}
    known = stored_names(raw)
    return {
        setting.key: setting.default
        for setting in SETTINGS
        if setting.default and not {setting.key, setting.name} & known
    }


def lost(written: Mapping[str, object], now: Mapping[str, object]) -> dict[str, object]:
    """What was written and is not there any more."""
    return {key: value for key, value in written.items() if key not in now}


class Defaults:
    """Writes the missing defaults, once per version of PlexSync."""

    def __init__(self, facts: Facts, clock: Clock, log: EventLog, version: str) -> None:
        self._facts = facts
        self._log = log
        self._version = version
        self._look = Every(clock, CALM_S)
        self._last: dict[str, Any] | None = None

    def write_if_calm(self, stash: StashClient | None) -> None:
        """Look once a minute; write when two looks in a row saw the same map.

        Raises:
            StashUnavailable: it is tried again.
        """
        if stash is None or not self._look.is_due() or self._facts.get(DONE) == self._version:
            return
        raw = stash.settings()
        is_calm, self._last = raw == self._last, raw
        if not is_calm or not raw or read_config(raw).config.missing():
            return
        try:
            self._write(stash, raw, missing_defaults(raw))
        except StashRefused as error:
            self._log.warning("settings.defaults_refused", detail=str(error))
        self._facts.set(DONE, self._version)

    def _write(self, stash: StashClient, raw: Mapping[str, object], defaults: Mapping[str, object]) -> None:
        if not defaults:
            return
        written = {**defaults, **raw}
        stash.save_settings(written)
        now = stash.settings()
        vanished = lost(written, now)
        if vanished:
            stash.save_settings({**vanished, **now})
        self._log.info("settings.defaults", keys=tuple(defaults), put_back=tuple(vanished))
