"""Decide what a scene query may ask for, where Stash's schema lacks a field. Pure.

A field that another version of Stash has renamed or removed is left out, and PlexSync leaves its
value in Plex alone. Without what every sync needs there is no selection.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.entity import KINDS, selected_as
from stash import queries

SCENE_TYPE = "Scene"
_PART = re.compile(r"[{}]|\w+")

# What is read of every entity anyway.
_IN_EVERY_ENTITY = frozenset({"id", "name", "updated_at", "parent_studio"})

Tree = dict[str, "Tree"]
"""A selection: names with what is selected below each of them."""

Types = Mapping[str, Mapping[str, str]]
"""The type of each field by the name of its type; a type that Stash lacks has no fields."""


@dataclass(frozen=True, slots=True)
class SceneSelection:
    """What a query asks for of each scene.

    Attributes:
        text: the selection.
        left_out: the names that Stash's schema lacks.
        version: the version of Stash whose schema was read; None before it was.
    """

    text: str = queries.SCENE
    left_out: tuple[str, ...] = ()
    version: str | None = None


def parse_selection(text: str) -> Tree:
    """Return the tree of a selection without arguments.

    Examples:
        >>> parse_selection("id studio { id name }")
        {'id': {}, 'studio': {'id': {}, 'name': {}}}
    """
    root: Tree = {}
    path, last = [root], root
    for part in _PART.findall(text):
        if part == "{":
            path.append(last)
        elif part == "}":
            path.pop()
        else:
            last = path[-1].setdefault(part, {})
    return root


def unknown_names(tree: Tree, type_name: str, types: Types) -> Iterator[str]:
    """Yield `Type.field` for each selected field that the schema lacks."""
    fields = types.get(type_name, {})
    for name, below in tree.items():
        if name not in fields:
            yield f"{type_name}.{name}"
        elif below:
            yield from unknown_names(below, fields[name], types)


def missing_types(tree: Tree, type_name: str, types: Types) -> Iterator[str]:
    """Yield the types of selected objects whose fields have not been read yet."""
    if type_name not in types:
        yield type_name
        return
    for name, below in tree.items():
        if below and name in types[type_name]:
            yield from missing_types(below, types[type_name][name], types)


def reduce_selection(
    wanted: str, types: Types, version: str
) -> tuple[SceneSelection, tuple[str, ...]]:
    """Return the wanted selection without what the schema lacks, and the names that a sync cannot
    miss.
    """
    tree = parse_selection(wanted)
    needed = parse_selection(queries.ALWAYS)
    left_out = [
        name
        for name in tree
        if name not in needed and any(unknown_names({name: tree[name]}, SCENE_TYPE, types))
    ]
    text = _render({name: below for name, below in tree.items() if name not in left_out})
    missing = tuple(unknown_names(needed, SCENE_TYPE, types))
    return SceneSelection(text, tuple(left_out), version), missing


@lru_cache(maxsize=8)
def entity_details(selection: SceneSelection) -> Mapping[str, str]:
    """Return what the selection asks of each kind of entity besides id, name and parent studio.

    Examples:
        >>> entity_details(SceneSelection("performers { id name gender } tags { id name }"))
        {'performer': 'gender'}
    """
    tree = parse_selection(selection.text)
    details = {
        kind: _render(
            {name: below for name, below in tree[part].items() if name not in _IN_EVERY_ENTITY}
        )
        for kind in KINDS
        if (part := selected_as(kind)) in tree
    }
    return {kind: text for kind, text in details.items() if text}


def _render(tree: Tree) -> str:
    parts = [f"{name} {{ {_render(below)} }}" if below else name for name, below in tree.items()]
    return " ".join(parts)
