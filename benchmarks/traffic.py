"""What the two servers are asked, by kind, exactly counted by the emulators."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage, picture, wait_until
from core.job import PRIORITY_EDIT
from tests.emulators.plex_http import RequestRecord as PlexRecord
from tests.emulators.stash_requests import RequestRecord as StashRecord

FEW = (
    10  # what a drain asks besides: settings, libraries, identity, and what falls due by the clock
)
COVERS = 10  # every tenth changed scene gets another cover
BY_HAND = (
    "sceneUpdate",
    "bulkSceneUpdate",
    "runPluginTask",
    "configurePlugin",
)  # what the benchmark itself sends


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests of one sync. `lookups` list the images of an item before one is uploaded."""

    scene_reads: int
    stash_other: int
    covers_200: int
    covers_304: int
    reads: int
    lookups: int
    plex_other: int
    writes: int
    uploads: int

    @property
    def covers(self) -> int:
        return self.covers_200 + self.covers_304


def counted(stash: list[StashRecord], plex: list[PlexRecord]) -> Traffic:
    """The requests by kind; the benchmark's own mutations left out."""
    ours = [record for record in stash if not set(record.names) & set(BY_HAND)]
    covers = [record.status for record in ours if record.kind == "screenshot"]
    scene_reads = sum("findScene" in record.names for record in ours)
    routes = [(record.method, record.route.rpartition("/")[2]) for record in plex]
    reads, writes = routes.count(("GET", "{ids}")), routes.count(("PUT", "all"))
    lookups = routes.count(("GET", "posters")) + routes.count(("GET", "arts"))
    uploads = sum(method == "POST" or end in ("poster", "art") for method, end in routes)
    return Traffic(
        scene_reads=scene_reads,
        stash_other=len(ours) - scene_reads - len(covers),
        covers_200=covers.count(200),
        covers_304=covers.count(304),
        reads=reads,
        lookups=lookups,
        plex_other=len(routes) - reads - lookups - writes - uploads,
        writes=writes,
        uploads=uploads,
    )


def rows(sizes: Sizes) -> Iterator[Row]:
    """A first sync, changed scenes, a bulk edit with its hooks, and everything once more without a change."""
    most = max(sizes.changed)
    with open_stage(most) as stage:
        scenes = list(stage.items)[1:]
        part = f"Requests for the first sync of {most:,} scenes (edits found waiting)"
        yield from _judged(
            part, *_measured(stage, lambda: _edit_all(stage, scenes)), most, most, most
        )
        for count in sizes.changed:
            covers = -(-count // COVERS)
            part = f"Requests for {count:,} changed scenes, {covers:,} of them with another cover (edits found waiting)"
            chosen = scenes[:count]
            measured = _measured(stage, lambda chosen=chosen: _change_all(stage, chosen))  # type: ignore[misc]
            yield from _judged(part, *measured, count, count, covers)
        chosen = scenes[: sizes.bulk]
        part = f"Requests for one bulk edit of {sizes.bulk:,} scenes, hooks and all"
        measured = _measured(
            stage, lambda: stage.stash.bulk_update(chosen, details="Told by a bulk edit.")
        )
        yield from _judged(part, *measured, sizes.bulk, sizes.bulk, 0)
        # A record read within two seconds of its scene's change proves nothing: its cover is asked for once more.
        for when, moved in (
            ("Sync All Scenes after these edits", most + 1),
            ("Sync All Scenes once more", 0),
        ):
            part = f"Requests for {most + 1:,} unchanged scenes ({when})"
            found, taken = _measured(stage, lambda: _sync_all(stage))
            yield from _judged(part, found, taken, most + 1, moved, 0, edits=0)


def _edit_all(stage: Stage, scenes: list[int]) -> None:
    stage.note_scenes(scenes, "update", PRIORITY_EDIT)


def _change_all(stage: Stage, scenes: list[int]) -> None:
    mark = f"{time.time():.3f}"
    for place, scene in enumerate(scenes):
        cover = picture(int(time.time()) % 1_000_000_000 + scene) if place % COVERS == 0 else None
        stage.change(scene, f"Changed {mark} {scene}", cover)
    _edit_all(stage, scenes)


def _sync_all(stage: Stage) -> None:
    job = stage.stash.run_task("Sync All Scenes")
    stage.stash.wait_job(job, 600.0)


def _measured(stage: Stage, do: Callable[[], object]) -> tuple[Traffic, float]:
    """The requests and the seconds until everything is done."""
    stage.wait_idle(600.0)
    time.sleep(1.5)  # Stash's times are whole seconds: what changes now must show a later one
    stage.stash.reset_counts()
    stage.plex.reset_counts()
    started = time.perf_counter()
    do()
    wait_until("the sync has ended", stage.is_idle, 900.0)
    taken = time.perf_counter() - started
    return counted(stage.stash.requests, list(stage.plex.requests)), taken


def _judged(
    part: str,
    found: Traffic,
    taken: float,
    count: int,
    moved: int,
    covers: int,
    *,
    edits: int | None = None,
) -> Iterator[Row]:
    """One row per kind. `moved` scenes may be asked for their cover and written, `covers` may be uploaded."""
    writable = moved if edits is None else edits
    stash, plex = count / 100 + FEW, count / 50 + FEW
    asked, read = found.scene_reads + found.stash_other, found.reads + found.plex_other
    text = f"{asked}  ({found.scene_reads} for scenes, {found.stash_other} other)"
    yield Row(part, "Stash: queries", text, f"N/100 + a few ({stash:.0f})", asked <= stash)
    text = f"{found.covers}  ({found.covers_200} x 200, {found.covers_304} x 304)"
    yield Row(
        part,
        "Stash: covers asked for",
        text,
        f"one per moved scene ({moved})",
        found.covers <= moved,
    )
    text = f"{read}  ({found.reads} of items, {found.plex_other} other)"
    yield Row(part, "Plex: reads", text, f"N/50 + a few ({plex:.0f})", read <= plex)
    yield Row(
        part,
        "Plex: edits",
        str(found.writes),
        f"one per changed scene ({writable})",
        found.writes <= writable,
    )
    text = f"{found.uploads}  ({found.lookups} looked whether Plex has it)"
    is_within = found.uploads <= covers and found.lookups <= covers
    yield Row(part, "Plex: images uploaded", text, f"only other bytes ({covers})", is_within)
    yield Row(part, "time", f"{taken:.1f} s  ({count / taken:.0f} scenes a second)")
