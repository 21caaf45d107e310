"""Answer the calls about the path mapping: what is set, what was learned, and how well it fits."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core.errors import PlexError
from page.connection import must_be_set_text, problem_text, quick_config
from page.models.base import NoArguments
from page.models.settings import (
    CheckedPaths,
    CheckPaths,
    LearnedPair,
    PathPair,
    PathsAnswer,
    TypedPair,
)
from page.unread_library import unread_library
from plex.finder import Finder
from plex.index import FileIndex
from plex.libraries import choose_libraries
from plex.mapping_check import Pairs, check_sample, turned_pairs
from plex.path_learner import StashFile, learn
from stash.library import library_folders, scene_file_sample
from sync.path_learning import read_mappings
from tasks.context import TaskContext, TaskFailed, plex_failure
from tasks.first_run import PATHS, mark_done
from validation.config import PlexSyncConfig
from validation.setting_values import read_path_map

SAMPLE = 500
MAX_EXAMPLES = 10
NOT_READ = (
    "PlexSync has not read the library '{library}' yet, and it has {items:,} items. Run the task "
    "Health Check one time, then check again."
)


def paths(context: TaskContext, arguments: NoArguments) -> PathsAnswer:
    """Return the mapping, what was learned, and the folders of both servers to choose from.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: Stash does not answer.
    """
    stash = context.stash_client()
    config = quick_config(context.read_settings(stash).config)
    folders, problem = _plex_folders(context, config)
    return PathsAnswer(
        pairs=_shown(config.path_map),
        learned=tuple(
            LearnedPair(source=pair.source, target=pair.target, files=pair.files)
            for pair in read_mappings(context.data_dir, context.clock)
        ),
        stash_folders=tuple(library_folders(stash)),
        plex_folders=folders,
        problem=problem,
    )


def check_paths(context: TaskContext, arguments: CheckPaths) -> CheckedPaths:
    """Return how many scenes of a sample are found with the stored and with the new mapping.

    If the stored one finds any, that step of the first run is done.

    Raises:
        TaskFailed: Plex does not answer, or a large library was never listed.
        StashUnavailable, StashQueryError: Stash does not answer.
    """
    pairs, errors = read_pairs(arguments.pairs)
    if errors:
        return _checked(errors=errors)
    stash = context.stash_client()
    config = quick_config(context.config(stash))
    sample = scene_file_sample(stash, SAMPLE)
    learned = read_mappings(context.data_dir, context.clock)
    with _finder(context, config) as finder:
        candidates = finder.candidates
        before = check_sample(sample, candidates, config.path_map, learned)
        after = check_sample(sample, candidates, pairs, learned)
        turned = turned_pairs(sample, candidates, pairs)
        files = [StashFile(file.path, file.size) for scene in sample for file in scene]
        proposed = tuple((pair.source, pair.target) for pair in learn(files, candidates))
    if before.found and context.has_queue():
        with context.store() as store:
            mark_done(store, PATHS)
    return CheckedPaths(
        sample=len(sample),
        found_before=before.found,
        found_after=after.found,
        is_reversed=bool(turned),
        turned=_shown(turned),
        proposed=_shown(proposed),
        examples=after.lost[:MAX_EXAMPLES],
        errors={},
    )


def read_pairs(typed: Sequence[TypedPair]) -> tuple[Pairs, dict[str, str]]:
    """Return the pairs as they would be stored, and what is wrong by row number. Pure.

    Examples:
        >>> read_pairs([TypedPair(source="/data/", target="/media")])
        ((('/data', '/media'),), {})
        >>> read_pairs([TypedPair(source="/data", target="")])[1].keys()
        dict_keys(['0'])
    """
    pairs: list[tuple[str, str]] = []
    errors: dict[str, str] = {}
    for number, row in enumerate(typed):
        problem = _problem(row)
        if problem:
            errors[str(number)] = problem
        else:
            pairs += read_path_map(f"{row.source} => {row.target}")
    return tuple(dict.fromkeys(pairs)), errors


def _problem(row: TypedPair) -> str:
    if not (row.source.strip() and row.target.strip()):
        return "Enter the folder as Stash sees it and the same folder as Plex sees it."
    text = f"{row.source}{row.target}"
    if any(separator in text for separator in (";", "=>", "\n", "\r")):
        return (
            "A folder with ';', '=>' or a line break in its name cannot be mapped; map its parent."
        )
    return ""


def _plex_folders(context: TaskContext, config: PlexSyncConfig) -> tuple[tuple[str, ...], str]:
    """The folders of the chosen libraries, and why there are none."""
    missing = config.missing_required()
    if missing:
        return (), must_be_set_text(missing)
    plex = context.build_plex(config)
    try:
        chosen = choose_libraries(plex.sections(), config.plex_libraries).sections
    except PlexError as error:
        return (), problem_text(error)
    finally:
        plex.close()
    return tuple(dict.fromkeys(path for section in chosen for path in section.locations)), ""


@contextmanager
def _finder(context: TaskContext, config: PlexSyncConfig) -> Iterator[Finder]:
    """The index of Plex's files, complete, closed afterwards.

    Raises:
        TaskFailed: Plex failed, or a large library was never listed.
    """
    plex = context.build_plex(config)
    index = FileIndex(context.data_dir / "cache")
    finder = Finder(plex, index, config.plex_libraries, context.clock)
    try:
        chosen = choose_libraries(plex.sections(), config.plex_libraries).sections
        unlisted = (section for section in chosen if index.state(section.uuid) is None)
        unread = unread_library(plex, unlisted)
        if unread is not None:
            raise TaskFailed(NOT_READ.format(library=unread[0], items=unread[1]))
        finder.prepare()
        yield finder
    except PlexError as error:
        raise plex_failure(error) from error
    finally:
        finder.close()
        plex.close()


def _shown(pairs: Pairs) -> tuple[PathPair, ...]:
    return tuple(PathPair(source=source, target=target) for source, target in pairs)


def _checked(errors: dict[str, str]) -> CheckedPaths:
    """The answer without a look at any scene."""
    return CheckedPaths(
        sample=0,
        found_before=0,
        found_after=0,
        is_reversed=False,
        turned=(),
        proposed=(),
        examples=(),
        errors=errors,
    )
