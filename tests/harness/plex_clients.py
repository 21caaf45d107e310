"""Clients for the tests of this folder, and servers so rude that no emulator has them."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from plex.client import PlexClient
from plex.lazy_server import PlexAddress
from tests.emulators.plex_server import PlexEmulator

IDENTITY = {
    "X-Plex-Client-Identifier": "11111111-2222-3333-4444-555555555555",
    "X-Plex-Product": "PlexSync",
    "X-Plex-Device": "Stash",
    "X-Plex-Device-Name": "PlexSync (Stash)",
}
PATIENT_S = (5.0, 30.0)


@contextmanager
def client_of(
    plex: PlexEmulator,
    *,
    timeout_s: tuple[float, float] = PATIENT_S,
    token: str | None = None,
    sleep: Callable[[float], None] = lambda seconds: None,
    on_answer: Callable[[float, int], object] = lambda took_s, status: None,
) -> Iterator[PlexClient]:
    """A client of the emulator."""
    address = PlexAddress(plex.url, plex.token if token is None else token, timeout_s)
    client = PlexClient(address, IDENTITY, sleep, on_answer)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def client_at(
    url: str,
    *,
    token: str = "token",
    timeout_s: tuple[float, float] = PATIENT_S,
    was_reached: bool = False,
) -> Iterator[PlexClient]:
    """A client of whatever is at an address."""
    address = PlexAddress(url, token, timeout_s, was_reached=was_reached)
    client = PlexClient(address, IDENTITY, lambda seconds: None)
    try:
        yield client
    finally:
        client.close()


class RawServer:
    """Sends the same bytes to every client; then the connection stays open, or is closed.

    It answers `answers` requests of each connection, the first of them all with `first` if that is
    given. `received` are their bytes.
    """

    def __init__(
        self, answer: bytes, *, keeps_open: bool = True, answers: int = 1, first: bytes = b""
    ) -> None:
        self.connections = 0
        self.closed = 0
        self.received: list[bytes] = []
        self._answers = answers
        self._keeps_open = keeps_open
        self._answer = answer
        self._first = first
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "RawServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # closed: the test is over
            self.connections += 1
            self._open.append(connection)
            for _ in range(self._answers):
                request = _request(connection)
                if not request:
                    break
                self.received.append(request)
                is_first = len(self.received) == 1
                connection.sendall(self._first if is_first and self._first else self._answer)
            if not self._keeps_open:
                connection.close()
                self.closed += 1


def _request(connection: socket.socket) -> bytes:
    """Read one request, its body as well; b"" if the client has closed the connection."""
    data = connection.recv(65_536)
    head, end, body = data.partition(b"\r\n\r\n")
    lengths = re.findall(rb"(?i)\r\ncontent-length: (\d+)", head)
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65_536)
    return head + end + body


def xml_answer(body: bytes, length: int | None = None) -> bytes:
    """A whole answer; with a `length` beyond the body, one that never ends."""
    size = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % size + body


@contextmanager
def full_backlog() -> Iterator[str | None]:
    """The address of a server that accepts no further connection; None where the system accepts
    them all.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers: list[socket.socket] = []
        try:
            yield f"http://127.0.0.1:{port}" if _fill(port, fillers) else None
        finally:
            for filler in fillers:
                filler.close()


def _fill(port: int, fillers: list[socket.socket]) -> bool:
    for _ in range(8):
        filler = socket.socket()
        filler.settimeout(0.5)
        fillers.append(filler)
        try:
            filler.connect(("127.0.0.1", port))
        except TimeoutError:
            return True
    return False
