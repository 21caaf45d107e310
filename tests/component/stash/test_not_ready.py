"""What a failed query means: Stash is not ready, one query is refused, or one scene is broken."""

from collections.abc import Callable, Iterator

import pytest

from core.errors import StashNeed, StashQueryError, StashSchemaError, StashUnavailable
from stash.client import StashClient
from stash.library import file_sample
from stash.session import StashAddress
from tests.emulators.stash_server import StashEmulator

READS: dict[str, Callable[[StashClient], object]] = {
    "scenes": lambda client: client.scenes([1]),
    "scene_page": lambda client: client.scene_page(0, 10),
    "scene_file_states": lambda client: client.scene_file_states(0, 10, "2020-01-01T00:00:00"),
    "full_scenes": lambda client: client.full_scenes(0, 10),
    "entities": lambda client: client.entities(["tag:1"], 0.0),
    "entity_ids": lambda client: client.entity_ids("tag"),
    "newest_entities": lambda client: client.newest_entities(["tag"], 1, 10),
    "scenes_showing": lambda client: client.scenes_showing("tag:1", 0, 10),
    "scenes_by_oshash": lambda client: client.scenes_by_oshash("aa"),
    "file_sample": lambda client: file_sample(client, 10),
    "scene_count": lambda client: client.scene_count(),
    "cover": lambda client: client.cover(1, "1"),
    "has_other_cover": lambda client: client.has_other_cover(1, "x"),
}
"""Every way to read data; settings, tasks and operations work without a database."""


@pytest.fixture
def client(stash: StashEmulator) -> Iterator[StashClient]:
    stash.library.add_scene("/data/a.mp4", title="A")
    stash.library.add_scene("/data/b.mp4", title="B")
    client = StashClient(StashAddress("http", "127.0.0.1", stash.port), "")
    yield client
    client.s.close()


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    ("status", "need"),
    [("NEEDS_MIGRATION", StashNeed.MIGRATION), ("SETUP", StashNeed.SETUP)],
)
def test_a_stash_that_waits_for_its_user_is_away(
    stash: StashEmulator, client: StashClient, name: str, status: str, need: StashNeed
) -> None:
    stash.core.system_status = status

    with pytest.raises(StashUnavailable) as caught:
        READS[name](client)

    assert caught.value.need is need


def test_an_unknown_state_of_stash_is_an_absence(stash: StashEmulator, client: StashClient) -> None:
    stash.faults.panic("findScene", times=None)
    stash.faults.panic("systemStatus", times=None)

    with pytest.raises(StashUnavailable):
        client.scenes([1])


def test_a_stash_that_serves_no_scene_is_away(stash: StashEmulator, client: StashClient) -> None:
    stash.faults.panic("findScene", times=None)
    stash.faults.panic("findScenes", times=None)

    with pytest.raises(StashUnavailable) as caught:
        client.scenes([1, 2])

    assert caught.value.need is StashNeed.DATABASE


def test_a_scene_that_stash_fails_on_is_named(stash: StashEmulator, client: StashClient) -> None:
    stash.faults.panic("findScene", times=2)

    read = client.read_scenes([1, 2])

    assert list(read.failed) == [1]
    assert [scene and scene["title"] for scene in read.scenes.values()] == ["B"]


def test_a_failed_query_asks_for_one_scene(stash: StashEmulator, client: StashClient) -> None:
    stash.faults.panic("findTag")

    with pytest.raises(StashQueryError):
        client.entities(["tag:1"], 0.0)

    assert stash.count("graphql", "findScenes") == 1


@pytest.mark.parametrize("broken", [1, 2])
def test_one_broken_scene_is_no_absence_of_stash(
    stash: StashEmulator, client: StashClient, broken: int
) -> None:
    stash.core.broken_scenes.add(broken)

    read = client.read_scenes([1, 2])

    assert (list(read.failed), list(read.scenes)) == ([broken], [3 - broken])


def test_a_page_keeps_the_id_of_a_broken_scene(stash: StashEmulator, client: StashClient) -> None:
    stash.core.broken_scenes.add(1)

    page, _ = client.full_scenes(0, 10)

    assert [scene["id"] for scene in page] == ["1", "2"]
    assert [scene.get("title") for scene in page] == [None, "B"]


@pytest.mark.parametrize("name", sorted(set(READS) - {"cover", "has_other_cover"}))
def test_a_refused_query_is_an_error_of_the_schema(
    stash: StashEmulator, client: StashClient, name: str
) -> None:
    stash.faults.refuse("")

    with pytest.raises(StashSchemaError):
        READS[name](client)

    assert stash.count("graphql", "systemStatus") == 0


def test_a_stash_that_is_ready_answers_with_one_request(
    stash: StashEmulator, client: StashClient
) -> None:
    client.check_ready()

    assert stash.count("graphql") == 1
