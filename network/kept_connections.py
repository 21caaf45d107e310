"""Send HTTP requests over kept connections without TLS, with the errors of requests.

The connections and the errors of connecting are urllib3's, `answers.py` reads what comes back. What
is left out is the work that both libraries spend on settings which PlexSync never uses.
"""

import re
import weakref
from collections import deque
from collections.abc import Mapping

import requests
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
)

from network.exchange import Answer, Exchange, PlainRequest, written_out

# Everything else has to be encoded first.
_TARGET = re.compile(r"/[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]*")
_SERVER = re.compile(r"http://[a-z0-9.-]+:([0-9]{1,5})(?=/)")
_MAX_PORT = 65_535


class KeptConnections:
    """The connections to servers that are reached by http. Several threads may send."""

    def __init__(self) -> None:
        """Connect to nothing."""
        self._idle: dict[str, deque[HTTPConnection]] = {}
        # As those of requests, they are closed with the last reference to them.
        weakref.finalize(self, _close, self._idle)

    def send(self, request: PlainRequest, timeout_s: tuple[float, float]) -> Answer:
        """Send the request and return its answer; time-outs to connect and to read in seconds.

        Raises:
            requests.RequestException: no whole answer came; its arguments say what urllib3 or the
                system said.
        """
        written = written_out(request)
        connection = _connected(self._idle_to(request.server))
        if connection is None:
            connection = _connect(request.server, timeout_s[0])
        return self.finish(Exchange(connection, request, written, timeout_s[1]))

    def begin(self, request: PlainRequest, timeout_s: tuple[float, float]) -> Exchange | None:
        """Send the request as far as is possible without waiting; `finish` the exchange later.

        Returns:
            The exchange; None if there is no idle connection: connecting takes time.

        Raises:
            requests.exceptions.InvalidHeader: a header holds what may not be sent.
            UnicodeEncodeError: it holds other characters than those of Latin-1.
        """
        written = written_out(request)
        connection = _connected(self._idle_to(request.server))
        if connection is None:
            return None
        exchange = Exchange(connection, request, written, timeout_s[1])
        exchange.advance()
        return exchange

    def finish(self, exchange: Exchange) -> Answer:
        """Return the answer of an exchange, and keep its connection.

        Raises:
            requests.RequestException: as for `send`.
        """
        connection = exchange.connection
        try:
            answer = exchange.finish()
        except BaseException:
            connection.close()
            raise
        if exchange.is_kept:
            self._idle_to(exchange.request.server).append(connection)
        else:
            connection.close()
        return answer

    def _idle_to(self, server: str) -> deque[HTTPConnection]:
        return self._idle.setdefault(server, deque())

    def close(self) -> None:
        """Close the idle connections."""
        _close(self._idle)


def _close(connections: Mapping[str, deque[HTTPConnection]]) -> None:
    for idle in connections.values():
        while (connection := _newest(idle)) is not None:
            connection.close()


def server_of(url: str) -> str:
    """Return the scheme, host and port of a URL without TLS that may be sent as it is.

    "" for any other URL, such as one without a port.

    Examples:
        >>> server_of("http://plex:32400/identity"), server_of("https://plex:32400/identity")
        ('http://plex:32400', '')
    """
    found = _SERVER.match(url)
    if not found or int(found.group(1)) > _MAX_PORT or not _TARGET.fullmatch(url, found.end()):
        return ""
    return found.group()


def _connected(idle: deque[HTTPConnection]) -> HTTPConnection | None:
    """Return a connection that the server has not closed meanwhile; None for none."""
    while (connection := _newest(idle)) is not None:
        if connection.is_connected:
            return connection
        connection.close()
    return None


def _newest(idle: deque[HTTPConnection]) -> HTTPConnection | None:
    """Take and return the newest connection; None for none."""
    try:
        # Another thread may take the last one after this one has seen that there is one.
        return idle.pop()
    except IndexError:
        return None


def _connect(server: str, timeout_s: float) -> HTTPConnection:
    host, _, port = server.removeprefix("http://").rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=timeout_s)
    try:
        connection.connect()
    except LocationValueError as error:
        raise requests.exceptions.InvalidURL(error) from error
    except NewConnectionError as error:
        raise requests.ConnectionError(error) from error
    except ConnectTimeoutError as error:
        raise requests.ConnectTimeout(error) from error
    except OSError as error:
        raise requests.ConnectionError(ProtocolError("Connection aborted.", error)) from error
    return connection
