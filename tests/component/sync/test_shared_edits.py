"""Sharing saves requests and risks nothing: what fails, or cannot be proven, is left to each job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.calls import run_here
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


class SharedEditHarness:
    """A sync context between both servers, with items that were read."""

    def __init__(self, worker: InProcessHarness) -> None:
        self.worker = worker
        self.keys: list[int] = []

    @property
    def ctx(self) -> SyncContext:
        ctx = self.worker.components.settings.sync_context()
        assert ctx is not None
        return ctx

    def add(self, **attributes: Any) -> int:
        key = self.worker.add_item(f"/media/{len(self.keys)}.mp4")
        self.worker.plex.library.change(key, **attributes)
        self.keys.append(key)
        return key

    def items(self) -> dict[int, PlexItem]:
        return self.ctx.plex.items(self.worker.section, self.keys)

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
            ctx.libraries,
        )
        plans = [
            PlannedItem(SCENE, items[key], None, None, {}, change)
            for key, change in zip(self.keys, changes, strict=True)
        ]
        return set(run_here(writer.write_shared(plans)))

    def writes(self) -> list[set[int]]:
        return [written_items([record]) for record in self.worker.plex.writes()]

    def genres(self) -> list[set[str]]:
        return [set(self.worker.shown(key).genres) for key in self.keys]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[SharedEditHarness]:
    with in_process(tmp_path) as worker:
        worker.run_until_idle()
        yield SharedEditHarness(worker)


SCENE = parse_scene({"id": "1", "updated_at": "2024-01-01T00:00:00Z", "files": []})
STUDIO = (Change(BY_NAME["studio"], "New"),)


def names(*desired: str, field: str = "tags", remove: tuple[str, ...] = ()) -> tuple[Change, ...]:
    return (Change(BY_NAME[field], desired, remove),)


def test_fewer_than_two_plans_are_left_alone(harness: SharedEditHarness) -> None:
    harness.add()

    assert harness.share(STUDIO) == set()
    assert harness.writes() == []


def test_what_is_written_together_is_named(harness: SharedEditHarness) -> None:
    keys = [harness.add() for _ in range(3)]
    other = (Change(BY_NAME["studio"], "Other"),)

    done = harness.share(STUDIO, STUDIO, other)

    assert done == set(keys[:2])
    assert harness.writes() == [set(keys[:2])]


def test_a_request_that_fails_carries_out_nothing(harness: SharedEditHarness) -> None:
    harness.add()
    harness.add()
    harness.worker.plex.faults.add(Fault("status", method="PUT", status=500))

    assert harness.share(STUDIO, STUDIO) == set()


def test_the_first_difference_is_tried_on_one_item(harness: SharedEditHarness) -> None:
    keys = [harness.add(genres=[f"own {number}"]) for number in range(4)]

    done = harness.share(*(names(f"own {number}", "new") for number in range(4)))

    assert harness.writes() == [{keys[0]}, set(keys)]
    assert done == set(keys)
    assert harness.genres() == [{f"own {number}", "new"} for number in range(4)]
    assert harness.ctx.capabilities.appends(harness.worker.plex.machine_identifier) is True


def test_a_replacing_server_costs_one_item_a_name_until_its_job(harness: SharedEditHarness) -> None:
    harness.worker.plex.switches.tags_replace = True
    keys = [harness.add(genres=[f"own {number}"]) for number in range(4)]

    done = harness.share(*(names(f"own {number}", "new") for number in range(4)))

    assert done == set()
    assert harness.writes() == [{keys[0]}]
    assert harness.genres()[1:] == [{"own 1"}, {"own 2"}, {"own 3"}]
    assert harness.ctx.capabilities.appends(harness.worker.plex.machine_identifier) is False


def test_a_server_that_is_known_to_replace_is_not_tried_again(harness: SharedEditHarness) -> None:
    harness.ctx.capabilities.set_appends(harness.worker.plex.machine_identifier, False)
    for number in range(3):
        harness.add(genres=[f"own {number}"])

    done = harness.share(*(names(f"own {number}", "new") for number in range(3)))

    assert (done, harness.writes()) == (set(), [])


@pytest.mark.parametrize("preserve", [True, False])
def test_no_trial_is_made_that_could_lose_a_name(
    harness: SharedEditHarness, preserve: bool
) -> None:
    harness.worker.configure(c_preserve_plex_edits=preserve)
    field, attribute = ("tags", "genres") if preserve else ("collection", "collections")
    for number in range(3):
        harness.add(**{attribute: [f"by hand {number}"]})

    done = harness.share(*(names("new", f"by hand {number}", field=field) for number in range(3)))

    assert (done, harness.writes()) == (set(), [])


def test_a_trial_whose_answer_cannot_be_read_proves_nothing(harness: SharedEditHarness) -> None:
    for number in range(3):
        harness.add(genres=[f"own {number}"])
    changes = [names(f"own {number}", "new") for number in range(3)]
    items = harness.items()
    harness.worker.plex.faults.add(
        Fault("status", method="GET", route="/library/metadata/{ids}", status=500, times=None)
    )

    done = harness.write(items, *changes)

    assert done == set()
    assert harness.ctx.capabilities.appends(harness.worker.plex.machine_identifier) is None


def test_a_list_that_would_be_sent_in_parts_is_not_shared(harness: SharedEditHarness) -> None:
    harness.add()
    harness.add()
    many = names(*(f"a tag with a long name, number {number}" for number in range(120)))

    assert harness.share(many, many) == set()
    assert harness.writes() == []


def test_a_text_that_would_be_cut_is_not_shared(harness: SharedEditHarness) -> None:
    harness.add()
    harness.add()
    long = (Change(BY_NAME["summary"], "word " * 1_000),)

    assert harness.share(long, long) == set()
    assert harness.writes() == []


def test_removals_are_sent_to_all_items_without_a_trial(harness: SharedEditHarness) -> None:
    harness.ctx.capabilities.set_appends(harness.worker.plex.machine_identifier, False)
    keys = [harness.add(genres=[f"own {number}", "old"]) for number in range(3)]

    done = harness.share(*(names(f"own {number}", remove=("old",)) for number in range(3)))

    assert done == set(keys)
    assert harness.genres() == [{"own 0"}, {"own 1"}, {"own 2"}]
    assert sent_names(harness.worker.plex.writes()[0], "genre") == []


def test_a_worker_that_lost_its_epoch_shares_nothing(harness: SharedEditHarness) -> None:
    harness.add()
    harness.add()
    items = harness.items()
    connection = harness.worker.store.connection
    connection.execute("UPDATE worker SET epoch = epoch + 1")

    with pytest.raises(Fenced):
        harness.write(items, STUDIO, STUDIO)

    assert harness.writes() == []
