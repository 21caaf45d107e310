"""A first sync with every field on costs no more requests per scene than in 1.1."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tests.harness.every_field import EVERYTHING_ON
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness, in_process

SCENES, GROUPS = 100, 4
# Version 1.1 had the background as well: it is an image of its own, which costs an upload.
AS_IN_1_1 = {"c_background_source": "cover"}
LISTS = ("findTags", "findStudios", "findGroups")


def fill(worker: InProcessHarness) -> None:
    """Add scenes with values for every field; groups, studios and tags stand below others."""
    library = worker.stash.library
    library.add_studio("Aurora", parent=library.add_studio("Net", parent=library.add_studio("Own")))
    library.add_tag("train", parents=(library.add_tag("rails"),))
    dark = library.add_tag("dark")
    for name in ("Mia", "Jon"):
        library.add_performer(name, tag_ids=(dark,), birthdate="1990-01-01", gender="FEMALE")
    series = library.add_group("Group 0", synopsis="All.", image=picture(1))
    for number in range(1, GROUPS):
        fields: dict[str, Any] = {"synopsis": f"Part {number}.", "image": picture(number + 1)}
        library.add_group(f"Group {number}", containing_ids=(series,), **fields)
    for number in range(SCENES):
        worker.pair(
            f"films/{number}.mp4",
            1_000 + number,
            title=f"Film {number}",
            details=f"What happens in number {number}.",
            date=f"2024-03-{number % 27 + 1:02}",
            code=f"F-{number}",
            director="Ada, Bo",
            rating100=number % 100 + 1,
            studio="Aurora",
            performers=["Mia", "Jon"],
            tags=["train", ("snow", "sea")[number % 2]],
            groups=[f"Group {number % GROUPS}"],
            cover=picture(number),
        )


def cost(root: Path, **settings: Any) -> tuple[Counter[str], Counter[str]]:
    """Sync everything for the first time; return the requests to Plex and to Stash by kind."""
    with in_process(root, **settings) as worker:
        fill(worker)
        worker.plex.reset_counts()
        worker.stash.reset_counts()
        worker.sync_all()
        worker.run_until_idle(5.0)
        assert worker.rows("SELECT count(*) FROM records") == [(SCENES,)]
        return (
            Counter(f"{one.method} {one.route}" for one in worker.plex.requests),
            Counter(" ".join(sorted({one.kind, *one.names})) for one in worker.stash.requests),
        )


def test_all_fields_cost_no_more_for_a_scene(tmp_path: Path) -> None:
    """Each group adds its own; libraries and trees of tags and studios are read once for all."""
    plex, stash = cost(tmp_path / "as in 1.1", **AS_IN_1_1)

    plex_all, stash_all = cost(tmp_path / "all", **EVERYTHING_ON)

    assert plex["PUT /library/sections/{S}/all"] == SCENES
    assert plex_all - plex == {
        "PUT /library/sections/{S}/all": GROUPS,
        "POST /library/metadata/{rk}/posters": GROUPS,
        "GET /library/sections/{S}/collections": 2,
    }
    more = stash_all - stash
    assert (more.pop("findGroup graphql"), more.pop("image")) == (GROUPS, GROUPS)
    assert more.keys() <= {"configuration graphql", *(f"{name} graphql" for name in LISTS)}
    assert set(more.values()) == {1}
    assert (plex - plex_all, stash - stash_all) == ({}, {})
