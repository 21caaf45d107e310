"""Weeks of faults in minutes: `python -m tests.crash.soak_clock --seed 1 --weeks 2`.

One process, real HTTP, a clock that moves only on request. Whatever a seed brings, every change
must be in Plex at the end, nothing may be stuck, and nothing may have grown. Faults that make a client
wait for real are left to the flow tests: they would cost real minutes here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sync_queue.dead_letters import DeadLetters
from tasks.recovery import CLASSES, recover
from tests.emulators.plex_server import Fault
from tests.harness.processes import running
from tests.harness.resources import count_descriptors, count_objects
from tests.harness.servers import TOKEN
from tests.harness.soak import SoakHarness
from worker.resilience.outages import KEPT, read_history

WEEK_S = 7 * 86_400.0
SCENES = 30
MEAN_GAP_S = 1_200.0
QUIET_S = 1_300.0  # a catch-up and a little more
END_LIMIT_S = 6 * 3_600.0
LOG_LIMIT = 4 * 2_000_000 + 100_000

WORDS = ("Red", "Green", "Blue", "Ünïcode", "a & b", "100 %", "Night", "東京")
PASSING = CLASSES["temporary"]
PLEX_FAULTS = (
    "refuse",
    "cut",
    "truncated_xml",
    "html_200",
    "apply_then_drop",
    "apply_then_status",
    "status",
)
PLEX_STATUSES = (429, 500, 502, 503, 504)
DOCUMENTS = ("circuit_breaker.json", "outages.json", "ramp.json", "stats.json")
METHODS = ("GET", "PUT", "POST", None)


@dataclass(slots=True)
class Report:
    """What happened in a soak, and what is wrong at its end (nothing, if all is well)."""

    seed: int
    simulated_s: float = 0.0
    actions: Counter[str] = field(default_factory=Counter)
    workers: int = 0
    crashes: int = 0
    outages: int = 0
    recovered: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the report for the reader of the log."""
        done = ", ".join(f"{count} x {name}" for name, count in sorted(self.actions.items()))
        lines = [
            f"seed {self.seed}: {self.simulated_s / 86_400.0:.1f} simulated days, {self.workers} workers of which "
            f"{self.crashes} were killed, {self.outages} outages kept",
            f"  {done}",
            f"  put back by the button at the end: {self.recovered or 'nothing'}",
        ]
        return "\n".join(lines + [f"  WRONG: {one}" for one in self.errors])


class ClockSoak:
    """One seeded run."""

    def __init__(self, harness: SoakHarness, seed: int) -> None:
        self.harness = harness
        self.rng = Random(
            seed
        )  # not the harness's: how often a worker looks must not change what happens next
        self.report = Report(seed)
        self.scenes = [harness.scene(f"{number}.mp4", 1_000 + number) for number in range(SCENES)]
        self.numbers = SCENES
        self.later: list[
            tuple[float, str, int]
        ] = []  # (when, name, size) of files that Plex has yet to scan
        self.actions: tuple[tuple[int, Callable[[], None]], ...] = (
            (30, self.edit),
            (4, self.bulk_edit),
            (4, self.edit_without_hook),
            (4, self.edit_with_spill),
            (4, self.new_scene),
            (3, self.rescan),
            (6, self.outage),
            (3, self.flapping),
            (3, self.maintenance),
            (6, self.plex_fault),
            (2, self.wrong_token),
            (4, self.stash_fault),
            (4, self.stash_away),
            (3, self.clock_jump),
            (4, self.restart),
            (8, self.kill_worker),
            (3, self.garbage),
            (2, self.sync_all),
            (2, self.destroy),
            (4, self.burst_of_faults),
        )

    def run(self, seconds: float) -> Report:
        """Cause faults for so long, wait until the worker is idle, and compare both sides."""
        clock = self.harness.clock
        begun = clock.monotonic()
        self.edit()
        while clock.monotonic() - begun < seconds:
            self.harness.live(self.rng.expovariate(1.0 / MEAN_GAP_S))
            self.scan()
            (action,) = self.rng.choices(
                [row[1] for row in self.actions], [row[0] for row in self.actions]
            )
            self.report.actions[action.__name__] += 1
            action()
            self.run_maintenance()
        self.wait_until_consistent()
        self.report.simulated_s = clock.monotonic() - begun
        self.compare()
        return self.report

    # -- edits ----------------------------------------------------------------------------------

    def edit(self) -> None:
        """Save a scene."""
        scene = self.rng.choice(self.scenes)
        self._change(scene)
        self.harness.hook(scene)

    def bulk_edit(self) -> None:
        """Save ten scenes with one request."""
        chosen = self.rng.sample(self.scenes, 10)
        for scene in chosen:
            self._change(scene)
        self.harness.hook(*chosen)

    def edit_without_hook(self) -> None:
        """A hook that never ran; the catch-up finds it. It is given its time: two faults at
        the same time may hide a change.
        """
        self._change(self.rng.choice(self.scenes))
        self.harness.wake()
        self.harness.live(QUIET_S)

    def edit_with_spill(self) -> None:
        """A hook that could not write to the database."""
        scene = self.rng.choice(self.scenes)
        self._change(scene)
        self.harness.spilling_hook(scene)

    def _change(self, scene: int) -> None:
        words = self.rng.sample(WORDS, 4)
        fields: dict[str, object] = {
            "title": f"{words[0]} {self.rng.randrange(10_000)}",
            "details": " ".join(words),
            "date": f"20{self.rng.randrange(10, 26)}-0{self.rng.randrange(1, 10)}-11",
            "studio": self.rng.choice([words[1], None]),
            "performers": words[: self.rng.randrange(4)],
            "tags": words[self.rng.randrange(4) :],
        }
        if self.rng.random() < 0.3:
            fields["cover"] = self.harness.cover()
        self.harness.change(scene, **fields)

    def new_scene(self) -> None:
        """A scene whose file Plex scans within five hours."""
        self.numbers += 1
        number = self.numbers
        name, size = f"{number}.mp4", 1_000 + number
        self.scenes.append(self.harness.scene(name, size, in_plex=False))
        self.later.append(
            (self.harness.clock.monotonic() + self.rng.uniform(0.0, 18_000.0), name, size)
        )
        self._change(self.scenes[-1])
        self.harness.hook(self.scenes[-1])

    def sync_all(self) -> None:
        """Enqueue every scene, behind the users' edits."""
        self.harness.wake()
        self.harness.backfill(self.harness.stash.library.scene_ids())

    def destroy(self) -> None:
        """A scene is deleted in Stash; its hook notes it like any other change."""
        if len(self.scenes) > SCENES:
            gone = self.scenes.pop()
            self.harness.stash.library.drop_scene(gone)
            self.harness.hook(gone)

    def scan(self, *, everything: bool = False) -> None:
        """Plex finds what it should have found by now."""
        now = self.harness.clock.monotonic()
        found = [row for row in self.later if everything or row[0] <= now]
        self.later = [row for row in self.later if row not in found]
        for _, name, size in found:
            self.harness.plex.library.add_item(self.harness.section, [(f"/media/{name}", size)])

    def rescan(self) -> None:
        """Plex loses an item and finds it again as another one; then the scene is edited."""
        number = self.rng.randrange(SCENES)
        library = self.harness.plex.library
        library.remove_item(self.harness.item(f"{number}.mp4").rating_key)
        library.add_item(self.harness.section, [(f"/media/{number}.mp4", 1_000 + number)])
        self._change(self.scenes[number])
        self.harness.hook(self.scenes[number])

    # -- Plex -----------------------------------------------------------------------------------

    def outage(self) -> None:
        """Seconds to hours, with edits meanwhile."""
        self.harness.plex.down()
        for _ in range(self.rng.randrange(4)):
            self.edit()
            self.harness.live(10.0 ** self.rng.uniform(0.0, 4.0))
        self.harness.plex.up()

    def flapping(self) -> None:
        """Up for twenty seconds, down for twenty."""
        for _ in range(self.rng.randrange(2, 8)):
            self.harness.plex.down()
            self.edit()
            self.harness.live(20.0)
            self.harness.plex.up()
            self.harness.live(20.0)

    def maintenance(self) -> None:
        """It answers 503 for up to an hour."""
        self.harness.plex.maintenance(self.rng.uniform(30.0, 3_600.0))
        self.edit()

    def plex_fault(self) -> None:
        """A few of the next requests go wrong in some way."""
        kind, times = self.rng.choice(PLEX_FAULTS), self.rng.randrange(1, 12)
        status, method = self.rng.choice(PLEX_STATUSES), self.rng.choice(METHODS)
        self.harness.plex.faults.add(Fault(kind, method=method, status=status, times=times))
        self.bulk_edit()

    def wrong_token(self) -> None:
        """The token is worth nothing until the user enters the new one."""
        token = f"{TOKEN}-{self.rng.getrandbits(40)}"
        self.harness.plex.change_token(token)
        self.edit()
        self.harness.live(self.rng.uniform(60.0, 7_200.0))
        self.harness.stash.configure(a_plex_token=token)

    # -- Stash, the machine, the worker -----------------------------------------------------------

    def stash_fault(self) -> None:
        """A few of the next answers are bad."""
        faults, times = self.harness.stash.faults, self.rng.randrange(1, 6)
        answers: list[Callable[[], object]] = [
            lambda: faults.fail(500, times=times),
            lambda: faults.html(502, times=times),
            lambda: faults.html(200, times=times),
            lambda: faults.truncate(20, times=times),
            lambda: faults.drop(times=times),
            lambda: faults.locked(times=times),
        ]
        self.rng.choice(answers)()
        self.edit()

    def stash_away(self) -> None:
        """Stash restarts, or is gone for so long that the worker leaves; the next hook starts one."""
        self.edit()
        self.harness.stash.down()
        self.harness.live(10.0 ** self.rng.uniform(1.0, 3.5))
        self.harness.stash.up()
        self.edit()

    def clock_jump(self) -> None:
        """The clock is corrected by up to two days. The watermark is given time to follow."""
        far = self.rng.choice([600.0, 7_200.0, 172_800.0])
        self.harness.clock.jump(self.rng.uniform(-far, far))
        self.edit()
        self.harness.live(QUIET_S)

    def restart(self) -> None:
        """The worker ends; the next hook starts another."""
        self.harness.end_worker()
        self.edit()

    def kill_worker(self) -> None:
        """The worker is killed at one of its next points, and the next hook starts another."""
        self.harness.schedule_kill(self.rng.randrange(1, 60))
        self.edit()
        self.harness.live(60.0)
        self.edit()

    def garbage(self) -> None:
        """The worker ends, and one of its small files is damaged."""
        self.harness.end_worker()
        name = self.rng.choice(DOCUMENTS)
        (self.harness.data / name).write_bytes(
            self.rng.choice([b"", b"{", b"[1]", b'{"state": 7}', b"\xff\xfe"])
        )
        self.edit()

    def burst_of_faults(self) -> None:
        """Cause several kinds of faults in a row."""
        kinds = [
            self.plex_fault,
            self.plex_fault,
            self.stash_fault,
            self.kill_worker,
            self.outage,
            self.restart,
        ]
        for cause_fault in self.rng.sample(kinds, 4):
            cause_fault()
            self.harness.live(self.rng.uniform(0.0, 30.0))

    # -- the end --------------------------------------------------------------------------------

    def run_maintenance(self) -> None:
        """What must hold at every moment."""
        if self.harness.log_bytes() > LOG_LIMIT:
            self.report.errors.append(f"the log has {self.harness.log_bytes()} bytes")

    def wait_until_consistent(self) -> None:
        """All faults end; what waits gets the time it needs."""
        harness = self.harness
        harness.plex.faults.clear()
        harness.stash.faults.clear()
        harness.plex.end_maintenance()
        self.scan(everything=True)
        harness.points_left = 0
        self._rest()
        self._run_recover()
        self._rest()

    def _rest(self) -> None:
        end = self.harness.clock.monotonic() + END_LIMIT_S
        self.harness.wake()
        self.harness.live(QUIET_S)
        while self.harness.jobs() and self.harness.clock.monotonic() < end:
            self.harness.wake()  # a user opens Stash now and then
            self.harness.live(60.0)

    def _run_recover(self) -> None:
        """As the button for passing faults does, once Plex is healthy."""
        store = self.harness.store
        now = self.harness.clock.wall()
        result = recover(
            store, DeadLetters(store), PASSING, lambda _: True, lambda _: frozenset(), now
        )
        self.report.recovered = result.recovered

    def compare(self) -> None:
        """Compare both libraries field by field, and look for what is stuck."""
        harness, report = self.harness, self.report
        history, warning = read_history(harness.data, harness.clock)
        report.workers, report.crashes, report.outages = (
            harness.workers,
            harness.crashes,
            len(history.outages),
        )
        report.errors += harness.differences()
        report.errors += [f"still queued: {job}" for job in harness.jobs()]
        report.errors += [f"dead letter: {dead_letter}" for dead_letter in harness.dead_letters()]
        report.errors += [f"in progress: {count}" for count in [harness.running()] if count]
        report.errors += [
            f"said: {line}" for line in harness.worker_log().splitlines() if " ERROR " in line
        ]
        report.errors += [warning] if warning else []
        report.errors += (
            [f"{len(history.outages)} outages kept"] if len(history.outages) > KEPT else []
        )
        report.errors += ["an outage is still open"] if history.current is not None else []


def soak(root: Path, seed: int, weeks: float) -> Report:
    """One run in a fresh folder."""
    harness = SoakHarness(root, seed)
    with running(harness):
        return ClockSoak(harness, seed).run(weeks * WEEK_S)


def main() -> int:
    """One run; 1 when anything was wrong at its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--weeks", type=float, default=1.0)
    given = parser.parse_args()
    print(f"soak with seed {given.seed}, {given.weeks:g} simulated weeks", flush=True)
    before = (count_objects(), count_descriptors())
    with tempfile.TemporaryDirectory(prefix="plexsync-soak-") as folder:
        report = soak(Path(folder), given.seed, given.weeks)
    print(report.text())
    print(
        f"  count_objects and count_descriptors before {before}, after {(count_objects(), count_descriptors())}"
    )
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
