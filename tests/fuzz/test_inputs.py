"""What comes in from outside: the script's stdin, Stash's answers and settings, Plex's XML, paths."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PlexError, PlexSyncError
from core.field_values import digest
from core.file_names import components, file_stem
from core.plex_item import PlexItem
from hooks.entry import run_hook
from hooks.operations import run_log_line, run_wake
from plex.client import PlexClient
from plex.edit_request import EditLimits, edit_targets, fit_text
from plex.item_xml import parse_item
from plex.lazy_server import PlexAddress
from plex.path_map import PathMap
from plex.paths import normal_path
from plex.plan import WriteRules, field_records, intended_records, plan_changes
from startup import read_message
from stash.client import StashClient
from stash.library import file_sample
from stash.session import StashAddress
from tests.fuzz.mutations import GARBAGE, JSON, TEXTS, mutated, mutated_bytes
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store
from tests.harness.examples import fuzzed
from tests.harness.plugin_copy import copy_plugin
from validation.config import read_config
from validation.desired_values import desired_values
from validation.metadata import parse_scene
from validation.settings import SETTINGS

MESSAGE: dict[str, Any] = {
    "server_connection": {
        "Scheme": "http", "Host": "0.0.0.0", "Port": 9, "SessionCookie": {"Name": "session", "Value": "c"}, "Dir": "/x",
    },
    "args": {
        "hookContext": {
            "id": 42, "type": "Scene.Update.Post", "input": {"id": "42", "title": "t"}, "inputFields": ["id", "title"],
        },
    },
}  # fmt: skip
SCENE: dict[str, Any] = {
    "id": "42", "title": "Night", "details": "Words", "director": "Ada", "code": "X-1", "date": "2024-03-09",
    "rating100": 80, "organized": True, "created_at": "2024-05-06T07:08:09Z", "updated_at": "2024-05-06T07:08:09Z",
    "studio": {"id": "1", "name": "Aurora", "parent_studio": {"id": "2", "name": "Mother"}},
    "performers": [{"id": "3", "name": "Mia"}], "tags": [{"id": str(n), "name": f"tag {n}"} for n in range(4)],
    "files": [{"path": "/data/a.mp4", "size": 5, "fingerprints": [{"type": "oshash", "value": "ab"}]}],
}  # fmt: skip
ANSWERS = {
    "scenes": {"data": {"s42": SCENE}},
    "settings": {"data": {"configuration": {"plugins": {"PlexSync": {"a_plex_url": "http://p"}}}}},
    "credentials": {"data": {"configuration": {"general": {"apiKey": "k", "maxSessionAge": 3600}}}},
    "scene_page": {
        "data": {"findScenes": {"scenes": [{"id": "1", "updated_at": "2024-05-06T07:08:09Z"}]}}
    },
    "file_sample": {"data": {"findScenes": {"scenes": [{"files": [{"path": "/a", "size": 3}]}]}}},
}


# -- stdin ----------------------------------------------------------------------------------------


def answered(raw: bytes, folder: str) -> dict[str, object]:
    """What the hook's door answers, up to the point where a worker or a task would be started."""
    try:
        message = read_message(raw)
    except (ValueError, RecursionError) as error:
        return {"error": str(error)}
    inputs = message.get("args")
    arguments = inputs if isinstance(inputs, dict) else {}
    if "hookContext" in arguments:
        return run_hook(message, folder, 1.0, lambda by: lambda: None, lambda line: None)
    if arguments.get("mode") == "say":
        return run_log_line(arguments, lambda line: None)
    return run_wake(message, folder, 1.0, lambda by: lambda: None, lambda line: None)


@pytest.mark.parametrize("with_database", [False, True])
@fuzzed(30)
@given(raw=mutated_bytes(MESSAGE))
def test_any_message_from_stash_gets_one_json_answer(with_database: bool, raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        if with_database:
            open_store(Path(folder), FakeClock()).connection.close()

        document = answered(raw, folder)

        assert set(json.loads(json.dumps(document))) <= {"output", "error"}


@fuzzed(30)
@given(level=st.one_of(st.sampled_from(["info", "error"]), JSON), text=JSON)
def test_any_log_line_is_printed_on_one_line_or_refused(level: object, text: object) -> None:
    printed: list[bytes] = []

    document = run_log_line({"level": level, "text": text}, printed.append)

    assert set(document) <= {"output", "error"}
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in printed)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_plugin(tmp_path_factory.mktemp("plugin") / "PlexSync")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"args": {"hookContext": ' + b"[" * 200_000,
        b'{"args": {"mode": "say", "level": "info", "text": "\\ud800"}}',
        b'{"args": {"hookContext": {"type": "Scene.Update.Post", "id": 1e999}}}',
        b'{"args": {"hookContext": {"type": "Scene.Update.Post", "id": ' + b"9" * 5_000 + b"}}}",
        b'{"args": {"mode": {"\\u0000": NaN}}}',
    ],
    ids=[
        "nothing",
        "no text",
        "too deep",
        "too deep inside",
        "half a character",
        "endless",
        "too long",
        "no mode",
    ],
)
def test_a_real_process_never_shows_a_traceback(installed: Path, raw: bytes) -> None:
    done = subprocess.run(
        [sys.executable, str(installed / "PlexSync.py")],
        input=raw,
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert set(json.loads(done.stdout)) <= {"output", "error"}
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)


# -- Stash ----------------------------------------------------------------------------------------


@fuzzed(60)
@given(
    raw=st.dictionaries(
        st.one_of(st.sampled_from([one.key for one in SETTINGS]), TEXTS), JSON, max_size=12
    )
)
def test_whatever_the_settings_hold_they_can_be_read(raw: dict[str, object]) -> None:
    reading = read_config(raw)

    shown = " ".join([*reading.warnings, *reading.unknown])
    assert len(shown) < 20_000
    assert reading == read_config(raw)


@fuzzed(60)
@given(
    raw=mutated(SCENE),
    settings=st.dictionaries(st.sampled_from([one.key for one in SETTINGS]), JSON, max_size=4),
)
def test_any_scene_is_planned_and_sent_or_rejected_in_words(
    raw: Any, settings: dict[str, Any]
) -> None:
    if not isinstance(raw, dict):
        return
    try:
        scene = parse_scene(raw)
    except ValueError:
        return
    config = read_config(settings).config

    desired = desired_values(scene, config)
    limits = EditLimits()
    desired = {
        name: fit_text(value, limits) if isinstance(value, str) else value
        for name, value in desired.items()
    }
    item = snapshot()
    changes = plan_changes(desired, item, None, WriteRules(), identified=scene.has_identity)
    intended_records(changes, desired, item, None)
    field_records(changes, desired, item, None)
    with contextlib.suppress(PlexSyncError):
        for target in edit_targets(1, [1], changes, limits):
            assert target.isascii()
            assert len(target) <= limits.target_chars
    for change in changes:
        digest(change.field.kind, change.value)


def snapshot() -> PlexItem:
    element = ElementTree.fromstring('<Video ratingKey="1" title="x"/>')
    return parse_item(element, 1)


class _Answering(BaseHTTPRequestHandler):
    body = b""
    kind = "application/json"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 (the library's names)

    def log_message(self, format: str, *values: object) -> None:
        """Discard the line."""


@contextlib.contextmanager
def served(body: bytes, kind: str) -> Iterator[str]:
    """A server that gives everybody the same answer."""
    handler = type("Handler", (_Answering,), {"body": body, "kind": kind})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("name", ANSWERS)
@fuzzed(12)
@given(data=st.data())
def test_any_answer_of_stash_is_parsed_or_one_of_our_errors(name: str, data: st.DataObject) -> None:
    body = data.draw(mutated_bytes(ANSWERS[name]))
    with served(body, "application/json") as url:
        client = StashClient(
            StashAddress("http", "127.0.0.1", int(url.rpartition(":")[2])), "cookie"
        )
        asked: dict[str, Callable[[], object]] = {
            "scenes": lambda: [
                parse_scene(one) for one in client.scenes([42]).values() if one is not None
            ],
            "settings": lambda: read_config(client.settings()),
            "credentials": client.credentials,
            "scene_page": lambda: client.scene_page(0, 10),
            "file_sample": lambda: file_sample(client, 10),
        }

        with contextlib.suppress(PlexSyncError, *([ValueError] if name == "scenes" else [])):
            asked[name]()
        client.s.close()


# -- Plex -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def plex_at(url: str) -> Iterator[PlexClient]:
    client = PlexClient(PlexAddress(url, "token", (5.0, 30.0)), {}, lambda seconds: None)
    try:
        yield client
    finally:
        client.close()


NUMBER = st.sampled_from(
    ["1", "", "x", "-5", "1e9", "9" * 5_000, "٣", "²", "nan", "inf", " 7 ", "0x10", "1.5"]
)
NAMES = st.sampled_from(
    [
        "MediaContainer",
        "Video",
        "Directory",
        "Media",
        "Part",
        "Genre",
        "Role",
        "Field",
        "Photo",
        "X",
    ]
)
ATTRIBUTES = st.sampled_from(
    [
        "ratingKey", "librarySectionID", "totalSize", "size", "title", "file", "tag", "userRating", "selected",
        "locked", "originallyAvailableAt", "key", "machineIdentifier", "contentChangedAt", "addedAt", "proxyType",
        "name", "type",
    ],
)  # fmt: skip
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=10)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        _xml,
        NAMES,
        st.dictionaries(ATTRIBUTES, st.one_of(NUMBER, XML_TEXT), max_size=6),
        st.lists(children, max_size=3),
    )


def _xml(name: str, attributes: dict[str, str], inside: list[str]) -> str:
    quoted = "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{quoted}>{''.join(inside)}</{name}>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


DOCUMENTS = st.recursive(st.builds(_xml, NAMES, st.just({}), st.just([])), _element, max_leaves=10)
WHOLE = st.builds(
    lambda attributes, inside: _xml("MediaContainer", attributes, inside),
    st.dictionaries(ATTRIBUTES, NUMBER, max_size=8),
    st.lists(DOCUMENTS, max_size=4),
).map(str.encode)


@fuzzed(40)
@given(
    body=st.one_of(
        WHOLE,
        st.tuples(WHOLE, st.integers(1, 40)).map(lambda pair: pair[0][: -pair[1]]),
        DOCUMENTS.map(str.encode),
        GARBAGE,
        st.sampled_from(
            [b"<html><body>Sign in</body></html>", b"<a>" * 50_000, b"<MediaContainer a='&x;'/>"]
        ),
    ),
    kind=st.sampled_from(
        ["text/xml;charset=utf-8", "text/xml", "application/json", "text/html; charset=utf-16", ""]
    ),
)
def test_any_answer_of_plex_is_parsed_or_an_error_of_plexsync(body: bytes, kind: str) -> None:
    with served(body, kind) as url, plex_at(url) as client:
        for ask in (
            client.machine_identifier,
            client.sections,
            lambda: client.list_page(1, 0),
            lambda: client.items(1, [1]),
            lambda: client.images(1, "posters"),
            lambda: client.edit("/library/sections/1/all?type=1&id=1&title.value=a"),
            lambda: client.upload_image(1, "posters", b"x"),
        ):
            with contextlib.suppress(PlexError):
                ask()


# -- paths ----------------------------------------------------------------------------------------


@fuzzed(60)
@given(path=TEXTS, pairs=st.lists(st.tuples(TEXTS, TEXTS), max_size=3))
def test_whatever_a_path_holds_it_is_compared_and_mapped(
    path: str, pairs: list[tuple[str, str]]
) -> None:
    assert normal_path(normal_path(path)) == normal_path(path)
    assert components(path)
    file_stem(path)
    assert PathMap(tuple(pairs)).mapped(path)
