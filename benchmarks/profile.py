"""Profile a sync: `python -m benchmarks.profile [scenes]`, by default 500 changed scenes."""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence

from benchmarks.big_library import open_big_library
from benchmarks.caches import SURE_S
from benchmarks.worker_process import Cost

SCENES = 500


def main(arguments: Sequence[str]) -> int:
    """Sync everything once, change everything, and profile the sync of the changes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile", description="Where the time of a sync goes."
    )
    parser.add_argument(
        "scenes", nargs="?", type=int, default=SCENES, help="how many scenes change; 500 by default"
    )
    count = parser.parse_args(arguments).scenes
    with open_big_library(count, count) as library:
        library.sync(library.scenes)
        library.change(library.scenes)
        time.sleep(SURE_S)
        measured, traffic = library.sync(library.scenes, "profile")
    by_own, by_cumulative = measured.profile
    print(
        f"{count} changed scenes, {traffic.writes} edits, {traffic.uploads} uploads: "
        f"{measured.seconds:.2f} s"
    )
    print("under the profiler, which makes everything slower; waiting for the servers included.")
    print(f"\nCostliest by own time\n{_listed(by_own)}")
    print(
        "\nCostliest by cumulative time, without the loops around everything\n"
        f"{_listed(by_cumulative)}"
    )
    return 0


def _listed(costs: Iterable[Cost]) -> str:
    lines = ["  own s   cum s    calls  function"]
    lines += [
        f"{cost.own_s:7.3f} {cost.cumulative_s:7.3f} {cost.calls:8,}  {cost.name}" for cost in costs
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
