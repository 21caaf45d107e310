"""What the buttons do, called as Stash calls them, without a process of their own."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.match import CandidateEntry
from sync_queue.lease import Lease
from sync_queue.store import JobStore
from tasks.run import run_task
from tasks.table import TASKS
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from tests.harness.plugin_copy import ROOT
from validation.token_file import TokenFile


class TaskRunner:
    """An installation whose tasks are run in this process."""

    def __init__(self, folder: Path, plex: PlexEmulator, stash: StashEmulator) -> None:
        self.data_dir = folder / "data"
        self.data_dir.mkdir()
        self.plex, self.stash = plex, stash
        self.written: list[str] = []
        self.lease = Lease(self.data_dir)
        stash.configure(a_plex_url=plex.url, a_plex_token=plex.token, b_path_map="/data => /media")

    @property
    def connection(self) -> dict[str, object]:
        return {
            "Scheme": "http",
            "Host": "0.0.0.0",
            "Port": self.stash.port,
            "SessionCookie": {"Value": ""},
        }

    def press(
        self,
        mode: str,
        *,
        start: Callable[[str], object] | None = None,
        message: dict[str, object] | None = None,
    ) -> dict[str, object]:
        request = {"server_connection": self.connection} if message is None else message
        answer = run_task(
            request,
            {"mode": mode},
            str(ROOT),
            str(self.data_dir),
            start or self.fail_to_start,
            self.write,
        )
        json.dumps(answer)  # whatever a task answers, Stash gets it as JSON
        return answer

    def write(self, line: bytes) -> None:
        self.written.append(line.decode())

    def fail_to_start(self, by: str) -> None:
        raise OSError("no interpreter")

    def store(self) -> JobStore:
        return open_store(self.data_dir, FakeClock())

    def counts(self) -> tuple[int, int, int]:
        store = self.store()
        try:
            return store.counts()
        finally:
            store.connection.close()

    def start_worker(self) -> None:
        self.store().connection.close()
        self.lease.acquire()

    @property
    def text(self) -> str:
        return "".join(self.written)


@pytest.fixture
def runner(tmp_path: Path, plex: PlexEmulator, stash: StashEmulator) -> Iterator[TaskRunner]:
    made = TaskRunner(tmp_path, plex, stash)
    yield made
    made.lease.release()


def add_dead_letter(runner: TaskRunner, subject: str) -> None:
    store = runner.store()
    store.enqueue(subject, "update")
    (job,) = store.claim()
    store.dead_letter(
        job,
        title="A title",
        reason="AmbiguousMatch",
        message="Two items.",
        candidates=[CandidateEntry("item 7"), CandidateEntry("item 8")],
    )
    store.connection.close()


def test_a_task_takes_the_token_from_its_file(runner: TaskRunner) -> None:
    runner.start_worker()
    TokenFile(runner.data_dir, FakeClock().sleep).save(runner.plex.token)
    runner.stash.configure(a_plex_token="")

    answer = runner.press("health")

    assert "error" not in answer
    assert "The token works" in runner.text
    assert runner.plex.token not in runner.text + str(answer)


def test_every_task_has_a_unique_name_mode_and_text() -> None:
    for column in ("name", "mode", "description"):
        values = [getattr(task, column) for task in TASKS]
        assert len(set(values)) == len(TASKS)
        assert all(values)


@pytest.mark.parametrize("mode", ["nonsense", "", None, 7])
def test_an_unknown_mode_is_answered_with_the_known_ones(runner: TaskRunner, mode: object) -> None:
    answer = run_task(
        {}, {"mode": mode}, str(ROOT), str(runner.data_dir), runner.fail_to_start, runner.write
    )

    assert all(task.mode in str(answer["error"]) for task in TASKS)


@pytest.mark.parametrize("mode", [task.mode for task in TASKS])
def test_without_a_connection_no_task_ends_in_a_traceback(runner: TaskRunner, mode: str) -> None:
    answer = runner.press(mode, message={})

    assert set(answer) in ({"error"}, {"output"})


def test_a_database_of_garbage_is_an_error_and_never_a_traceback(runner: TaskRunner) -> None:
    (runner.data_dir / "queue.db").write_bytes(b"garbage" * 1000)

    answer = runner.press("clear_dead")

    assert "queue cannot be opened" in str(answer["error"])


def test_the_queue_is_drained_here_if_no_worker_can_start(runner: TaskRunner) -> None:
    item = runner.plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])
    scene = runner.stash.library.add_scene("/data/scenes/a.mp4", size=10, title="Written")
    store = runner.store()
    store.enqueue(f"scene:{scene}", "update")
    store.connection.close()

    answer = runner.press("process")

    output = answer["output"]
    assert isinstance(output, dict)
    assert (output["worked_here"], output["left"], output["later"]) == (True, 0, 0)
    assert runner.plex.library.item(item).title == "Written"
    assert "does the work itself" in runner.text


def test_with_nothing_due_the_bar_is_full_immediately(runner: TaskRunner) -> None:
    runner.start_worker()

    answer = runner.press("process")

    output = answer["output"]
    assert isinstance(output, dict)
    assert (output["done"], output["left"]) == (0, 0)
    assert "\x01p\x021.0000\n" in runner.text


def test_the_status_names_what_waits_and_what_failed(runner: TaskRunner) -> None:
    add_dead_letter(runner, "scene:42")
    runner.start_worker()

    answer = runner.press("status")

    output = answer["output"]
    assert isinstance(output, dict)
    assert output["dead"] == {"AmbiguousMatch": 1}
    assert "scene 42 (A title)" in runner.text
    assert "item 7" in runner.text


def press_later(runner: TaskRunner, mode: str, seconds: float) -> dict[str, object]:
    """The same button again, so many seconds after its last run ended: the note of that run is made
    older.
    """
    path = runner.data_dir / "confirm.json"
    asked = json.loads(path.read_text())
    path.write_text(json.dumps({**asked, "ended_at": asked["ended_at"] - seconds}))
    return runner.press(mode)


def test_clearing_the_dead_letters_takes_two_runs(runner: TaskRunner) -> None:
    add_dead_letter(runner, "scene:42")
    add_dead_letter(runner, "scene:43")

    first = runner.press("clear_dead")
    second = press_later(runner, "clear_dead", 10)

    assert first == {"output": {"deleted": 0, "chosen": 2}}
    assert "2 dead letters would be deleted. Run Clear Dead Letter Queue again" in runner.text
    assert second == {"output": {"deleted": 2, "left": 0}}
    assert "2 dead letters deleted; none left." in runner.text


@pytest.mark.parametrize("seconds", [0, 301])
def test_a_double_click_or_a_run_much_later_deletes_nothing(
    runner: TaskRunner, seconds: float
) -> None:
    add_dead_letter(runner, "scene:42")
    runner.press("clear_dead")

    answer = press_later(runner, "clear_dead", seconds)

    assert answer == {"output": {"deleted": 0, "chosen": 1}}


def test_a_count_that_changed_must_be_confirmed_again(runner: TaskRunner) -> None:
    add_dead_letter(runner, "scene:42")
    runner.press("clear_dead")
    add_dead_letter(runner, "scene:43")

    answer = press_later(runner, "clear_dead", 10)

    assert answer == {"output": {"deleted": 0, "chosen": 2}}


def test_clearing_waiting_jobs_takes_two_runs(runner: TaskRunner) -> None:
    store = runner.store()
    store.enqueue_many(["scene:1", "scene:2", "scene:3"], "update")
    store.claim(1)

    first = runner.press("clear_waiting")
    second = press_later(runner, "clear_waiting", 10)

    assert first == {"output": {"deleted": 0, "waiting": 2}}
    assert second == {"output": {"deleted": 2, "running": 1}}
    assert store.counts() == (0, 0, 1)
    store.connection.close()


def test_only_dead_letters_older_than_the_setting_are_purged(runner: TaskRunner) -> None:
    add_dead_letter(runner, "scene:42")  # long ago by the clock of the test
    store = runner.store()
    store.enqueue("scene:43", "update")
    (job,) = store.claim()
    store.dead_letter(job, title="", reason="WeakMatch", message="")
    store.connection.execute(
        "UPDATE dead_letters SET last_at = ? WHERE subject = 'scene:43'", (time.time(),)
    )
    store.connection.close()

    runner.press("purge_dead")
    answer = press_later(runner, "purge_dead", 10)

    assert answer == {"output": {"deleted": 1, "left": 1}}


def test_every_dead_letter_goes_back_into_the_queue(runner: TaskRunner) -> None:
    add_dead_letter(runner, "scene:42")
    add_dead_letter(runner, "scene:43")

    answer = runner.press("retry_dead")

    assert answer == {"output": {"revived": 2, "left": 0}}
    assert sum(runner.counts()) == 2


def test_sync_all_queues_every_scene_behind_edits(runner: TaskRunner) -> None:
    for number in range(7):
        runner.stash.library.add_scene(f"/data/scenes/{number}.mp4")
    runner.start_worker()
    store = runner.store()
    # A worker that waits for Plex: the task does not stay to watch.
    store.connection.execute(
        "INSERT INTO worker (id, pid, version, epoch, started_by, started_at, doing) VALUES (1, 1, '1', 1, 't', 0, ?)",
        ("waiting for Plex: x",),
    )

    answer = runner.press("sync_all")

    output = answer["output"]
    assert isinstance(output, dict)
    assert output["queued"] == 7
    assert store.connection.execute(
        "SELECT DISTINCT priority FROM scene_ack_queue_default"
    ).fetchall() == [(20,)]
    store.connection.close()


def test_a_healthy_installation_says_so(runner: TaskRunner) -> None:
    runner.start_worker()
    runner.plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])
    runner.stash.library.add_scene("/data/scenes/a.mp4", size=10)

    answer = runner.press("health")

    assert answer == {
        "output": {
            "stash": "v0.30.1",
            "plex": runner.plex.machine_identifier,
            "libraries": ["Scenes"],
            "worker": True,
            "sample": 1,
            "found": 1,
            "proposed": [],
        }
    }
    assert "All is well: 1 of 1 sample scenes are found in Plex." in runner.text


def test_missing_scenes_are_named_with_a_helpful_mapping(
    runner: TaskRunner,
) -> None:
    runner.start_worker()
    runner.stash.configure(b_path_map="/wrong => /nowhere")
    for number in range(24):
        name = f"{'abc'[number % 3]}/{number}.mp4"
        runner.plex.library.add_item(1, [(f"/media/scenes/{name}", 10 + number)])
        runner.stash.library.add_scene(f"/data/deep/{name}", size=10 + number)
    runner.stash.library.add_scene("/data/deep/only in stash.mp4", size=7)

    answer = runner.press("health")

    output = answer["output"]
    assert isinstance(output, dict)
    assert output["proposed"] == ["/data/deep => /media/scenes"]
    assert "Would not be written: scene 25" in runner.text


def test_a_wrong_token_is_named(runner: TaskRunner) -> None:
    runner.plex.change_token("another")

    answer = runner.press("health")

    assert "token" in str(answer["error"])


def test_a_missing_setting_is_named(runner: TaskRunner) -> None:
    runner.stash.configure(a_plex_token="")

    answer = runner.press("health")

    assert "Plex token" in str(answer["error"])


def test_a_plex_that_is_down_is_named(runner: TaskRunner) -> None:
    runner.plex.down()

    answer = runner.press("health")

    assert "does not answer" in str(answer["error"])


def test_a_library_that_does_not_exist_is_named(runner: TaskRunner) -> None:
    runner.stash.configure(a_plex_libraries="Nowhere")

    answer = runner.press("health")

    assert "Nowhere" in str(answer["error"])


def test_a_missing_library_beside_others_is_named(runner: TaskRunner) -> None:
    runner.stash.configure(a_plex_libraries="Nowhere, scenes ")

    answer = runner.press("health")

    assert "output" in answer
    assert "no movie library named Nowhere (it has: Scenes)" in runner.text


def test_a_stash_that_went_away_is_an_error(runner: TaskRunner) -> None:
    runner.stash.down()

    answer = runner.press("health")

    assert "Stash does not answer" in str(answer["error"])


def test_a_device_identity_that_cannot_be_kept_is_an_error(runner: TaskRunner) -> None:
    (runner.data_dir / "device.json").mkdir()

    answer = runner.press("health")

    assert set(answer) in ({"error"}, {"output"})


def counted(runner: TaskRunner, *outcomes: str) -> None:
    store = runner.store()
    for number, outcome in enumerate(outcomes):
        store.enqueue(f"scene:{number}", "update")
        store.complete(store.claim()[0], [("outcomes", outcome), ("fields", "title")])
    store.connection.close()


def test_statistics_are_reset_at_the_second_run(runner: TaskRunner) -> None:
    counted(runner, "done", "done", "bury")
    store = runner.store()
    store.enqueue("scene:99", "update")
    store.connection.close()

    first = runner.press("reset_stats")
    second = press_later(runner, "reset_stats", 10)
    status = runner.press("status")["output"]

    assert isinstance(status, dict)
    assert first == {"output": {"deleted": 0, "jobs": 3}}
    assert second == {"output": {"deleted": 3}}
    assert (
        "The statistics of 3 jobs, their times and their requests would be deleted." in runner.text
    )
    assert (status["statistics"]["outcomes"], status["statistics"]["fields"], status["due"]) == (
        {},
        {},
        1,
    )


def test_the_dry_run_shows_a_bar_and_what_is_in_the_way(runner: TaskRunner) -> None:
    runner.start_worker()
    for number in range(3):
        runner.plex.library.add_item(1, [(f"/media/scenes/{number}.mp4", 10)])
        runner.stash.library.add_scene(
            f"/data/scenes/{number}.mp4", size=10, title=f"Title {number}"
        )
    runner.stash.library.add_scene("/data/scenes/missing.mp4", size=10)

    answer = runner.press("dry_run")["output"]

    assert isinstance(answer, dict)
    assert (answer["scenes"], answer["changed"], answer["problems"]) == (4, 3, {"PlexNotFound": 1})
    assert "\x01p\x021.0000\n" in runner.text
    assert "3 of 4 scenes would be written, covers not counted; nothing was written." in runner.text


def test_a_log_that_does_not_exist_yet_is_empty(
    runner: TaskRunner,
) -> None:
    answer = runner.press("log")

    assert answer == {"output": {"lines": 0}}
    assert "has written nothing yet" in runner.text


def test_a_bug_in_a_task_is_an_answer_too(runner: TaskRunner) -> None:
    def bug(by: str) -> None:
        raise RuntimeError("a bug")

    answer = runner.press("process", start=bug)

    assert "a bug, RuntimeError" in str(answer["error"])
    assert "please report it. Traceback" in runner.text


def test_a_backlog_that_the_task_works_off_itself_moves_the_bar(runner: TaskRunner) -> None:
    store = runner.store()
    for number in range(3):
        runner.plex.library.add_item(1, [(f"/media/scenes/{number}.mp4", 10)])
        scene = runner.stash.library.add_scene(
            f"/data/scenes/{number}.mp4", size=10, title=f"Title {number}"
        )
        store.enqueue(f"scene:{scene}", "update")
    store.connection.close()
    runner.plex.switches.latency_s = 0.2

    runner.press("process")

    shares = [float(line[3:]) for line in runner.written if line.startswith("\x01p\x02")]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert len(shares) > 2
    assert "3 done, 0 left, 0 wait for later." in runner.text


def test_sync_recent_leaves_out_what_is_proven_current(runner: TaskRunner) -> None:
    for number in range(2):
        runner.plex.library.add_item(1, [(f"/media/scenes/{number}.mp4", 10)])
        runner.stash.library.add_scene(
            f"/data/scenes/{number}.mp4", size=10, title=f"Title {number}"
        )
    runner.press("sync_recent")
    store = runner.store()
    store.connection.execute(
        "UPDATE records SET read_at = read_at + 60"
    )  # as if it had been read a minute later
    store.connection.close()

    answer = runner.press("sync_recent")["output"]
    forced = runner.press("force_sync")["output"]

    assert isinstance(answer, dict)
    assert isinstance(forced, dict)
    assert (answer["queued"], answer["current"]) == (0, 2)
    assert (forced["queued"], forced["current"]) == (2, 0)


@pytest.mark.parametrize("api_key", ["", "a-key"])
def test_the_health_check_warns_of_a_login_without_a_key(runner: TaskRunner, api_key: str) -> None:
    runner.start_worker()
    options = runner.stash.core.options
    options.username, options.password, options.api_key = "u", "p", api_key
    cookie = runner.stash.cookie().partition("=")[2]
    connection = {**runner.connection, "SessionCookie": {"Value": cookie}}

    answer = runner.press("health", message={"server_connection": connection})

    assert "error" not in answer
    assert ("Generate an API key in Stash" in runner.text) is not bool(api_key)


def test_the_health_check_says_what_stash_waits_for(runner: TaskRunner) -> None:
    runner.stash.core.system_status = "NEEDS_MIGRATION"

    answer = runner.press("health")

    assert "migration" in str(answer["error"])


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v0.27.2", "older than v0.28"),
        ("v0.31.0", "newer than v0.30"),
        ("", "supports v0.28 and newer"),
        ("v0.30.1", ""),
    ],
)
def test_the_health_check_judges_stashs_version(
    runner: TaskRunner, version: str, words: str
) -> None:
    runner.stash.core.version = version

    answer = runner.press("health")

    output = answer["output"]
    assert isinstance(output, dict)
    assert output["stash"] == version
    assert f"Stash {version}".strip() + " answers at" in runner.text
    assert words in runner.text
    assert ("supports" in runner.text or "knows" in runner.text) is bool(words)


@pytest.mark.parametrize("mode", ["health", "dry_run"])
def test_a_task_does_without_an_optional_query(runner: TaskRunner, mode: str) -> None:
    runner.start_worker()
    runner.stash.library.add_scene("/data/lost.mp4", title="Lost")
    for name in ("PlexSyncSample", "PlexSyncCount", "PlexSyncCredentials"):
        runner.stash.faults.refuse(name)

    assert "error" not in runner.press(mode)


def test_the_health_check_names_what_the_schema_lacks(runner: TaskRunner) -> None:
    runner.start_worker()
    runner.stash.library.add_scene("/data/a.mp4", title="A")
    runner.stash.schema.without_field("Scene", "rating100")

    answer = runner.press("health")

    assert "error" not in answer
    assert "does not know rating100" in runner.text
