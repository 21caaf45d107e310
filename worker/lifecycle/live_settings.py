"""The present settings and the way to both servers, rebuilt when either changes and never otherwise."""

from collections.abc import Callable
from typing import Any

from core.clock import Clock
from core.errors import StashUnavailable
from core.log import EventLog
from stash.client import StashAddress, StashClient
from sync.context import SyncContext
from sync_queue.meta import MetaStore
from sync_queue.notices import Notices
from validation.config import ConfigResult, PlexSyncConfig, read_config

NO_SETTINGS = "settings"


class LiveSettings:
    """Reads Stash's settings with the newest session any process handed over."""

    def __init__(
        self,
        facts: MetaStore,
        notices: Notices,
        clock: Clock,
        log: EventLog,
        build_stash: Callable[[StashAddress, str], StashClient],
        build_bench: Callable[[PlexSyncConfig, StashClient], SyncContext],
    ) -> None:
        self._facts = facts
        self._notices = notices
        self._clock = clock
        self._log = log
        self._build_stash = build_stash
        self._build_bench = build_bench
        self._address: StashAddress | None = None
        self._client: StashClient | None = None
        self._taken_over = 0.0
        self._raw: dict[str, Any] | None = None
        self._ctx: SyncContext | None = None
        self.config: PlexSyncConfig | None = None
        self.generation = 0

    def stash(self) -> StashClient | None:
        """The client for the newest session; None before the first hook or task."""
        session = self._facts.session()
        if session is None:
            return None
        address = StashAddress(session.scheme, session.host, session.port)
        if self._client is None or address != self._address:
            self._address, self._client, self._raw = (
                address,
                self._build_stash(address, session.cookie),
                None,
            )
        elif session.noted_at != self._taken_over and session.cookie:
            self._client.cookie = session.cookie
        self._taken_over = session.noted_at
        self._log.redact_temporarily(session.cookie)
        return self._client

    def renew_session(self) -> float:
        """Keep the session alive by one cheap question; its longest age in seconds.

        Raises:
            StashUnavailable: the session is over or Stash is away.
        """
        client, session = self.stash(), self._facts.session()
        if client is None or session is None:
            raise StashUnavailable("no hook or task has told where Stash is")
        key, age_s = client.credentials()
        client.api_key = key
        self._log.redact(key)
        self._log.redact_temporarily(client.cookie)
        now = self._clock.wall()
        if client.cookie != session.cookie and self._facts.renew_cookie(
            session.cookie, client.cookie, now
        ):
            self._taken_over = now
        return age_s

    def sync_context(self) -> SyncContext | None:
        """What to work with under the present settings; None while a required one is missing.

        Raises:
            StashUnavailable: the settings cannot be read now.
        """
        client = self.stash()
        if client is None:
            raise StashUnavailable("no hook or task has told where Stash is")
        raw = client.settings()
        if raw != self._raw or self.config is None:
            self._apply(raw, client)
        return self._ctx

    @property
    def may_write(self) -> bool:
        """Return True if the settings are loaded, complete and enabled."""
        config = self.config
        return config is not None and config.enabled and not config.missing_required()

    def close(self) -> None:
        """Close what was opened under the present settings."""
        if self._ctx is not None:
            self._ctx.close()
            self._ctx = None

    def _apply(self, raw: dict[str, Any], client: StashClient) -> None:
        reading = read_config(raw)
        config = reading.config
        self._log.redact(config.plex_token.get_secret_value())
        self._log.configure(
            as_json=config.log_json,
            shows_steps=config.log_debug,
            hides_paths=config.obfuscate_paths,
        )
        # Defaults that were stored, or a key of somebody else, change nothing: the index stays.
        is_same = self._raw is not None and self._ctx is not None and reading.config == self.config
        self._raw = raw
        self._report_warnings(reading)
        if is_same:
            return
        self.close()
        self.config = reading.config
        self.generation += 1
        missing = reading.config.missing_required()
        if missing:
            text = (
                f"PlexSync waits: {' and '.join(missing)} is not set. "
                "Enter it under Settings > Plugins > PlexSync; what you edit meanwhile is kept."
            )
            self._log.warning("settings.missing", settings=missing)
            self._notices.add(NO_SETTINGS, "error", text, self._clock.wall())
            return
        self._notices.drop(NO_SETTINGS)
        self._ctx = self._build_bench(reading.config, client)
        self._log.info("settings.read", generation=self.generation)

    def _report_warnings(self, reading: ConfigResult) -> None:
        for warning in reading.warnings:
            self._log.warning("settings.invalid", detail=warning)
            self._notices.add(f"setting:{warning[:40]}", "warning", warning, self._clock.wall())
        if reading.unknown:
            self._log.info("settings.unknown", keys=reading.unknown)
