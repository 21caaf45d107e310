"""Fail a unit test that opens a connection or a port: such a test belongs in tests/component."""

import sys
from collections.abc import Iterator

import pytest

_EVENTS = frozenset({"socket.bind", "socket.connect", "socket.getaddrinfo"})
_opened: list[str] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event in _EVENTS:
        _opened.append(f"{event}{arguments[1:]}")


# an audit hook cannot be removed: it only records, and the fixture below judges
sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    """Fail the test when it opened a socket."""
    _opened.clear()
    yield
    assert not _opened, f"a unit test must not use the network: {_opened[:3]}"
