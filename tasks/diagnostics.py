"""Tasks that only look and tell."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from core.errors import PlexError, StashQueryError, StashUnavailable
from core.text import format_duration, pluralize
from plex.finder import no_library
from plex.libraries import choose_libraries
from plex.path_learner import StashFile, learn
from stash.client import StashClient
from stash.library import file_sample
from stash.versions import is_too_old, version_advice
from sync.context import SyncContext
from sync.library_settings import unknown_libraries, unknown_rules_text
from sync.missing_libraries import library_missing
from sync.preview import Preview, preview
from sync_queue.hook_queue import is_worker_alive
from sync_queue.meta import MetaStore
from tasks.context import TaskContext, TaskFailed, TaskResult, plex_failure
from validation.config import PlexSyncConfig
from validation.settings import BY_NAME
from worker.reporting.outage_report import report_lines
from worker.reporting.stash_report import left_out_text
from worker.reporting.status import status_lines, take_snapshot
from worker.resilience.outages import metrics, read_history

LOG_LINES = 25
SAMPLE = 50
LEARN_SAMPLE = 1_000
LOG = "plexsync.log"
TEST_SCENE = BY_NAME["test_scene"].display_name


def view_status(context: TaskContext) -> TaskResult:
    """Print the state of everything, the most important last: Stash shows the newest line first."""
    context.try_start_worker()
    with context.store() as store:
        snapshot = take_snapshot(context.data_dir, store, context.clock)
    for line in status_lines(snapshot, context.clock.wall()):
        context.info(line)
    return {
        "due": snapshot.due,
        "later": snapshot.later,
        "running": snapshot.running,
        "dead": dict(snapshot.dead),
        "waiting": dict(snapshot.waiting),
        "worker": snapshot.worker_status,
        "breaker": snapshot.breaker.state.value,
        "confidence": dict(snapshot.confidences),
        "statistics": snapshot.statistics.model_dump(mode="json", exclude={"times_s"}),
    }


def view_log(context: TaskContext) -> TaskResult:
    """Print the newest lines of the worker's own log."""
    path = Path(context.data_dir) / LOG
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            newest = list(deque(stream, maxlen=LOG_LINES))
    except FileNotFoundError:
        newest = []
    except OSError as error:
        raise TaskFailed(f"The worker's log cannot be read: {error}.") from error
    for line in newest:
        context.info(line.rstrip())
    if not newest:
        context.info(
            "The worker has written nothing yet: no scene was edited since PlexSync was installed."
        )
    return {"lines": len(newest)}


def outage_report(context: TaskContext) -> TaskResult:
    """Print when Plex was away, and what that adds up to."""
    history, warning = read_history(context.data_dir, context.clock)
    now = context.clock.wall()
    for line in reversed(
        [*filter(None, [warning]), *report_lines(history, now)]
    ):  # Stash shows the newest first
        context.info(line)
    return {"outages": len(history.outages), **asdict(metrics(history, now))}


def health_check(context: TaskContext) -> TaskResult:
    """Look at both servers, the token, the libraries and the paths, and say what is wrong."""
    stash = context.stash_client()
    config = context.config(stash)
    stash.check_ready()
    version = _check_version(context, stash)
    plex = context.build_plex(config)
    try:
        machine = plex.machine_identifier()
        context.info(f"Plex answers at {config.plex_url} (server {machine[:8]}).")
        choice = choose_libraries(plex.sections(), config.plex_libraries)
    except PlexError as error:
        raise plex_failure(error) from error
    finally:
        plex.close()
    context.info(f"The token works; movie libraries: {', '.join(choice.titles) or 'none'}.")
    if choice.missing and not choice.sections:
        raise plex_failure(no_library(choice))
    if choice.missing:
        context.info(f"{choice.problem}. {library_missing(choice.missing).advice}")
    unknown = unknown_libraries(config, choice.titles)
    if unknown:
        context.log("warning", unknown_rules_text(unknown))
    alive = _check_worker(context)
    _check_login(context, stash)
    return {
        "stash": version,
        "plex": machine,
        "libraries": list(choice.titles),
        "worker": alive,
        **_check_paths(context, config, stash),
    }


def test_scene(context: TaskContext) -> TaskResult:
    """Say what one scene would be matched with, why, and what would be written; write nothing."""
    stash = context.stash_client()
    config = context.config(stash)
    if not config.test_scene:
        raise TaskFailed(f"Enter the scene's ID in the setting '{TEST_SCENE}' first.")
    shown = _previews(context, config, stash, [config.test_scene])[0]
    for line in shown.lines():
        context.info(line)
    left_out = shown.exclusion.reason.value if shown.exclusion else ""
    return {
        "scene": shown.scene_id,
        "fields": shown.fields,
        "problem": shown.problem,
        "left_out": left_out,
    }


def clear_matches(context: TaskContext) -> TaskResult:
    """Clear the library index; it is listed again at the next look-up."""
    stash = context.stash_client()
    with open_context(context, context.read_settings(stash).config, stash) as ctx:
        rows = ctx.finder.clear()
    context.info(
        f"{pluralize(rows, 'file')} of Plex forgotten, none left; Plex is listed again at "
        "the next change."
    )
    return {"rows": rows}


def _check_version(context: TaskContext, stash: StashClient) -> str:
    """Print where Stash answers, and whether PlexSync supports its version; return the version."""
    version = stash.read_version()
    name = f"Stash {version}".strip()
    context.info(f"{name} answers at {stash.base_url}.")
    if advice := version_advice(version):
        context.log("warning" if is_too_old(version) else "info", advice)
    return version


def _check_worker(context: TaskContext) -> bool:
    """Say what the worker does, and hand it this task's session; return True if it is alive."""
    alive = is_worker_alive(str(context.data_dir))
    if not alive:
        context.info("The worker is not running; the next edit starts it.")
        return False
    with context.store() as store:
        worker = MetaStore(store).worker()
    if worker is not None and worker.status.is_blocked:
        context.log("warning", f"The worker is alive, {worker.status_text}.")
    else:
        context.info("The worker is alive.")
    context.try_start_worker()
    return True


def _check_login(context: TaskContext, stash: StashClient) -> None:
    """Warn where PlexSync would have to wait for a login once its session has ended."""
    try:
        credentials = stash.credentials()
    except StashQueryError:
        return
    age_s = credentials.session_age_s
    if credentials.needs_login and not credentials.api_key and age_s:
        context.log(
            "warning",
            "Stash asks for a login and has no API key. If Stash is away for longer than "
            f"{format_duration(age_s)} while changes wait, PlexSync waits until Stash is opened. "
            "Generate an API key in Stash (Settings > Security); PlexSync then uses it.",
        )


def _check_paths(context: TaskContext, config: PlexSyncConfig, stash: StashClient) -> TaskResult:
    """Whether a sample of scenes is found in Plex, and by what; changes nothing."""
    scenes = [key for key, _ in stash.scene_page(0, SAMPLE)]
    shown = _previews(context, config, stash, scenes) if scenes else []
    found = sum(1 for one in shown if one.items)
    lost = [one for one in shown if one.problem]
    for one in lost[:3]:
        context.info(
            f"Would not be written: scene {one.scene_id} ({one.title}): {one.problem.rstrip('.')}."
        )
    for hint in [one.hint for one in lost if one.hint][:1]:
        context.info(hint)
    proposed = _proposed_mapping(context, config, stash) if lost else []
    if proposed:
        context.info(f"Proposed for the setting Path mapping: {'; '.join(proposed)}")
    if stash.selection.left_out:
        context.info(left_out_text(stash.selection))
    verdict = "All is well" if not lost else "Both servers are well"
    context.info(f"{verdict}: {found} of {len(shown)} sample scenes are found in Plex.")
    return {"sample": len(shown), "found": found, "proposed": proposed}


def _proposed_mapping(
    context: TaskContext, config: PlexSyncConfig, stash: StashClient
) -> list[str]:
    """Return the pairs of folders that files of one name and size support; [] for too few files."""
    try:
        sample = file_sample(stash, LEARN_SAMPLE)
    except (StashQueryError, StashUnavailable) as error:
        context.log("warning", f"No path mapping can be proposed: {error}.")
        return []
    files = [StashFile(file.path, file.size) for file in sample]
    with open_context(context, config, stash) as ctx:
        ctx.finder.prepare()
        return [f"{one.source} => {one.target}" for one in learn(files, ctx.finder.candidates)]


def _previews(
    context: TaskContext, config: PlexSyncConfig, stash: StashClient, scenes: list[int]
) -> list[Preview]:
    with open_context(context, config, stash) as ctx:
        return preview(ctx, scenes)


@contextmanager
def open_context(
    context: TaskContext, config: PlexSyncConfig, stash: StashClient
) -> Iterator[SyncContext]:
    """Yield what a sync works with, closed afterwards; a failure of Plex says what to do.

    Raises:
        TaskFailed: Plex failed.
    """
    with context.store() as store:
        ctx = context.build_sync_context(config, stash, store)
        try:
            yield ctx
        except PlexError as error:
            raise plex_failure(error) from error
        finally:
            ctx.close()
