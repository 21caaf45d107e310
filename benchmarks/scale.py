"""Whether a scene costs the same in a small library and in a large one."""

from collections.abc import Iterator

from benchmarks.big_library import open_big_library
from benchmarks.lone_worker import Measured
from benchmarks.report import Row
from benchmarks.sizes import Sizes

FLAT = 1.3  # the largest library may cost this much more; noise allowed for


def rows(sizes: Sizes) -> Iterator[Row]:
    """The first sync of equally many scenes against growing libraries, each indexed before."""
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
    return f"{found.seconds / count * 1000:.1f} ms a scene  (processor {found.own_s / count * 1000:.1f} ms)"
