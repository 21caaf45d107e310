"""Time thousands of hooks in a row: `python -m benchmarks.many_hooks [--hooks N] [--processes N]`.

The hooks run in this process, each with its own connection like a real one, while a lease is held
as by a worker; then, with --processes, as whole processes. Prints the times of the first and last.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hooks.entry import run_hook
from sync_queue.lease import Lease
from sync_queue.schema import open_database
from tests.emulators.stash_plugins import load_plugin
from tests.harness.plugin_copy import copy_plugin
from tools.package import MANIFEST

# How many at either end are compared.
EDGE = 200


def main(arguments: Sequence[str]) -> int:
    """Measure and print the times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_hooks", description=__doc__)
    parser.add_argument("--hooks", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        plugin = copy_plugin(Path(folder) / "PlexSync")
        data = plugin / "data"
        data.mkdir(mode=0o700)
        open_database(data).queue.close()
        lease = Lease(data)
        lease.acquire()
        _report("in one process", _times(options.hooks, lambda number: _in_process(data, number)))
        if options.processes:
            _report(
                "as processes",
                _times(options.processes, lambda number: _as_process(plugin, number)),
            )
        opened = open_database(data)
        (rows,) = opened.queue.connection.execute(
            "SELECT count(*) FROM scene_ack_queue_default"
        ).fetchone()
        opened.queue.close()
        lease.release()
        size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
        spilled = len(list(data.glob("spill/*")))
        print(
            f"{rows} changes wait, {spilled} were spilled, the data folder has {size / 1e6:.1f} MB"
        )
    return 0


def _message(number: int) -> dict[str, object]:
    context = {"type": "Scene.Update.Post", "id": number, "input": {}, "inputFields": ["title"]}
    connection = {
        "Scheme": "http",
        "Host": "127.0.0.1",
        "Port": 9,
        "SessionCookie": {"Value": f"cookie {number}"},
    }
    return {"server_connection": connection, "args": {"hookContext": context}}


def _in_process(data: Path, number: int) -> bool:
    return run_hook(
        _message(number), str(data), time.time(), lambda by: lambda: None, lambda line: None
    ) == {"output": "ok"}


def _as_process(plugin: Path, number: int) -> bool:
    given = json.dumps(_message(1_000_000 + number)).encode()
    _, *arguments = load_plugin(plugin / MANIFEST).exec
    done = subprocess.run(
        [sys.executable, *(part.replace("{pluginDir}", str(plugin)) for part in arguments)],
        input=given,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return bool(json.loads(done.stdout) == {"output": "ok"})


def _times(count: int, run: Callable[[int], bool]) -> list[float]:
    times = []
    for number in range(1, count + 1):
        started = time.perf_counter()
        if not run(number):
            raise SystemExit(f"hook {number} failed")
        times.append(time.perf_counter() - started)
    return times


def _report(how: str, times: list[float]) -> None:
    first, last = statistics.median(times[:EDGE]) * 1000, statistics.median(times[-EDGE:]) * 1000
    print(
        f"{len(times)} hooks {how}: {first:.2f} ms each at the beginning, {last:.2f} ms at the end "
        f"(medians of {EDGE}), the slowest {max(times) * 1000:.0f} ms, {sum(times):.0f} s in all"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
