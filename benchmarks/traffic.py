"""Count the requests to both servers by kind, exactly, with the emulators."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.environment import BenchEnvironment, open_environment, picture, wait_until
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from core.job import PRIORITY_EDIT
from tests.emulators.plex_http import RequestRecord as PlexRecord
from tests.emulators.stash_requests import RequestRecord as StashRecord

# Other requests of a drain: settings, libraries, identity, and periodic work.
FEW = 10
# Every tenth changed scene gets another cover.
COVERS = 10
# What the benchmark itself sends.
BY_HAND = (
    "sceneUpdate",
    "bulkSceneUpdate",
    "runPluginTask",
    "configurePlugin",
)


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
        """Return the number of requests for covers."""
        return self.covers_200 + self.covers_304


def counted(stash: list[StashRecord], plex: list[PlexRecord]) -> Traffic:
    """Return the requests by kind, without the benchmark's own mutations."""
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
    """Measure a first sync, changed scenes, a bulk edit with hooks, and a sync without a change."""
    limit = max(sizes.changed)
    with open_environment(limit) as env:
        scenes = list(env.items)[1:]
        part = f"Requests for the first sync of {limit:,} scenes (edits found waiting)"
        yield from _judged(
            part, *_measured(env, lambda: _edit_all(env, scenes)), limit, limit, limit
        )
        for count in sizes.changed:
            covers = -(-count // COVERS)
            part = (
                f"Requests for {count:,} changed scenes, {covers:,} of them with another cover "
                "(edits found waiting)"
            )
            chosen = scenes[:count]
            measured = _measured(env, lambda chosen=chosen: _change_all(env, chosen))  # type: ignore[misc]
            yield from _judged(part, *measured, count, count, covers)
        chosen = scenes[: sizes.bulk]
        part = f"Requests for one bulk edit of {sizes.bulk:,} scenes, hooks and all"
        measured = _measured(
            env, lambda: env.stash.bulk_update(chosen, details="Written by a bulk edit.")
        )
        yield from _judged(part, *measured, sizes.bulk, sizes.bulk, 0)
        # A record that was read within two seconds of its scene's change does not count as current:
        # its cover is requested once more.
        for when, moved in (
            ("Sync All Scenes after these edits", limit + 1),
            ("Sync All Scenes once more", 0),
        ):
            part = f"Requests for {limit + 1:,} unchanged scenes ({when})"
            found, taken = _measured(env, lambda: _sync_all(env))
            yield from _judged(part, found, taken, limit + 1, moved, 0, edits=0)


def _edit_all(env: BenchEnvironment, scenes: list[int]) -> None:
    env.enqueue_scenes(scenes, "update", PRIORITY_EDIT)


def _change_all(env: BenchEnvironment, scenes: list[int]) -> None:
    mark = f"{time.time():.3f}"
    for position, scene in enumerate(scenes):
        cover = (
            picture(int(time.time()) % 1_000_000_000 + scene) if position % COVERS == 0 else None
        )
        env.change(scene, f"Changed {mark} {scene}", cover)
    _edit_all(env, scenes)


def _sync_all(env: BenchEnvironment) -> None:
    job = env.stash.run_task("Sync All Scenes")
    env.stash.wait_job(job, 600.0)


def _measured(env: BenchEnvironment, do: Callable[[], object]) -> tuple[Traffic, float]:
    """Return the requests and the seconds until everything is done."""
    env.wait_idle(600.0)
    # Stash's times are whole seconds: the next change must have a later one.
    time.sleep(1.5)
    env.stash.reset_counts()
    env.plex.reset_counts()
    started = time.perf_counter()
    do()
    wait_until("the sync has ended", env.is_idle, 900.0)
    taken = time.perf_counter() - started
    return counted(env.stash.requests, list(env.plex.requests)), taken


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
    """Yield one row per kind, for `moved` written scenes of which `covers` have another cover."""
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
