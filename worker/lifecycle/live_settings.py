"""Read the settings from Stash, and rebuild the clients of both servers when they change."""

from collections.abc import Callable, Mapping
from typing import Any

from core.clock import Clock
from core.errors import StashQueryError, StashUnavailable
from core.log import EventLog
from core.text import are_not_set
from stash.answers import Credentials
from stash.client import StashClient
from stash.session import StashAddress
from sync.context import SyncContext
from sync.suspensions import lift_after_change
from sync_queue.meta import MetaStore
from sync_queue.notices import Notices
from validation.config import ConfigResult, PlexSyncConfig, read_config
from validation.kept_token import NO_KEPT_TOKEN
from validation.stored_settings import typed_tokens
from validation.token_file import TokenFile
from worker.lifecycle.stored_defaults import StoredDefaults

NO_SETTINGS = "settings"
# How long a session is assumed to be valid while Stash does not say it.
UNKNOWN_AGE_S = 180.0


class LiveSettings:
    """Reads the settings with the newest session that a hook or a task has stored.

    `config` is None until the settings were read; `generation` counts their changes; `tokens` is
    the token in the data folder.
    """

    def __init__(
        self,
        facts: MetaStore,
        notices: Notices,
        tokens: TokenFile,
        clock: Clock,
        log: EventLog,
        build_stash: Callable[[StashAddress, str], StashClient],
        build_context: Callable[[PlexSyncConfig, StashClient], SyncContext],
    ) -> None:
        self._facts = facts
        self._stored_defaults = StoredDefaults(facts)
        self._notices = notices
        self.tokens = tokens
        self._clock = clock
        self._log = log
        self._build_stash = build_stash
        self._build_context = build_context
        self._address: StashAddress | None = None
        self._client: StashClient | None = None
        self._session_at = 0.0
        self._raw: dict[str, Any] | None = None
        self._kept = NO_KEPT_TOKEN
        self._ctx: SyncContext | None = None
        self._has_credentials = True
        self.config: PlexSyncConfig | None = None
        self.generation = 0

    def stash(self) -> StashClient | None:
        """Return the client for the newest session; None before the first hook or task."""
        session = self._facts.session()
        if session is None:
            return None
        address = StashAddress(session.scheme, session.host, session.port)
        if self._client is None or address != self._address:
            self._address, self._raw = address, None
            self._client = self._build_stash(address, session.cookie)
            self._log.redact(self._client.api_key)
        elif session.noted_at != self._session_at and session.cookie:
            self._client.cookie = session.cookie
        self._session_at = session.noted_at
        self._log.redact_temporarily(session.cookie)
        return self._client

    def renew_session(self) -> float:
        """Keep the session valid with one cheap query; return its lifetime in seconds.

        Raises:
            StashUnavailable: the session has expired, or Stash does not answer.
        """
        client, session = self.stash(), self._facts.session()
        if client is None or session is None:
            raise StashUnavailable("no hook or task has stored Stash's address yet")
        try:
            credentials = client.credentials()
        except StashQueryError as error:
            # Any query renews the session; without the answer only the API key is not known.
            client.settings()
            credentials = Credentials(client.api_key, UNKNOWN_AGE_S, needs_login=False)
            self._report_no_credentials(error)
        if client.selection.left_out:
            # An update of Stash or of PlexSync may have ended what was left out.
            client.read_version()
        self._log.redact(credentials.api_key)
        client.keep_api_key(credentials.api_key)
        self._log.redact_temporarily(client.cookie)
        now = self._clock.wall()
        if client.cookie != session.cookie and self._facts.renew_cookie(
            session.cookie, client.cookie, now
        ):
            self._session_at = now
        return credentials.session_age_s

    def sync_context(self) -> SyncContext | None:
        """Return the context under the current settings; None while a required one is missing.

        Raises:
            StashUnavailable: the settings cannot be read.
        """
        client = self.stash()
        if client is None:
            raise StashUnavailable("no hook or task has stored Stash's address yet")
        raw, kept = client.settings(), self.tokens.load()
        if raw != self._raw or kept != self._kept or self.config is None:
            self._kept = kept
            self._apply(raw, client)
        return self._ctx

    @property
    def stored(self) -> Mapping[str, object] | None:
        """Return what Stash has stored, as it was read last; None before the first read."""
        return self._raw

    @property
    def may_write(self) -> bool:
        """Return True if the settings are loaded, complete and enabled."""
        config = self.config
        return config is not None and config.enabled and not config.missing_required()

    @property
    def forbids_writing(self) -> bool:
        """Return True if the settings are loaded and no job may be processed under them."""
        return self.config is not None and not self.may_write

    def close(self) -> None:
        """Close what was opened under the current settings."""
        if self._ctx is not None:
            self._ctx.close()
            self._ctx = None

    def _apply(self, raw: dict[str, Any], client: StashClient) -> None:
        # What is not used, or no longer, must not reach the log either.
        self._log.redact(self._kept.token, *typed_tokens(raw))
        result = read_config(raw, self._kept)
        config = result.config
        self._log.configure(
            as_json=config.log_json,
            shows_steps=config.log_debug,
            hides_paths=config.obfuscate_paths,
        )
        # Keys that change no setting, such as stored defaults, must not cost the file index.
        is_same = self._raw is not None and self._ctx is not None and config == self.config
        self._raw = raw
        self._stored_defaults.forget_changed(raw)
        self._report_warnings(result)
        if is_same:
            return
        self.close()
        self.config = config
        self.generation += 1
        missing = config.missing_required()
        if missing:
            text = (
                f"PlexSync is paused: {are_not_set(missing)}. "
                "Set them under Settings > Plugins > PlexSync. Edits stay queued until then."
            )
            self._log.warning("settings.missing", settings=missing)
            self._notices.add(NO_SETTINGS, "error", text, self._clock.wall())
            return
        self._notices.drop(NO_SETTINGS)
        self._ctx = self._build_context(config, client)
        lifted = lift_after_change(config, self._ctx.records, self._facts)
        if lifted:
            self._log.info("value.lifted", fields=lifted)
        self._log.info("settings.read", generation=self.generation)

    def _report_no_credentials(self, error: StashQueryError) -> None:
        if self._has_credentials:
            self._has_credentials = False
            self._log.warning("stash.no_credentials", detail=str(error))

    def _report_warnings(self, result: ConfigResult) -> None:
        for warning in result.warnings:
            self._log.warning("settings.invalid", detail=warning)
            self._notices.add(f"setting:{warning[:40]}", "warning", warning, self._clock.wall())
        if result.unknown:
            self._log.info("settings.unknown", keys=result.unknown)
