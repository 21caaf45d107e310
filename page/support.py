"""Answer the call for the support bundle: one text for a report, without what is private."""

import json
import platform
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from core.errors import PlexSyncError
from core.version import VERSION
from page.log_tail import newest_lines
from page.models.base import NoArguments
from page.models.runs import SupportBundle
from page.models.settings import SettingRow
from page.private_text import PrivateWords, hide_line, scene_ids, texts_in
from page.settings import describe_settings
from page.tools import LOG_FILES
from stash.client import StashClient
from sync_queue.dead_letters import DeadLetters
from sync_queue.store import JobStore
from tasks.context import TaskContext
from validation.config import PlexSyncConfig
from worker.reporting.status import Snapshot, take_snapshot
from worker.resilience.outages import metrics

LOG_LINES = 200
MAX_DEAD_LETTERS = 1_000


def support_bundle(context: TaskContext, arguments: NoArguments) -> SupportBundle:
    """Return versions, settings, counters and the newest lines of the log.

    Raises:
        TaskFailed, OSError: the queue or the log cannot be read.
    """
    stash = _stash(context)
    paths = tuple(context.data_dir / name for name in LOG_FILES)
    lines = [line.text for line in newest_lines(paths, LOG_LINES, "debug")]
    with context.store() as store:
        snapshot = take_snapshot(context.data_dir, store, context.clock)
        private = _Private(context, stash, store, lines)
    parts = (
        ("Versions", _versions(stash)),
        ("Settings", _settings(context, stash)),
        ("State", _state(snapshot, context.clock.wall())),
        ("Log", map(private.hide, lines)),
    )
    text = "\n\n".join("\n".join([f"== {title} ==", *rows]) for title, rows in parts)
    return SupportBundle(text=f"{text}\n")


def _stash(context: TaskContext) -> StashClient | None:
    """Return Stash; None if it does not answer."""
    try:
        stash = context.stash_client()
        stash.settings()
    except PlexSyncError:
        return None
    return stash


def _versions(stash: StashClient | None) -> Iterator[str]:
    yield f"PlexSync {VERSION}"
    yield f"Python {'.'.join(map(str, sys.version_info[:3]))}, SQLite {sqlite3.sqlite_version}"
    yield f"{sys.platform} {platform.machine()}"
    version = ""
    if stash is not None:
        try:
            version = stash.read_version()
        except PlexSyncError:
            version = ""
    yield f"Stash {version or 'of an unknown version'}"


def _settings(context: TaskContext, stash: StashClient | None) -> Iterator[str]:
    if stash is None:
        yield "Stash does not say them."
        return
    answer = describe_settings(stash.settings(), context.tokens.load())
    yield f"token: {answer.token}"
    for row in answer.rows:
        yield f"{row.name} = {_setting_value(row)}{' (default)' if row.is_default else ''}"


def _setting_value(row: SettingRow) -> str:
    """Return the value where PlexSync or numbers make it; of the user's texts only if it is set."""
    if row.type == "NUMBER":
        return f"{row.value:g}"
    if row.type == "BOOLEAN" or (row.choices and row.value in row.choices):
        return json.dumps(row.value)
    return "set" if row.is_set else "not set"


def _state(snapshot: Snapshot, now: float) -> Iterator[str]:
    statistics = snapshot.statistics
    figures = metrics(snapshot.history, now)
    state: Mapping[str, object] = {
        "worker": snapshot.worker.status.value if snapshot.worker and snapshot.alive else "none",
        "worker_version": snapshot.worker.version if snapshot.worker else "",
        "journal": snapshot.journal_mode,
        "breaker": snapshot.breaker.state.value,
        "breaker_reason": snapshot.breaker.reason.partition(":")[0],
        "queue": {"due": snapshot.due, "later": snapshot.later, "running": snapshot.running},
        "waiting": dict(snapshot.waiting),
        "dead_letters": dict(snapshot.dead),
        "matches": dict(snapshot.confidences),
        "learned_paths": len(snapshot.mappings),
        "suspended": sum(snapshot.suspended.values()),
        "outages": figures.count,
        "refused": figures.refused,
        "availability": figures.availability,
        "counted_s": round(now - statistics.since),
        "outcomes": statistics.outcomes,
        "errors": statistics.errors,
        "fields": statistics.fields,
        "requests_per_job": statistics.requests_per_job,
        "timing": {name: one.model_dump() for name, one in statistics.timing.items()},
    }
    return (f"{name} = {json.dumps(value)}" for name, value in state.items())


class _Private:
    """What the lines may hold of the user's, as far as Stash says it."""

    def __init__(
        self, context: TaskContext, stash: StashClient | None, store: JobStore, lines: list[str]
    ) -> None:
        dead_letters = DeadLetters(store).newest(MAX_DEAD_LETTERS)
        words = [dead_letter.title for dead_letter in dead_letters]
        self._nothing = PrivateWords([], is_complete=False)
        self._words = self._nothing
        self._lost: frozenset[int] = frozenset()
        if stash is None:
            return
        try:
            config = context.read_settings(stash).config
            scenes = stash.scenes(sorted(scene_ids(lines)))
        except PlexSyncError:
            return
        words += [*texts_in(list(scenes.values())), *_typed(config), stash.base_url]
        words.append(urlsplit(stash.base_url).hostname or "")
        self._words = PrivateWords(words, is_complete=True)
        self._lost = frozenset(key for key, scene in scenes.items() if not scene)

    def hide(self, line: str) -> str:
        """Return the line; of a scene that Stash no longer has, no sentence is shown."""
        is_lost = bool(scene_ids([line]) & self._lost)
        return hide_line(line, self._nothing if is_lost else self._words)


def _typed(config: PlexSyncConfig) -> Iterator[str]:
    """Yield the texts that the user has entered, and Plex's host."""
    yield config.plex_url
    yield urlsplit(config.plex_url).hostname or ""
    yield config.plex_token.get_secret_value()
    yield from config.plex_libraries
    yield from config.excluded_tags
    yield from config.excluded_paths
    yield from config.required_tags
    yield from config.included_paths
    yield from config.library_rules
    yield config.reconcile_scope.library
    for pair in config.path_map:
        yield from texts_in(pair)
