"""A dry run's rows reach the page: what would be written, by kind and field."""

from page.models.runs import DryRunAnswer
from tests.harness.page_calls import WorkerPage

NONE = {
    "at": 0.0,
    "what": "",
    "checked": 0,
    "kinds": {},
    "fields": {},
    "left_out": [],
    "total": 0,
    "rows": [],
}


def test_before_a_dry_run_there_are_no_rows(worker_page: WorkerPage) -> None:
    assert worker_page("dry_run") == NONE


def test_a_dry_run_of_a_sync_shows_what_it_would_write(worker_page: WorkerPage) -> None:
    worker = worker_page.worker
    for number in range(3):
        worker.scene(f"{number}.mp4", 100 + number, title=f"<b>Title</b> {number}", details="Long.")
    worker.scene("missing.mp4", in_plex=False, title="Missing")

    worker_page.press("dry_run")
    answer = worker_page("dry_run", limit=2)

    assert DryRunAnswer.model_validate(answer).what == "sync"
    assert (answer["checked"], answer["total"], answer["kinds"]) == (4, 3, {"write": 3})
    assert answer["fields"]["title"] == answer["fields"]["summary"] == 3
    assert [row["title"] for row in answer["rows"]] == ["<b>Title</b> 0", "<b>Title</b> 1"]
    assert {"field": "title", "label": "Title", "value": "<b>Title</b> 0"} in answer["rows"][0][
        "changes"
    ]
    assert len(worker.plex.writes()) == 0


def test_a_dry_comparison_shows_its_gaps_by_kind(worker_page: WorkerPage) -> None:
    worker = worker_page.worker
    scene = worker.titled_scene(details="The summary.")
    worker.sync_all()
    worker.plex.library.change(worker.titled_item().rating_key, summary="By hand")
    lost = worker.titled_scene("lost", in_plex=False)

    worker_page.press("reconcile_dry_run")
    answer = worker_page("dry_run")
    drifted = worker_page("dry_run", kind="drifted", field="summary")

    assert (answer["what"], answer["checked"]) == ("reconcile", 2)
    assert answer["kinds"] == {"drifted": 1, "missing": 1}
    assert [row["scene"] for row in answer["rows"]] == [scene, lost]
    (row,) = drifted["rows"]
    assert row["changes"] == [{"field": "summary", "label": "Summary", "value": "The summary."}]
    assert row["title"] == "Title a"


def test_a_dry_run_is_a_step_of_the_first_run(worker_page: WorkerPage) -> None:
    worker_page.worker.configure(b_path_map="")
    worker_page.worker.titled_scene()
    before = worker_page("overview")["first_run"]

    worker_page.press("dry_run")

    assert (before["has_dry_run"], before["has_paths"]) == (False, False)
    assert worker_page("overview")["first_run"] is None


def test_the_worker_deletes_a_dry_run_after_a_day(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    worker_page.press("dry_run")
    worker_page.worker.clock.advance(86_400.0 + 60.0)

    worker_page.worker.tick()

    assert not list(worker_page.data_dir.glob("dry_run.jsonl*"))
