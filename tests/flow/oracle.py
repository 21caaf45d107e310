"""What Plex should show, in the simplest words: a second opinion, which shares no line with what it
judges.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from tests.emulators.plex_model import Collection, Item
from tests.emulators.stash_library import StashLibrary
from tests.emulators.stash_model import Performer, SceneView
from tests.harness.in_process import InProcessHarness

TEXTS = ("summary", "studio", "date")
NAMES = ("roles", "genres", "collections", "labels")
CAST_NAMES = ("directors", "role_texts")
SYNCED = ("title", *TEXTS, *NAMES, "poster")
WITH_CAST = (*SYNCED, "content_rating", *CAST_NAMES)
UNSYNCED = ("tagline", "user_rating")
TREES = {
    "c_studio_format": "{parent} / {studio}",
    "c_parent_studio_collections": "all",
    "c_genre_excluded_tags": "Night > *",
    "c_collection_tags": "Train > *",
    "c_include_parent_tags": True,
    "c_include_performer_tags": True,
}
CAST = {
    "c_title_format": "[{studio}: ]{title}[ ({date})]",
    "c_sync_director": True,
    "c_performer_disambiguation": "when_needed",
    "c_role_format": "{age}[, {disambiguation}]",
    "c_content_rating": "night => XXX; train => PG",
}
USERS_KEEP = ("collections", "labels", "role_texts")
"""Lists in which names stay that PlexSync has not added."""
OURS_ONLY = ("content_rating",)
"""Texts that are emptied only where PlexSync wrote them."""
ALL_TEXTS, ALL_NAMES = (*TEXTS, *OURS_ONLY), (*NAMES, *CAST_NAMES)
Shown = Mapping[str, Any]
Expect = Callable[[SceneView], dict[str, Any]]
"""What a scene's items should show."""


def observed_values(item: Item) -> dict[str, Any]:
    """What of an item matters; lists as sets without regard to case, as Plex takes them."""
    texts = {name: getattr(item, name) or "" for name in ("title", *ALL_TEXTS)}
    names = {name: names_of(getattr(item, name)) for name in ALL_NAMES}
    return {
        **texts,
        **names,
        "poster": item.poster_bytes,
        **{name: getattr(item, name) for name in UNSYNCED},
    }


def expected_with_trees(scene: SceneView) -> dict[str, Any]:
    """The same under the settings `TREES`: tags below night are no genres, those below train become
    collections.
    """
    lines = [[name.casefold() for name in line] for line in scene.tag_lines]
    own = [scene.studio] if scene.studio else []
    series = [line[0] for line in lines if "train" in line]
    return {
        **expected_values(scene),
        "studio": " / ".join([*scene.studios_above[:1], *own]),
        "genres": names_of(line[0] for line in lines if "night" not in line),
        "collections": names_of([*own, *scene.studios_above, *series, *scene.all_groups]),
        "labels": names_of(line[0] for line in lines),
    }


def expected_with_cast(scene: SceneView) -> dict[str, Any]:
    """The same under the settings `CAST`."""
    values = expected_values(scene)
    tags = values["genres"]
    cast = [(_actor(one, scene), one) for one in scene.cast]
    before = f"{scene.studio}: " if scene.studio else ""
    behind = f" ({scene.date})" if scene.date else ""
    return {
        **values,
        "title": f"{before}{scene.title}{behind}" if scene.title else "",
        "roles": names_of(name for name, _ in cast),
        "role_texts": names_of(
            f"{name}: {age}{f', {one.disambiguation}' if one.disambiguation else ''}"
            for name, one in cast
            if (age := _age(one.birthdate or "", scene.date or ""))
        ),
        "directors": names_of(name for name in re.split(", | & ", scene.director) if name),
        "content_rating": "XXX" if "night" in tags else "PG" if "train" in tags else "",
    }


def _actor(performer: Performer, scene: SceneView) -> str:
    """The name, with the disambiguation where another performer of the scene has it, too."""
    alike = [one for one in scene.performers if one.casefold() == performer.name.casefold()]
    is_labelled = len(alike) > 1 and performer.disambiguation
    return f"{performer.name} ({performer.disambiguation})" if is_labelled else performer.name


def _age(birthdate: str, day: str) -> str:
    """Whole years; "" where one of both is not known to the day, or before the birth."""
    if len(birthdate) < len("2024-03-09") or not day:
        return ""
    years = int(day[:4]) - int(birthdate[:4]) - (day[5:] < birthdate[5:])
    return str(years) if years >= 0 else ""


def names_of(names: Any) -> frozenset[str]:
    """Names as a set without regard to case."""
    return frozenset(name.casefold() for name in names)


def expected_values(scene: SceneView) -> dict[str, Any]:
    """The scene's values under the names that an item has for them."""
    return {
        "title": scene.title,
        "summary": scene.details,
        "studio": scene.studio or "",
        "date": scene.date or "",
        "roles": names_of(scene.performers),
        "genres": names_of(scene.tags),
        "collections": names_of([*([scene.studio] if scene.studio else []), *scene.all_groups]),
        "labels": names_of(scene.tags),
        "poster": scene.cover,
    }


class WriteLedger:
    """What PlexSync was seen to write, and what scenes ever had: the first is ours, the rest of the
    second may be.

    `expect` are the values of a scene under the settings.
    """

    def __init__(self, expect: Expect = expected_values) -> None:
        self.expect = expect
        self.wrote: dict[tuple[int, str], Any] = {}
        self.put: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        self.ever: defaultdict[tuple[int, str], set[Any]] = defaultdict(set)

    def desired(self, scenes: Mapping[int, int], library: StashLibrary) -> None:
        """These items' scenes have these values now."""
        for item, scene in scenes.items():
            for name, value in self.expect(library.scene(scene)).items():
                self.ever[item, name].update(value if name in ALL_NAMES else {value})

    def seen(self, before: Mapping[int, Shown], after: Mapping[int, Shown]) -> None:
        """Record what the worker, and nothing else, changed between these two moments."""
        for item, now in after.items():
            for name in ("title", *ALL_TEXTS):
                if now[name] != before[item][name]:
                    self.wrote[item, name] = now[name]
                elif self.wrote.get((item, name)) != now[name]:
                    self.wrote.pop((item, name), None)
            for name in ALL_NAMES:
                self.put[item, name] |= now[name] - before[item][name]
                self.put[item, name] &= now[name]


def check(
    item: int,
    scene: SceneView,
    before: Shown,
    after: Shown,
    ledger: WriteLedger,
    on: frozenset[str],
) -> None:
    """The item shows its scene by the rules; AssertionError where it does not. `on`: the fields
    that are synced.
    """
    want = ledger.expect(scene)
    is_identified = any((scene.studio, scene.performers, scene.tags, scene.details, scene.date))
    for name in (*UNSYNCED, *(name for name in WITH_CAST if name not in on)):
        assert after[name] == before[name], f"{name} is not synced"
    for name in on:
        if name == "poster":
            assert after[name] == (want[name] or before[name]), name
        elif name in ALL_NAMES:
            only_ours = name in USERS_KEEP or (not want[name] and not is_identified)
            _check_names(
                name,
                want[name],
                before[name],
                after[name],
                only_ours,
                ledger.put[item, name],
                ledger.ever[item, name],
            )
        elif want[name] or name == "title":
            assert after[name] == (want[name] or before[name]), name
        else:
            _check_emptied(
                name,
                before[name],
                after[name],
                is_identified and name not in OURS_ONLY,
                ledger.wrote.get((item, name)),
                ledger.ever[item, name],
            )


def check_collections(worker: InProcessHarness) -> None:
    """Every collection that PlexSync made shows its group, and none is empty."""
    groups = worker.stash.library.groups.values()
    rows = worker.rows("SELECT item, title FROM collections WHERE due = 0")
    assert worker.rows("SELECT title FROM collections WHERE due > 0") == []
    for item, title in rows:
        collection = worker.plex.library.find(item)
        assert isinstance(collection, Collection), f"{title} is gone"
        assert collection.tag.members, f"{title} is empty"
        named = [one for one in groups if one.name.casefold() == title.casefold()]
        shown = (collection.summary, collection.poster_bytes)
        assert not named or shown in [(one.synopsis, one.image) for one in named], title


def _check_emptied(
    name: str, old: str, new: str, is_identified: bool, wrote: Any, ever: set[Any]
) -> None:
    """Empty in Stash: cleared, but for a scene that is not identified, where only what PlexSync
    wrote goes.
    """
    if is_identified or old == wrote:
        assert new == "", f"{name} should be empty"
    elif old not in ever:
        assert new == old, f"{name} is not ours to empty"
    else:
        assert new in ("", old), name


def _check_names(
    name: str,
    want: frozenset[str],
    old: frozenset[str],
    new: frozenset[str],
    only_ours: bool,
    put: set[str],
    ever: set[Any],
) -> None:
    """Check that every desired name is there and no unknown one; foreign names stay if only
    PlexSync's own are removed.
    """
    assert want <= new <= want | old, name
    extra = old - want
    assert not new & (extra & put if only_ours else extra), f"{name}: something should be gone"
    assert not only_ours or extra - put - ever <= new, f"{name}: something that is not ours is gone"
