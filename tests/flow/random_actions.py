"""Everything that users, Stash and Plex do to a library, as actions of a random sequence.

An action is a function of the worker and three numbers, which choose what it is done to; it does
nothing where there is nothing to do it to. Names stay unique, as Stash has them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from hooks.entry import TRIGGERS, run_hook
from tests.emulators.plex_model import Item
from tests.emulators.stash_hooks import HookEvent
from tests.emulators.stash_model import Scene, SceneGroup
from tests.flow.oracle import Expect, WriteLedger, expected_values, observed_values
from tests.harness.images import picture
from tests.harness.in_process import InProcessHarness
from tests.harness.requests import written_items

WORDS = ("", "Night Train", "Dawn & Dusk", "Über alle Berge – Teil 2", "a, b", "0")
DAYS = (None, "2024-02-29", "1999-12-31", "2020-06-15")
BIRTHDATES = ("1980-03-10", "1990", None, "1999-06-15")
DIRECTORS = ("", "Ada", "Ada, Bo", "Bo & Cy")
TITLE, STUDIO, DETAILS, DATE, GROUPS = "title", "studio_id", "details", "date", "groups"
PRIVATE = "private"


class RandomActionHarness(InProcessHarness):
    """A worker where hooks of mutations reach the queue without a process, unless `hooks_enabled`
    is False. `restores`: items of excluded scenes may be written, too.
    """

    restores = False

    def fill(self, expect: Expect = expected_values) -> None:
        """Add a few scenes with items, some identified, one in Stash alone, and one foreign item.

        `expect` are the values of a scene under the settings.
        """
        self.hooks_enabled = False
        self._collections: set[int] = set()
        self._names = 0
        self._sizes = 1_000
        self.ledger = WriteLedger(expect)
        self.stash.core.hook_listeners.append(self._on_hook)
        self.stash.library.add_tag(PRIVATE)
        for name, parents in (("rails", ()), ("train", ("rails",)), ("night", ()), ("dark", ())):
            self.stash.library.add_tag(name, parents=parents)
        self.stash.library.add_studio("Aurora", parent=self.stash.library.add_studio("Network"))
        dark = self.stash.library.tag_id("dark")
        self.stash.library.add_performer("Mia", tag_ids=(dark,), birthdate="1990-03-10")
        shared: dict[str, Any] = {
            "studio": "Aurora",
            "performers": ["Mia", "Jon"],
            "tags": ["train", "night"],
        }
        series = self.stash.library.add_group("Series", synopsis="All.", image=picture(3))
        self.stash.library.add_group("Part", containing_ids=(series,), synopsis="One.")
        self._pair(
            "full.mp4",
            title="Full",
            details="Words.",
            date="2024-03-09",
            cover=picture(1),
            groups=["Part"],
            director="Ada & Bo",
            **shared,
        )
        self._pair("half.mp4", title="Half", studio="Borealis", tags=["night"], groups=["Series"])
        self._pair("bare.mp4")
        self._pair(
            "more.mp4", title="More", performers=["Jon"], details="Other words.", cover=picture(2)
        )
        self.stash.library.add_scene("/data/lone.mp4", 77, title="Not in Plex", tags=["train"])
        self.add_item(
            "/media/foreign.mp4", 55, studio="Theirs", summary="Their own.", genres=["night"]
        )

    def run_until_idle(self, after_s: float = 0.0) -> None:
        """The same, watched: nothing is written but to items of scenes that are in Stash and not
        excluded.
        """
        before, seen, watch = self.shown_now(), len(self.plex.writes()), set(self.scenes_of_items())
        self._collections |= self.collection_keys()
        self.ledger.desired(self.scenes_of_items(), self.stash.library)
        super().run_until_idle(after_s)
        self._collections |= self.collection_keys()
        written = written_items(self.plex.writes()[seen:])
        assert self.restores or written - self._collections <= watch
        self.ledger.seen(before, self.shown_now())

    def shown_now(self) -> dict[int, dict[str, Any]]:
        """What every item shows."""
        return {item.rating_key: observed_values(item) for item in self.plex.library.items()}

    def scenes_of_items(self) -> dict[int, int]:
        """Return the scene that each item is to show, without foreign items and excluded scenes."""
        library, found = self.stash.library, {}
        of_path = {
            _there(file.path): one.id
            for one in library.scenes.values()
            for file in library.files_of(one)
        }
        for item in self.plex.library.items():
            for scene in {of_path[path] for path in item.files if path in of_path}:
                if not any(tag.casefold() == PRIVATE for tag in library.scene(scene).tags):
                    found[item.rating_key] = scene
        return found

    def collection_keys(self) -> set[int]:
        """The rating keys of all collections."""
        return {key for one in self.plex.library.sections.values() for key in one.collections}

    def _pair(self, name: str, **fields: Any) -> None:
        self._sizes += 1
        self.stash.library.add_scene(f"/data/{name}", self._sizes, **fields)
        self.add_item(f"/media/{name}", self._sizes)

    def _on_hook(self, event: HookEvent) -> None:
        if self.hooks_enabled and event.trigger in TRIGGERS:  # Stash runs no others
            context = {"id": event.object_id, "type": event.trigger, "input": event.input}
            context["inputFields"] = list(event.fields)
            now = self.clock.wall()
            answer = run_hook(
                {"args": {"hookContext": context}},
                str(self.data),
                now,
                lambda cause: lambda: None,
                bytes,
            )
            assert answer == {"output": "ok"}

    # -- choosing -------------------------------------------------------------------------------

    def new_name(self, which: int) -> str:
        """A name that nothing has yet."""
        self._names += 1
        return f"{WORDS[which % (len(WORDS) - 1) + 1]} {self._names}"

    def new_size(self) -> int:
        """A size that no file has."""
        self._sizes += 1
        return self._sizes

    def some_scene(self, which: int) -> Scene | None:
        scenes = [self.stash.library.scenes[each] for each in self.stash.library.scene_ids()]
        return scenes[which % len(scenes)] if scenes else None

    def some_item(self, which: int) -> Item | None:
        items = self.plex.library.items()
        return items[which % len(items)] if items else None

    def some_ids(self, kind: str, which: int) -> list[int]:
        """Up to two of a kind; [] for an even seven."""
        ids = sorted(self.table(kind))
        return (
            sorted({ids[which % len(ids)], ids[which // 3 % len(ids)]}) if ids and which % 7 else []
        )

    def table(self, kind: str) -> dict[int, Any]:
        """The performers, tags, studios or groups."""
        table: dict[int, Any] = getattr(self.stash.library, f"{kind}s")
        return table


def _fields(worker: RandomActionHarness, which: int, value: int) -> dict[str, Any]:
    """One field of a scene with another value, as a mutation takes it."""
    studios = sorted(worker.stash.library.studios)
    everything: tuple[Mapping[str, Any], ...] = (
        {TITLE: WORDS[value % len(WORDS)]},
        {DETAILS: WORDS[value % len(WORDS)]},
        {DATE: DAYS[value % len(DAYS)]},
        {"performer_ids": [str(each) for each in worker.some_ids("performer", value)]},
        {"tag_ids": [str(each) for each in worker.some_ids("tag", value)]},
        {STUDIO: str(studios[value % len(studios)]) if studios and value % 3 else None},
        {STUDIO: None, DETAILS: "", DATE: None, "tag_ids": [], "performer_ids": []},
        {GROUPS: [{"group_id": str(each)} for each in worker.some_ids("group", value)]},
        {"director": DIRECTORS[value % len(DIRECTORS)]},
    )
    return dict(everything[which % len(everything)])


# -- Stash
# ------------------------------------------------------------------------------------------


def save(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    scene = worker.some_scene(a)
    if scene:
        worker.stash.update_scene(scene.id, **_fields(worker, b, c))


def save_form(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    scene = worker.some_scene(a)
    if scene:
        worker.stash.save_scene(scene.id, **_fields(worker, b, c))


def save_many(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    fields = _fields(worker, b, c)
    modes = ("SET", "ADD", "REMOVE")
    links = fields.pop(GROUPS, None)
    if links is not None:
        fields["group_ids"] = [link["group_id"] for link in links]
    given = {
        key: {"mode": modes[a % 3], "ids": value} if isinstance(value, list) else value
        for key, value in fields.items()
    }
    worker.stash.bulk_update(worker.stash.library.scene_ids()[a % 2 :: 2], **given)


def write_database(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """Change a scene without a hook and without a new timestamp."""
    scene = worker.some_scene(a)
    if scene:
        given = _fields(worker, b, c)
        links = given.pop(GROUPS, None)
        typed = {
            key: tuple(map(int, value)) if isinstance(value, list) else value
            for key, value in given.items()
        }
        if links is not None:
            typed["group_links"] = tuple(SceneGroup(int(link["group_id"])) for link in links)
        if typed.get(STUDIO):
            typed[STUDIO] = int(str(typed[STUDIO]))
        worker.stash.library.change_scene(scene.id, touch=False, **typed)


def exclude(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    scene, tag = (
        worker.some_scene(a),
        next((n for n, t in worker.table("tag").items() if t.name == PRIVATE), None),
    )
    if scene and tag:
        kept = tuple(each for each in scene.tag_ids if each != tag)
        worker.stash.update_scene(
            scene.id, tag_ids=[str(each) for each in (kept if b % 3 == 0 else (*kept, tag))]
        )


def create(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    name, size = f"new {worker.new_size()}.mp4", worker.new_size()
    if b % 3:
        worker.add_item(f"/media/{name}", size)
    scene = worker.stash.library.add_scene(f"/data/{name}", size)
    worker.stash.update_scene(scene, **_fields(worker, a, c))


def destroy(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    scene = worker.some_scene(a)
    if scene:
        worker.stash.destroy_scene(scene.id)


def merge(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    one, other = worker.some_scene(a), worker.some_scene(b)
    if one and other and one.id != other.id:
        worker.stash.merge_scenes(
            [one.id], other.id, **({TITLE: WORDS[c % len(WORDS)]} if c % 2 else {})
        )


def cover(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    scene = worker.some_scene(a)
    if scene:
        worker.stash.library.set_cover(scene.id, picture(c % 5))


def auto_tag(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    scene = worker.some_scene(a)
    if scene:
        worker.stash.library.auto_tag(
            scene.id, worker.some_ids("performer", b), worker.some_ids("tag", c)
        )


def rename_named(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    kind = ("performer", "tag", "studio", "group")[a % 4]
    table = worker.table(kind)
    one = sorted(table)[b % len(table)] if table else 0
    if one and table[one].name != PRIVATE:
        name = worker.new_name(c) if c % 4 else table[one].name.swapcase()
        worker.stash.update_named(kind, one, name=name)


def merge_named(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    kind = ("performer", "tag")[a % 2]
    ids = [one for one, each in sorted(worker.table(kind).items()) if each.name != PRIVATE]
    one, other = (ids[b % len(ids)], ids[c % len(ids)]) if ids else (0, 0)
    if one != other and kind == "tag":
        worker.stash.merge_tags([one], other)
    elif one != other:
        worker.stash.library.performer_merge([one], other)


def add_group(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """Create a group around another one, which makes it show on that one's scenes."""
    groups = sorted(worker.table("group"))
    parts = [{"group_id": str(groups[a % len(groups)])}] if groups and b % 2 else []
    worker.stash.change_groups("groupCreate", name=worker.new_name(c), sub_groups=parts)


def edit_group(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    groups = sorted(worker.table("group"))
    if groups:
        image = base64.b64encode(picture(c % 5)).decode() if b % 3 else None
        which = str(groups[a % len(groups)])
        text = WORDS[c % len(WORDS)]
        worker.stash.change_groups("groupUpdate", id=which, synopsis=text, front_image=image)


def nest_groups(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """Add or remove a sub-group: no hook, and no new timestamp."""
    groups = sorted(worker.table("group"))
    one, other = (groups[a % len(groups)], groups[b % len(groups)]) if groups else (0, 0)
    is_nested = one and other in worker.table("group")[one].containing_ids
    if is_nested:
        given: dict[str, Any] = {"sub_group_ids": [str(one)]}
        worker.stash.change_groups("removeGroupSubGroups", containing_group_id=str(other), **given)
    elif one > other:  # so that no loop can come of it
        given = {"sub_groups": [{"group_id": str(one)}]}
        worker.stash.change_groups("addGroupSubGroups", containing_group_id=str(other), **given)


def destroy_named(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    kind = ("performer", "tag", "studio", "group")[a % 4]
    ids = [one for one, each in sorted(worker.table(kind).items()) if each.name != PRIVATE]
    if ids:
        worker.stash.destroy_named(kind.title(), ids[b % len(ids)])


def place_tag(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """Put a tag below another one, or take it away; in its own form, or in that of the other."""
    tags = worker.table("tag")
    ids = [key for key in sorted(tags) if tags[key].name != PRIVATE]
    one, other = (ids[a % len(ids)], ids[b % len(ids)]) if ids else (0, 0)
    if one == other or worker.stash.library.is_above(one, other):
        return
    parents = {*tags[one].parent_ids} ^ {other}
    if c % 2:
        worker.stash.update_named("tag", one, parent_ids=[str(each) for each in sorted(parents)])
    else:
        children = {each.id for each in tags.values() if other in each.parent_ids} ^ {one}
        worker.stash.update_named("tag", other, child_ids=[str(each) for each in sorted(children)])


def place_studio(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    studios = worker.table("studio")
    ids = sorted(studios)
    one, other = (ids[a % len(ids)], ids[b % len(ids)]) if ids else (0, 0)
    line, above = [], other or None
    while above is not None:
        line.append(above)
        above = studios[above].parent_id
    if one and one not in line:
        worker.stash.update_named("studio", one, parent_id=str(other) if c % 3 else None)


def tag_performer(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    performers = sorted(worker.table("performer"))
    if performers:
        tags = [str(each) for each in worker.some_ids("tag", c)]
        worker.stash.update_named("performer", performers[a % len(performers)], tag_ids=tags)


def edit_performer(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """Change a disambiguation, a birthdate, or a name into that of another performer.

    As in Stash, no two performers of one name have the same disambiguation.
    """
    table = worker.table("performer")
    ids = sorted(table)
    if not ids:
        return
    one, other = ids[a % len(ids)], ids[(a + 1 + c) % len(ids)]
    alike = {each.name.casefold() for key, each in table.items() if key != one}
    changes: tuple[dict[str, Any], ...] = (
        {"birthdate": BIRTHDATES[c % len(BIRTHDATES)]},
        {"disambiguation": f"number {worker.new_size()}"},
        {"name": table[other].name, "disambiguation": f"number {worker.new_size()}"},
        {} if table[one].name.casefold() in alike else {"disambiguation": ""},
    )
    fields = changes[b % len(changes)]
    if fields:
        worker.stash.update_named("performer", one, **fields)


def full_import(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    worker.stash.library.full_import(offset=(0, 1_000)[a % 2])


# -- both together: files that move
# ------------------------------------------------------------------


def move_file(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """Stash's move; Plex recognises it, takes it for another file, or has not looked yet."""
    scene = worker.some_scene(a)
    files = worker.stash.library.files_of(scene) if scene else ()
    if not files:
        return
    old, new = files[b % len(files)].path, f"/data/moved/{worker.new_size()}.mp4"
    worker.stash.library.move_file(old, new)
    item = _item_of(worker, old)
    if item and c % 3 == 0 and len(item.parts) == 1:
        worker.plex.library.move_out(item.rating_key, _there(new))
    elif item:
        worker.plex.library.rename_file(_there(old), _there(new))


def _item_of(worker: RandomActionHarness, path: str) -> Item | None:
    return next((item for item in worker.plex.library.items() if _there(path) in item.files), None)


def _there(path: str) -> str:
    return path.replace("/data", "/media", 1)


# -- Plex
# -------------------------------------------------------------------------------------------


def edit_by_hand(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    item = worker.some_item(a)
    word = WORDS[c % len(WORDS)]
    if item:
        changes: tuple[dict[str, Any], ...] = (
            {"title": word or "By hand"},
            {"summary": word, "studio": word},
            {"genres": ["night", "by hand"][: c % 3]},
            {"roles": ["Jon", "By Hand"][: c % 3]},
            {"collections": [*item.collections, f"Mine {c % 2}"]},
            {"date": DAYS[c % len(DAYS)]},
            {"poster": picture(7 + c % 2)},
            {"user_rating": float(c % 10), "labels": ["by hand"], "tagline": word},
        )
        worker.plex.library.change(item.rating_key, **changes[b % len(changes)])


def empty_item(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    item = worker.some_item(a)
    if item:
        item.locked = set()
        gone: dict[str, Any] = {
            "summary": "",
            "studio": "",
            "date": None,
            "genres": [],
            "roles": [],
        }
        worker.plex.library.change(
            item.rating_key, **gone, **({"collections": []} if b % 2 else {})
        )


def refresh(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    item = worker.some_item(a)
    if item:
        if b % 2:
            item.locked = set()
        worker.plex.library.agent_refresh(item.rating_key)


def scan_again(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    """The item goes, and its files come back under new keys."""
    item = worker.some_item(a)
    if item:
        files = [(part.file, part.size) for part in item.parts]
        worker.plex.library.remove_item(item.rating_key)
        for file in files:
            worker.plex.library.add_item(item.section_key, [file])


# -- PlexSync
# ---------------------------------------------------------------------------------------


def let_work(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    worker.run_for((10.0, 40.0, 400.0)[a % 3], every_s=5.0 if a % 3 < 2 else 40.0)


def sync_all(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    worker.sync_all()


def restart_worker(worker: RandomActionHarness, a: int, b: int, c: int) -> None:
    worker.restart()
    worker.run_for(20.0, every_s=5.0)


Action = Callable[[RandomActionHarness, int, int, int], None]
ACTIONS: dict[str, Action] = {
    action.__name__: action
    for action in (
        save, save_form, save_many, write_database, exclude, create, destroy, merge, cover, auto_tag, rename_named,
        merge_named, add_group, edit_group, nest_groups, place_tag, place_studio, tag_performer, edit_performer, destroy_named, full_import, move_file, edit_by_hand, empty_item, refresh, scan_again, let_work,
        sync_all, restart_worker,
    )
}  # fmt: skip
