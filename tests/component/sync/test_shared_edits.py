"""Sharing saves requests and risks nothing: what fails, or cannot be proven, is left to each job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import Fenced
from core.fields import BY_NAME
from core.plex_item import PlexItem
from plex.plan import Change
from sync.context import SyncContext
from sync.plan_items import PlannedItem
from sync.shared_edits import SharedEditWriter
from tests.emulators.plex_server import Fault
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.requests import sent_names, written_items
from validation.metadata import parse_scene


class Board:
    """A bench between both servers, with items that were read."""

    def __init__(self, worker: InProcessHarness) -> None:
        self.house = worker
        self.keys: list[int] = []

    @property
    def ctx(self) -> SyncContext:
        ctx = self.house.components.settings.sync_context()
        assert ctx is not None
        return ctx

    def add(self, **attributes: Any) -> int:
        key = self.house.add_item(f"/media/{len(self.keys)}.mp4")
        self.house.plex.library.change(key, **attributes)
        self.keys.append(key)
        return key

    def items(self) -> dict[int, PlexItem]:
        return self.ctx.plex.items(self.house.section, self.keys)

    def share(self, *changes: tuple[Change, ...]) -> set[int]:
        """Share these plans, one for each item; return the items that were written."""
        return self.write(self.items(), *changes)

    def write(self, items: dict[int, PlexItem], *changes: tuple[Change, ...]) -> set[int]:
        """Share these plans of items that were read before."""
        ctx = self.ctx
        writer = SharedEditWriter(
            ctx.plex,
            ctx.capabilities,
            ctx.sender(),
            ctx.log,
            preserve_plex_edits=ctx.rules.preserve_plex_edits,
        )
        plans = [
            PlannedItem(SCENE, items[key], None, None, {}, change)
            for key, change in zip(self.keys, changes, strict=True)
        ]
        return set(writer.write_shared(plans))

    def writes(self) -> list[set[int]]:
        return [written_items([record]) for record in self.house.plex.writes()]

    def genres(self) -> list[set[str]]:
        return [set(self.house.shown(key).genres) for key in self.keys]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    with in_process(tmp_path) as worker:
        worker.run_until_idle()
        yield Board(worker)


SCENE = parse_scene({"id": "1", "updated_at": "2024-01-01T00:00:00Z", "files": []})
STUDIO = (Change(BY_NAME["studio"], "New"),)


def names(*desired: str, field: str = "tags", remove: tuple[str, ...] = ()) -> tuple[Change, ...]:
    return (Change(BY_NAME[field], desired, remove),)


def test_fewer_than_two_plans_are_left_alone(board: Board) -> None:
    board.add()

    assert board.share(STUDIO) == set()
    assert board.writes() == []


def test_what_is_written_together_is_named(board: Board) -> None:
    keys = [board.add() for _ in range(3)]
    other = (Change(BY_NAME["studio"], "Other"),)

    done = board.share(STUDIO, STUDIO, other)

    assert done == set(keys[:2])
    assert board.writes() == [set(keys[:2])]


def test_a_request_that_fails_carries_out_nothing(board: Board) -> None:
    board.add()
    board.add()
    board.house.plex.faults.add(Fault("status", method="PUT", status=500))

    assert board.share(STUDIO, STUDIO) == set()


def test_the_first_difference_is_tried_on_one_item(board: Board) -> None:
    keys = [board.add(genres=[f"own {number}"]) for number in range(4)]

    done = board.share(*(names(f"own {number}", "new") for number in range(4)))

    assert board.writes() == [{keys[0]}, set(keys)]
    assert done == set(keys)
    assert board.genres() == [{f"own {number}", "new"} for number in range(4)]
    assert board.ctx.capabilities.appends(board.house.plex.machine_identifier) is True


def test_a_replacing_server_costs_one_item_a_name_until_its_job(board: Board) -> None:
    board.house.plex.switches.tags_replace = True
    keys = [board.add(genres=[f"own {number}"]) for number in range(4)]

    done = board.share(*(names(f"own {number}", "new") for number in range(4)))

    assert done == set()
    assert board.writes() == [{keys[0]}]
    assert board.genres()[1:] == [{"own 1"}, {"own 2"}, {"own 3"}]
    assert board.ctx.capabilities.appends(board.house.plex.machine_identifier) is False


def test_a_server_that_is_known_to_replace_is_not_tried_again(board: Board) -> None:
    board.ctx.capabilities.set_appends(board.house.plex.machine_identifier, False)
    for number in range(3):
        board.add(genres=[f"own {number}"])

    done = board.share(*(names(f"own {number}", "new") for number in range(3)))

    assert (done, board.writes()) == (set(), [])


@pytest.mark.parametrize("preserve", [True, False])
def test_no_trial_is_made_that_could_lose_a_name(board: Board, preserve: bool) -> None:
    board.house.configure(c_preserve_plex_edits=preserve)
    field, attribute = ("tags", "genres") if preserve else ("collection", "collections")
    for number in range(3):
        board.add(**{attribute: [f"by hand {number}"]})

    done = board.share(*(names("new", f"by hand {number}", field=field) for number in range(3)))

    assert (done, board.writes()) == (set(), [])


def test_a_trial_whose_answer_cannot_be_read_proves_nothing(board: Board) -> None:
    for number in range(3):
        board.add(genres=[f"own {number}"])
    changes = [names(f"own {number}", "new") for number in range(3)]
    items = board.items()
    board.house.plex.faults.add(
        Fault("status", method="GET", route="/library/metadata/{ids}", status=500, times=None)
    )

    done = board.write(items, *changes)

    assert done == set()
    assert board.ctx.capabilities.appends(board.house.plex.machine_identifier) is None


def test_a_list_that_would_be_sent_in_parts_is_not_shared(board: Board) -> None:
    board.add()
    board.add()
    many = names(*(f"a tag with a long name, number {number}" for number in range(120)))

    assert board.share(many, many) == set()
    assert board.writes() == []


def test_a_text_that_would_be_cut_is_not_shared(board: Board) -> None:
    board.add()
    board.add()
    long = (Change(BY_NAME["summary"], "word " * 1_000),)

    assert board.share(long, long) == set()
    assert board.writes() == []


def test_removals_are_sent_to_all_at_once_without_a_trial(board: Board) -> None:
    board.ctx.capabilities.set_appends(board.house.plex.machine_identifier, False)
    keys = [board.add(genres=[f"own {number}", "old"]) for number in range(3)]

    done = board.share(*(names(f"own {number}", remove=("old",)) for number in range(3)))

    assert done == set(keys)
    assert board.genres() == [{"own 0"}, {"own 1"}, {"own 2"}]
    assert sent_names(board.house.plex.writes()[0], "genre") == []


def test_a_worker_that_lost_its_epoch_shares_nothing(board: Board) -> None:
    board.add()
    board.add()
    items = board.items()
    connection = board.house.store.connection
    connection.execute("UPDATE worker SET epoch = epoch + 1")

    with pytest.raises(Fenced):
        board.write(items, STUDIO, STUDIO)

    assert board.writes() == []
