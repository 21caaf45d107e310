"""The error tree, its drawing, the rules and the page that explains the classes agree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

import tasks.run
import wiring
from core import errors
from core.errors import PlexSyncError, SceneDeleted, SceneHasNoFile, error_classes
from core.outcome import SyncResult
from page.call import BadArguments
from page.reasons import reason_text
from plex.plex_tv import PlexTvError
from tasks.context import TaskFailed
from tasks.progress import WorkerStartError
from tests.harness.sources import nodes, shipped
from tests.unit.test_troubleshoot_page import PAGE
from worker.discovery.fan_out import AffectedScenes
from worker.resilience.retry_policy import rule_for

# Import everything that ships, so that no class is missing from the tree.
LOADED = (tasks, wiring)
# With these a job is done.
DONE = {SceneDeleted, SceneHasNoFile}
# Raised by tasks and calls of the page only, not by jobs.
OF_TASKS = {TaskFailed, WorkerStartError, BadArguments, PlexTvError}
_BRANCH = re.compile(r"^([│ ]*)[├└]── (\w+)")
_ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def drawn() -> Iterator[tuple[str, str]]:
    """(class, parent) as the drawing at the top of core/errors.py has them."""
    above = [PlexSyncError.__name__]
    for line in (errors.__doc__ or "").splitlines():
        branch = _BRANCH.match(line)
        if branch:
            depth = len(branch[1]) // 4 + 1
            above[depth:] = [branch[2]]
            yield branch[2], above[depth - 1]


@pytest.fixture(scope="module")
def calls() -> list[ast.Call]:
    """Every call in the code that ships."""
    return [node for path in shipped() for node in nodes(path) if isinstance(node, ast.Call)]


@pytest.fixture(scope="module")
def of_jobs(calls: list[ast.Call]) -> set[type[PlexSyncError]]:
    """The classes that the code raises and that end a job's attempt."""
    made = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    return {
        kind
        for kind in error_classes()
        if LOADED and kind.__name__ in made and kind not in OF_TASKS
    }


def test_the_drawn_tree_shows_every_class_below_its_parent() -> None:
    tree = {
        (kind.__name__, kind.__bases__[0].__name__)
        for kind in error_classes()
        if kind.__module__ == "core.errors"
    }

    assert set(drawn()) == tree - {("PlexSyncError", "Exception")}


def test_every_class_advises_the_user() -> None:
    assert [kind.__name__ for kind in error_classes() if len(kind("").advice) < 20] == []


def test_the_page_has_a_row_for_each_dead_letter_class(
    of_jobs: set[type[PlexSyncError]],
) -> None:
    rows = _ROW.findall(PAGE.partition("## By dead-letter reason")[2].partition("\n## ")[0])

    dead_lettered = {kind.__name__ for kind in of_jobs - DONE if rule_for(kind("")).spends_attempts}

    assert sorted(rows) == sorted(dead_lettered)


def test_the_page_has_the_words_that_dead_letters_are_shown_with() -> None:
    part = PAGE.partition("## By dead-letter reason")[2].partition("\n## ")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", part, re.MULTILINE))

    assert shown
    assert shown == {name: reason_text(name).label for name in shown}


def test_the_page_names_every_class_whose_jobs_wait(
    of_jobs: set[type[PlexSyncError]],
) -> None:
    sentence = re.search(r"These classes never end in a dead letter.*?\n\n", PAGE, re.DOTALL)

    waiting = {kind.__name__ for kind in error_classes() if not rule_for(kind("")).spends_attempts}

    assert sentence is not None
    assert set(re.findall(r"`(\w+)`", sentence[0])) == waiting
    assert DONE & of_jobs == DONE


@pytest.mark.parametrize(
    ("event", "results"),
    [
        ("sync.done", set(SyncResult) - {SyncResult.CHANGED}),
        ("fan_out.done", {SyncResult(affected.value) for affected in AffectedScenes}),
    ],
)
def test_the_page_lists_every_result_of_a_done_job(event: str, results: set[SyncResult]) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{event}` |"))

    assert [result.value for result in results if f"`{result.value}`" not in row] == []
