"""Everything one emulated server knows besides its sockets, and the shape of a route."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulators.plex_library import PlexLibrary
from tests.emulators.plex_model import Collection, Item, Section
from tests.emulators.plex_switches import PlexSwitches
from tests.emulators.plex_wire import RefusedError, Request, Response
from tests.emulators.plex_xml import Shape


@dataclass(frozen=True)
class Account:
    """Whose token it is; a guest sees only the sections shared with it and edits nothing."""

    name: str
    owner: bool = True
    sections: frozenset[int] | None = None


@dataclass
class Device:
    """A client as the server lists it."""

    identifier: str
    name: str
    product: str
    platform: str
    version: str
    first_seen: int
    requests: int = 0


@dataclass
class Site:
    """One server: who it is, who may come in, what it holds, and what went against the rules."""

    library: PlexLibrary
    switches: PlexSwitches
    clock: Callable[[], float]
    accounts: dict[str, Account]
    owner: str
    friendly_name: str = "attic"
    version: str = "1.43.3.10000-abcdef012"
    machine_identifier: str = field(default_factory=lambda: uuid.uuid4().hex + "01234567")
    devices: dict[str, Device] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    maintenance_until: float | None = None
    maintenance_phase: str = "migration"


@dataclass
class Call:
    """One request on its way through a route."""

    site: Site
    request: Request
    account: Account
    parts: tuple[str, ...]

    @property
    def library(self) -> PlexLibrary:
        """The library."""
        return self.site.library

    def section(self) -> Section:
        """The section that the path names and the account may see."""
        section = self.library.sections.get(int(self.parts[0]))
        if section is None or not self.may_see(section.key):
            raise RefusedError(404)
        return section

    def may_see(self, section_key: int) -> bool:
        """Whether the section is shared with this account."""
        return self.account.sections is None or section_key in self.account.sections

    def entry(self) -> Item | Collection:
        """The item or collection that the path names."""
        entry = self.library.find(int(self.parts[0]))
        if entry is None or not self.may_see(entry.section_key):
            raise RefusedError(404)
        return entry

    def collection(self) -> Collection:
        """The collection that the path names."""
        entry = self.entry()
        if not isinstance(entry, Collection):
            raise RefusedError(404)
        return entry

    def shape(self) -> Shape:
        """What the request wants left out or added."""
        query = self.request.query
        return Shape(
            fields=query.names("excludeFields"),
            elements=query.names("excludeElements"),
            guids=query.flag("includeGuids"),
            check_files=query.flag("checkFiles"),
            equal_sort_title=self.site.switches.equal_sort_title,
        )


Handler = Callable[[Call], Response]
_PLACES = {
    "{ids}": r"(\d+(?:,\d+)*)",
    "{S}": r"(\d+)",
    "{rk}": r"(\d+)",
    "{kind}": r"(\w+)",
    "{stamp}": r"(\d+)",
}


@dataclass
class Route:
    """A method and a path with places for numbers. Routes that change something are the owner's
    alone.
    """

    method: str
    template: str
    handler: Handler
    owner_only: bool = False
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        text = re.escape(self.template).replace(r"\{", "{").replace(r"\}", "}")
        for place, expression in _PLACES.items():
            text = text.replace(place, expression)
        self.pattern = re.compile(text)
