"""Several threads share the idle connections."""

from collections import deque

from urllib3.connection import HTTPConnection

from network.exchange import PlainRequest
from network.kept_connections import KeptConnections

SERVER = "http://127.0.0.1:32400"


class Contended(deque[HTTPConnection]):
    """Another thread takes the last connection as soon as this one has seen that there is one."""

    def __len__(self) -> int:
        count = super().__len__()
        self.clear()
        return count


def test_the_last_connection_may_be_taken_by_another_thread() -> None:
    connections = KeptConnections()
    # It is not connected, as one that the server has closed.
    connections._idle[SERVER] = Contended([HTTPConnection("127.0.0.1", 32400)])

    exchange = connections.begin(PlainRequest("PUT", f"{SERVER}/a", SERVER, {}), (0.5, 0.5))

    assert exchange is None
