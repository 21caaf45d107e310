"""The test of the connection reports in words what is right and what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulators.plex_server import PlexEmulator
from tests.harness.page_calls import PageCalls
from tests.harness.plex_clients import RawServer, xml_answer

LOGIN_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n"
LOGIN_PAGE += b"<html><body>Login</body></html>"[:27]


def findings(report: Any, level: str) -> list[str]:
    return [
        f"{finding['text']} {finding['action']}".strip()
        for finding in report["findings"]
        if finding["level"] == level
    ]


def test_a_good_connection_names_server_rights_and_libraries(
    page: PageCalls, plex: PlexEmulator
) -> None:
    plex.library.add_section("Series", ["/tv"], type="show")
    plex.library.add_item(1, [("/media/scenes/a.mp4", 5)])

    report = page("test_connection")

    assert (report["is_ok"], report["url"], report["server"]) == (True, plex.url, "attic")
    assert report["version"] == plex.site.version
    text = " ".join(findings(report, "ok"))
    assert all(part in text for part in (plex.url, "attic", "owner", "Scenes"))
    assert findings(report, "error") == findings(report, "warning") == []
    scenes, series = report["libraries"]
    assert scenes == {
        "id": 1,
        "title": "Scenes",
        "type": "movie",
        "items": 1,
        "folders": ["/media/scenes"],
        "is_supported": True,
        "is_chosen": True,
    }
    assert (series["is_supported"], series["is_chosen"]) == (False, False)


def test_typed_values_are_tested_before_they_are_saved(page: PageCalls, plex: PlexEmulator) -> None:
    page.stash.configure(a_plex_url="http://127.0.0.1:9", a_plex_token="stale")

    report = page(
        "test_connection", url=f"{plex.url.removeprefix('http://')}/web/#", token=plex.token
    )

    assert (report["is_ok"], report["url"]) == (True, plex.url)


def test_a_shared_users_token_is_named(page: PageCalls, plex: PlexEmulator) -> None:
    plex.share_with("guest-token", [1])

    report = page("test_connection", token="guest-token")

    assert report["is_ok"] is False
    (text,) = findings(report, "error")
    assert "refuses edits" in text
    assert "account that owns the server" in text


def test_a_wrong_token_is_named(page: PageCalls, plex: PlexEmulator) -> None:
    report = page("test_connection", token="wrong")

    assert "token is wrong" in findings(report, "error")[0]
    assert findings(report, "ok") == [f"Plex answers at {plex.url}."]


def test_a_server_that_demands_tls_is_recognised(page: PageCalls) -> None:
    with PlexEmulator(token="t0ken-t0ken", tls=True) as secure:
        url = secure.url.replace("https", "http")
        report = page("test_connection", url=url, token=secure.token)

    assert "encrypted connections only" in findings(report, "error")[0]
    assert "plex.direct" in findings(report, "error")[0]


def test_an_unknown_certificate_can_be_accepted(page: PageCalls) -> None:
    with PlexEmulator(token="t0ken-t0ken", tls=True) as secure:
        secure.library.add_section("Scenes", ["/media"])
        refused = page("test_connection", url=secure.url, token=secure.token)
        accepted = page("test_connection", url=secure.url, token=secure.token, verify_tls=False)

    assert "certificate" in findings(refused, "error")[0]
    assert accepted["is_ok"] is True
    assert "not verified" in findings(accepted, "warning")[0]


def test_a_name_that_does_not_resolve_is_named(page: PageCalls) -> None:
    report = page("test_connection", url="http://plex.invalid:32400")

    assert "cannot be resolved" in findings(report, "error")[0]


@pytest.mark.parametrize("answer", [LOGIN_PAGE, xml_answer(b"<other/>")])
def test_another_server_at_the_address_is_recognised(page: PageCalls, answer: bytes) -> None:
    with RawServer(answer, keeps_open=False) as proxy:
        report = page("test_connection", url=proxy.url)

    assert "instead of Plex" in findings(report, "error")[0]


def test_an_address_without_a_server_is_reported(page: PageCalls, plex: PlexEmulator) -> None:
    plex.down()

    report = page("test_connection")

    assert "no connection to Plex" in findings(report, "error")[0].replace("No", "no")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"url": "ftp://plex"}, "not an http or https address"),
        ({"url": "http://user:secret@plex"}, "user name or password"),
        ({"token": "two words"}, "no Plex token"),
    ],
)
def test_what_cannot_be_used_is_reported_before_anything_is_sent(
    page: PageCalls, plex: PlexEmulator, arguments: dict[str, str], text: str
) -> None:
    report = page("test_connection", **arguments)

    assert text in findings(report, "error")[0]
    assert "secret" not in str(report)
    assert plex.requests == []


def test_what_is_missing_is_asked_for(page: PageCalls) -> None:
    page.stash.configure(a_plex_url="", a_plex_token="")

    report = page("test_connection")

    assert findings(report, "error") == [
        "Plex URL is not set. Enter the Plex URL.",
        "Plex token is not set. Enter the Plex token.",
    ]


def test_a_library_that_plex_lacks_is_an_error(page: PageCalls) -> None:
    page.stash.configure(a_plex_libraries="Scenes, Films")

    report = page("test_connection")

    assert "Films" in findings(report, "error")[0]
    assert "writes to: Scenes" in " ".join(findings(report, "ok"))


def test_the_libraries_show_what_is_chosen_and_missing(page: PageCalls, plex: PlexEmulator) -> None:
    plex.library.add_section("Films", ["/films", "/more"])
    page.stash.configure(a_plex_libraries="films, Gone")

    answer = page("libraries")

    chosen = {library["title"]: library["is_chosen"] for library in answer["libraries"]}
    assert chosen == {"Scenes": False, "Films": True}
    assert answer["libraries"][1]["folders"] == ["/films", "/more"]
    assert (answer["missing"], answer["problem"]) == (["Gone"], "")


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda page, plex: plex.down(), "connection"),
        (lambda page, plex: page.stash.configure(a_plex_token="wrong"), "token is wrong"),
        (lambda page, plex: page.stash.configure(a_plex_token=""), "Plex token must be set"),
    ],
)
def test_without_plex_the_libraries_name_the_reason(
    page: PageCalls,
    plex: PlexEmulator,
    act: Callable[[PageCalls, PlexEmulator], object],
    text: str,
) -> None:
    act(page, plex)

    answer = page("libraries")

    assert answer["libraries"] == []
    assert text in answer["problem"]


def test_no_report_holds_the_token(page: PageCalls, plex: PlexEmulator) -> None:
    for arguments in ({}, {"token": "wrong-t0ken"}, {"url": f"http://{plex.token}"}):
        report = str(page("test_connection", **arguments))

        assert plex.token not in report.replace(f"http://{plex.token}", "")
        assert "wrong-t0ken" not in report


def test_a_token_that_expires_soon_is_named(page: PageCalls, plex: PlexEmulator) -> None:
    plex.change_token("eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl")

    report = page("test_connection", token=plex.token)

    assert report["is_ok"] is True
    assert "seven days" in findings(report, "warning")[0]
