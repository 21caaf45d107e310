"""The session prepares the requests of both clients exactly as requests does."""

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st
from requests.exceptions import InvalidHeader

from network.plain_session import PlainSession

URL = "http://127.0.0.1:32400"
METHODS = ("GET", "PUT", "POST", "DELETE")
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
TARGETS = st.text(
    st.sampled_from("abcXYZ019-._~/?&=%+:;,@!$()*'").filter(lambda character: character != "%")
)


def ours(request: requests.Request) -> requests.PreparedRequest:
    session = PlainSession(1)
    session.headers.update({"DNT": "1", "content-type": "application/json"})
    return session.prepare_request(request)


def theirs(request: requests.Request) -> requests.PreparedRequest:
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"DNT": "1", "content-type": "application/json"})
    return session.prepare_request(request)


@given(
    method=st.sampled_from(METHODS),
    target=TARGETS,
    headers=st.dictionaries(st.sampled_from(["Accept", "dnt", "X-Plex-Token", "Cookie"]), TEXTS),
    body=st.none() | st.binary(max_size=40),
)
def test_requests_are_prepared_as_by_requests(
    method: str, target: str, headers: dict[str, str], body: bytes | None
) -> None:
    assume(not target.endswith("?"))  # requests drops an empty query
    request = requests.Request(method, f"{URL}/library{target}", headers=headers, data=body)

    found, expected = ours(request), theirs(request)

    assert (found.method, found.url) == (expected.method, expected.url)
    assert found.body == expected.body
    assert dict(lowered(found)) == dict(lowered(expected))


def lowered(prepared: requests.PreparedRequest) -> list[tuple[str, str]]:
    """Return every header that is sent, so that one that is sent twice shows."""
    headers = [(str(name).lower(), str(value)) for name, value in prepared.headers.items()]
    assert len(headers) == len(dict(headers))
    return headers


@pytest.mark.parametrize(
    "request_",
    [
        requests.Request("GET", f"{URL}/a", params={"t": "1"}),
        requests.Request("GET", "http://name:word@127.0.0.1/a"),
        requests.Request("GET", f"{URL}/a#fragment"),
        requests.Request("GET", URL),
        requests.Request("POST", f"{URL}/graphql", json={"query": "{ a }"}),
        requests.Request("GET", "http://bücher.example/a"),
    ],
    ids=["parameters", "credentials", "fragment", "no-path", "json", "name"],
)
def test_other_requests_are_prepared_as_well(request_: requests.Request) -> None:
    found, expected = ours(request_), theirs(request_)

    assert found.url == expected.url
    assert found.body == expected.body
    assert dict(lowered(found)) == dict(lowered(expected))


@pytest.mark.parametrize("value", ["two\r\nlines", " starts with a blank", "ends\n"])
def test_a_header_that_may_not_be_sent_is_refused(value: str) -> None:
    with pytest.raises(InvalidHeader):
        ours(requests.Request("GET", f"{URL}/a", headers={"X-Plex-Token": value}))


@pytest.mark.parametrize("url", ["ftp//nothing", "http:///a", "/a"])
def test_an_unusable_url_is_refused(url: str) -> None:
    with pytest.raises(requests.RequestException):
        ours(requests.Request("GET", url))
