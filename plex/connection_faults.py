"""Tell a connection that only another setting can repair from an outage of Plex.

A wrong scheme, name or certificate looks like an absent server to an HTTP client. So the causes of
the failure are looked at, and where they do not decide, the port is asked which protocol it uses.
No token and no request for data is sent.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from urllib3.exceptions import NameResolutionError, NewConnectionError, ProtocolError

from core.errors import PlexAccessError, PlexError, PlexUnavailable
from validation.settings import BY_NAME

URL = BY_NAME["plex_url"].display_name
VERIFY = BY_NAME["plex_verify_tls"].display_name
PLEX_DIRECT = "https://<address>.<id>.plex.direct:32400"

NO_NAME = (
    f"the host name in the setting '{URL}' cannot be resolved; enter Plex's IP address, or a name "
    "that Stash's machine or container can resolve"
)
NAME_AWAY = "the host name of Plex cannot be resolved at the moment"
NEEDS_TLS = (
    f"Plex accepts encrypted connections only; enter its https address in the setting '{URL}' "
    f"({PLEX_DIRECT}), or set 'Secure connections' in Plex's network settings to 'Preferred'"
)
NO_TLS = f"the port does not use TLS; enter http:// instead of https:// in the setting '{URL}'"
OTHER_NAME = (
    "the TLS certificate of Plex is for another name; enter the name of the certificate in the "
    f"setting '{URL}' ({PLEX_DIRECT}), or switch '{VERIFY}' off"
)
EXPIRED = (
    "the TLS certificate of Plex is expired or not valid yet; renew it, check the clocks, or "
    f"switch '{VERIFY}' off"
)
UNTRUSTED = (
    "the TLS certificate of Plex is not trusted, because no known authority signed it; enter "
    f"Plex's own https address in the setting '{URL}' ({PLEX_DIRECT}), or switch '{VERIFY}' off"
)
NO_AGREEMENT = "Plex and PlexSync do not agree on a version of TLS"

# Codes of OpenSSL (x509_vfy.h) in `ssl.SSLCertVerificationError.verify_code`.
_NAME_CODES = frozenset({62, 63, 64})  # host name, e-mail address, IP address
_TIME_CODES = frozenset({9, 10})  # not valid yet, expired
# What OpenSSL reports where the other side does not answer in TLS.
_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
        "PACKET_LENGTH_TOO_LONG",
        "UNEXPECTED_MESSAGE",
    }
)


def explain(error: Exception, url: str, timeout_s: float, *, was_reached: bool) -> PlexError | None:
    """Return what a failed connection means; None if the failure says nothing about the settings.

    Args:
        error: what the HTTP client raised.
        url: the Plex URL of the settings.
        timeout_s: how long the port may take to show which protocol it uses, in seconds.
        was_reached: Plex has answered under these settings before, so that its name exists.
    """
    causes = list(_causes(error))
    if any(isinstance(cause, NameResolutionError | socket.gaierror) for cause in causes):
        return PlexUnavailable(NAME_AWAY) if was_reached else PlexAccessError(NO_NAME)
    failure = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if failure is not None:
        return _explain_tls(failure, url, timeout_s)
    is_closed = any(
        isinstance(cause, ProtocolError | http.client.BadStatusLine) for cause in causes
    )
    parts = urlsplit(url)
    if is_closed and parts.scheme == "http" and answers_tls(parts, timeout_s):
        return PlexAccessError(NEEDS_TLS)
    return None


def was_not_sent(error: BaseException) -> bool:
    """Return True if no connection came about, so that Plex cannot have got the request."""
    return any(isinstance(cause, NewConnectionError) for cause in _causes(error))


def answers_tls(parts: SplitResult, timeout_s: float) -> bool:
    """Return True if the port answers a TLS handshake, whatever its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            _connect(parts, timeout_s) as connection,
            context.wrap_socket(connection, server_hostname=parts.hostname),
        ):
            return True
    except (OSError, ValueError):
        return False


def answers_plain_http(parts: SplitResult, timeout_s: float) -> bool:
    """Return True if the port answers an HTTP request without TLS."""
    try:
        with _connect(parts, timeout_s) as connection:
            connection.sendall(b"GET /identity HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except (OSError, ValueError):
        return False


def _explain_tls(failure: ssl.SSLError, url: str, timeout_s: float) -> PlexError:
    if isinstance(failure, ssl.SSLCertVerificationError):
        if failure.verify_code in _NAME_CODES:
            return PlexAccessError(OTHER_NAME)
        return PlexAccessError(EXPIRED if failure.verify_code in _TIME_CODES else UNTRUSTED)
    if failure.reason in _NOT_TLS or answers_plain_http(urlsplit(url), timeout_s):
        return PlexAccessError(NO_TLS)
    if isinstance(failure, ssl.SSLEOFError) or failure.reason is None:
        # Plex went away during the handshake.
        return PlexUnavailable("the connection to Plex broke off during the TLS handshake")
    return PlexAccessError(f"{NO_AGREEMENT} ({failure.reason})")


def _connect(parts: SplitResult, timeout_s: float) -> socket.socket:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return socket.create_connection((parts.hostname or "", port), timeout_s)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything that it wraps: requests and urllib3 nest in three ways."""
    pending, seen = [error], set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        nested = [*current.args, getattr(current, "reason", None)]
        nested += [current.__cause__, current.__context__]
        pending += [cause for cause in nested if isinstance(cause, BaseException)]
