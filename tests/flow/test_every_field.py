"""What the table of fields promises of each of its rows; the switches are in test_every_setting.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.fields import FIELDS
from tests.flow.field_cases import (
    AFTER,
    BEFORE,
    FIELD_CASES,
    matched_scene,
    observed,
)
from tests.harness.every_field import EVERY_FIELD_ON, only
from tests.harness.in_process import InProcessHarness, in_process


@pytest.fixture(params=[False, True], ids=["tags are added", "tags are replaced"])
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, **EVERY_FIELD_ON) as made:
        made.plex.switches.tags_replace = request.param
        yield made


def test_every_field_of_the_table_is_shown_here() -> None:
    assert list(FIELD_CASES) == [field.name for field in FIELDS]


def test_all_fields_of_an_item_are_one_edit(worker: InProcessHarness) -> None:
    scene, _ = matched_scene(worker)
    worker.context()
    worker.plex.reset_counts()

    worker.sync(scene)

    edits = [record for record in worker.plex.requests if record.method == "PUT"]
    assert len([record for record in edits if "title.value" in record.target]) == 1
    assert len([record for record in edits if "actor" in record.target]) == 1


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_a_field_reaches_plex_alone_and_is_not_rewritten(
    worker: InProcessHarness, name: str
) -> None:
    worker.configure(**only(name))
    scene, item = matched_scene(worker)

    with worker.writes_only(item):
        worker.sync(scene)
    first = observed(worker.shown(item))
    with worker.writes_only():
        worker.sync(scene)
        worker.sync_all()

    derived = {field.name: AFTER[name] for field in FIELDS if field.derived_from == name}
    assert first == {**BEFORE, **derived, name: AFTER[name]}
    assert observed(worker.shown(item)) == first
    assert (worker.waiting(), worker.dead_letters()) == ({}, [])
