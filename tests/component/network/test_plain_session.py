"""The session of both clients sends and raises what requests would send and raise."""

from collections.abc import Iterator

import pytest
import requests
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from requests.exceptions import InvalidHeader, InvalidJSONError

from network.plain_session import PlainSession
from tests.component.network.answer_forms import FAILURES, FORMS
from tests.harness.plex_clients import RawServer, full_backlog
from tests.harness.waiting import wait_for

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LIMITS_S = (0.5, 0.5)
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
TARGETS = st.text(st.sampled_from("abcXYZ019-._~/?&=+:;,@!$()*'\"<> é"), max_size=30)
NAMES = st.sampled_from(["Accept", "dnt", "X-Plex-Token", "Cookie", "CONTENT-TYPE"])


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer(OK, keeps_open=False) as raw:
        yield raw


def sent(
    server: RawServer, session: requests.Session, method: str, path: str, **more: object
) -> tuple[str, list[str], bytes]:
    """Send one request; return its first line, its headers sorted, and its body."""
    session.headers.update({"DNT": "1"})
    if "json" not in more:
        session.headers["content-type"] = "application/json"
    session.trust_env = False
    with session:
        session.request(method, f"{server.url}{path}", timeout=LIMITS_S, **more)  # type: ignore[arg-type]
    head, _, body = server.received[-1].partition(b"\r\n\r\n")
    first, *headers = head.decode("latin-1").split("\r\n")
    named = [header.partition(":") for header in headers]
    return first, sorted(f"{name.lower()}:{value}" for name, _, value in named), body


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    target=TARGETS,
    headers=st.dictionaries(NAMES, TEXTS),
    body=st.none() | st.binary(max_size=40),
)
def test_the_bytes_are_those_of_requests(
    server: RawServer, method: str, target: str, headers: dict[str, str], body: bytes | None
) -> None:
    assume(not target.endswith("?"))  # requests drops an empty query
    assume("/." not in target)  # urllib3 resolves such folders
    more = {"headers": headers, "data": body, "allow_redirects": False}

    found = sent(server, PlainSession(1), method, f"/library{target}", **more)

    assert found == sent(server, requests.Session(), method, f"/library{target}", **more)


@pytest.mark.parametrize("given", [None, {}, [], 0, {"query": "{ a }", "b": ["é", None, 1.5]}])
@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}])
@pytest.mark.parametrize("data", [None, b"bytes"])
def test_a_json_value_is_sent_as_requests_does(
    server: RawServer, given: object, headers: dict[str, str], data: bytes | None
) -> None:
    more = {"headers": headers, "json": given, "data": data, "allow_redirects": False}

    found = sent(server, PlainSession(1), "POST", "/graphql", **more)

    assert found == sent(server, requests.Session(), "POST", "/graphql", **more)


def test_an_image_is_sent_without_requests() -> None:
    """`Session.post` passes a JSON value of None along."""
    with RawServer(OK, answers=2) as server, PlainSession(1) as session:
        session.get(f"{server.url}/a", timeout=LIMITS_S)
        session.post(f"{server.url}/b", data=b"image", timeout=LIMITS_S)

    assert server.connections == 1


def test_a_value_that_json_cannot_hold_is_refused(server: RawServer) -> None:
    with pytest.raises(InvalidJSONError):
        sent(server, PlainSession(1), "POST", "/graphql", json={"a": float("nan")})


@pytest.mark.parametrize("value", ["two\r\nlines", " starts with a blank", "ends\n"])
def test_a_header_that_may_not_be_sent_is_refused(server: RawServer, value: str) -> None:
    before = len(server.received)

    with pytest.raises(InvalidHeader):
        sent(server, PlainSession(1), "GET", "/a", headers={"X-Plex-Token": value})

    assert len(server.received) == before


def test_a_connection_is_used_again() -> None:
    with RawServer(OK, answers=4) as server, PlainSession(1) as session:
        contents = [session.get(f"{server.url}/a", timeout=LIMITS_S).content for _ in range(3)]

    assert contents == [b"ok"] * 3
    assert server.connections == 1


def test_a_connection_that_the_server_has_closed_is_replaced() -> None:
    with RawServer(OK, keeps_open=False) as server, PlainSession(1) as session:
        session.get(f"{server.url}/a", timeout=LIMITS_S)
        wait_for(lambda: server.closed == 1, "the server has closed the connection")
        again = session.get(f"{server.url}/a", timeout=LIMITS_S)

    assert again.content == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize(("answer", "content"), FORMS)
def test_every_form_of_an_answer_is_read_whole(answer: bytes, content: bytes) -> None:
    with RawServer(answer, keeps_open=False) as server:
        response = PlainSession(1).get(f"{server.url}/a", timeout=LIMITS_S)

    assert response.content == content


def test_cookies_of_an_answer_are_not_sent_back_and_all_are_seen() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: a=1\r\nSet-Cookie: session=2\r\n"
    with (
        RawServer(answer + b"Content-Length: 0\r\n\r\n", answers=3) as server,
        PlainSession(1) as session,
    ):
        first = session.get(f"{server.url}/a", timeout=LIMITS_S)
        session.get(f"{server.url}/a", timeout=LIMITS_S)

    assert first.status_code == 302
    assert first.headers["set-cookie"] == "a=1, session=2"
    assert b"ookie" not in server.received[1]


@pytest.mark.parametrize(("answer", "keeps_open", "error"), FAILURES)
def test_a_failure_is_the_one_of_requests(
    answer: bytes, keeps_open: bool, error: type[Exception]
) -> None:
    failures = []
    for session in (PlainSession(1), requests.Session()):
        session.trust_env = False
        with (
            session,
            RawServer(answer, keeps_open=keeps_open) as server,
            pytest.raises(error) as failure,
        ):
            session.get(f"{server.url}/a", timeout=LIMITS_S)
        failures.append(failure.type)

    assert failures == [failures[0]] * 2


def test_a_refused_connection_is_the_one_of_requests() -> None:
    with RawServer(OK) as server:
        url = server.url
    with pytest.raises(requests.ConnectionError):
        PlainSession(1).get(f"{url}/a", timeout=LIMITS_S)


def test_a_connection_that_is_not_accepted_times_out() -> None:
    with full_backlog() as url:
        if url is None:
            pytest.skip("this system accepts every connection")
        with pytest.raises(requests.ConnectTimeout):
            PlainSession(1).get(f"{url}/a", timeout=LIMITS_S)
