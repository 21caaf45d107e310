"""Answer the calls of *Sign in with Plex*: begin, how far it is, and the choice of a server."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from page.addresses import try_addresses
from page.models.base import NoArguments
from page.models.settings import (
    ChooseServer,
    ChosenServer,
    SignInAddress,
    SignInAnswer,
    SignInServer,
)
from page.sign_in_state import SignIn, SignInFile
from page.token import STORED, keep_token
from plex.device_identity import device_headers
from plex.plex_tv import AccountServer, PlexTv, PlexTvError
from tasks.context import TaskContext, TaskFailed

# How long the user has to choose a server once its addresses are known.
CHOOSE_S = 600.0

EXPIRED = "The sign-in has expired. Begin again."
NO_SERVER = (
    "This Plex account has no server. Sign in with the account that owns the server, or enter the "
    "URL and the token by hand."
)
NOT_OWNED = (
    "None of these servers belongs to this account, and Plex lets only the owner edit. Sign in "
    "with the account that owns the server."
)
GONE = "This sign-in is over. Begin again."


def sign_in_begin(context: TaskContext, arguments: NoArguments) -> SignInAnswer:
    """Begin a sign-in in place of an earlier one; the user signs in at the URL in the answer.

    Raises:
        TaskFailed: the data folder does not allow it.
    """
    file = SignInFile(context.data_dir, context.clock)
    file.delete()
    with _plex_tv(context) as plex_tv:
        try:
            pin = plex_tv.create_pin()
        except PlexTvError as error:
            return SignInAnswer(state="failed", problem=_problem(error))
        expires_at = context.clock.wall() + pin.lifetime_s
        state = SignIn(pin.id, pin.code, plex_tv.sign_in_url(pin.code), expires_at)
    _save(file, state)
    return _answer(state)


def sign_in_poll(context: TaskContext, arguments: NoArguments) -> SignInAnswer:
    """Return how far the sign-in is; once the user has signed in, the servers to choose from.

    Raises:
        TaskFailed: the data folder does not allow it.
    """
    file = SignInFile(context.data_dir, context.clock)
    state = file.load()
    if state is None:
        return SignInAnswer(state="none")
    if context.clock.wall() >= state.expires_at:
        file.delete()
        return SignInAnswer(state="expired", problem=EXPIRED)
    if state.servers:
        return _answer(state)
    with _plex_tv(context) as plex_tv:
        try:
            return _look(context, plex_tv, file, state)
        except PlexTvError as error:
            # The user may have signed in by the next look.
            return _answer(state, _problem(error))


def sign_in_choose(context: TaskContext, arguments: ChooseServer) -> ChosenServer:
    """Store the token of a server that the sign-in has found, and forget the sign-in.

    Raises:
        TaskFailed: the sign-in or the server is not known, the account does not own the server, or
            the data folder does not allow it.
        StashUnavailable, StashQueryError: Stash does not empty the setting.
    """
    file = SignInFile(context.data_dir, context.clock)
    state = file.load()
    if state is None or context.clock.wall() >= state.expires_at:
        file.delete()
        raise TaskFailed(GONE)
    server = next((one for one in state.servers if one.id == arguments.server), None)
    urls = [address.url for address in server.addresses] if server is not None else []
    if server is None or arguments.url not in urls:
        raise TaskFailed("This sign-in has not found that address. Choose one of those shown.")
    if not server.is_owned:
        raise TaskFailed(
            f"The server '{server.name}' is shared with this account, and Plex lets only the owner "
            "edit. Sign in with the account that owns the server."
        )
    keep_token(context, state.tokens[server.id])
    file.delete()
    return ChosenServer(url=arguments.url, text=STORED)


def _look(context: TaskContext, plex_tv: PlexTv, file: SignInFile, state: SignIn) -> SignInAnswer:
    """Ask plex.tv whether the user has signed in, and for the servers if so."""
    pin = plex_tv.read_pin(state.pin)
    if pin is None:
        file.delete()
        return SignInAnswer(state="expired", problem=EXPIRED)
    if not pin.token:
        return _answer(state)
    # The account's token ends with this call.
    servers = plex_tv.servers(pin.token)
    if not servers:
        file.delete()
        return SignInAnswer(state="failed", problem=NO_SERVER)
    tried = try_addresses(servers, _identity(context), context.clock)
    found = replace(
        state,
        expires_at=max(state.expires_at, context.clock.wall() + CHOOSE_S),
        servers=_shown(servers, tried),
        tokens={server.id: server.token for server in servers},
    )
    _save(file, found)
    return _answer(found)


def _shown(
    servers: Sequence[AccountServer], tried: Mapping[tuple[str, str], SignInAddress]
) -> tuple[SignInServer, ...]:
    """The servers without their tokens; addresses that answer come first."""
    return tuple(
        SignInServer(
            id=server.id,
            name=server.name,
            is_owned=server.is_owned,
            addresses=tuple(
                sorted(
                    (tried[server.id, address.url] for address in server.addresses),
                    key=lambda one: not one.is_reachable,
                )
            ),
        )
        for server in servers
    )


def _answer(state: SignIn, problem: str = "") -> SignInAnswer:
    if not state.servers:
        return SignInAnswer(
            state="waiting",
            code=state.code,
            url=state.url,
            expires_at=state.expires_at,
            problem=problem,
        )
    is_owner = any(server.is_owned for server in state.servers)
    return SignInAnswer(
        state="choose",
        expires_at=state.expires_at,
        problem="" if is_owner else NOT_OWNED,
        servers=state.servers,
    )


@contextmanager
def _plex_tv(context: TaskContext) -> Iterator[PlexTv]:
    plex_tv = PlexTv(_identity(context), context.plex_tv)
    try:
        yield plex_tv
    finally:
        plex_tv.close()


def _identity(context: TaskContext) -> dict[str, str]:
    return device_headers(context.data_dir, context.clock.sleep)


def _save(file: SignInFile, state: SignIn) -> None:
    problem = file.save(state)
    if problem:
        raise TaskFailed(
            f"The sign-in cannot be kept in the data folder: {problem}. Let the user who runs "
            "Stash own PlexSync's data/ folder."
        )


def _problem(error: PlexTvError) -> str:
    return f"{error}. {error.advice}"  # it begins with the name plex.tv
