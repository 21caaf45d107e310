"""See changes travel from Stash to Plex: `make demo`.

Starts both emulators, installs the plugin as Stash would, edits scenes over GraphQL and shows what
arrives in Plex. Exits non-zero when something does not. With KEEP=1 in the environment the servers
stay up until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable

from tests.demo_screen import Screen, Values, plex_values, stash_values
from tests.demo_stage import (
    BULK,
    DURING_OUTAGE,
    LATECOMER,
    SINGLE,
    TOKEN,
    TWINS,
    DemoFailed,
    Film,
    Stage,
    open_stage,
    wait_until,
)

AT_ONCE_S = 20.0
AFTER_OUTAGE_S = 60.0
AFTER_SCAN_S = 75.0
SAID_BY_PLUGIN = "[Plugin / PlexSync] "


class Demo:
    """The five acts."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self._stage = stage
        self._screen = screen

    def run(self) -> None:
        """Play all acts.

        Raises:
            DemoFailed: a change did not arrive.
        """
        for number, act in enumerate(
            (self.single, self.bulk, self.outage, self.latecomer, self.ambiguous), start=1
        ):
            self._screen.act(number, (act.__doc__ or "").strip().rstrip("."))
            act()

    def single(self) -> None:
        """A single edit."""
        self._screen.say(
            "Somebody fills in a scene in Stash and saves it. Plex was never touched before this moment."
        )
        if self._stage.plex.writes():
            raise DemoFailed("Plex was written to before the first edit")
        with Watched(self._stage, self._screen, [SINGLE], AT_ONCE_S):
            self._stage.stash.update_scene(
                self._stage.ids[SINGLE],
                title="Night Train",
                details="Two strangers share the last compartment.\nNeither has a ticket.",
                date="2024-03-09",
                studio_id=str(self._stage.stash.library.studio_id("Aurora Films")),
                performer_ids=[
                    str(self._stage.stash.library.performer_id(name))
                    for name in ("Mia Sol", "Jon Berg")
                ],
                tag_ids=[
                    str(self._stage.stash.library.tag_id(name)) for name in ("train", "night")
                ],
            )

    def bulk(self) -> None:
        """A bulk edit."""
        self._screen.say(
            "Three scenes are selected in Stash and get a studio, a date and two tags at once."
        )
        library = self._stage.stash.library
        with Watched(self._stage, self._screen, BULK, AT_ONCE_S):
            self._stage.stash.bulk_update(
                [self._stage.ids[film] for film in BULK],
                studio_id=str(library.studio_id("Blue Harbour")),
                date="2023-07-21",
                tag_ids={
                    "mode": "ADD",
                    "ids": [str(library.tag_id(name)) for name in ("sea", "summer")],
                },
            )

    def outage(self) -> None:
        """Plex goes down while scenes are edited, and comes back."""
        stage, screen = self._stage, self._screen
        stage.plex.down()
        screen.say("Plex is down. Saving in Stash goes on as ever; the changes wait.")
        with Watched(stage, screen, DURING_OUTAGE, AFTER_OUTAGE_S) as watched:
            for film in DURING_OUTAGE:
                since = time.monotonic()
                stage.stash.update_scene(
                    stage.ids[film],
                    details=f"{film.title}, seen from the old mill.",
                    studio_id=str(stage.stash.library.studio_id("Old Mill Pictures")),
                )
                screen.say(f"  saved '{film.title}' in {1000 * (time.monotonic() - since):.0f} ms")
            wait_until("the worker has noticed that Plex is down", self._breaker_lines, AT_ONCE_S)
            screen.say("The worker has noticed, and asks Plex with growing gaps. Its log says:")
            screen.log_lines(self._breaker_lines()[-1:])
            stage.plex.up()
            screen.say("Plex is back. Nobody presses a button.")
            watched.again()

    def latecomer(self) -> None:
        """A scene whose file Plex scans later."""
        stage, screen = self._stage, self._screen
        screen.say(f"'{LATECOMER.title}' is edited in Stash, but Plex does not have its file yet.")
        with Watched(stage, screen, [LATECOMER], AFTER_SCAN_S) as watched:
            stage.stash.update_scene(
                stage.ids[LATECOMER], details="Too early for the worm.", date="2025-01-31"
            )
            wait_until(
                "the job waits for Plex", lambda: stage.waiting_for("PlexNotFound"), AT_ONCE_S
            )
            screen.say(
                "The change waits. Now Plex scans its folder; the worker looks every half minute."
            )
            stage.scan(LATECOMER)
            watched.again()

    def ambiguous(self) -> None:
        """A scene that could be either of two files in Plex."""
        stage, screen = self._stage, self._screen
        screen.say("Plex has two files of this name and size, and the scene's folder fits neither:")
        screen.log_lines([f"Stash  {TWINS.path}", *(f"Plex   {path}" for path in TWINS.in_plex)])
        since, writes = time.monotonic(), len(stage.plex.writes())
        stage.stash.update_scene(stage.ids[TWINS], details="Which holiday was it?")
        wait_until("the scene is in the dead letters", stage.dead_letters, AT_ONCE_S)
        if len(stage.plex.writes()) != writes:
            raise DemoFailed("an ambiguous match was written to Plex")
        screen.timed("Nothing was written; the scene is in the dead letters", since)
        screen.say("The task 'View Queue Status' says in Stash's log:")
        seen = len(stage.stash.log)
        stage.stash.wait_job(stage.stash.run_task("View Queue Status"), AT_ONCE_S)
        entries = [entry.message for entry in stage.stash.log[seen:]]
        lines = [
            text.removeprefix(SAID_BY_PLUGIN) for text in entries if text.startswith(SAID_BY_PLUGIN)
        ]
        screen.log_lines(lines)
        if not any("AmbiguousMatch" in line for line in lines):
            raise DemoFailed("the queue status does not name the ambiguous match")

    def _breaker_lines(self) -> list[str]:
        return [
            line
            for line in self._stage.worker_log()
            if "breaker.transition" in line and "new=open" in line
        ]


class Watched:
    """Around an edit: remembers what Plex held, waits until what Stash holds has arrived, shows
    both.
    """

    def __init__(self, stage: Stage, screen: Screen, films: Iterable[Film], limit_s: float) -> None:
        self._stage = stage
        self._screen = screen
        self._limit_s = limit_s
        self._since = time.monotonic()
        self._before = {film: self._plex(film) for film in films}

    def again(self) -> None:
        """Count the seconds from here."""
        self._since = time.monotonic()

    def __enter__(self) -> Watched:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is None:
            self._wait()
            for film, before in self._before.items():
                item = self._stage.item(film)
                head = f"Scene {self._stage.ids[film]}  {film.path}  ->  Plex item {item.rating_key if item else '?'}"
                self._screen.scene(head, self._stash(film), before, self._plex(film))

    def _wait(self) -> None:
        try:
            wait_until("arrived", lambda: all(map(self._has_arrived, self._before)), self._limit_s)
        except DemoFailed:
            raise DemoFailed("\n".join(self._differences())) from None
        count = len(self._before)
        self._screen.timed(f"{count} scene{'s' if count > 1 else ''} arrived in Plex", self._since)

    def _has_arrived(self, film: Film) -> bool:
        return self._stash(film) == self._plex(film)

    def _differences(self) -> list[str]:
        return [
            f"did not arrive within {self._limit_s:g} s: {label} of scene {self._stage.ids[film]} "
            f"(Stash: {value!r}, Plex: {self._plex(film).get(label)!r})"
            for film in self._before
            for label, value in self._stash(film).items()
            if value != self._plex(film).get(label)
        ]

    def _stash(self, film: Film) -> Values:
        return stash_values(self._stage.stash.library.scene(self._stage.ids[film]))

    def _plex(self, film: Film) -> Values:
        return plex_values(self._stage.item(film))


def play(keep: bool, wait_for_end: Callable[[], object]) -> int:
    """The whole demo; the exit status."""
    started = time.monotonic()
    screen = Screen(started)
    with open_stage() as stage:
        stage.install()
        screen.say(
            f"Stash {stage.stash.url}   Plex {stage.plex.url}   PlexSync installed and set up."
        )
        try:
            Demo(stage, screen).run()
        except DemoFailed as failure:
            screen.say(f"\nFAILED: {failure}\n\nThe last lines of the worker's log:")
            screen.log_lines(stage.worker_log()[-15:])
            return 1
        screen.say()
        screen.say(f"All five steps went through in {time.monotonic() - started:.0f} s.")
        if keep:
            show_addresses(stage, screen)
            with contextlib.suppress(KeyboardInterrupt):  # the way this is meant to end
                wait_for_end()
    screen.say("Both servers and the worker have ended.")
    return 0


def show_addresses(stage: Stage, screen: Screen) -> None:
    """Where everything is, for a person who wants to look around."""
    screen.say(f"\nStash    {stage.stash.url}/graphql   (no login)")
    screen.say(
        f"Plex     {stage.plex.url}/library/sections/{stage.section}/all?X-Plex-Token={TOKEN}"
    )
    screen.say(f"Plugin   {stage.plugin}")
    screen.say(f"Log      {stage.data / 'plexsync.log'}")
    screen.say("Ctrl-C ends it.")


def main() -> int:
    """Run until it has ended, by itself or by Ctrl-C or a signal."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # so that the stage is cleared in any case
    try:
        return play(os.environ.get("KEEP", "") not in ("", "0"), threading.Event().wait)
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
