"""Statistics, the log, and a support bundle that shows nothing private."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from page.models.runs import StatisticsAnswer
from sync_queue.counters import Counters
from tests.emulators.plex_server import Fault
from tests.harness.page_calls import WorkerPage
from tests.harness.servers import LOG

SECRET: dict[str, str] = {"title": "Zwölf Nächte", "details": "Quokkas dance.", "code": "ZX-991"}
NAMES = {"performers": ["Ylva Quist"], "tags": ["Xylophone"], "studio": "Qarnivore Films"}


def private_scene(page: WorkerPage) -> int:
    """Add a scene whose every text is recognizable."""
    fields: dict[str, Any] = {**SECRET, **NAMES}
    return page.worker.scene("Vault/zwoelf.mp4", 4_711, **fields)


def test_statistics_are_what_the_worker_counted(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    worker_page.worker.sync_all()

    answer = StatisticsAnswer.model_validate(worker_page("statistics"))

    assert answer.outcomes == {"done": 1}
    assert answer.fields["title"] == 1
    assert sum(answer.confidence.values()) == 1
    assert [step.step for step in answer.steps][0] == "job"
    assert answer.requests_per_job["plex"] > 0


def test_a_reset_begins_to_count_again(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    worker_page.worker.sync_all()

    text = worker_page("reset_statistics")["text"]
    answer = worker_page("statistics")

    assert text.startswith("The statistics are reset")
    assert (answer["outcomes"], answer["steps"]) == ({}, [])
    assert Counters(worker_page.worker.store).by_kind() == {}
    assert worker_page("overview")["today"]["synced"] == 0


def test_the_log_is_shown_by_level(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    worker_page.worker.sync_all()
    worker_page.worker.log.error("reconcile.failed", detail="two words")

    lines = worker_page("log", lines=3)["lines"]
    errors = worker_page("log", level="error")["lines"]

    assert len(lines) == 3
    assert lines[-1]["level"] == "error"
    assert [line["text"].partition("ERROR ")[2] for line in errors] == [
        'reconcile.failed detail="two words"'
    ]


def test_a_missing_log_is_empty(worker_page: WorkerPage) -> None:
    worker_page.worker.end_worker()
    (worker_page.data_dir / LOG).unlink()

    assert worker_page("log") == {"lines": []}


def test_the_bundle_shows_what_helps(worker_page: WorkerPage) -> None:
    private_scene(worker_page)
    worker_page.worker.sync_all()

    text = worker_page("support_bundle")["text"]

    assert "PlexSync 1." in text
    assert "max_tags = 100 (default)" in text
    assert "plex_url = set" in text
    assert 'outcomes = {"done": 1}' in text
    assert "INFO sync.done scene=1 cause=update" in text


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("is_stash_away", [False, True])
def test_the_bundle_shows_nothing_private(
    worker_page: WorkerPage, as_json: bool, is_stash_away: bool
) -> None:
    worker = worker_page.worker
    worker.configure(e_log_json=as_json, c_excluded_tags="Hexagon", a_plex_libraries="Scenes")
    scene = private_scene(worker_page)
    worker.sync_all()
    lost = worker.scene("Vault/verloren.mp4", in_plex=False, title="Die verlorene Zeit")
    worker.sync(lost)
    worker.plex.faults.add(Fault(status=400, method="PUT", times=9))
    worker.stash.library.change_scene(scene, touch=True, title="Zwölf andere Nächte")
    worker.sync(scene)
    for text in (
        "Zwölf andere Nächte",
        "Quokkas dance.",
        "Ylva Quist",
        "Xylophone",
        "Qarnivore Films",
    ):
        worker.log.warning("sync.part_failed", scene=scene, part=text)
        worker.log.info("sync.retry", scene=scene, detail=f"Plex lacks {text} in {worker.plex.url}")
    if is_stash_away:
        worker.stash.faults.fail(times=None)

    text = worker_page("support_bundle")["text"]

    private = [*SECRET.values(), "Ylva", "Quist", "Xylophone", "Qarnivore", "Vault", "zwoelf"]
    private += ["verloren", "andere", "Hexagon", worker.plex.token, worker.plex.url, "127.0.0.1"]
    private += [str(worker_page.data_dir), "/data", "/media"]
    folded = text.casefold()
    assert [word for word in private if word.casefold() in folded] == []
    assert "sync.part_failed scene=" in text


def test_of_a_deleted_scene_no_sentence_is_shown(worker_page: WorkerPage) -> None:
    worker = worker_page.worker
    scene = private_scene(worker_page)
    worker.log.info("sync.retry", scene=scene, detail="Plex lacks Quokkas somewhere", attempt=3)
    worker.stash.library.drop_scene(scene)

    text = worker_page("support_bundle")["text"]

    assert "Quokkas" not in text
    assert f"sync.retry scene={scene} detail=(hidden) attempt=3" in text


WORDS = st.text(st.sampled_from("qxzjkvwy"), min_size=5, max_size=14)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=WORDS, name=WORDS, folder=WORDS)
def test_no_text_of_the_library_is_in_the_bundle(
    worker_page: WorkerPage, title: str, name: str, folder: str
) -> None:
    worker = worker_page.worker
    path = f"/data/{folder}/{name}.mp4"
    scene = worker.stash.library.add_scene(path, 99, title=title, tags=[f"{name} tag"])
    worker.log.info("sync.retry", scene=scene, file=path, detail=f"{title}, {name} tag: {path}")
    worker.sync(scene)

    text = worker_page("support_bundle")["text"].casefold()

    assert [word for word in (title, name, folder) if word in text] == []
