"""Both readers of a hook's message give the hook the same facts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.entry import TRIGGERS, InvalidHookContext, job_from_context, merge_source_jobs
from hooks.message import read_hook
from sync_queue.hook_queue import session_parameters

NOW = 1_700_000_000.0
COOKIE = {
    "Name": "session",
    "Value": "c00kie",
    "Path": "",
    "MaxAge": 0,
    "Secure": False,
    "Raw": "",
    "Unparsed": None,
}
SERVER = {"Scheme": "http", "Host": "0.0.0.0", "Port": 9999, "SessionCookie": COOKIE, "Dir": "/d"}


def envelope(context: object, server: object = SERVER) -> dict[str, Any]:
    return {"server_connection": server, "args": {"hookContext": context}}


def context(**changed: Any) -> dict[str, Any]:
    edit = {"id": 42, "type": "Scene.Update.Post", "input": {"id": "42", "tags": [{"a": 1}]}}
    return {**edit, "inputFields": ["id", "title"], **changed}


def encoded(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


def facts(message: dict[str, Any]) -> object:
    """Return all that a hook makes of a message."""
    given_context = message["args"]["hookContext"]
    try:
        job: object = job_from_context(given_context, NOW)
    except InvalidHookContext as error:
        job = str(error)
    session = session_parameters(message.get("server_connection"), NOW)
    return job, merge_source_jobs(given_context, NOW), session


@pytest.mark.parametrize("trigger", [name for name in TRIGGERS if name != "Tag.Merge.Post"])
@pytest.mark.parametrize(
    "changed",
    [{}, {"inputFields": []}, {"inputFields": None}, {"input": None}, {"inputFields": ["id"]}],
    ids=str,
)
def test_an_ordinary_hook_is_read_without_json(trigger: str, changed: dict[str, Any]) -> None:
    message = envelope(context(type=trigger, **changed))

    reduced = read_hook(encoded(message) + b"\n")

    assert reduced is not None
    assert facts(reduced) == facts(message)


def test_what_stash_escapes_is_read_alike() -> None:
    raw = encoded(envelope(context(title="Zoë"), {**SERVER, "Host": "h<&>\u2028"}))
    raw = raw.replace(b"<", rb"\u003c").replace(b"&", rb"\u0026")

    reduced = read_hook(raw)

    assert reduced is not None
    assert facts(reduced) == facts(json.loads(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 10_000,
        b'{"args": {"hookContext": NaN}}',
        b"{'args': {'hookContext': {}}}",
        b'{"args": {"hookContext": {"id": 1, "id": 2}}}',
        b'{"args": {"hookContext": {"id": 1}, "hookContext": {"id": 2}}}',
        b'{"args.hookContext": {"id": 1}}',
        b'{"args": {"hookContext": {"id": 99999999999999999999}}}',
        b'{"args": {"hookContext": {"id": 4.0}}}',
        b'{"args": {"hookContext": {"id": true}}}',
        b'{"args": {"hookContext": {"inputFields": {"a": "b"}}}}',
        b'{"args": {"hookContext": {"inputFields": ["a", 1]}}}',
        b'{"args": {"hookContext": {"inputFields": ["\\ud800"]}}}',
        b'{"args": {"hookContext": {"type": "a\tb"}}}',
        encoded({"args": {"mode": "wake"}}),
        encoded(envelope(None)),
        encoded(envelope(context(), {"Port": "9999"})),
        encoded(envelope(context(), {"Port": 1, "SessionCookie": "x"})),
        encoded(envelope(context(type="Tag.Merge.Post"))),
    ],
)
def test_anything_unusual_is_left_to_json(raw: bytes) -> None:
    assert read_hook(raw) is None


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["title", "play_count", "http", "https", "0.0.0.0", *TRIGGERS]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def usually(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(value, value, value, anything)


contexts = st.fixed_dictionaries(
    {},
    optional={
        "id": usually(st.integers(1, 10**6)),
        "type": usually(st.sampled_from(TRIGGERS)),
        "input": anything,
        "inputFields": usually(
            st.lists(st.sampled_from(["id", "title", "play_count", "a.b"]), max_size=3)
        ),
        "more": anything,
    },
)
servers = st.fixed_dictionaries(
    {},
    optional={
        "Port": usually(st.integers(0, 70_000)),
        "Scheme": usually(st.sampled_from(["http", "https"])),
        "Host": usually(st.text(max_size=6)),
        "SessionCookie": usually(st.fixed_dictionaries({"Value": usually(st.text(max_size=6))})),
    },
)


@given(usually(contexts), usually(servers), st.booleans())
def test_both_readers_give_the_same_facts(hook: Any, server: Any, ascii_only: bool) -> None:
    text = json.dumps(envelope(hook, server), ensure_ascii=ascii_only)
    raw = text.encode("utf-8", "surrogatepass")

    reduced = read_hook(raw)

    if reduced is not None:
        assert facts(reduced) == facts(json.loads(raw.decode("utf-8", "replace")))
