"""Fail a unit test that opens a connection or a port: such a test belongs in tests/component."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test when it opened a socket, also one whose error the tested code caught.

    No audit hook: it stays for the whole process and lets other threads run while the interpreter
    installs a trace function, which makes threads of later tests die under coverage.
    """
    opened: list[str] = []

    def recorded(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            opened.append(f"{name}{arguments[-1:]}")
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    recorded(socket.socket, "bind")
    recorded(socket.socket, "connect")
    recorded(socket, "getaddrinfo")
    yield
    assert not opened, f"a unit test must not use the network: {opened[:3]}"
