"""Orders to the emulator from other processes, as JSON: `{"op": "add_item", "section": 1, ...}`."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from typing import Any, Protocol

from tests.emulators.plex_faults import Fault, FaultPlan
from tests.emulators.plex_http import RequestRecord
from tests.emulators.plex_library import PlexLibrary
from tests.emulators.plex_model import Item
from tests.emulators.plex_site import Device
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.plex_wire import Response

Order = dict[str, Any]


class Controlled(Protocol):
    """What orders act on."""

    library: PlexLibrary
    faults: FaultPlan
    requests: list[RequestRecord]
    switches: PlexSwitches

    @property
    def devices(self) -> dict[str, Device]:
        """All clients seen."""

    @property
    def violations(self) -> list[str]:
        """What went against the rules."""

    def count(self, method: str | None = None, route: str | None = None) -> int:
        """How many requests came."""

    def reset_counts(self) -> None:
        """Start counting from zero."""

    def down(self) -> None:
        """Stop listening."""

    def up(self) -> None:
        """Listen again."""

    def maintenance(self, seconds: float, phase: str = "migration") -> None:
        """Answer 503 for a while."""


def control(emulator: Controlled, body: bytes) -> Response:
    """Carry out one order and answer with what it gives."""
    try:
        order = json.loads(body)
        result = _ORDERS[order.pop("op")](emulator, order)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return _json(400, {"error": f"{type(error).__name__}: {error}"})
    return _json(200, {"result": result})


def _json(status: int, value: object) -> Response:
    return Response(status, json.dumps(value).encode(), "application/json")


def describe(item: Item) -> dict[str, Any]:
    """An item as JSON can carry it."""
    chosen, art = item.selected_poster, item.selected_art
    names = ("rating_key", "section_key", "title", "title_sort", "studio", "summary", "tagline", "date", "year",
             "user_rating", "genres", "roles", "collections", "labels", "thumb", "art", "files", "added_at",
             "updated_at", "deleted_at")  # fmt: skip
    return {
        **{name: getattr(item, name) for name in names},
        "locked": sorted(item.locked),
        "posters": [image.sha1 for image in item.posters],
        "arts": [image.sha1 for image in item.arts],
        "selected_poster": chosen.sha1 if chosen else None,
        "selected_art": art.sha1 if art else None,
    }


def _add_section(emulator: Controlled, order: Order) -> int:
    locations = order.pop("locations", ["/media"])
    return emulator.library.add_section(order.pop("title"), locations, **order).key


def _add_item(emulator: Controlled, order: Order) -> int:
    files = [(path, size) for path, size in order.pop("files")]
    return emulator.library.add_item(order.pop("section"), files, **order)


def _add_file(emulator: Controlled, order: Order) -> None:
    emulator.library.add_file_on_disk(order["path"], order["size"])


def _down(emulator: Controlled, order: Order) -> None:
    """Go away once this answer is out, and come back when the time is over, if one is given."""
    seconds = order.get("seconds")

    def leave() -> None:
        emulator.down()
        if seconds is not None:
            timer = threading.Timer(float(seconds), emulator.up)
            timer.daemon = True
            timer.start()

    timer = threading.Timer(0.05, leave)
    timer.daemon = True
    timer.start()


def _counts(emulator: Controlled, order: Order) -> dict[str, int]:
    counts: dict[str, int] = {}
    for record in list(emulator.requests):
        name = f"{record.method} {record.route}"
        counts[name] = counts.get(name, 0) + 1
    return counts


def _switch(emulator: Controlled, order: Order) -> None:
    known = {field.name for field in dataclasses.fields(emulator.switches)}
    for name, value in order.items():
        if name not in known:
            raise LookupError(name)
        setattr(emulator.switches, name, value)


def _fault(emulator: Controlled, order: Order) -> None:
    emulator.faults.add(Fault(**order))


_ORDERS: dict[str, Callable[[Controlled, Order], object]] = {
    "add_section": _add_section,
    "add_item": _add_item,
    "add_file": _add_file,
    "item": lambda emulator, order: describe(emulator.library.item(order["rating_key"])),
    "items": lambda emulator, order: [
        describe(item) for item in emulator.library.items(order.get("section"))
    ],
    "change": lambda emulator, order: emulator.library.change(order.pop("rating_key"), **order),
    "remove_item": lambda emulator, order: emulator.library.remove_item(order["rating_key"]),
    "scan": lambda emulator, order: emulator.library.scan(order["section"], order.get("path")),
    "down": _down,
    "up": lambda emulator, order: emulator.up(),
    "maintenance": lambda emulator, order: emulator.maintenance(**order),
    "fault": _fault,
    "clear_faults": lambda emulator, order: emulator.faults.clear(),
    "counts": _counts,
    "count": lambda emulator, order: emulator.count(order.get("method"), order.get("route")),
    "reset_counts": lambda emulator, order: emulator.reset_counts(),
    "switch": _switch,
    "devices": lambda emulator, order: sorted(emulator.devices),
    "violations": lambda emulator, order: list(emulator.violations),
}
