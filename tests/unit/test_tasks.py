"""What the buttons do, called as Stash calls them, without a process of their own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync_queue.dead_letters import DeadLetters
from sync_queue.lease import Lease
from sync_queue.store import JobStore
from tasks import TASKS, run_task
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.support import ROOT, FakeClock, open_store


class Button:
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
        return {"Scheme": "http", "Host": "0.0.0.0", "Port": self.stash.port, "SessionCookie": {"Value": ""}}

    def press(
        self, mode: str, *, start: Callable[[str], object] | None = None, message: dict[str, object] | None = None
    ) -> dict[str, object]:
        told = {"server_connection": self.connection} if message is None else message
        answer = run_task(told, {"mode": mode}, str(ROOT), str(self.data_dir), start or self._nobody, self._write)
        json.dumps(answer)  # whatever a task answers, Stash gets it as JSON
        return answer

    def _write(self, line: bytes) -> None:
        self.written.append(line.decode())

    def _nobody(self, by: str) -> None:
        raise OSError("no interpreter")

    def store(self) -> JobStore:
        return open_store(self.data_dir, FakeClock())

    def let_a_worker_live(self) -> None:
        self.store().connection.close()
        self.lease.take()

    @property
    def text(self) -> str:
        return "".join(self.written)


@pytest.fixture
def button(tmp_path: Path, plex: PlexEmulator, stash: StashEmulator) -> Iterator[Button]:
    made = Button(tmp_path, plex, stash)
    yield made
    made.lease.release()


def bury(button: Button, subject: str) -> None:
    store = button.store()
    store.note(subject, "update")
    (job,) = store.take()
    store.bury(job, title="A title", reason="AmbiguousMatch", message="Two items.", candidates=["item 7", "item 8"])
    store.connection.close()


def test_every_row_of_the_table_has_a_name_a_mode_and_words_of_its_own() -> None:
    for column in ("name", "mode", "description"):
        values = [getattr(task, column) for task in TASKS]
        assert len(set(values)) == len(TASKS)
        assert all(values)


@pytest.mark.parametrize("mode", ["nonsense", "", None, 7])
def test_an_unknown_mode_is_answered_with_the_known_ones(button: Button, mode: object) -> None:
    answer = run_task({}, {"mode": mode}, str(ROOT), str(button.data_dir), button._nobody, button._write)

    assert all(task.mode in str(answer["error"]) for task in TASKS)


@pytest.mark.parametrize("mode", [task.mode for task in TASKS])
def test_without_a_connection_no_task_ends_in_a_traceback(button: Button, mode: str) -> None:
    answer = button.press(mode, message={})

    assert set(answer) in ({"error"}, {"output"})


def test_a_database_of_garbage_is_an_error_and_never_a_traceback(button: Button) -> None:
    (button.data_dir / "queue.db").write_bytes(b"garbage" * 1000)

    answer = button.press("clear_dead")

    assert "queue cannot be opened" in str(answer["error"])


def test_the_queue_is_worked_off_here_where_no_worker_can_be_started(button: Button) -> None:
    item = button.plex.library.add_item(1, [("/media/scenes/a.mp4", 10)])
    scene = button.stash.library.add_scene("/data/scenes/a.mp4", size=10, title="Written")
    store = button.store()
    store.note(f"scene:{scene}", "update")
    store.connection.close()

    answer = button.press("process")

    assert answer == {"output": {"worked_here": True, "left": 0, "later": 0}}
    assert button.plex.library.item(item).title == "Written"
    assert "does the work itself" in button.text


def test_with_a_living_worker_and_nothing_due_the_bar_is_full_at_once(button: Button) -> None:
    button.let_a_worker_live()

    answer = button.press("process")

    output = answer["output"]
    assert isinstance(output, dict)
    assert (output["done"], output["left"]) == (0, 0)
    assert "\x01p\x021.0000\n" in button.text


def test_the_status_names_what_waits_and_what_failed(button: Button) -> None:
    bury(button, "scene:42")
    button.let_a_worker_live()

    answer = button.press("status")

    output = answer["output"]
    assert isinstance(output, dict)
    assert output["dead"] == {"AmbiguousMatch": 1}
    assert "scene:42 (A title)" in button.text
    assert "item 7" in button.text


def test_clearing_deletes_every_dead_letter(button: Button) -> None:
    bury(button, "scene:42")
    bury(button, "scene:43")

    answer = button.press("clear_dead")

    assert answer == {"output": {"deleted": 2}}
    store = button.store()
    assert DeadLetters(store).newest() == []
    store.connection.close()


def test_sync_all_queues_every_scene_behind_peoples_edits(button: Button) -> None:
    for number in range(7):
        button.stash.library.add_scene(f"/data/scenes/{number}.mp4")
    button.let_a_worker_live()
    store = button.store()
    # A worker that waits for somebody: the task does not stay to watch.
    store.connection.execute(
        "INSERT INTO worker (id, pid, version, epoch, started_by, started_at, doing) VALUES (1, 1, '1', 1, 't', 0, ?)",
        ("waiting for Plex: x",),
    )

    answer = button.press("sync_all")

    output = answer["output"]
    assert isinstance(output, dict)
    assert output["queued"] == 7
    assert store.connection.execute("SELECT DISTINCT priority FROM scene_ack_queue_default").fetchall() == [(20,)]
    store.connection.close()


def test_a_healthy_installation_says_so(button: Button) -> None:
    answer = button.press("health")

    assert answer == {"output": {"plex": button.plex.machine_identifier, "libraries": ["Scenes"], "worker": False}}


def test_a_wrong_token_is_named(button: Button) -> None:
    button.plex.change_token("another")

    answer = button.press("health")

    assert "token" in str(answer["error"])


def test_a_missing_setting_is_named(button: Button) -> None:
    button.stash.configure(a_plex_token="")

    answer = button.press("health")

    assert "Plex token" in str(answer["error"])


def test_a_plex_that_is_down_is_named(button: Button) -> None:
    button.plex.down()

    answer = button.press("health")

    assert "does not answer" in str(answer["error"])


def test_a_library_that_does_not_exist_is_named(button: Button) -> None:
    button.stash.configure(a_plex_libraries="Nowhere")

    answer = button.press("health")

    assert "nowhere" in str(answer["error"])


def test_a_stash_that_went_away_is_an_error(button: Button) -> None:
    button.stash.down()

    answer = button.press("health")

    assert "Stash does not answer" in str(answer["error"])


def test_a_device_identity_that_cannot_be_kept_is_an_error(button: Button) -> None:
    (button.data_dir / "device.json").mkdir()

    answer = button.press("health")

    assert set(answer) in ({"error"}, {"output"})
