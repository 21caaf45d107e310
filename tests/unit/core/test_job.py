"""Test jobs, their subjects and their priorities."""

import pytest

from core.job import PRIORITIES, PRIORITY_EDIT, PRIORITY_LAST, Job, scene_subject


def job(subject: str) -> Job:
    return Job(1, subject, "update", PRIORITY_EDIT, 0.0)


def test_a_scenes_job_knows_its_scene() -> None:
    assert job(scene_subject(42)).scene_id == 42
    assert job(scene_subject(42)).kind == "scene"


@pytest.mark.parametrize("subject", ["tag:7", "merge:3>7", "scene:x", "scene", ""])
def test_a_job_of_something_else_names_no_scene(subject: str) -> None:
    with pytest.raises(ValueError, match="."):
        _ = job(subject).scene_id


def test_priorities_are_listed_the_urgent_one_first() -> None:
    assert list(PRIORITIES) == sorted(set(PRIORITIES))
    assert (PRIORITIES[0], PRIORITIES[-1]) == (PRIORITY_EDIT, PRIORITY_LAST)
