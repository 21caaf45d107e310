"""Everything above a node, whatever shape the tree has."""

from hypothesis import given
from hypothesis import strategies as st

from core.entity import Entity
from core.tree import NO_TREES, STUDIO, TAG, Node, SceneTag, Tree, Trees

IDS = st.integers(1, 8)
GRAPHS = st.dictionaries(IDS, st.lists(IDS, max_size=3, unique=True), max_size=8)


def tree(parents: dict[int, list[int]]) -> Tree:
    return Tree({key: Node(key, f"n{key}", tuple(sorted(ids))) for key, ids in parents.items()})


@given(GRAPHS, IDS)
def test_ancestors_are_all_that_can_be_reached(parents: dict[int, list[int]], start: int) -> None:
    """Also in a graph with loops or missing nodes, as a damaged database may hold it."""
    above = tree(parents).ancestors(start)

    reached = {node.id for node in above}
    assert len(above) == len(reached)
    assert start not in reached
    expected = {one for key in (start, *reached) for one in parents.get(key, [])}
    assert reached == (expected & parents.keys()) - {start}


def test_the_nearest_ancestors_come_first() -> None:
    above = tree({1: [], 2: [1], 3: [1], 4: [2, 3]}).ancestors(4)

    assert [node.id for node in above] == [2, 3, 1]


def test_a_studio_stands_below_what_its_scene_shows() -> None:
    """The scene was read after the tree: its studio has another parent by now."""
    trees = Trees(studio=tree({1: [], 2: [1], 3: [2], 4: []}))

    assert [node.name for node in trees.above_studio(3, Node(2, "new name"))] == ["new name", "n1"]
    assert [node.id for node in trees.above_studio(3, Node(4, "n4"))] == [4]
    assert trees.above_studio(3, None) == ()


def test_without_a_tree_only_the_nearest_is_known() -> None:
    assert NO_TREES.above_studio(3, Node(2, "Network")) == (Node(2, "Network"),)
    assert NO_TREES.place_tag(Node(7, "train")) == SceneTag(Node(7, "train"))


def test_an_entity_says_where_it_stands() -> None:
    assert Node(7, "train", (3, 12)).entity(TAG, 5.0) == Entity(
        "tag:7", "train", read_at=5.0, details="parents=3 12"
    )
    assert Node(7, "train").entity(TAG) == Entity("tag:7", "train")
    assert Node(7, "Aurora", (3,)).entity(STUDIO) == Entity("studio:7", "Aurora", "3")
    assert Node(7, "Aurora", ()).entity(STUDIO) == Entity("studio:7", "Aurora", "")
    assert Node(7, "Aurora").entity(STUDIO) == Entity("studio:7", "Aurora", None)
