"""Do one part of the worker's work in its own process, to measure it alone.

The emulators run in the process of the benchmark. Reads one JSON order from stdin and prints the
figures as JSON. Imports what a worker imports.
"""

import cProfile
import json
import pstats
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.log import open_log
from plex.finder import Finder
from plex.index import FileIndex
from startup import collect_rarely
from sync.build_context import build_plex
from validation.config import read_config
from wiring import Environment, build_worker

PROJECT = Path(__file__).resolve().parent.parent
LOOKUPS = 2_000
TOP = 10
# A function with a larger share of the whole time is a loop around everything.
INFORMATIVE_BELOW = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """What to do: `action` is one of `ACTIONS`; `names` are paths of Plex to look up."""

    action: str
    data: str
    plex_url: str
    plex_token: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one order. `own_s` is this process's processor time; `peak_mib` 0.0 if unknown.

    `lookup_us` holds the microseconds of every lookup, `found` the number of successful ones,
    `profile` the costliest functions, by own time and by cumulative time.
    """

    seconds: float
    own_s: float
    peak_mib: float = 0.0
    lookup_us: tuple[float, ...] = ()
    found: int = 0
    profile: tuple[tuple["Cost", ...], ...] = field(default=())

    @property
    def lookup_median_us(self) -> float:
        """Return the median of a lookup in microseconds."""
        return statistics.median(self.lookup_us)


@dataclass(frozen=True, slots=True)
class Cost:
    """One function of a profile."""

    name: str
    calls: int
    own_s: float
    cumulative_s: float


def index(order: Order) -> Measured:
    """List every library into the index, then look names up, as the worker does."""
    env = Environment(PROJECT, Path(order.data))
    config = read_config({"a_plex_url": order.plex_url, "a_plex_token": order.plex_token}).config
    client = build_plex(env.data_dir, env.clock, config)
    finder = Finder(client, FileIndex(env.data_dir / "cache"), (), env.clock)
    seconds, own_s = _timed(finder.prepare)
    chosen = random.Random(7).choices(order.names, k=LOOKUPS if order.names else 0)
    taken, found = [], 0
    for name in chosen:
        started = time.perf_counter()
        files = finder.candidates(name)
        taken.append((time.perf_counter() - started) * 1e6)
        found += any(file.path == name for file in files)
    finder.close()
    client.close()
    return Measured(seconds, own_s, peak_mib(), tuple(taken), found)


def drain(order: Order) -> Measured:
    """Process the whole queue with the worker's own components, building them included."""
    seconds, own_s = _timed(lambda: _drain_queue(order))
    return Measured(seconds, own_s, peak_mib())


def profile(order: Order) -> Measured:
    """Process the whole queue under the profiler."""
    profiler = cProfile.Profile()
    seconds, own_s = _timed(lambda: profiler.runcall(_drain_queue, order))
    return Measured(seconds, own_s, peak_mib(), profile=_costliest(profiler))


ACTIONS: dict[str, Callable[[Order], Measured]] = {
    "index": index,
    "drain": drain,
    "profile": profile,
}


def peak_mib() -> float:
    """Return the peak resident memory of this process in MiB; 0.0 if it is not Linux.

    Unlike `ru_maxrss` it includes nothing of the parent process.
    """
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM:")), 0.0)


def _timed(do: Callable[[], object]) -> tuple[float, float]:
    started, own = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - started, time.process_time() - own


def _drain_queue(order: Order) -> None:
    data = Path(order.data)
    log, close_log = open_log(data / "plexsync.log")
    worker = build_worker(Environment(PROJECT, data), log, "benchmark", lambda: None)
    try:
        worker.loop.drain_and_exit(lambda: None)
    finally:
        worker.close()
        close_log()


def _costliest(profiler: cProfile.Profile) -> tuple[tuple[Cost, ...], ...]:
    functions = pstats.Stats(profiler).get_stats_profile().func_profiles
    costs = [
        Cost(
            f"{_short(entry.file_name, entry.line_number)}{name}",
            _calls(entry.ncalls),
            entry.tottime,
            entry.cumtime,
        )
        for name, entry in functions.items()
    ]
    by_own = sorted(costs, key=lambda cost: -cost.own_s)[:TOP]
    whole_s = max(cost.cumulative_s for cost in costs)
    informative = [cost for cost in costs if cost.cumulative_s < INFORMATIVE_BELOW * whole_s]
    return tuple(by_own), tuple(sorted(informative, key=lambda cost: -cost.cumulative_s)[:TOP])


def _calls(text: str) -> int:
    return int(text.partition("/")[0])


def _short(file: str, line: int) -> str:
    """Return the path within the project or the library, without the folders of this machine."""
    if file == "~":
        return ""
    parts = Path(file).parts
    start = parts.index("site-packages") + 1 if "site-packages" in parts else len(parts) - 2
    return f"{'/'.join(parts[start:])}:{line} "


if __name__ == "__main__":
    collect_rarely()  # as a worker does
    given = Order(**json.load(sys.stdin))
    json.dump(asdict(ACTIONS[given.action](given)), sys.stdout)
