"""Store the defaults of settings that the user has not set, so that Stash shows them.

Stash shows a switch as off and a number as 0 until it was stored once. Saving replaces the whole
map of a plugin's settings, and an open settings page saves the map as it was when the page was
opened. So PlexSync writes only after the map has stayed the same for a minute, keeps checking for
an hour, and restores what an open page has dropped. A default that it stored itself is replaced
when a later version has another one.
"""

from collections.abc import Mapping
from typing import Any

from core.clock import Clock
from core.errors import StashQueryError
from core.log import EventLog
from core.timers import IntervalTimer
from stash.client import StashClient
from sync_queue.meta import MetaStore
from validation.config import read_config
from validation.kept_token import NO_KEPT_TOKEN, KeptToken
from validation.settings import BY_NAME, SETTINGS
from validation.stored_settings import (
    spellings,
    stored_names,
    typed_tokens,
    without_tokens,
)
from validation.token_file import TokenFile
from worker.lifecycle.stored_defaults import StoredDefaults, is_same, outdated_defaults

# The map must have stayed the same for this long.
STABLE_FOR_S = 60.0
# Once nothing is missing, the map is read this often: an idle worker sends next to nothing.
WATCH_S = 600.0
# This many complete reads in a row end the task for this version.
COMPLETE_READS = 6
# Key of the meta row with the version whose defaults were stored.
DONE = "defaults_written"


def missing_defaults(
    raw: Mapping[str, object], kept: KeptToken = NO_KEPT_TOKEN
) -> dict[str, object]:
    """Return the defaults to add to the stored settings; {} while a required one is missing.

    A key that the user has stored, in whatever spelling, stays as it is. A default that Stash
    shows without being stored (off, 0, empty) is not stored. `kept`: the token in the data folder.
    """
    if not raw or read_config(raw, kept).config.missing_required():
        return {}
    stored = stored_names(raw)
    return {
        setting.key: setting.default
        for setting in SETTINGS
        if setting.default and not {setting.key, setting.name} & stored
    }


def dropped_keys(
    written: Mapping[str, object], now: Mapping[str, object], kept: KeptToken = NO_KEPT_TOKEN
) -> dict[str, object]:
    """Return what was written and is missing now, without a token that was moved into a file."""
    dropped = {key: value for key, value in written.items() if key not in now}
    new = kept.new_tokens(typed_tokens(dropped))
    tokens = spellings(BY_NAME["plex_token"], dropped)
    return {key: value for key, value in dropped.items() if key not in tokens or value in new}


class DefaultSettingsWriter:
    """Stores missing defaults and replaces outdated ones, once per version of PlexSync."""

    def __init__(
        self, facts: MetaStore, tokens: TokenFile, clock: Clock, log: EventLog, version: str
    ) -> None:
        self._facts = facts
        self._tokens = tokens
        self._log = log
        self._version = version
        self._defaults = StoredDefaults(facts)
        self._timer = IntervalTimer(clock, STABLE_FOR_S)
        self._last: dict[str, Any] | None = None
        self._written: dict[str, Any] = {}
        # Defaults that this worker has stored, and that no one has changed since.
        self._added: dict[str, object] = {}
        self._complete_reads = 0

    def write_when_stable(self, stash: StashClient | None) -> None:
        """Store what is missing once two reads, a minute or more apart, have returned the same map.

        Raises:
            StashUnavailable: the read is repeated later.
        """
        if stash is None or not self._timer.fire() or self._facts.get(DONE) == self._version:
            return
        raw = stash.settings()
        # Moving the token out of the settings is no change by the user.
        others = without_tokens(raw)
        is_stable, self._last = others == self._last, others
        self._defaults.forget_changed(raw)
        self._added = {
            key: value for key, value in self._added.items() if is_same(raw.get(key, value), value)
        }
        if self._written:
            # A newer value is the user's. A user who empties the map wants the defaults again.
            self._written = {**self._written, **raw} if raw else {}
        kept = self._tokens.load()
        if not is_stable or not raw or read_config(raw, kept).config.missing_required():
            return
        missing = {**missing_defaults(raw, kept), **dropped_keys(self._written, raw, kept)}
        outdated = outdated_defaults(self._defaults.values(), raw)
        if missing or outdated:
            self._write(stash, raw, missing, outdated)
            return
        self._timer.postpone(WATCH_S)
        self._complete_reads += 1
        if self._complete_reads >= COMPLETE_READS:
            self._facts.set(DONE, self._version)

    def _write(
        self,
        stash: StashClient,
        raw: Mapping[str, object],
        missing: Mapping[str, object],
        outdated: Mapping[str, object],
    ) -> None:
        """Store the map as it was read, with what is missing or outdated in it."""
        written = {**missing, **raw, **outdated}
        self._defaults.expect(outdated)
        try:
            stash.save_settings(written)
        except StashQueryError as error:
            self._log.warning("settings.defaults_failed", detail=str(error))
            self._facts.set(DONE, self._version)
            return
        restored = tuple(key for key in missing if key in self._written)
        added = tuple(key for key in missing if key not in restored)
        self._added.update({key: missing[key] for key in added}, **outdated)
        # What an open page dropped and PlexSync restored may be the user's.
        self._defaults.remember({key: self._added[key] for key in missing if key in self._added})
        self._defaults.remember(outdated)
        self._log.info("settings.defaults", keys=added, restored=restored, updated=tuple(outdated))
        self._last, self._written, self._complete_reads = without_tokens(written), written, 0
        self._timer.postpone(WATCH_S)
