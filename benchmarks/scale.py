"""Compare the cost of a scene in a small library and in a large one."""

from collections.abc import Iterator

from benchmarks.big_library import open_big_library
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.worker_process import Measured

# The largest library may cost this much more; includes noise.
FLAT = 1.3


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure the first sync of the same number of scenes against growing, indexed libraries."""
    part = f"First sync of {sizes.scaled:,} scenes, by the items in Plex (index warm)"
    measured = []
    for items in sizes.scales:
        with open_big_library(items, sizes.scaled) as library:
            library.run("index")
            found, _ = library.sync(library.scenes)
        measured.append(found)
        yield Row(
            part, f"{items:,} items", f"{_text(found, sizes.scaled)}; peak {found.peak_mib:.0f} MiB"
        )
    whole = measured[-1].seconds / measured[0].seconds
    own = measured[-1].own_s / measured[0].own_s
    text = f"{whole:.2f} x  (processor {own:.2f} x)"
    yield Row(
        part, "the largest against the smallest", text, f"flat (at most {FLAT:g} x)", own <= FLAT
    )


def _text(found: Measured, count: int) -> str:
    own_ms = found.own_s / count * 1000
    return f"{found.seconds / count * 1000:.1f} ms a scene  (processor {own_ms:.1f} ms)"
