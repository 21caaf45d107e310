"""The marks on scene cards, and both light calls against the models of the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hooks import scene_states
from hooks.scene_states import MAX_IDS, PER_QUERY, run_scene_states
from hooks.snapshot import CALL, MODE, run_snapshot
from page.call import BadArguments, Call
from page.models import jobs
from page.models.scene import SceneStates, SceneStatesAnswer
from page.models.state import Snapshot
from page.run import find_call
from sync_queue.hook_queue import DATABASE
from sync_queue.store import JobStore
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store

NOTHING: dict[str, object] = {"output": {"waiting": [], "failed": []}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = open_store(tmp_path, FakeClock())
    yield opened
    opened.connection.close()


def fail(store: JobStore, scene: int) -> None:
    store.enqueue(f"scene:{scene}", "update")
    (job,) = store.claim()
    store.dead_letter(job, title="", reason="WeakMatch", message="")


def states(data_dir: Path, *ids: int) -> dict[str, Any]:
    output = run_scene_states(
        {"mode": MODE, "call": scene_states.CALL, "ids": [*ids]}, f"{data_dir}"
    )["output"]
    assert isinstance(output, dict)
    SceneStatesAnswer.model_validate(output)
    return output


def test_only_waiting_and_failed_scenes_come_back(tmp_path: Path, store: JobStore) -> None:
    fail(store, 7)
    store.enqueue("scene:42", "update")
    store.enqueue("tag:9", "update")

    assert states(tmp_path, 9, 42, 7, 1) == {"waiting": [42], "failed": [7]}


def test_a_scene_in_progress_waits(tmp_path: Path, store: JobStore) -> None:
    store.enqueue("scene:42", "update")
    store.claim()

    assert states(tmp_path, 42) == {"waiting": [42], "failed": []}


def test_a_scene_that_is_tried_again_is_not_failed(tmp_path: Path, store: JobStore) -> None:
    fail(store, 7)
    store.enqueue("scene:7", "update")

    assert states(tmp_path, 7) == {"waiting": [7], "failed": []}


def test_a_full_page_of_ids_is_answered(tmp_path: Path, store: JobStore) -> None:
    store.enqueue_many([f"scene:{scene}" for scene in range(MAX_IDS)], "update")

    assert MAX_IDS > PER_QUERY
    assert states(tmp_path, *range(MAX_IDS))["waiting"] == [*range(MAX_IDS)]


def test_without_a_database_no_scene_is_marked(tmp_path: Path) -> None:
    assert states(tmp_path / "data", 42) == NOTHING["output"]
    assert not (tmp_path / "data").exists()


def test_a_damaged_database_marks_no_scene(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"rubbish" * 2000)

    assert states(tmp_path, 42) == NOTHING["output"]


@pytest.mark.parametrize(
    "ids", [None, 42, "42", {}, [-1], [True], [4.5], ["42"], [None], [2**53 + 1], [1] * 1_001]
)
def test_bad_ids_are_one_clear_error(tmp_path: Path, ids: object) -> None:
    answer = run_scene_states({"ids": ids}, f"{tmp_path}")

    assert list(answer) == ["error"]
    assert str(answer["error"]).startswith("scene_states: ids: ")


def test_missing_and_unknown_arguments_are_errors(tmp_path: Path) -> None:
    assert "ids" in str(run_scene_states({}, f"{tmp_path}")["error"])
    assert "id:" in str(run_scene_states({"ids": [1], "id": 1}, f"{tmp_path}")["error"])


@given(st.lists(st.integers(-2, 2**54), max_size=5))
def test_both_sides_take_the_same_ids(ids: list[int]) -> None:
    answer = run_scene_states({"ids": ids}, "no such folder")

    try:
        SceneStates(ids=tuple(ids))
    except ValidationError:
        assert list(answer) == ["error"]
    else:
        assert answer == NOTHING


def test_names_and_limits_are_those_of_the_table() -> None:
    call = light_call(scene_states.CALL)

    assert (call.takes, call.answers) == (SceneStates, SceneStatesAnswer)
    assert MAX_IDS == jobs.MAX_IDS
    with pytest.raises(BadArguments, match="scene_states: ids"):
        call.read_arguments({"mode": MODE, "call": scene_states.CALL, "ids": [1] * (MAX_IDS + 1)})


def test_the_snapshot_is_what_the_page_is_built_for(tmp_path: Path, store: JobStore) -> None:
    fail(store, 7)

    for folder in (tmp_path, tmp_path / "data"):
        output = run_snapshot(f"{folder}", 1_700_000_000.0)["output"]
        assert isinstance(output, dict)
        Snapshot.model_validate(output)
    assert light_call(CALL).answers is Snapshot


def light_call(name: str) -> Call:
    """Return the row of a call that `hooks/` answers."""
    call = find_call(name)
    assert call is not None
    assert call.run is None
    return call
