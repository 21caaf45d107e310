"""Both sides compared: a library in step, and one where every hundredth scene is not.

The first library is not synced for this but made as a sync would leave it, records included.
"""

import math
from collections.abc import Iterator
from contextlib import closing

from benchmarks.big_library import BigLibrary, open_big_library
from benchmarks.environment import LONG_AGO
from benchmarks.index import PEAK_MIB
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.traffic import FEW
from benchmarks.worker_process import Measured
from core.clock import SystemClock
from core.field_values import FieldValue, digest
from core.fields import BY_NAME
from core.record import FieldRecord, ImageRecord, SyncRecord
from plex.client import READ_BATCH
from reconciliation.run import request_run
from reconciliation.sweep import PAGE
from sync_queue.hook_queue import connect
from sync_queue.meta import MetaStore
from sync_queue.records import Records
from sync_queue.store import JobStore
from tests.emulators.stash_model import SceneView
from validation.scope import ALL

# Scenes per gap.
EVERY = 100
# Items on a page of Plex's file list.
LISTED = 1_000
# Scenes in one query for deleted scenes, once a day.
ASKED_GONE = 1_000
# A batch reads its scenes, its items, and what Plex shows afterwards; of Stash also the settings.
PER_BATCH = 3
# Seconds per scene may differ by this factor between the smallest and the largest library.
LINEAR = 1.5
# A minute after LONG_AGO.
LONG_AGO_S = 1_714_564_860.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure without and with gaps, in a new process each, for every size."""
    each_s = []
    for count in sizes.compared:
        with open_big_library(count, count) as library:
            make_synced(library)
            measured = compare(library)
            yield from _judged(
                f"Comparing {count:,} synced scenes, index cold", library, measured, count, 0
            )
            each_s.append(measured.own_s / count)
            for item in library.items[::EVERY]:
                library.plex.library.change(item, title="By hand")
            part = f"Comparing {count:,} scenes, every {EVERY}th with a gap, and fixing them"
            yield from _judged(part, library, compare(library), count, len(library.items[::EVERY]))
    ratio = each_s[-1] / each_s[0]
    part = "Comparing, by the number of scenes"
    text = f"{ratio:.2f} x"
    yield Row(
        part,
        "processor per scene, the largest against the smallest",
        text,
        f"at most {LINEAR:g} x",
        ratio <= LINEAR,
    )


def compare(library: BigLibrary) -> Measured:
    """Compare both sides in a process of its own, fixing included."""
    with closing(connect(str(library.data), timeout_s=30.0)) as connection:
        clock = SystemClock()
        request_run(MetaStore(JobStore(connection, clock)), ALL, clock.wall())
    measured, _ = library.run("drain")
    return measured


def _judged(
    part: str, library: BigLibrary, measured: Measured, count: int, gaps: int
) -> Iterator[Row]:
    """Yield the rows. The gaps of one read are fixed before the next read: a batch each."""
    asked, plex = len(library.stash.requests), list(library.plex.requests)
    writes = sum(request.method != "GET" for request in plex)
    batches = min(gaps, math.ceil(count / READ_BATCH))
    extra = f" + {PER_BATCH} for each of {batches} batches" if batches else ""
    limit = math.ceil(count / PAGE) + math.ceil(count / ASKED_GONE) + PER_BATCH * batches + FEW
    text = f"N/{PAGE} + N/{ASKED_GONE}{extra} + a few ({limit})"
    yield Row(part, "Stash: requests", str(asked), text, asked <= limit)
    limit = math.ceil(count / LISTED) + math.ceil(count / READ_BATCH) + PER_BATCH * batches + FEW
    reads, text = len(plex) - writes, f"M/{LISTED} + M/{READ_BATCH}{extra} + a few ({limit})"
    yield Row(part, "Plex: reads", str(reads), text, reads <= limit)
    yield Row(
        part, "Plex: writes", str(writes), f"at most {gaps}" if gaps else "none", writes <= gaps
    )
    own_ms = measured.own_s / count * 1000.0
    yield Row(
        part,
        "time",
        f"{measured.seconds:.1f} s  (processor {measured.own_s:.1f} s, {own_ms:.2f} ms a scene)",
    )
    if measured.peak_mib:
        is_small = measured.peak_mib < PEAK_MIB
        yield Row(
            part,
            "peak memory",
            f"{measured.peak_mib:.0f} MiB",
            f"under {PEAK_MIB:.0f} MiB",
            is_small,
        )


def make_synced(library: BigLibrary) -> None:
    """Make Plex show every scene, and save the records."""
    with closing(connect(str(library.data), timeout_s=30.0)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        records = Records(JobStore(connection, SystemClock()))
        for scene, item in zip(library.scenes, library.items, strict=True):
            records.save(_shown(library, library.stash.library.scene(scene), item))


def _shown(library: BigLibrary, scene: SceneView, item: int) -> SyncRecord:
    """Change the item so that it shows the scene; return its record."""
    values: dict[str, FieldValue] = {
        "title": scene.title,
        "studio": scene.studio or "",
        "summary": scene.details,
        "date": scene.date or "",
        "performers": scene.performers,
        "tags": scene.tags,
        "collection": (scene.studio or "",),
    }
    names = {"performers": "roles", "tags": "genres", "collection": "collections"}
    library.plex.library.change(
        item, **{names.get(name, name): value for name, value in values.items()}
    )
    shown, file = library.plex.library.item(item), scene.files[0]
    fields = {}
    for name, value in values.items():
        mark = digest(BY_NAME[name].kind, value)
        fields[name] = FieldRecord(mark, mark, value if isinstance(value, tuple) else ())
    return SyncRecord(
        scene.id,
        library.plex.machine_identifier,
        item,
        library.plex.library.section(shown.section_key).uuid,
        shown.files[0],
        file.oshash,
        LONG_AGO,
        LONG_AGO_S,
        fields=fields,
        images={"poster": ImageRecord(f"{scene.id:040x}", f'"{scene.id:x}"', shown.thumb or "")},
    )
