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

from tests.demo_environment import (
    AMBIGUOUS,
    BULK,
    DURING_OUTAGE,
    LATE_FILE,
    SINGLE,
    TOKEN,
    DemoEnvironment,
    DemoFailed,
    Film,
    open_environment,
    wait_until,
)
from tests.demo_screen import Screen, Values, plex_values, stash_values

EDIT_LIMIT_S = 20.0
AFTER_OUTAGE_S = 60.0
AFTER_SCAN_S = 75.0
LOG_PREFIX = "[Plugin / PlexSync] "


class Demo:
    """The five steps of the demo."""

    def __init__(self, env: DemoEnvironment, screen: Screen) -> None:
        self._env = env
        self._screen = screen

    def run(self) -> None:
        """Run all steps.

        Raises:
            DemoFailed: a change did not arrive.
        """
        for number, step in enumerate(
            (self.single, self.bulk, self.outage, self.late_file, self.ambiguous), start=1
        ):
            self._screen.heading(number, (step.__doc__ or "").strip().rstrip("."))
            step()

    def single(self) -> None:
        """A single edit."""
        self._screen.show(
            "A user fills in a scene in Stash and saves it. Plex was never touched before this moment."
        )
        if self._env.plex.writes():
            raise DemoFailed("Plex was written to before the first edit")
        with Watched(self._env, self._screen, [SINGLE], EDIT_LIMIT_S):
            self._env.stash.update_scene(
                self._env.ids[SINGLE],
                title="Night Train",
                details="Two strangers share the last compartment.\nNeither has a ticket.",
                date="2024-03-09",
                studio_id=str(self._env.stash.library.studio_id("Aurora Films")),
                performer_ids=[
                    str(self._env.stash.library.performer_id(name))
                    for name in ("Mia Sol", "Jon Berg")
                ],
                tag_ids=[str(self._env.stash.library.tag_id(name)) for name in ("train", "night")],
            )

    def bulk(self) -> None:
        """A bulk edit."""
        self._screen.show(
            "Three scenes are selected in Stash and get a studio, a date and two tags together."
        )
        library = self._env.stash.library
        with Watched(self._env, self._screen, BULK, EDIT_LIMIT_S):
            self._env.stash.bulk_update(
                [self._env.ids[film] for film in BULK],
                studio_id=str(library.studio_id("Blue Harbour")),
                date="2023-07-21",
                tag_ids={
                    "mode": "ADD",
                    "ids": [str(library.tag_id(name)) for name in ("sea", "summer")],
                },
            )

    def outage(self) -> None:
        """Plex goes down while scenes are edited, and comes back."""
        env, screen = self._env, self._screen
        env.plex.down()
        screen.show("Plex is down. Saving in Stash works as ever; the changes wait.")
        with Watched(env, screen, DURING_OUTAGE, AFTER_OUTAGE_S) as watched:
            for film in DURING_OUTAGE:
                since = time.monotonic()
                env.stash.update_scene(
                    env.ids[film],
                    details=f"{film.title}, seen from the old mill.",
                    studio_id=str(env.stash.library.studio_id("Old Mill Pictures")),
                )
                screen.show(f"  saved '{film.title}' in {1000 * (time.monotonic() - since):.0f} ms")
            wait_until(
                "the worker has noticed that Plex is down", self._breaker_lines, EDIT_LIMIT_S
            )
            screen.show("The worker has noticed, and asks Plex with growing gaps. Its log says:")
            screen.log_lines(self._breaker_lines()[-1:])
            env.plex.up()
            screen.show("Plex is back. No button is pressed.")
            watched.again()

    def late_file(self) -> None:
        """A scene whose file Plex scans later."""
        env, screen = self._env, self._screen
        screen.show(f"'{LATE_FILE.title}' is edited in Stash, but Plex does not have its file yet.")
        with Watched(env, screen, [LATE_FILE], AFTER_SCAN_S) as watched:
            env.stash.update_scene(
                env.ids[LATE_FILE], details="Too early for the worm.", date="2025-01-31"
            )
            wait_until(
                "the job waits for Plex", lambda: env.waiting_for("PlexNotFound"), EDIT_LIMIT_S
            )
            screen.show(
                "The change waits. Now Plex scans its folder; the worker looks every half minute."
            )
            env.scan(LATE_FILE)
            watched.again()

    def ambiguous(self) -> None:
        """A scene that could be either of two files in Plex."""
        env, screen = self._env, self._screen
        screen.show(
            "Plex has two files of this name and size, and the scene's folder fits neither:"
        )
        screen.log_lines(
            [f"Stash  {AMBIGUOUS.path}", *(f"Plex   {path}" for path in AMBIGUOUS.in_plex)]
        )
        since, writes = time.monotonic(), len(env.plex.writes())
        env.stash.update_scene(env.ids[AMBIGUOUS], details="Which holiday was it?")
        wait_until("the scene is in the dead letters", env.dead_letters, EDIT_LIMIT_S)
        if len(env.plex.writes()) != writes:
            raise DemoFailed("an ambiguous match was written to Plex")
        screen.timed("Nothing was written; the scene is in the dead letters", since)
        screen.show("The task 'View Queue Status' says in Stash's log:")
        seen = len(env.stash.log)
        env.stash.wait_job(env.stash.run_task("View Queue Status"), EDIT_LIMIT_S)
        entries = [entry.message for entry in env.stash.log[seen:]]
        lines = [text.removeprefix(LOG_PREFIX) for text in entries if text.startswith(LOG_PREFIX)]
        screen.log_lines(lines)
        if not any("AmbiguousMatch" in line for line in lines):
            raise DemoFailed("the queue status does not name the ambiguous match")

    def _breaker_lines(self) -> list[str]:
        return [
            line
            for line in self._env.worker_log()
            if "breaker.transition" in line and "new=open" in line
        ]


class Watched:
    """Around an edit: remembers what Plex held, waits until what Stash holds has arrived, shows
    both.
    """

    def __init__(
        self, env: DemoEnvironment, screen: Screen, films: Iterable[Film], limit_s: float
    ) -> None:
        self._env = env
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
                item = self._env.item(film)
                head = f"Scene {self._env.ids[film]}  {film.path}  ->  Plex item {item.rating_key if item else '?'}"
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
            f"did not arrive within {self._limit_s:g} s: {label} of scene {self._env.ids[film]} "
            f"(Stash: {value!r}, Plex: {self._plex(film).get(label)!r})"
            for film in self._before
            for label, value in self._stash(film).items()
            if value != self._plex(film).get(label)
        ]

    def _stash(self, film: Film) -> Values:
        return stash_values(self._env.stash.library.scene(self._env.ids[film]))

    def _plex(self, film: Film) -> Values:
        return plex_values(self._env.item(film))


def play(keep: bool, wait_for_end: Callable[[], object]) -> int:
    """The whole demo; the exit status."""
    started = time.monotonic()
    screen = Screen(started)
    with open_environment() as env:
        env.install()
        screen.show(f"Stash {env.stash.url}   Plex {env.plex.url}   PlexSync installed and set up.")
        try:
            Demo(env, screen).run()
        except DemoFailed as failure:
            screen.show(f"\nFAILED: {failure}\n\nThe last lines of the worker's log:")
            screen.log_lines(env.worker_log()[-15:])
            return 1
        screen.show()
        screen.show(f"All five steps went through in {time.monotonic() - started:.0f} s.")
        if keep:
            show_addresses(env, screen)
            with contextlib.suppress(KeyboardInterrupt):  # the way this is meant to end
                wait_for_end()
    screen.show("Both servers and the worker have ended.")
    return 0


def show_addresses(env: DemoEnvironment, screen: Screen) -> None:
    """Show where everything is, for a user who wants to look around."""
    screen.show(f"\nStash    {env.stash.url}/graphql   (no login)")
    screen.show(f"Plex     {env.plex.url}/library/sections/{env.section}/all?X-Plex-Token={TOKEN}")
    screen.show(f"Plugin   {env.plugin}")
    screen.show(f"Log      {env.data / 'plexsync.log'}")
    screen.show("Ctrl-C ends it.")


def main() -> int:
    """Run until it has ended, by itself or by Ctrl-C or a signal."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # so that everything is stopped in any case
    try:
        return play(os.environ.get("KEEP", "") not in ("", "0"), threading.Event().wait)
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
