"""Both servers and a worker in one process, so that a test can look at every item before and after.

Nothing is installed and no hook runs: jobs are noted directly, the worker takes its turns when told, and
time stands still unless the test moves it. The emulators are real HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from core.job import PRIORITY_BACKFILL, PRIORITY_EDIT, scene_subject
from core.log import open_log
from core.record import SyncRecord
from sync_queue.dead_letters import DeadLetter
from sync_queue.hook_queue import session_parameters
from tests.emulators.plex_control import describe
from tests.emulators.plex_http import RequestRecord
from tests.emulators.plex_model import Item
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.stash_server import StashEmulator
from tests.support import ROOT, FakeClock, query
from wiring import Environment, Worker, build_worker

SECTIONS = "/library/sections"
LISTING = "/library/sections/{S}/all"
LATER_S = 5.0  # Stash's times are whole seconds; a little later they prove something
LOOK_S = 30.0
MAP = "/data => /media"
_IMAGE_PATH = re.compile(r"/library/metadata/(\d+)/(?:posters?|arts?)")

Pieces = list[tuple[str, int]]
Snapshot = Mapping[int, object]


class Inproc:
    """One house. `look` lets the worker look around once; `sync` notes scenes and works them off."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.data.mkdir(mode=0o700)
        self.clock = FakeClock(1_700_000_000.5)
        self.plex = PlexEmulator(clock=self.clock.wall)
        self.stash = StashEmulator(root / "stash", clock=self.clock.wall)
        self.section = self.plex.library.add_section("Scenes", ["/media"]).key
        self._worker: Worker | None = None
        self._close_log: Callable[[], None] = lambda: None

    def open(self, **settings: Any) -> None:
        """Start both servers and the worker; `settings` go beside the ones that are always needed."""
        self.plex.start()
        self.stash.start()
        self.configure(
            **{
                "a_plex_url": self.plex.url,
                "a_plex_token": self.plex.token,
                "b_path_map": MAP,
                **settings,
            }
        )
        self.begin_worker()

    def close(self) -> None:
        """End everything; neither server may have seen what is forbidden."""
        self.end_worker()
        self.stash.stop()
        self.plex.stop()
        assert self.plex.violations == []

    def configure(self, **settings: Any) -> None:
        """Change settings, as on Stash's page."""
        self.stash.configure(**settings)

    # -- the worker -----------------------------------------------------------------------------

    @property
    def worker(self) -> Worker:
        assert self._worker is not None
        return self._worker

    def begin_worker(self, checkpoint: Callable[[str], object] = str) -> None:
        """A new worker on what is in the data folder."""
        log, self._close_log = open_log(self.data / "plexsync.log")
        env = Environment(ROOT, self.data, self.clock, Random(1), checkpoint)
        self._worker = build_worker(env, log, "test", lambda: None)
        connection = {"Scheme": "http", "Host": "127.0.0.1", "Port": self.stash.port}
        session = session_parameters(connection, self.clock.wall())
        assert session is not None
        self.worker.components.facts.keep_session(session)

    def end_worker(self) -> None:
        """The worker goes, as when Stash stops."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._close_log()

    def restart(self) -> None:
        """Another worker takes over."""
        self.end_worker()
        self.begin_worker()

    def look(self, after_s: float = 0.0) -> None:
        """Let time pass, then let the worker take turns until nothing is due."""
        self.clock.advance(after_s)
        assert self.worker.loop.tick() is None
        for _ in range(1000):
            if not self.worker.components.store.is_due():
                return
            self.clock.advance(0.5)
            assert self.worker.loop.tick() is None
        raise AssertionError("the queue is never worked off")

    def look_for(self, seconds: float, every_s: float = LOOK_S) -> None:
        """Let a long time pass, with a look now and then."""
        for _ in range(round(seconds / every_s)):
            self.look(every_s)

    def note(self, *scenes: int, priority: int = PRIORITY_EDIT) -> None:
        """Queue jobs, as a hook or a task would."""
        self.worker.components.store.enqueue_many(map(scene_subject, scenes), "test", priority)

    def sync(self, *scenes: int, priority: int = PRIORITY_EDIT) -> None:
        """Note these scenes and work them off, a moment after they were last changed."""
        self.clock.advance(LATER_S)
        self.note(*scenes, priority=priority)
        self.look()

    def sync_all(self) -> None:
        """Every scene of Stash, as the button of that name does."""
        self.sync(*self.stash.library.scene_ids(), priority=PRIORITY_BACKFILL)

    # -- the libraries --------------------------------------------------------------------------

    def scene(self, path: str, size: int = 1_000, **fields: Any) -> int:
        """A scene of Stash whose file has this path; named so that it counts as identified."""
        return self.stash.library.add_scene(path, size, **{"title": f"Scene of {path}", **fields})

    def item(
        self, path: str, size: int = 1_000, section: int | None = None, **attributes: Any
    ) -> int:
        """An item of Plex that plays one file."""
        return self.plex.library.add_item(section or self.section, [(path, size)], **attributes)

    def pair(self, name: str, size: int = 1_000, **fields: Any) -> tuple[int, int]:
        """A scene and the item that plays its file, below the two folders of the path mapping."""
        return self.scene(f"/data/{name}", size, **fields), self.item(f"/media/{name}", size)

    def change(self, scene: int, **fields: Any) -> None:
        """Edit a scene; tags, performers and the studio by their names."""
        library = self.stash.library
        given = dict(fields)
        for name, key, find in (
            ("tags", "tag_ids", library.tag_id),
            ("performers", "performer_ids", library.performer_id),
        ):
            if name in given:
                given[key] = tuple(find(each) for each in given.pop(name))
        if "studio" in given:
            studio = given.pop("studio")
            given["studio_id"] = None if studio is None else library.studio_id(studio)
        library.change_scene(scene, touch=True, **given)

    def shown(self, item: int) -> Item:
        """What Plex shows now."""
        return self.plex.library.item(item)

    # -- what was touched -----------------------------------------------------------------------

    def snapshot(self) -> dict[int, object]:
        """Everything about every item, images included."""
        return {
            item.rating_key: (describe(item), item.poster_bytes, item.art_bytes, item.last_rated_at)
            for item in self.plex.library.items()
        }

    @contextmanager
    def writes_only(self, *items: int) -> Iterator[None]:
        """What happens here writes to each of these items, and neither writes to nor changes any other."""
        seen = len(self.plex.writes())
        with self.touches_only(*items):
            yield
        assert written_items(self.plex.writes()[seen:]) == set(items)

    @contextmanager
    def touches_only(self, *items: int) -> Iterator[None]:
        """What happens here neither writes to nor changes any other item."""
        before = self.snapshot()
        seen = len(self.plex.writes())
        yield
        assert written_items(self.plex.writes()[seen:]) <= set(items)
        assert _without(self.snapshot(), items) == _without(before, items)

    def requests_of(self, act: Callable[[], object]) -> list[str]:
        """`METHOD path` of every request Plex gets while `act` runs."""
        seen = len(self.plex.requests)
        act()
        return [f"{record.method} {record.path}" for record in self.plex.requests[seen:]]

    # -- what PlexSync keeps --------------------------------------------------------------------

    def records(self, scene: int) -> dict[int, SyncRecord]:
        """The scene's sync records by item."""
        ctx = self.worker.components.settings.sync_context()
        assert ctx is not None
        return ctx.records.of_scene(scene, self.plex.machine_identifier)

    def dead_letters(self) -> dict[str, DeadLetter]:
        """The dead letters by subject."""
        return {
            dead_letter.subject: dead_letter
            for dead_letter in self.worker.components.dead_letters.newest(1000)
        }

    def dead_letter(self, scene: int) -> DeadLetter:
        """The dead letter of one scene."""
        return self.dead_letters()[scene_subject(scene)]

    def waiting(self) -> dict[str, int]:
        """How many jobs wait for what."""
        return self.worker.components.store.waiting_by_reason()

    def notices(self) -> list[str]:
        """What people are told."""
        return [str(row[0]) for row in query(self.data, "SELECT text FROM notices ORDER BY class")]

    def log(self) -> str:
        """The worker's log."""
        return (self.data / "plexsync.log").read_text("utf-8")


@contextmanager
def opened(root: Path, **settings: Any) -> Iterator[Inproc]:
    """A house that is open, and closed at the end."""
    house = Inproc(root)
    try:
        house.open(**settings)
        yield house
    finally:
        house.close()


FULL: dict[str, Any] = {
    "title": "Night Train",
    "studio": "Aurora",
    "details": "Two strangers.",
    "date": "2024-03-09",
    "performers": ["Mia", "Jon"],
    "tags": ["train", "night"],
    "rating100": 80,
    "director": "Ada",
}
"""A scene with everything that is carried over."""


@contextmanager
def opened_among_others(root: Path, tags_replace: bool) -> Iterator[Inproc]:
    """An open house that writes every field, with items that share names with `FULL` and belong to nobody."""
    with opened(root, c_sync_rating=True, c_tagline_source="director") as house:
        house.plex.switches.tags_replace = tags_replace
        for number in range(3):
            key = house.item(
                f"/media/bystander/{number}.mp4",
                genres=["train", "keep"],
                roles=["Mia"],
                studio="Aurora",
            )
            house.plex.library.change(key, collections=["Aurora", "Mine"])
        yield house


def written_items(records: Iterable[RequestRecord]) -> set[int]:
    """The rating keys that these requests write to."""
    keys: set[int] = set()
    for record in records:
        image = _IMAGE_PATH.match(record.path)
        if image is not None:
            keys.add(int(image[1]))
        for part in arguments(record).get("id", "").split(","):
            if part:
                keys.add(int(part))
    return keys


def arguments(record: RequestRecord) -> dict[str, str]:
    """The arguments of a request, decoded once."""
    return dict(parse_qsl(urlsplit(record.target).query, keep_blank_values=True))


def sent_names(record: RequestRecord, kind: str) -> list[str]:
    """The names a PUT puts on, in the order of their numbers."""
    found = {
        int(name[len(kind) + 1 :].partition("]")[0]): value
        for name, value in arguments(record).items()
        if name.startswith(f"{kind}[") and name.endswith(".tag.tag")
    }
    return [found[number] for number in sorted(found)]


def removed_names(record: RequestRecord, kind: str) -> list[str]:
    """The names a PUT takes off."""
    text = arguments(record).get(f"{kind}[].tag.tag-", "")
    return [unquote(part) for part in text.split(",")] if text else []


def _without(snapshot: Snapshot, items: Iterable[int]) -> dict[int, object]:
    left_out = set(items)
    return {key: value for key, value in snapshot.items() if key not in left_out}
