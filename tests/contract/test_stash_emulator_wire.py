"""What the emulated Stash says in statuses and headers: as Stash v0.31.0 of January 2026 did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.emulators import stash_client
from tests.emulators.stash_client import GraphqlFailure, HttpAnswer
from tests.emulators.stash_server import StashEmulator

NEWER = "application/graphql-response+json"
PLAIN = "application/json"
VALID = "{ version { version } }"
JSON = {"Content-Type": "application/json"}


def send(
    stash: StashEmulator,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    query: str = "",
) -> HttpAnswer:
    connection = stash_client.open_connection(stash.url)
    try:
        body = json.dumps({"query": query}).encode() if query else None
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return HttpAnswer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def code_of(answer: HttpAnswer) -> str:
    return str(json.loads(answer.body)["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("accept", "kind", "refused"),
    [
        (None, PLAIN, 422),
        (PLAIN, PLAIN, 422),
        ("*/*", NEWER, 400),
        (NEWER, NEWER, 400),
        (f"text/html, {PLAIN};q=0.9, */*", PLAIN, 422),
        ("text/html", PLAIN, 422),
    ],
)
def test_accept_decides_the_type_and_the_refusal(
    stash: StashEmulator, accept: str | None, kind: str, refused: int
) -> None:
    headers = {**JSON, **({"Accept": accept} if accept else {})}

    answered = send(stash, "POST", "/graphql", headers, VALID)
    invalid = send(stash, "POST", "/graphql", headers, "{ version { vers } }")

    assert (answered.status, answered.headers["Content-Type"]) == (200, kind)
    assert (invalid.status, invalid.headers["Content-Type"]) == (refused, kind)


def test_a_slip_in_the_syntax_has_its_own_code(stash: StashEmulator) -> None:
    assert code_of(send(stash, "POST", "/graphql", JSON, "{ version")) == "GRAPHQL_PARSE_FAILED"
    misspelt = send(stash, "POST", "/graphql", JSON, "{ versions }")
    assert code_of(misspelt) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/graphql", {"Content-Type": "text/plain"}, 400),
        ("POST", "/graphql", {}, 400),
        ("HEAD", "/graphql", {}, 400),
        ("GET", "/graphql?query=mutation%7BstopAllJobs%7D", {}, 406),
        ("GET", "/graphql?query=%7Bversion%7Bversion%7D%7D", {}, 200),
        ("HEAD", "/scene/1/screenshot", {}, 405),
        ("GET", "/scene/1/screenshot", {}, 200),
        ("HEAD", "/", {}, 200),
    ],
)
def test_which_requests_are_not_taken(
    stash: StashEmulator, method: str, path: str, headers: Mapping[str, str], status: int
) -> None:
    stash.library.add_scene("/data/1.mp4")

    query = VALID if method == "POST" else ""

    assert send(stash, method, path, headers, query).status == status


def test_a_page_of_any_origin_may_read_answers(stash: StashEmulator) -> None:
    origin = {"Origin": "http://elsewhere"}

    own = send(stash, "POST", "/graphql", JSON, VALID)
    other = send(stash, "POST", "/graphql", {**JSON, **origin}, VALID)
    asked = send(
        stash,
        "OPTIONS",
        "/graphql",
        {
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )

    assert "Access-Control-Allow-Origin" not in own.headers
    assert other.headers["Access-Control-Allow-Origin"] == "*"
    assert (asked.status, asked.headers["Access-Control-Allow-Headers"]) == (200, "content-type")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02", "2024-02"),
        ("2024", "2024"),
        ("2024-02-29 10:11:12", "2024-02-29"),
        ("2024-02-29T10:11:12Z", "2024-02-29"),
        ("", None),
    ],
)
def test_dates_are_kept_as_precise_as_they_are(
    stash: StashEmulator, given: str, stored: str | None
) -> None:
    scene = stash.library.add_scene("/data/1.mp4")

    stash.graphql(f'mutation {{ sceneUpdate(input: {{id: {scene}, date: "{given}"}}) {{ id }} }}')

    assert stash.library.scene(scene).date == stored


@pytest.mark.parametrize("given", ["2024-13", "2023-02-29", "24-01-01", "2024-02-29 10", "soon"])
def test_what_is_no_date_is_refused(stash: StashEmulator, given: str) -> None:
    scene = stash.library.add_scene("/data/1.mp4")

    with pytest.raises(GraphqlFailure, match="failed to parse date"):
        stash.graphql(
            f'mutation {{ sceneUpdate(input: {{id: {scene}, date: "{given}"}}) {{ id }} }}'
        )


def test_a_bulk_update_changes_all_or_none(stash: StashEmulator) -> None:
    scene = stash.library.add_scene("/data/1.mp4", title="old")
    bulk = 'mutation {{ bulkSceneUpdate(input: {{ids: {}, title: "new"}}) {{ id }} }}'

    with pytest.raises(GraphqlFailure, match="no rows in result set"):
        stash.graphql(bulk.format(f"[{scene}, 4711]"))

    assert stash.graphql(bulk.format("[]")) == {"bulkSceneUpdate": None}
    assert stash.library.scene(scene).title == "old"


def test_without_a_plugin_there_is_no_list(stash: StashEmulator) -> None:
    assert stash.graphql("{ plugins { id } }") == {"plugins": None}


def test_stored_settings_come_in_the_order_of_keys(stash: StashEmulator) -> None:
    values = {"b": 1, "a": {"z": 1, "y": 2}}
    stash.graphql(
        'mutation($v: Map!) { configurePlugin(plugin_id: "Toy", input: $v) }', {"v": values}
    )
    query = "{ configuration { plugins } }"

    text = send(stash, "POST", "/graphql", JSON, query).body.decode()

    assert '{"Toy":{"a":{"y":2,"z":1},"b":1}}' in text


class TestSessions:
    def test_a_cookie_says_when_it_ends(self, tmp_path: Path) -> None:
        with StashEmulator(tmp_path, username="me", password="pw", max_session_age=60) as stash:
            answer = stash_client.fetch(stash.url, "/login", b"username=me&password=pw")

            _, path, expires, age, same_site = answer.headers["Set-Cookie"].split("; ")
            assert (path, age, same_site) == ("Path=/", "Max-Age=60", "SameSite=Lax")
            assert expires.startswith("Expires=") and expires.endswith("GMT")

    def test_an_open_server_gives_and_renews_no_cookie(self, stash: StashEmulator) -> None:
        cookie = stash_client.fetch(stash.url, "/login", b"username=a&password=b")
        value = cookie.headers["Set-Cookie"].partition(";")[0]

        answer = send(stash, "POST", "/graphql", {**JSON, "Cookie": value}, VALID)

        assert answer.status == 200
        assert "Set-Cookie" not in answer.headers

    def test_login_and_logout_lead_to_where_one_can_go(self, tmp_path: Path) -> None:
        with StashEmulator(tmp_path, username="me", password="pw") as stash:
            out = stash_client.fetch(stash.url, "/logout")
            assert (out.status, out.headers["Location"]) == (302, "/login")
            assert "Max-Age=0" in out.headers["Set-Cookie"]
            assert stash_client.fetch(stash.url, "/login").status == 200

    def test_an_open_server_has_no_login_page(self, stash: StashEmulator) -> None:
        page = stash_client.fetch(stash.url, "/login?returnURL=%2Fscenes")

        assert (page.status, page.headers["Location"]) == (302, "/scenes")
        assert stash_client.fetch(stash.url, "/logout").headers["Location"] == "/"
