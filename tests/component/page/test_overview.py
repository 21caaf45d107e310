"""The overview, the outages and the comparisons: what the page shows of the state."""

from typing import Any

import pytest

from core.units import DAY_S, HOUR_S
from page.models.state import OutagesAnswer, OverviewAnswer
from reconciliation.history import History, HistoryFile
from reconciliation.run import Run
from sync_queue import statements as sql
from sync_queue.counters import Counters
from tests.emulators.plex_server import Fault
from tests.harness.page_calls import PageCalls, WorkerPage
from worker.reporting.tallies import prune
from worker.resilience.outages import Outage, OutageHistory, history_file


def problems(answer: Any) -> list[tuple[str, str]]:
    """Return level and tab of each problem, newest first."""
    return [(problem["level"], problem["tab"]) for problem in answer["problems"]]


def plex_is_away(page: WorkerPage) -> None:
    """Let Plex be away until the breaker is open."""
    page.worker.plex.faults.add(Fault(status=503, times=None))
    page.worker.enqueue(1)
    page.worker.work()


def dead_letter(page: WorkerPage, scene: int, reason: str = "PlexUnavailable") -> None:
    page.worker.enqueue(scene)
    (job,) = page.worker.store.claim()
    page.worker.store.dead_letter(job, title="A title", reason=reason, message="It failed.")


def test_a_fresh_installation_shows_the_first_run(worker_page: WorkerPage) -> None:
    worker_page.worker.configure(a_plex_url="", a_plex_token="", b_path_map="")

    answer = worker_page("overview")

    assert OverviewAnswer.model_validate(answer).first_run is not None
    assert set(answer["first_run"].values()) == {False}
    assert problems(answer) == [("error", "settings")]
    assert "Plex URL and Plex token are not set" in answer["problems"][0]["text"]
    assert (answer["hours"], answer["days"], answer["backlog_s"]) == ([], [], 0.0)


def test_steps_of_the_first_run_are_found_and_stay(worker_page: WorkerPage) -> None:
    first = worker_page("overview")["first_run"]
    worker_page.worker.configure(a_plex_url="", a_plex_token="", b_path_map="")

    assert first == {
        "is_connected": True,
        "has_libraries": True,
        "has_paths": True,
        "has_dry_run": False,
    }
    assert worker_page("overview")["first_run"] == first


def test_an_unreachable_plex_is_not_connected(worker_page: WorkerPage) -> None:
    worker_page.worker.plex.faults.add(Fault(status=503, times=None))

    assert not worker_page("overview")["first_run"]["is_connected"]


def test_after_a_sync_the_first_run_is_over(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    worker_page.worker.sync_all()
    asked = worker_page.worker.plex.count()

    assert worker_page("overview")["first_run"] is None
    assert worker_page.worker.plex.count() == asked
    worker_page.worker.store.connection.execute("DELETE FROM records")
    assert worker_page("overview")["first_run"] is None


def test_synced_and_failed_jobs_are_counted(worker_page: WorkerPage) -> None:
    worker = worker_page.worker
    worker.titled_scene()
    worker.sync_all()
    lost = worker.titled_scene("lost", in_plex=False)
    worker.sync(lost)
    worker.work_for(4 * HOUR_S, step=600.0)
    prune(Counters(worker.store), worker.clock.wall())

    counted = Counters(worker.store).by_kind()

    assert sum(counted["hours"].values()) == sum(counted["days"].values()) == 1
    assert sum(counted["failed_hours"].values()) == sum(counted["failed_days"].values()) == 1


def test_an_outage_is_a_problem_until_plex_is_back(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    plex_is_away(worker_page)
    away = worker_page("overview")
    worker_page.worker.plex.faults.clear()
    worker_page.worker.work_until(lambda: not worker_page.worker.jobs())

    back = worker_page("overview")

    assert ("error", "outages") in problems(away)
    assert away["reachable_since"] == 0.0
    assert back["problems"] == []
    assert back["reachable_since"] > 0.0
    assert back["slow_start_until"] > worker_page.worker.clock.wall() - 60.0


def test_a_backlog_without_known_pace_has_no_time(worker_page: WorkerPage) -> None:
    worker_page.worker.enqueue(1)
    # The page's clock is the real one, which may be behind the test's.
    worker_page.worker.store.connection.execute(f"UPDATE {sql.QUEUE} SET due_at = 0")

    assert worker_page("overview")["backlog_s"] is None


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v0.27.2", "older than v0.28, the oldest that PlexSync supports. Update Stash."),
        ("v9.1.0", "the newest that this PlexSync knows"),
    ],
)
def test_a_stash_too_old_or_too_new_is_a_problem(
    worker_page: WorkerPage, version: str, words: str
) -> None:
    worker_page.worker.stash.core.version = version

    [problem] = worker_page("overview")["problems"]

    assert (problem["level"], problem["tab"]) == ("warning", "tools")
    assert problem["text"].startswith(f"Stash {version} is ")
    assert words in problem["text"]


@pytest.mark.parametrize("version", ["v0.28.0", "v0.30.1-12-gcf3489efd", "develop", ""])
def test_a_known_stash_and_an_own_build_are_no_problem(
    worker_page: WorkerPage, version: str
) -> None:
    worker_page.worker.stash.core.version = version

    assert worker_page("overview")["problems"] == []


def test_dead_letters_and_a_dead_worker_are_problems(worker_page: WorkerPage) -> None:
    dead_letter(worker_page, 7, "AmbiguousMatch")
    worker_page.worker.enqueue(8)
    worker_page.worker.store.connection.execute(f"UPDATE {sql.QUEUE} SET due_at = 0")
    worker_page.end_worker()

    answer = worker_page("overview")

    assert set(problems(answer)) == {("warning", "tools"), ("error", "dead_letters")}
    (problem,) = [row for row in answer["problems"] if row["tab"] == "dead_letters"]
    assert problem["text"].startswith("1 job failed for good: Several Plex items")
    assert problem["action"].startswith("Choose the item by hand")


def test_a_missing_library_and_a_bad_value_are_problems(worker_page: WorkerPage) -> None:
    worker_page.worker.titled_scene()
    worker_page.worker.configure(a_plex_libraries="Scenes, Nowhere", c_max_tags="many")
    worker_page.worker.sync_all()
    worker_page.worker.work()

    answer = worker_page("overview")

    texts = " ".join(problem["text"] for problem in answer["problems"])
    assert ("Nowhere" in texts, "many" in texts) == (True, True)
    assert {tab for _, tab in problems(answer)} == {"settings"}
    worker_page.worker.configure(c_max_tags="50")
    assert "many" not in str(worker_page("overview")["problems"])


@pytest.mark.parametrize("call", ["overview", "outages"])
def test_without_stash_the_stored_state_is_shown(worker_page: WorkerPage, call: str) -> None:
    worker_page.worker.stash.faults.fail(times=None)

    assert worker_page(call)


def test_before_the_first_outage_there_are_no_figures(worker_page: WorkerPage) -> None:
    assert worker_page("outages") == {
        "outages": [],
        "mtbf_s": None,
        "mttr_s": None,
        "availability": None,
        "refused": 0,
        "recoverable": {"down": 0, "temporary": 0},
    }


def test_outages_are_listed_with_what_can_be_recovered(worker_page: WorkerPage) -> None:
    now = worker_page.worker.clock.wall()
    ended = Outage(start=now - 900.0, end=now - 300.0, cause="PlexUnavailable", jobs=2, how="Back")
    older = Outage(start=now - DAY_S, end=now - DAY_S + 60.0, cause="PlexAccessError", refused=True)
    file = history_file(worker_page.data_dir, worker_page.worker.clock)
    file.save(OutageHistory(outages=(older, ended)))
    reasons = ("PlexUnavailable", "PlexTemporaryError", "AmbiguousMatch")
    for scene, reason in enumerate(reasons, start=1):
        dead_letter(worker_page, scene, reason)
    asked = worker_page.worker.stash.count("graphql")

    answer = worker_page("outages")

    assert OutagesAnswer.model_validate(answer).mttr_s == 600.0
    assert [row["is_refused"] for row in answer["outages"]] == [False, True]
    assert answer["recoverable"] == {"down": 1, "temporary": 2}
    assert worker_page.worker.stash.count("graphql") == asked


def test_the_next_comparison_is_the_scheduler_s(worker_page: WorkerPage) -> None:
    worker = worker_page.worker
    before = worker_page("reconciliation")
    worker.titled_scene()
    worker.sync_all()
    began = worker.clock.wall() - HOUR_S
    past = Run(cause="task", scope="24h", started_at=began, ended_at=began + 9.0, gaps={"stale": 2})
    HistoryFile(worker.data, worker.clock).save(History().including(past))

    after = worker_page("reconciliation")

    (run,) = after["runs"]
    assert before["runs"] == []
    assert (run["cause"], run["scope"], run["gaps"]) == ("task", "24h", {"stale": 2})
    assert began < after["next_at"] <= worker.clock.wall() + DAY_S
    assert {kind["kind"] for kind in after["kinds"]} >= {"missing", "stale", "drifted"}


@pytest.mark.parametrize(
    "values", [{"d_reconcile_interval": "never"}, {"a_enabled": False}, {"a_plex_url": ""}]
)
def test_no_comparison_is_due_where_none_may_run(
    worker_page: WorkerPage, values: dict[str, object]
) -> None:
    worker_page.worker.titled_scene()
    worker_page.worker.sync_all()
    worker_page.worker.configure(**values)

    assert worker_page("reconciliation")["next_at"] == 0.0


def test_without_a_queue_and_a_worker_the_overview_fails(page: PageCalls) -> None:
    assert "could not be started" in page.error("overview")
