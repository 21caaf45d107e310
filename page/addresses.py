"""Try the addresses of servers at the same time, because the user waits for all of them."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.clock import Clock
from core.errors import PlexError
from page.connection import capitalized, is_owner
from page.models.settings import SignInAddress
from plex.client import PlexClient
from plex.lazy_server import PlexAddress
from plex.plex_tv import AccountServer, Address

LIMIT_S = 5.0
# Two requests and the connection fit into the limit where the server is reachable at all.
TIMEOUT_S = (2.0, 2.0)
NO_ANSWER = "No answer within five seconds from the machine on which Stash runs."
OTHER_SERVER = "Another Plex server answers at this address."


def try_addresses(
    servers: Sequence[AccountServer], identity: Mapping[str, str], clock: Clock
) -> dict[tuple[str, str], SignInAddress]:
    """Return what the test of each address reported, by (server's id, URL), within LIMIT_S."""
    results: dict[tuple[str, str], SignInAddress] = {}
    threads = []
    for server in servers:
        for address in server.addresses:
            results[server.id, address.url] = _result(address, problem=NO_ANSWER)
            work = _work(results, server, address, identity)
            # A thread that hangs in a name look-up must not hold the process.
            threads.append(threading.Thread(target=work, daemon=True))
    ends_at = clock.monotonic() + LIMIT_S
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends_at - clock.monotonic()))
    return dict(results)


def _work(
    results: dict[tuple[str, str], SignInAddress],
    server: AccountServer,
    address: Address,
    identity: Mapping[str, str],
) -> Callable[[], None]:
    def work() -> None:
        results[server.id, address.url] = _test(server, address, identity)

    return work


def _test(server: AccountServer, address: Address, identity: Mapping[str, str]) -> SignInAddress:
    try:
        # An address of a home network may be another machine here: it must not get the token.
        with _client(address, "", identity) as plex:
            if plex.machine_identifier() != server.id:
                return _result(address, problem=OTHER_SERVER)
        with _client(address, server.token, identity) as plex:
            return _result(address, is_reachable=True, is_owner=is_owner(plex.sections()))
    except PlexError as error:
        return _result(address, problem=f"{capitalized(str(error))}.")


@contextmanager
def _client(address: Address, token: str, identity: Mapping[str, str]) -> Iterator[PlexClient]:
    """A client that is closed afterwards and does not wait between tries."""
    plex = PlexClient(PlexAddress(address.url, token, TIMEOUT_S), identity, lambda seconds: None)
    try:
        yield plex
    finally:
        plex.close()


def _result(
    address: Address,
    *,
    is_reachable: bool = False,
    is_owner: bool | None = None,
    problem: str = "",
) -> SignInAddress:
    return SignInAddress(
        url=address.url,
        is_local=address.is_local,
        is_relay=address.is_relay,
        is_tls=address.is_tls,
        is_reachable=is_reachable,
        is_owner=is_owner,
        problem=problem,
    )
