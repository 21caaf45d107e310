"""A request that is looked after without waiting ends as one that a thread waits for."""

import time

import pytest
import requests
from requests.exceptions import InvalidHeader

from network.exchange import Exchange
from network.plain_session import PlainSession
from tests.component.network.answer_forms import FAILURES, FORMS, LARGE
from tests.harness.begun_calls import await_exchange
from tests.harness.plex_clients import RawServer
from tests.harness.waiting import wait_for

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LIMITS_S = (0.5, 0.5)


def warm(server: RawServer, session: PlainSession) -> None:
    """Leave an idle connection."""
    assert session.get(f"{server.url}/warm", timeout=LIMITS_S).content == b"ok"


def begin(
    server: RawServer, session: PlainSession, method: str = "PUT", **more: object
) -> Exchange:
    exchange = session.begin(method, f"{server.url}/a?b=c", timeout=LIMITS_S, **more)
    assert exchange is not None
    return exchange


def begun(server: RawServer, session: PlainSession, **more: object) -> requests.Response:
    """Send a request, look after it, and return its answer."""
    exchange = begin(server, session, **more)  # type: ignore[arg-type]
    await_exchange(exchange)
    return session.finish(exchange)


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
@pytest.mark.parametrize("body", [None, b"", b"image"])
def test_the_bytes_are_those_of_a_request(method: str, body: bytes | None) -> None:
    headers = {"X-Plex-Token": "token", "accept": "text/xml"}
    more = {"headers": headers, "data": body, "allow_redirects": False}
    with RawServer(OK, answers=3) as server, PlainSession(1) as session:
        warm(server, session)
        session.request(method, f"{server.url}/a?b=c", timeout=LIMITS_S, **more)
        begun(server, session, method=method, **more)

    assert server.received[1] == server.received[2]
    assert server.connections == 1


@pytest.mark.parametrize(("answer", "content"), FORMS)
def test_every_form_of_an_answer_is_read_whole(answer: bytes, content: bytes) -> None:
    with (
        RawServer(answer, answers=2, first=OK, keeps_open=False) as server,
        PlainSession(1) as session,
    ):
        warm(server, session)

        assert begun(server, session).content == content


@pytest.mark.parametrize(
    ("status", "kind", "content", "is_quick"),
    [
        (b"200 OK", b"text/html", b"", True),
        (b"200 OK", b"image/png", b"image", True),
        (b"200 OK", b"text/html; charset=utf-8", b"<html>", False),
        (b"302 Found", b"text/html", b"", False),
        (b"401 Unauthorized", b"text/plain", b"", False),
    ],
)
def test_after_a_page_or_a_failure_more_may_be_asked(
    status: bytes, kind: bytes, content: bytes, is_quick: bool
) -> None:
    lines = (b"HTTP/1.1 " + status, b"Content-Type: " + kind, b"Content-Length: %d" % len(content))
    answer = b"\r\n".join((*lines, b"", content))
    with RawServer(answer, answers=2, first=OK) as server, PlainSession(1) as session:
        warm(server, session)
        exchange = begin(server, session)
        before = exchange.is_quick
        await_exchange(exchange)

        assert (before, exchange.is_quick) == (False, is_quick)
        assert session.finish(exchange).content == content


@pytest.mark.parametrize(("answer", "keeps_open", "error"), FAILURES)
def test_a_failure_is_that_of_a_request(
    answer: bytes, keeps_open: bool, error: type[Exception]
) -> None:
    texts = []
    for ask in (
        begun,
        lambda server, session: session.put(f"{server.url}/a?b=c", timeout=LIMITS_S),
    ):
        with (
            RawServer(answer, answers=2, first=OK, keeps_open=keeps_open) as server,
            PlainSession(1) as session,
        ):
            warm(server, session)
            with pytest.raises(error) as failure:
                ask(server, session)
        assert failure.type is error
        texts.append(str(failure.value).replace(server.url, "server"))

    assert texts[0] == texts[1]


def test_a_large_body_is_sent_as_the_server_takes_it() -> None:
    with RawServer(OK, answers=2) as server, PlainSession(1) as session:
        warm(server, session)
        exchange = begin(server, session, data=LARGE)
        is_sending = exchange.is_sending
        await_exchange(exchange)

        assert is_sending
        assert session.finish(exchange).content == b"ok"

    assert server.received[1].endswith(LARGE)


def test_a_large_body_may_be_finished_by_a_thread() -> None:
    with RawServer(OK, answers=2) as server, PlainSession(1) as session:
        warm(server, session)

        assert session.finish(begin(server, session, data=LARGE)).content == b"ok"

    assert server.received[1].endswith(LARGE)


def test_a_server_that_hangs_up_ends_a_large_body() -> None:
    with RawServer(OK, answers=1, keeps_open=False) as server, PlainSession(1) as session:
        warm(server, session)
        exchange = session.begin("PUT", f"{server.url}/a", timeout=LIMITS_S, data=LARGE)
        if exchange is None:
            return  # it had hung up before
        await_exchange(exchange)

        with pytest.raises(requests.ConnectionError):
            session.finish(exchange)


def test_without_an_idle_connection_nothing_begins() -> None:
    with RawServer(OK, keeps_open=False) as server, PlainSession(1) as session:
        before = session.begin("PUT", f"{server.url}/a", timeout=LIMITS_S)
        session.get(f"{server.url}/a", timeout=LIMITS_S)
        wait_for(lambda: server.closed == 1, "the server has closed the connection")
        after = session.begin("PUT", f"{server.url}/a", timeout=LIMITS_S)

    assert before is after is None
    assert len(server.received) == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/a", "http://127.0.0.1/a", "nonsense"])
def test_what_is_left_to_requests_does_not_begin(url: str) -> None:
    with PlainSession(1) as session:
        assert session.begin("PUT", url, timeout=LIMITS_S) is None


def test_a_header_that_may_not_be_sent_is_refused() -> None:
    with RawServer(OK, answers=2) as server, PlainSession(1) as session:
        warm(server, session)
        with pytest.raises(InvalidHeader):
            begin(server, session, headers={"X-Plex-Token": "two\r\nlines"})
        warm(server, session)

    assert server.connections == 1


def test_an_answer_that_was_not_looked_at_in_time_counts() -> None:
    with RawServer(OK, answers=2) as server, PlainSession(1) as session:
        warm(server, session)
        exchange = begin(server, session)
        time.sleep(LIMITS_S[1] + 0.1)
        remaining_s = exchange.remaining_s
        await_exchange(exchange)

        assert remaining_s == 0.0
        assert session.finish(exchange).content == b"ok"
