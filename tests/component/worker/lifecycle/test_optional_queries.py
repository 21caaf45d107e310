"""A query that no job needs is rejected: it fails alone, and every job is done."""

from collections.abc import Callable

import pytest

from tests.harness.in_process import InProcessHarness

Reject = Callable[[InProcessHarness, str], None]

REJECTIONS: dict[str, Reject] = {
    "refused": lambda worker, name: worker.stash.faults.refuse(name),
    "a bug": lambda worker, name: worker.stash.faults.panic(name, times=None),
}
OPTIONAL = ("PlexSyncSample", "PlexSyncNewest", "PlexSyncCredentials", "PlexSyncIds")


@pytest.mark.parametrize("rejection", REJECTIONS)
@pytest.mark.parametrize("name", OPTIONAL)
def test_jobs_do_without_an_optional_query(
    worker: InProcessHarness, name: str, rejection: str
) -> None:
    worker.configure(b_path_map="")
    worker.work_for(20.0)
    REJECTIONS[rejection](worker, name)
    names = [str(number) for number in range(5)]
    scenes = [worker.titled_scene(each, title=f"New {each}", tags=["one"]) for each in names]
    worker.enqueue(*scenes)

    worker.work_for(1_800.0, step=30.0)

    assert [worker.titled_item(each).title for each in names] == [f"New {each}" for each in names]
    assert worker.jobs() == []
    assert worker.dead_letters() == []
    assert len(worker.events("stash.unavailable")) == 0


@pytest.mark.parametrize("rejection", REJECTIONS)
def test_a_rejected_sample_is_one_warning(worker: InProcessHarness, rejection: str) -> None:
    worker.configure(b_path_map="")
    REJECTIONS[rejection](worker, "PlexSyncSample")

    for number in range(5):
        worker.sync(worker.titled_scene(str(number)))

    assert len(worker.events("paths.not_learned")) == 1
    assert worker.stash.count("graphql", status=422) <= 1


def test_a_guarded_session_is_renewed_without_its_lifetime(worker: InProcessHarness) -> None:
    worker.stash.faults.refuse("PlexSyncCredentials")

    worker.work_for(1_800.0, step=30.0)

    assert len(worker.events("stash.no_credentials")) == 1
    assert worker.events("stash.unavailable") == []
    assert worker.stash.count("graphql", "configuration", status=200) >= 1_800 / 180
