"""Signing in with Plex: by PIN, until a server and one of its addresses are chosen."""

import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.clock import SystemClock
from page.sign_in_state import SignInFile
from tests.emulators.plex_server import PlexEmulator
from tests.emulators.plex_tv import ACCOUNT_TOKEN, PlexTvEmulator
from tests.harness.clocks import FakeClock
from tests.harness.page_calls import PageCalls
from validation.token_file import (
    FILE_NAME,
    SIGN_IN_FILE,
    SIGN_IN_MAX_AGE_S,
    TokenFile,
    delete_stale_sign_in,
)


@pytest.fixture
def tv() -> Iterator[PlexTvEmulator]:
    with PlexTvEmulator() as emulator:
        yield emulator


@pytest.fixture
def signing(page: PageCalls, tv: PlexTvEmulator) -> PageCalls:
    """Return a page without a token, whose plex.tv is the emulated one."""
    page.stash.configure(a_plex_token="")
    page.plex_tv = tv.url
    return page


def kept(page: PageCalls) -> str:
    return TokenFile(page.data_dir, FakeClock().sleep).load().token


def signed_in(tv: PlexTvEmulator) -> dict[str, Any]:
    """Return what plex.tv answers about its newest PIN once the user has signed in."""
    pin = list(tv.state.pins.values())[-1]
    return {"id": pin.number, "code": pin.code, "authToken": ACCOUNT_TOKEN}


def begin(page: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator | None = None) -> Any:
    """Begin a sign-in and let the user sign in; with a server, it is the account's."""
    answer = page("sign_in_begin")
    if plex is not None:
        tv.add_server(plex)
    tv.sign_in(answer["code"])
    return answer


def test_a_sign_in_leads_to_a_stored_token(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begun = signing("sign_in_begin")
    waiting = signing("sign_in_poll")
    tv.add_server(plex, uris=["https://127.0.0.1:9", "https://relay.invalid:8443"])
    tv.add_player()
    tv.sign_in(begun["code"])
    found = signing("sign_in_poll")
    (server,) = found["servers"]

    chosen = signing("sign_in_choose", server=server["id"], url=server["addresses"][0]["url"])

    assert begun["state"] == waiting["state"] == "waiting"
    assert begun["url"].startswith("https://app.plex.tv/auth#?clientID=")
    assert f"code={begun['code']}" in begun["url"]
    assert (server["name"], server["is_owned"], found["problem"]) == ("attic", True, "")
    reachable = [address["url"] for address in server["addresses"] if address["is_reachable"]]
    assert reachable == [chosen["url"]] == [plex.url]
    assert [bool(one["problem"]) for one in server["addresses"]] == [False, True, True]
    assert kept(signing) == plex.token
    assert signing("test_connection", url=chosen["url"])["is_ok"] is True
    assert signing("sign_in_poll")["state"] == "none"


def test_one_device_is_named_and_no_key_is_sent(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begin(signing, tv, plex)
    signing("sign_in_poll")

    created, polled, resources = tv.requests
    assert (created.method, created.query) == ("POST", {"strong": ["true"]})
    assert len({one.headers["x-plex-client-identifier"] for one in tv.requests}) == 1
    assert created.headers["x-plex-product"] == "PlexSync"
    assert created.headers.get("content-length", "0") == "0"
    assert "x-plex-token" not in created.headers | polled.headers
    assert resources.headers["x-plex-token"] == ACCOUNT_TOKEN


def test_no_secret_leaves_the_process(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begun = signing("sign_in_begin")
    pin = str(next(iter(tv.state.pins)))
    tv.add_server(plex)
    tv.sign_in(begun["code"])
    found = signing("sign_in_poll")
    files = {path.name: path.read_bytes() for path in signing.data_dir.iterdir() if path.is_file()}
    file = signing.data_dir / SIGN_IN_FILE
    mode = stat.S_IMODE(file.stat().st_mode)
    chosen = signing("sign_in_choose", server=found["servers"][0]["id"], url=plex.url)

    shown = str([begun, found, chosen, signing.written])
    assert not [secret for secret in (ACCOUNT_TOKEN, plex.token) if secret in shown]
    assert pin not in str([found, chosen])
    assert not [name for name, content in files.items() if ACCOUNT_TOKEN.encode() in content]
    assert mode == 0o600 or sys.platform == "win32"
    assert not file.exists()


@pytest.mark.parametrize("with_404", [True, False])
def test_a_sign_in_that_plex_tv_forgot_is_over(
    signing: PageCalls, tv: PlexTvEmulator, with_404: bool
) -> None:
    tv.expires_with_404, tv.lifetime_s = with_404, 60
    begin(signing, tv)
    tv.expire()

    answer = signing("sign_in_poll")

    # Without the 404 only the clock ends it.
    assert answer["state"] == ("expired" if with_404 else "waiting")
    assert (signing.data_dir / SIGN_IN_FILE).exists() is not with_404


def end(page: PageCalls) -> None:
    """Let the sign-in's time be over."""
    file = SignInFile(page.data_dir, SystemClock())
    state = file.load()
    assert state is not None
    file.save(type(state)(state.pin, state.code, state.url, 1.0, state.servers, state.tokens))


def test_a_sign_in_ends_with_its_time(signing: PageCalls, tv: PlexTvEmulator) -> None:
    begin(signing, tv)
    end(signing)
    seen = len(tv.requests)

    answer = signing("sign_in_poll")

    assert (answer["state"], len(tv.requests)) == ("expired", seen)
    assert not (signing.data_dir / SIGN_IN_FILE).exists()


def test_a_choice_that_comes_too_late_stores_nothing(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begin(signing, tv, plex)
    server = signing("sign_in_poll")["servers"][0]["id"]
    end(signing)

    text = signing.error("sign_in_choose", server=server, url=plex.url)

    assert "Begin again" in text
    assert kept(signing) == ""
    assert not (signing.data_dir / SIGN_IN_FILE).exists()


def test_a_guests_server_cannot_be_chosen(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    plex.share_with("guest-token", [1])
    tv.add_server(plex, owned=False, token="guest-token")
    begin(signing, tv)

    found = signing("sign_in_poll")
    server = found["servers"][0]
    text = signing.error("sign_in_choose", server=server["id"], url=plex.url)

    assert "only the owner edit" in found["problem"]
    assert server["addresses"][0]["is_owner"] is False
    assert "owns the server" in text
    assert kept(signing) == ""


def test_an_account_without_a_server_is_named(signing: PageCalls, tv: PlexTvEmulator) -> None:
    tv.add_player()
    begin(signing, tv)

    answer = signing("sign_in_poll")

    assert (answer["state"], "has no server" in answer["problem"]) == ("failed", True)
    assert not (signing.data_dir / SIGN_IN_FILE).exists()


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda tv: tv.fail(429), "wait a few minutes"),
        (lambda tv: tv.fail(500), "500"),
        (lambda tv: tv.down(), "cannot be reached"),
        (lambda tv: tv.plan(200, ["no pin"]), "something else than a sign-in"),
        (lambda tv: (tv.plan(200, signed_in(tv)), tv.plan(200, "no list")), "a list of servers"),
        (lambda tv: (tv.plan(200, signed_in(tv)), tv.fail(401)), "does not accept"),
    ],
)
def test_a_plex_tv_that_fails_ends_nothing(
    signing: PageCalls,
    tv: PlexTvEmulator,
    plex: PlexEmulator,
    act: Callable[[PlexTvEmulator], object],
    text: str,
) -> None:
    begin(signing, tv, plex)
    act(tv)

    failing = signing("sign_in_poll")
    if not tv.is_up:
        tv.up()
    then = signing("sign_in_poll")

    assert (failing["state"], text in failing["problem"]) == ("waiting", True)
    assert then["state"] == "choose"


def test_a_plex_tv_that_fails_at_first_is_named(signing: PageCalls, tv: PlexTvEmulator) -> None:
    tv.fail(429)

    answer = signing("sign_in_begin")

    assert (answer["state"], "429" in answer["problem"]) == ("failed", True)
    assert signing("sign_in_poll")["state"] == "none"


def test_a_sign_in_that_cannot_be_kept_is_an_error(signing: PageCalls, tv: PlexTvEmulator) -> None:
    (signing.data_dir / SIGN_IN_FILE).mkdir()

    text = signing.error("sign_in_begin")

    assert "cannot be kept" in text


def test_the_servers_are_tried_one_time(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begin(signing, tv, plex)
    first = signing("sign_in_poll")
    plex.reset_counts()
    seen = len(tv.requests)

    assert signing("sign_in_poll") == first
    assert (plex.count(), len(tv.requests)) == (0, seen)


def test_a_stranger_at_an_address_gets_no_token(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    with PlexEmulator(token="of-the-stranger") as stranger:
        tv.add_server(plex, uris=[stranger.url])
        begin(signing, tv)
        found = signing("sign_in_poll")

        addresses = {one["url"]: one for one in found["servers"][0]["addresses"]}
        assert addresses[stranger.url]["is_reachable"] is False
        assert "Another Plex server" in addresses[stranger.url]["problem"]
        assert not [one for one in stranger.requests if "X-Plex-Token" in one.headers]


def test_an_address_of_another_sign_in_is_refused(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begin(signing, tv, plex)
    server = signing("sign_in_poll")["servers"][0]["id"]

    text = signing.error("sign_in_choose", server=server, url="http://elsewhere:32400")

    assert "not found that address" in text
    assert kept(signing) == ""


def test_a_new_sign_in_replaces_the_one_before(signing: PageCalls, tv: PlexTvEmulator) -> None:
    first, second = signing("sign_in_begin"), signing("sign_in_begin")

    tv.sign_in(first["code"])

    assert signing("sign_in_poll")["code"] == second["code"]


def test_disconnecting_ends_a_sign_in(
    signing: PageCalls, tv: PlexTvEmulator, plex: PlexEmulator
) -> None:
    begin(signing, tv, plex)
    signing("sign_in_poll")

    signing("disconnect")

    assert signing("sign_in_poll")["state"] == "none"
    assert not [path.name for path in signing.data_dir.glob(f"{FILE_NAME}*")]


def test_an_unfinished_sign_in_is_deleted_by_the_worker(
    signing: PageCalls, tv: PlexTvEmulator
) -> None:
    begin(signing, tv)
    file = signing.data_dir / SIGN_IN_FILE
    written = file.stat().st_mtime

    delete_stale_sign_in(signing.data_dir, written + SIGN_IN_MAX_AGE_S - 1)
    before = file.exists()
    delete_stale_sign_in(signing.data_dir, written + SIGN_IN_MAX_AGE_S + 1)

    assert (before, file.exists()) == (True, False)
