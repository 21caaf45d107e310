"""Test the way to Stash: one cookie, real timeouts, a refusal is different from an absence."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import StashQueryError, StashUnavailable
from stash.answers import Cover, Credentials
from stash.client import StashClient
from stash.session import StashAddress
from tests.emulators.sample_plugins import MovableClock, write_plugin
from tests.emulators.stash_faults import Fault
from tests.emulators.stash_images import png
from tests.emulators.stash_server import StashEmulator
from tests.harness.begun_calls import finished
from tests.harness.plugin_copy import ROOT

SHORT_S = (5.0, 0.2)


@contextmanager
def client_of(
    stash: StashEmulator,
    cookie: str = "",
    *,
    api_key: str = "",
    timeout_s: tuple[float, float] = (5.0, 30.0),
) -> Iterator[StashClient]:
    address = StashAddress(stash.core.connection.scheme, "127.0.0.1", stash.port)
    client = StashClient(address, cookie, api_key=api_key, timeout_s=timeout_s)
    try:
        yield client
    finally:
        client.s.close()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def guarded(tmp_path: Path, clock: MovableClock) -> Iterator[StashEmulator]:
    """A Stash that asks for a login."""
    with StashEmulator(
        tmp_path / "guarded", username="u", password="p", api_key="right-key", clock=clock
    ) as emulator:
        yield emulator


def fresh_cookie(stash: StashEmulator) -> str:
    return stash.cookie().partition("=")[2]


# -- address
# ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("[::]", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("192.168.1.5", "192.168.1.5"),
        ("stash.lan", "stash.lan"),
        ("::1", "[::1]"),
        ("fe80::7", "[fe80::7]"),
        ("[fe80::7]", "[fe80::7]"),
    ],
)
def test_the_listen_address_becomes_one_that_can_be_called(host: str, shown: str) -> None:
    assert StashAddress("http", host, 9999).base_url == f"http://{shown}:9999"


def test_the_plex_token_is_not_logged_when_saving_fails(
    stash: StashEmulator, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library logs the variables of a failed query."""
    values = {"b_plex_token": "secret-token", "nested": {"one": 1}}
    stash.faults.plan(Fault("graphql", graphql_error="must not be null"))

    with (
        caplog.at_level(0),
        client_of(stash) as client,
        pytest.raises(StashQueryError) as caught,
    ):
        client.save_settings(values)

    out, err = capfd.readouterr()
    assert "secret-token" not in caplog.text + out + err + str(caught.value)
    assert values == {"b_plex_token": "secret-token", "nested": {"one": 1}}


def test_every_request_is_counted_and_health_checks_are_not(stash: StashEmulator) -> None:
    counted: list[int] = []
    address = StashAddress("http", "127.0.0.1", stash.port)
    client = StashClient(address, "", on_request=lambda: counted.append(1))

    client.settings()
    client.cover(999, "1")
    client.is_up()
    client.s.close()

    assert len(counted) == 2


def test_building_a_client_sends_nothing(stash: StashEmulator) -> None:
    with client_of(stash):
        pass

    assert stash.requests == []


def test_a_proxy_in_the_environment_is_not_used(stash: StashEmulator) -> None:
    code = (
        "import sys\n"
        "from stash.client import StashClient\n"
        "from stash.session import StashAddress\n"
        "print(StashClient(StashAddress('http', '0.0.0.0', int(sys.argv[1])), '').settings())\n"
    )
    proxies = dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9"
    )
    environment = {**os.environ, **proxies, "NO_PROXY": "", "no_proxy": "", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", code, str(stash.port)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stdout.strip() == "{}", done.stderr


# -- scenes
# -------------------------------------------------------------------------------------------


def test_a_batch_of_scenes_is_one_request(stash: StashEmulator) -> None:
    ids = [
        stash.library.add_scene(f"/data/{number}.mp4", title=f"Scene {number}")
        for number in range(3)
    ]

    with client_of(stash) as client:
        found = client.scenes([*ids, 999])

    titles = {number: scene and scene["title"] for number, scene in found.items()}
    assert titles == {ids[0]: "Scene 0", ids[1]: "Scene 1", ids[2]: "Scene 2", 999: None}
    assert len(stash.requests) == 1


def test_a_hundred_scenes_are_one_request(stash: StashEmulator) -> None:
    ids = [stash.library.add_scene(f"/data/{number}.mp4") for number in range(100)]

    with client_of(stash) as client:
        found = client.scenes(ids)

    assert all(found.values())
    assert len(stash.requests) == 1


def test_no_scenes_are_no_request(stash: StashEmulator) -> None:
    with client_of(stash) as client:
        found = client.scenes([])

    assert (found, stash.requests) == ({}, [])


def test_pages_of_scenes_walk_by_id_to_an_empty_one(stash: StashEmulator) -> None:
    ids = [stash.library.add_scene(f"/data/{number}.mp4") for number in range(5)]

    with client_of(stash) as client:
        first = client.scene_page(0, 2)
        second = client.scene_page(first[-1][0], 2)
        last = client.scene_page(ids[-1], 2)

    assert [key for key, _ in first] == ids[:2]
    assert [key for key, _ in second] == ids[2:4]
    assert last == []


def test_a_page_of_changes_leaves_older_scenes_out(tmp_path: Path, clock: MovableClock) -> None:
    with StashEmulator(tmp_path / "s", clock=clock) as stash:
        stash.library.add_scene("/data/old.mp4", updated_at="2020-01-05T10:00:00Z")
        new = stash.library.add_scene("/data/new.mp4", updated_at="2026-01-05T10:00:00Z")

        with client_of(stash) as client:
            page = client.scene_page(0, 10, "2025-01-01T00:00:00")

    assert page == [(new, "2026-01-05T10:00:00Z")]


def test_full_scenes_are_read_by_id_and_counted_on_request(
    stash: StashEmulator,
) -> None:
    ids = [
        stash.library.add_scene(f"/data/{number}.mp4", title=f"T {number}") for number in range(3)
    ]

    with client_of(stash) as client:
        first, total = client.full_scenes(0, 2, counted=True)
        rest, uncounted = client.full_scenes(ids[1], 2)

    assert [(int(one["id"]), one["title"]) for one in (*first, *rest)] == [
        (key, f"T {key - 1}") for key in ids
    ]
    assert (total, uncounted) == (3, 0)


def test_recent_scenes_were_changed_or_created_since(stash: StashEmulator) -> None:
    old, new = "2020-01-05T10:00:00Z", "2026-01-05T10:00:00Z"
    stash.library.add_scene("/data/old.mp4", created_at=old, updated_at=old)
    changed = stash.library.add_scene("/data/changed.mp4", created_at=old, updated_at=new)
    created = stash.library.add_scene("/data/created.mp4", created_at=new, updated_at=old)

    with client_of(stash) as client:
        page, _ = client.full_scenes(0, 10, "2025-01-01T00:00:00")

    assert [int(one["id"]) for one in page] == [changed, created]


def test_settings_that_were_never_saved_are_empty(stash: StashEmulator) -> None:
    with client_of(stash) as client:
        before = client.settings()
        stash.configure("PlexSync", a_plex_url="http://plex")
        after = client.settings()

    assert (before, after) == ({}, {"a_plex_url": "http://plex"})


def test_the_api_key_and_the_age_of_sessions_are_returned(guarded: StashEmulator) -> None:
    with client_of(guarded, fresh_cookie(guarded)) as client:
        credentials = client.credentials()

    assert credentials == Credentials("right-key", 3600.0, needs_login=True)


# -- sessions
# -----------------------------------------------------------------------------------------


def test_however_often_the_cookie_is_renewed_one_is_sent(
    guarded: StashEmulator, clock: MovableClock
) -> None:
    first = fresh_cookie(guarded)
    cookies = [first]

    with client_of(guarded, first) as client:
        for _ in range(5):
            clock.advance(1000)
            client.settings()
            cookies.append(client.cookie)
        jar = len(client.s.cookies)

    assert {record.status for record in guarded.requests} == {200}
    assert jar == 0
    assert len(set(cookies)) == 6


def test_an_expired_session_is_unavailable_until_the_next_hook(
    guarded: StashEmulator, clock: MovableClock
) -> None:
    cookie = fresh_cookie(guarded)
    clock.advance(3601)

    with client_of(guarded, cookie) as client, pytest.raises(StashUnavailable, match="session"):
        client.settings()

    assert [record.status for record in guarded.requests] == [401]


def test_a_refused_cookie_is_followed_by_the_api_key(
    guarded: StashEmulator, clock: MovableClock
) -> None:
    cookie = fresh_cookie(guarded)
    clock.advance(3601)

    with client_of(guarded, cookie, api_key="right-key") as client:
        settings = client.settings()
        kept = client.cookie

    assert settings == {}
    assert kept == cookie
    assert [record.status for record in guarded.requests] == [401, 200]


def test_an_api_key_is_not_sent_while_the_cookie_is_good(guarded: StashEmulator) -> None:
    with client_of(
        guarded, fresh_cookie(guarded), api_key="a-wrong-key-would-be-refused"
    ) as client:
        client.settings()

    assert [record.status for record in guarded.requests] == [200]


def test_a_cover_behind_a_login_page_is_unavailable(
    guarded: StashEmulator, clock: MovableClock
) -> None:
    scene = guarded.library.add_scene("/data/a.mp4", cover=png())
    cookie = fresh_cookie(guarded)
    clock.advance(3601)

    with client_of(guarded, cookie) as client, pytest.raises(StashUnavailable, match="302"):
        client.cover(scene, "1")

    assert [record.status for record in guarded.requests] == [302]


def test_json_is_utf_8_whatever_the_header_says(stash: StashEmulator) -> None:
    body = '{"data": {"configuration": {"plugins": {"PlexSync": {"b_path_map": "Été"}}}}}'.encode()
    for content_type in ("text/plain", "application/json; charset=iso-8859-1"):
        stash.faults.plan(Fault("graphql", status=200, body=body, content_type=content_type))

    with client_of(stash) as client:
        answers = [client.settings() for _ in range(2)]

    assert answers == [{"b_path_map": "Été"}] * 2


# -- failures
# -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("graphql", status=502, body=b"<html></html>", content_type="text/html"),
        Fault("graphql", status=200, body=b"<html></html>", content_type="text/html"),
        Fault("graphql", status=500, body=b"{}"),
        Fault("graphql", status=200, body=b"[]"),
        Fault("graphql", status=200, body=b'{"data": null}'),
        Fault("graphql", truncate=10),
        Fault("graphql", drop=True),
        Fault("graphql", graphql_error="database is locked"),
        Fault("graphql", status=403, body=b"tripwire"),
    ],
    ids=["502", "html", "500", "list", "no data", "truncated", "dropped", "locked", "tripwire"],
)
def test_an_answer_that_is_none_means_that_stash_is_away(
    stash: StashEmulator, fault: Fault
) -> None:
    stash.faults.plan(fault)

    with client_of(stash) as client, pytest.raises(StashUnavailable):
        client.settings()


@pytest.mark.parametrize(
    "text", ["scene with id 7 not found", "Internal system error. Error <nil pointer>"]
)
def test_an_error_that_a_retry_cannot_fix_is_a_query_error(stash: StashEmulator, text: str) -> None:
    stash.faults.plan(Fault("graphql", graphql_error=text))

    with client_of(stash) as client, pytest.raises(StashQueryError, match=text[:10]):
        client.settings()


def test_a_query_that_stash_does_not_know_is_refused(stash: StashEmulator) -> None:
    with client_of(stash) as client, pytest.raises(StashQueryError):
        client.graphql("{ nothingOfTheKind }")


def test_a_stash_that_is_gone_is_an_absence(stash: StashEmulator) -> None:
    stash.down()

    with client_of(stash) as client:
        up = client.is_up()
        with pytest.raises(StashUnavailable):
            client.settings()

    assert not up


def test_the_read_timeout_is_really_used(stash: StashEmulator) -> None:
    answer = threading.Event()
    stash.faults.hold(answer)

    with (
        client_of(stash, timeout_s=SHORT_S) as client,
        pytest.raises(StashUnavailable, match="ReadTimeout"),
    ):
        client.settings()

    answer.set()


def test_the_read_timeout_holds_for_covers_and_health_checks_too(stash: StashEmulator) -> None:
    answer = threading.Event()
    scene = stash.library.add_scene("/data/a.mp4", cover=png())
    stash.faults.hold(answer, kind="", times=None)

    with client_of(stash, timeout_s=SHORT_S) as client:
        up = client.is_up()
        with pytest.raises(StashUnavailable, match="ReadTimeout"):
            client.cover(scene, "1")

    answer.set()
    assert not up


def test_a_closed_port_means_that_stash_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(StashUnavailable):
        StashClient(StashAddress("http", "127.0.0.1", port), "").settings()


def test_a_self_signed_certificate_of_our_own_host_is_accepted(tmp_path: Path) -> None:
    with StashEmulator(tmp_path / "s", tls=True) as stash, client_of(stash) as client:
        settings, up = client.settings(), client.is_up()

    assert (settings, up) == ({}, True)


# -- covers
# -------------------------------------------------------------------------------------------


def test_a_cover_comes_with_its_etag_and_not_a_second_time(stash: StashEmulator) -> None:
    scene = stash.library.add_scene("/data/a.mp4", cover=png())

    with client_of(stash) as client:
        first = client.cover(scene, "1")
        second = client.cover(scene, "2", first.etag)

    assert first.image == png()
    assert second == Cover(None, first.etag, unchanged=True)
    assert [record.status for record in stash.requests] == [200, 304]


def test_the_etag_shows_whether_a_cover_has_changed(stash: StashEmulator) -> None:
    scene, bare = (
        stash.library.add_scene("/data/a.mp4", cover=png()),
        stash.library.add_scene("/data/b.mp4"),
    )

    with client_of(stash) as client:
        etag = client.cover(scene, "1").etag
        same = client.has_other_cover(scene, etag)
        stash.library.set_cover(scene, png(2))
        moved = client.has_other_cover(scene, etag)
        others = [client.has_other_cover(each, "") for each in (scene, bare, 999)]

    assert (same, moved, others) == (False, True, [True, False, False])


def test_a_scene_without_a_cover_has_none(stash: StashEmulator) -> None:
    scene = stash.library.add_scene("/data/a.mp4")

    with client_of(stash) as client:
        cover = client.cover(scene, "1")

    assert cover.image is None
    assert not cover.unchanged


def test_the_cover_of_a_scene_that_is_gone_is_none(stash: StashEmulator) -> None:
    with client_of(stash) as client:
        cover = client.cover(999, "1")

    assert cover == Cover(None, "")


@pytest.mark.parametrize(
    ("status", "error"), [(500, StashQueryError), (503, StashUnavailable), (502, StashUnavailable)]
)
def test_one_broken_cover_differs_from_an_absent_stash(
    stash: StashEmulator, status: int, error: type[Exception]
) -> None:
    scene = stash.library.add_scene("/data/a.mp4", cover=png())
    stash.faults.fail(status, kind="screenshot")

    with client_of(stash) as client, pytest.raises(error, match=str(status)):
        client.cover(scene, "1")


# -- covers that are looked after without waiting
# -------------------------------------------------------------------------------------------


def test_a_begun_cover_is_the_one_that_is_waited_for(stash: StashEmulator) -> None:
    scene, bare = (
        stash.library.add_scene("/data/a.mp4", cover=png()),
        stash.library.add_scene("/data/b.mp4"),
    )

    with client_of(stash) as client:
        first = client.cover(scene, "1")
        wanted = ((scene, "1", ""), (scene, "2", first.etag), (bare, "1", ""), (999, "1", ""))
        waited = [client.cover(*cover) for cover in wanted]
        begun = [finished(client.begin_cover(*cover)) for cover in wanted]

    assert begun == waited
    assert begun[1].unchanged
    paths = [record.path for record in stash.requests]
    assert paths[1:5] == paths[5:]


@pytest.mark.parametrize(
    ("status", "error"), [(500, StashQueryError), (503, StashUnavailable), (502, StashUnavailable)]
)
def test_a_broken_begun_cover_differs_from_an_absent_stash(
    stash: StashEmulator, status: int, error: type[Exception]
) -> None:
    scene = stash.library.add_scene("/data/a.mp4", cover=png())

    with client_of(stash) as client:
        client.settings()
        stash.faults.fail(status, kind="screenshot")
        with pytest.raises(error, match=str(status)):
            finished(client.begin_cover(scene, "1"))


def test_a_begun_cover_renews_the_cookie(guarded: StashEmulator, clock: MovableClock) -> None:
    scene = guarded.library.add_scene("/data/a.mp4", cover=png())

    with client_of(guarded, fresh_cookie(guarded)) as client:
        client.settings()
        before = client.cookie
        clock.advance(1000)
        cover = finished(client.begin_cover(scene, "1"))
        after = client.cookie

    assert cover.image == png()
    assert before != after


def test_a_begun_cover_may_need_the_api_key(guarded: StashEmulator, clock: MovableClock) -> None:
    scene = guarded.library.add_scene("/data/a.mp4", cover=png())

    with client_of(guarded, fresh_cookie(guarded), api_key="right-key") as client:
        client.settings()
        clock.advance(3601)
        cover = finished(client.begin_cover(scene, "1"))

    assert cover.image == png()
    assert [record.status for record in guarded.requests] == [200, 302, 200]


def test_a_begun_cover_that_does_not_come_in_time_is_unavailable(stash: StashEmulator) -> None:
    answer = threading.Event()
    scene = stash.library.add_scene("/data/a.mp4", cover=png())

    with client_of(stash, timeout_s=SHORT_S) as client:
        client.settings()
        stash.faults.hold(answer, kind="", times=None)
        with pytest.raises(StashUnavailable, match="ReadTimeout"):
            finished(client.begin_cover(scene, "1"))

    answer.set()


def test_before_the_first_connection_no_cover_begins(stash: StashEmulator) -> None:
    with client_of(stash) as client:
        assert client.begin_cover(1, "1") is None


# -- log lines
# -----------------------------------------------------------------------------------------


def test_a_line_is_logged_by_running_the_plugin(stash: StashEmulator) -> None:
    write_plugin(
        stash,
        'log("w", ARGS["mode"] + ": " + ARGS["level"] + ": " + ARGS["text"])',
        "PlexSync",
        interface="raw",
    )

    with client_of(stash) as client:
        client.log_line("warning", "Plex is away")

    assert any("say: warning: Plex is away" in entry.message for entry in stash.log)


def test_without_the_installed_plugin_no_line_can_be_logged(stash: StashEmulator) -> None:
    with client_of(stash) as client, pytest.raises(StashQueryError):
        client.log_line("warning", "never logged")


# -- what scenes show of others
# -----------------------------------------------------------------------


def test_entities_of_every_kind_are_one_request(
    stash: StashEmulator,
) -> None:
    library = stash.library
    library.add_studio("Studio", parent=library.add_studio("Network"))
    library.add_tag(" train ")
    library.add_performer("Mia")
    library.add_group("Saga")
    subjects = ["studio:2", "studio:1", "tag:1", "tag:99", "performer:1", "group:1"]

    with client_of(stash) as client:
        found = client.entities(subjects, 5.0)

    assert {subject: one and (one.shown, one.parent) for subject, one in found.items()} == {
        "studio:2": ("Studio", "1"),
        "studio:1": ("Network", ""),
        "tag:1": ("train", ""),
        "tag:99": None,
        "performer:1": ("Mia", ""),
        "group:1": ("Saga", ""),
    }
    assert stash.count("graphql") == 1


def test_without_entities_no_request_is_sent(stash: StashEmulator) -> None:
    with client_of(stash) as client:
        assert client.entities([], 5.0) == {}

    assert stash.count("graphql") == 0


def test_scenes_of_an_entity_include_those_of_child_studios(
    stash: StashEmulator,
) -> None:
    library = stash.library
    library.add_studio("Studio", parent=library.add_studio("Network"))
    library.add_studio("Room", parent=2)
    shows: dict[str, Any] = {"tags": ["train"], "performers": ["Mia"], "groups": ["Saga"]}
    for studio in ("Network", "Studio", "Room"):
        library.add_scene(studio=studio, **shows)
    library.add_scene(tags=["other"])

    with client_of(stash) as client:
        pages = [client.scenes_showing("tag:1", after, 2) for after in (0, 2, 3)]
        of_studios = [client.scenes_showing(f"studio:{number}", 0, 10) for number in (1, 2, 3)]
        of_others = [
            client.scenes_showing(subject, 0, 10)
            for subject in ("performer:1", "group:1", "tag:99")
        ]

    assert pages == [[1, 2], [3], []]
    assert of_studios == [[1, 2], [2, 3], [3]]
    assert of_others == [[1, 2, 3], [1, 2, 3], []]


def test_the_newest_entities_come_first_with_all_ids(stash: StashEmulator) -> None:
    for number, day in enumerate(("01", "03", "02"), start=1):
        stash.library.add_tag(f"t {number}", updated_at=f"2024-05-{day}T00:00:00Z")

    with client_of(stash) as client:
        first = client.newest_entities(["tag", "studio"], 1, 2)
        second = client.newest_entities(["tag"], 2, 2)
        ids = client.entity_ids("tag")

    assert first == {
        "tag": [("tag:2", "2024-05-03T00:00:00Z"), ("tag:3", "2024-05-02T00:00:00Z")],
        "studio": [],
    }
    assert [subject for subject, _ in second["tag"]] == ["tag:1"]
    assert ids == {"tag:1", "tag:2", "tag:3"}


def test_scenes_are_read_with_the_file_behind_their_id(stash: StashEmulator) -> None:
    stash.library.add_scene(
        "/data/1.mp4", oshash="aa", files=[{"path": "/data/2.mp4", "oshash": "bb"}]
    )
    stash.library.add_scene(title="no file")

    with client_of(stash) as client:
        every = client.scene_file_states(0, 10)
        changed = client.scene_file_states(0, 10, "1999-01-01T00:00:00")

    assert [(one.scene_id, one.oshash) for one in every] == [(1, "aa"), (2, "")]
    assert changed == every


def test_scenes_are_found_by_any_of_their_files(stash: StashEmulator) -> None:
    stash.library.add_scene(
        "/data/1.mp4", oshash="aa", files=[{"path": "/data/2.mp4", "oshash": "bb"}]
    )

    with client_of(stash) as client:
        assert [client.scenes_by_oshash(oshash) for oshash in ("aa", "bb", "cc")] == [[1], [1], []]
