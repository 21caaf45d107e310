"""Set up both emulated servers, and read what PlexSync keeps and what Plex shows."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sync_queue import statements as sql
from sync_queue.dead_letters import DeadLetter, dead_letter_of
from sync_queue.hook_queue import DATABASE
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.stash_model import SceneGroup
from tests.emulators.stash_server import StashEmulator
from tests.harness.plugin_copy import copy_plugin
from tests.harness.requests import edited_item, is_item_edit, is_of_kind

TOKEN = "pLeX-t0ken-of-the-tests"
LOG = "plexsync.log"
PATH_MAP = "/data => /media"
_DEAD_LETTER_COLUMNS = (
    "subject, cause, priority, title, reason, message, attempts, candidates, first_at, last_at"
)


class ServerPair:
    """Both servers, the place of the plugin, and readers of its data."""

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], float] = time.time,
        data: Path | None = None,
        **stash_options: Any,
    ) -> None:
        """`data`: where PlexSync keeps its files; None for the folder of an installed plugin."""
        self.plex = PlexEmulator(token=TOKEN, clock=clock, switches=PlexSwitches())
        self.section = self.plex.library.add_section("Scenes", ["/media"]).key
        self.stash = StashEmulator(
            root / "stash", clock=clock, python_path=sys.executable, **stash_options
        )
        self.plugin = self.stash.plugins_path / "PlexSync"
        self.data = data or self.plugin / "data"

    def open(self, **settings: Any) -> None:
        """Start both servers, install the plugin and fill in the settings."""
        self.start_servers()
        self.install()
        self.stash.reload_plugins()
        self.connect(**settings)

    def start_servers(self) -> None:
        """Start both servers."""
        self.plex.start()
        self.stash.start()

    def connect(self, **settings: Any) -> None:
        """Fill in the settings that every test needs, and these."""
        needed = {"a_plex_url": self.plex.url, "a_plex_token": TOKEN, "b_path_map": PATH_MAP}
        self.configure(**{**needed, **settings})

    def install(self) -> None:
        """Put the plugin where Stash looks for it."""
        copy_plugin(self.plugin)

    def close(self) -> None:
        """Stop everything that was started; assert that Plex saw nothing that is forbidden."""
        self.stash.stop()
        if self.stash.plugin_runs:
            # processes that were being started while the others were stopped
            self.stash.kill_plugin_processes()
        self.plex.stop()
        assert self.plex.violations == []

    def configure(self, **settings: Any) -> None:
        """Save these settings, as the settings page does."""
        self.stash.configure(**settings)

    # -- the libraries --------------------------------------------------------------------------

    def scene(
        self, name: str = "a.mp4", size: int = 1_000, *, in_plex: bool = True, **fields: Any
    ) -> int:
        """Add a scene at /data/<name> and its item at /media/<name>; return the scene's id."""
        if in_plex:
            self.add_item(f"/media/{name}", size)
        return self.stash.library.add_scene(f"/data/{name}", size, **fields)

    def item(self, name: str = "a.mp4") -> Item:
        """Return Plex's item at /media/<name>."""
        return next(item for item in self.plex.library.items() if f"/media/{name}" in item.files)

    def add_item(
        self, path: str, size: int = 1_000, section: int | None = None, **attributes: Any
    ) -> int:
        """Add an item that plays one file; return its rating key."""
        return self.plex.library.add_item(section or self.section, [(path, size)], **attributes)

    def edit(self, scene: int, **fields: Any) -> None:
        """Save these fields of a scene; performers, tags and the studio by their names."""
        self.stash.update_scene(scene, **self._input(fields))

    def edit_all(self, scenes: list[int], **fields: Any) -> None:
        """Save with the bulk edit; tags and performers replace those that are there."""
        values = self._input(fields)
        lists = {
            key: {"mode": "SET", "ids": value}
            for key, value in values.items()
            if isinstance(value, list)
        }
        self.stash.bulk_update(scenes, **{**values, **lists})

    def change(self, scene: int, **fields: Any) -> None:
        """Change a scene without a hook; tags, performers and the studio by their names, groups by
        their ids.
        """
        library = self.stash.library
        given = dict(fields)
        for name, key, find in (
            ("tags", "tag_ids", library.tag_id),
            ("performers", "performer_ids", library.performer_id),
        ):
            if name in given:
                given[key] = tuple(find(value) for value in given.pop(name))
        if "groups" in given:
            given["group_links"] = tuple(SceneGroup(group) for group in given.pop("groups"))
        if "studio" in given:
            studio = given.pop("studio")
            given["studio_id"] = library.studio_id(studio) if studio else None
        library.change_scene(scene, touch=True, **given)

    def _input(self, fields: dict[str, Any]) -> dict[str, Any]:
        library, given = self.stash.library, dict(fields)
        if "studio" in given:
            studio = given.pop("studio")
            given["studio_id"] = None if studio is None else str(library.studio_id(studio))
        if "performers" in given:
            given["performer_ids"] = [
                str(library.performer_id(name)) for name in given.pop("performers")
            ]
        if "tags" in given:
            given["tag_ids"] = [str(library.tag_id(name)) for name in given.pop("tags")]
        return given

    # -- what PlexSync keeps --------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows of the queue's database; [] while there is none."""
        path = self.data / DATABASE
        if not path.exists():
            return []
        with contextlib.closing(
            sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
        ) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError:
                return []  # its tables are about to be made

    def jobs(self) -> list[tuple[str, int, str]]:
        """Return (subject, attempts, reason) of every job that waits or is in progress."""
        return self.rows(
            f"SELECT subject, attempts, reason FROM {sql.QUEUE} WHERE status <= 2 ORDER BY subject"
        )

    def waiting(self) -> dict[str, int]:
        """Return how many jobs wait, by the error class they wait for."""
        return dict(self.rows(sql.COUNT_REASONS))

    def reasons(self) -> set[str]:
        """Return the error classes that jobs wait for."""
        return {reason for _, _, reason in self.jobs()}

    def dead_letters(self) -> list[DeadLetter]:
        """Return the dead letters, by subject."""
        rows = self.rows(f"SELECT {_DEAD_LETTER_COLUMNS} FROM dead_letters ORDER BY subject")
        return [dead_letter_of(row) for row in rows]

    def dead_letter(self, scene: int) -> DeadLetter:
        """Return the dead letter of one scene."""
        subject = f"scene:{scene}"
        return next(
            dead_letter for dead_letter in self.dead_letters() if dead_letter.subject == subject
        )

    def recorded_items(self, scene: int) -> list[int]:
        """Return the items that the records say this scene was written to."""
        rows = self.rows("SELECT item FROM records WHERE scene_id = ? ORDER BY item", scene)
        return [row[0] for row in rows]

    def notices(self) -> dict[str, str]:
        """Return the notices that were made for the user, by class."""
        return dict(self.rows("SELECT class, text FROM notices ORDER BY class"))

    def meta(self, key: str) -> str | None:
        """Return a value of the table `meta`; None where there is none."""
        rows = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def worker_log(self) -> str:
        """Return the worker's own log; "" before there is one."""
        path = self.data / LOG
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def events(self, name: str) -> list[str]:
        """Return the lines of the worker's log whose event is `name`, from the name on."""
        lines = [line.split(" ", 3)[-1] for line in self.worker_log().splitlines()]
        return [line for line in lines if line.split(" ", 1)[0] == name]

    def stash_log(self, text: str, *levels: str) -> list[str]:
        """Return the lines of Stash's log that hold the text, at these levels or any."""
        return [
            line.message
            for line in self.stash.log
            if text in line.message and line.level in (levels or (line.level,))
        ]

    # -- what was sent to Plex ------------------------------------------------------------------

    def edits(self, name: str | None = None) -> list[str]:
        """Return the targets of the PUTs that edit items, all or those of the item at `name`."""
        key = None if name is None else self.item(name).rating_key
        edits = [request for request in self.plex.writes() if is_item_edit(request)]
        return [request.target for request in edits if key is None or edited_item(request) == key]

    def requests(self, kind: str) -> list[str]:
        """Return `METHOD path` of Plex's requests of a kind: "edit", "image", "write" or "read"."""
        chosen = [request for request in self.plex.requests if is_of_kind(request, kind)]
        return [f"{request.method} {request.path}" for request in chosen]
