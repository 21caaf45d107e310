"""The emulated Stash answers as the real one does: filters, timestamps, cookies, images, and going
away.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tests.emulators import stash_client
from tests.emulators.sample_plugins import Background, MovableClock, alive, until, write_plugin
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_server import StashEmulator

FIND = (
    "query($filter: FindFilterType, $where: SceneFilterType, $ids: [ID!])"
    " { findScenes(filter: $filter, scene_filter: $where, ids: $ids) { count scenes { id } } }"
)


def raw_query(stash: StashEmulator, query: str) -> stash_client.HttpAnswer:
    """Send a query and return the answer as it is, errors included."""
    return stash_client.fetch(stash.url, "/graphql", json.dumps({"query": query}).encode())


def find(
    stash: StashEmulator, filter: object = None, where: object = None, ids: object = None
) -> list[int]:
    found = stash.graphql(FIND, {"filter": filter, "where": where, "ids": ids})["findScenes"]
    return [int(each["id"]) for each in found["scenes"]]


class TestFinding:
    def test_a_page_holds_25_unless_asked_otherwise(self, stash: StashEmulator) -> None:
        for number in range(30):
            stash.library.add_scene(f"/data/{number}.mp4")

        assert len(find(stash)) == 25
        assert len(find(stash, {"per_page": -1})) == 30
        assert find(stash, {"per_page": 0}) == []
        assert len(find(stash, ids=[])) == 25
        after = {"id": {"value": 27, "modifier": "GREATER_THAN"}}
        assert find(stash, {"sort": "id", "per_page": 2}, after) == [28, 29]

    def test_ids_keep_their_order_and_one_bad_id_fails_all(self, stash: StashEmulator) -> None:
        for number in range(3):
            stash.library.add_scene(f"/data/{number}.mp4")

        assert find(stash, ids=["3", "1"]) == [3, 1]
        with pytest.raises(GraphqlFailure, match="scene with id 7 not found"):
            find(stash, ids=["1", "7"])
        with pytest.raises(GraphqlFailure):
            find(stash, ids=["1", "1"])
        assert stash.graphql("{ findScene(id: 7) { id } }")["findScene"] is None

    def test_a_path_is_a_pattern_that_ignores_case(self, stash: StashEmulator) -> None:
        stash.library.add_scene("/data/a_b.mp4")
        stash.library.add_scene("/data/AxB.mp4")
        stash.library.add_scene("/data/other.mp4")

        assert find(stash, where={"path": {"value": "/data/a_b.mp4", "modifier": "EQUALS"}}) == [
            1,
            2,
        ]
        assert find(stash, where={"path": {"value": "axb other", "modifier": "INCLUDES"}}) == [2, 3]
        assert find(stash, where={"path": {"value": '"axb other"', "modifier": "INCLUDES"}}) == []
        assert find(stash, where={"path": {"value": "b\\.mp4$", "modifier": "MATCHES_REGEX"}}) == [
            1
        ]

    def test_links_are_found_with_their_descendants(self, stash: StashEmulator) -> None:
        parent = stash.library.add_studio("Parent")
        stash.library.add_studio("Child", parent="Parent")
        one = stash.library.add_scene(
            "/data/1.mp4", studio="Parent", performers=["Ann"], tags=["x"]
        )
        two = stash.library.add_scene("/data/2.mp4", studio="Child", performers=["Ann", "Bea"])

        def linked(name: str, *ids: int, modifier: str = "INCLUDES", **more: int) -> list[int]:
            value = {"value": [str(each) for each in ids], "modifier": modifier, **more}
            return find(stash, where={name: value})

        assert linked("studios", parent, depth=0) == [one]
        assert linked("studios", parent, depth=1) == [one, two]
        assert linked("performers", 1, 2) == [one, two]
        assert linked("performers", 1, 2, modifier="INCLUDES_ALL") == [two]
        assert linked("tags", 1, modifier="EXCLUDES") == [two]
        assert find(stash, where={"is_missing": "tags", "OR": {"organized": True}}) == [two]

    def test_unset_text_is_empty_and_an_unset_date_is_null(self, stash: StashEmulator) -> None:
        stash.library.add_scene("/data/1.mp4")

        scene = stash.graphql("{ findScene(id: 1) { title details date studio { name } urls } }")[
            "findScene"
        ]

        assert scene == {"title": "", "details": "", "date": None, "studio": None, "urls": []}

    def test_timestamps_are_compared_as_text(self, tmp_path: Path) -> None:
        with StashEmulator(tmp_path, zone="+02:00", clock=lambda: 1_767_600_000.0) as stash:
            stash.library.add_scene("/data/1.mp4")

            def since(value: str) -> list[int]:
                return find(
                    stash, where={"updated_at": {"value": value, "modifier": "GREATER_THAN"}}
                )

            assert stash.library.scene(1).updated_at == "2026-01-05T10:00:00+02:00"
            assert since("2026-01-05T08:30:00Z") == [1], (
                "half an hour after the change, and still found"
            )
            assert since("2026-01-04T06:00:00") == [1]
            assert since("2026-01-05 23:00:00") == [1]
            assert since("2026") == [1]

    def test_a_misspelt_field_is_422_and_a_broken_body_400(self, stash: StashEmulator) -> None:
        with pytest.raises(GraphqlFailure) as refused:
            stash.graphql("{ findScenes { scene { id } } }")
        with pytest.raises(GraphqlFailure) as wrong_type:
            stash.graphql(FIND, {"ids": 5.5})
        broken = stash_client.fetch(stash.url, "/graphql", b"{")

        assert (refused.value.status, wrong_type.value.status, broken.status) == (422, 422, 400)

    def test_answers_are_compressed_for_who_can_read_it(self, stash: StashEmulator) -> None:
        body = json.dumps({"query": "{ version { version } }"}).encode()

        answer = stash_client.fetch(stash.url, "/graphql", body, {"Accept-Encoding": "gzip"})

        assert answer.headers["Content-Encoding"] == "gzip"
        assert json.loads(answer.body)["data"]["version"]["version"] == "v0.30.1"


class TestChanges:
    """Which changes move a scene's `updated_at`, and that these fire no scene hook."""

    CHANGES: dict[str, tuple[bool, Callable[[StashEmulator], object]]] = {
        "merge": (True, lambda stash: stash.merge_scenes([2], 1)),
        "cover": (True, lambda stash: stash.library.set_cover(1, b"x")),
        "screenshot": (
            True,
            lambda stash: stash.graphql('mutation { sceneGenerateScreenshot(id: "1") }'),
        ),
        "auto-tag": (True, lambda stash: stash.library.auto_tag(1, tags=["new"])),
        "assign file": (False, lambda stash: stash.library.assign_file(1, 2)),
        "move file": (False, lambda stash: stash.library.move_file("/data/1.mp4", "/data/9.mp4")),
        "move folder": (False, lambda stash: stash.library.move_folder("/data", "/other")),
        "performer merge": (False, lambda stash: stash.library.performer_merge(["Ann"], "Bea")),
        "performer rename": (False, lambda stash: stash.update_named("performer", 1, name="Anna")),
        "studio rename": (False, lambda stash: stash.update_named("studio", 1, name="Home")),
        "tag rename": (False, lambda stash: stash.update_named("tag", 1, name="y")),
        "tag removed": (
            False,
            lambda stash: stash.graphql('mutation { tagDestroy(input: {id: "1"}) }'),
        ),
        "play": (False, lambda stash: stash.library.play(1)),
    }

    @pytest.mark.parametrize("name", CHANGES)
    def test_a_silent_change_moves_the_timestamp_where_stash_does(
        self, tmp_path: Path, name: str
    ) -> None:
        clock = MovableClock()
        with StashEmulator(tmp_path, clock=clock) as stash:
            write_plugin(stash, "", triggers=["Scene.Update.Post", "Scene.Destroy.Post"])
            for number in (1, 2):
                stash.library.add_scene(
                    f"/data/{number}.mp4", performers=["Ann"], studio="Studio", tags=["x"]
                )
            before = stash.library.scene(1)
            clock.advance(60)

            moves, change = self.CHANGES[name]
            change(stash)

            assert (stash.library.scene(1).updated_at != before.updated_at) == moves
            assert stash.plugin_runs == []

    def test_a_save_that_changes_nothing_moves_the_timestamp(self, tmp_path: Path) -> None:
        clock = MovableClock()
        with StashEmulator(tmp_path, clock=clock) as stash:
            stash.library.add_scene("/data/1.mp4")
            before = stash.library.scene(1).updated_at
            clock.advance(1.5)

            stash.save_scene(1)

            assert stash.library.scene(1).updated_at > before

    def test_a_full_import_renumbers_everything(self, stash: StashEmulator) -> None:
        stash.library.add_scene("/data/1.mp4", studio="Studio", performers=["Ann"], tags=["x"])
        stash.library.add_scene("/data/2.mp4")

        renumbered = stash.library.full_import()

        assert stash.library.scene(renumbered[1]).performers == ("Ann",)
        assert set(find(stash)) == set(renumbered.values())
        assert not set(renumbered) & set(renumbered.values())

    def test_a_full_import_may_give_every_id_to_another(self, stash: StashEmulator) -> None:
        stash.library.add_scene(
            "/data/1.mp4", studio="Studio", performers=["Ann", "Bea"], tags=["x", "y"]
        )
        stash.library.add_scene("/data/2.mp4", performers=["Bea"], tags=["y"])

        renumbered = stash.library.full_import(0)

        assert renumbered == {1: 2, 2: 1}
        assert stash.library.scene(2).performers == ("Ann", "Bea")
        assert (stash.library.scene(1).performers, stash.library.scene(1).tags) == (
            ("Bea",),
            ("y",),
        )
        assert stash.library.performer_id("Bea") == 1

    def test_links_to_nothing_are_refused(self, stash: StashEmulator) -> None:
        stash.library.add_scene("/data/1.mp4")

        with pytest.raises(GraphqlFailure, match="FOREIGN KEY"):
            stash.update_scene(1, tag_ids=["9"])

        assert stash.library.scene(1).tags == ()

    def test_merged_tags_fire_one_hook_with_the_target(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=["Tag.Merge.Post", "Tag.Destroy.Post"])
        stash.library.add_scene("/data/1.mp4", tags=["old", "new"])

        stash.graphql('mutation { tagsMerge(input: {source: ["1"], destination: "2"}) { id } }')

        context = stash.plugin_runs[0].args["hookContext"]
        assert context == {
            "id": 2,
            "type": "Tag.Merge.Post",
            "input": {"source": ["1"], "destination": "2"},
        }
        assert len(stash.plugin_runs) == 1
        assert stash.library.scene(1).tags == ("new",)


class TestSettings:
    def test_settings_are_absent_until_saved_then_replaced_whole(
        self, stash: StashEmulator
    ) -> None:
        query = '{ configuration { plugins(include: ["Toy"]) } }'
        save = 'mutation($input: Map!) { configurePlugin(plugin_id: "Toy", input: $input) }'

        never_saved = stash.graphql(query)["configuration"]["plugins"]
        first = stash.graphql(save, {"input": {"a": 2.0, "b": 2.5}})["configurePlugin"]
        stash.graphql(save, {"input": {"c": ""}})
        stash.restart()

        assert never_saved == {}
        assert json.dumps(first) == '{"a": 2, "b": 2.5}'
        assert stash.graphql(query)["configuration"]["plugins"] == {"Toy": {"c": ""}}

    def test_the_log_query_gives_the_newest_thirty_at_or_above_info(
        self, stash: StashEmulator
    ) -> None:
        stash.log_store.add("Debug", "unseen")
        for number in range(40):
            stash.log_store.add("Info", str(number))

        logs = stash.graphql("{ logs { level message } }")["logs"]

        assert [each["message"] for each in logs] == [str(each) for each in range(39, 9, -1)]


class TestAccess:
    def test_a_cookie_expires_and_is_renewed_by_use(self, tmp_path: Path) -> None:
        clock = MovableClock()
        with StashEmulator(
            tmp_path, clock=clock, username="me", password="pw", max_session_age=60
        ) as stash:
            stash.library.add_scene("/data/1.mp4")
            old = {"Cookie": stash.cookie()}
            clock.advance(50)
            renewed = {
                "Cookie": stash.fetch("/scene/1/screenshot", old)
                .headers["Set-Cookie"]
                .split(";")[0]
            }
            clock.advance(50)
            stash.restart()

            with pytest.raises(GraphqlFailure) as refused:
                stash.graphql("{ version { version } }", headers=old, cookie=old["Cookie"])
            redirected = stash.fetch("/scene/1/screenshot?t=1", old)
            first_counts = stash.fetch(
                "/scene/1/screenshot", {"Cookie": old["Cookie"] + "; " + renewed["Cookie"]}
            )

            assert refused.value.status == 401
            assert redirected.status == 302
            assert redirected.headers["Location"].startswith("/login?returnURL=%2Fscene")
            assert first_counts.status == 302
            assert stash.fetch("/scene/1/screenshot", renewed).status == 200
            assert stash.fetch("/healthz").body == b"."

    def test_login_gives_a_cookie_only_for_the_right_password(self, tmp_path: Path) -> None:
        with StashEmulator(tmp_path, username="me", password="pw") as stash:
            right = stash_client.fetch(stash.url, "/login", b"username=me&password=pw")
            wrong = stash_client.fetch(stash.url, "/login", b"username=me&password=no")

            assert (right.status, wrong.status) == (200, 401)
            assert right.headers["Set-Cookie"].startswith("session=")

    def test_a_wrong_api_key_is_refused_even_without_a_login(self, stash: StashEmulator) -> None:
        for key in ("anything", "right"):
            with pytest.raises(GraphqlFailure, match="401"):
                stash.graphql("{ version { version } }", headers={"ApiKey": key})

        stash.options.api_key = "right"

        assert stash.graphql("{ version { version } }", headers={"ApiKey": "right"})

    def test_a_plugin_uses_its_cookie_on_a_server_with_a_password(self, tmp_path: Path) -> None:
        with StashEmulator(tmp_path, username="me", password="pw") as stash:
            write_plugin(stash, 'print(json.dumps({"output": gql("{ version { hash } }")[0]}))')

            assert stash.run_operation(plugin_id="Toy") == 200
            job = stash.wait_job(stash.run_task(plugin_id="Toy"))
            assert job.status == "FINISHED"
            assert stash.plugin_runs[1].output == 200

    def test_tls_comes_with_a_self_signed_certificate(self, tmp_path: Path) -> None:
        with StashEmulator(tmp_path, tls=True) as stash:
            write_plugin(
                stash, 'print(json.dumps({"output": INPUT["server_connection"]["Scheme"]}))'
            )

            assert stash.url.startswith("https://")
            assert stash.run_operation(plugin_id="Toy") == "https"


class TestImages:
    def test_a_cover_has_an_etag_and_a_missing_one_is_a_drawing(self, stash: StashEmulator) -> None:
        stash.library.add_scene("/data/1.mp4", cover=b"\xff\xd8\xffcover")
        stash.library.add_scene("/data/2.mp4")

        first = stash.fetch("/scene/1/screenshot?t=1")
        again = stash.fetch("/scene/1/screenshot", {"If-None-Match": first.headers["ETag"]})
        none = stash.fetch("/scene/2/screenshot")

        assert (first.body, first.headers["Content-Type"]) == (b"\xff\xd8\xffcover", "image/jpeg")
        assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert (again.status, again.body, again.headers["Cache-Control"]) == (304, b"", "no-cache")
        assert (none.status, none.headers["Content-Type"]) == (200, "image/svg+xml")
        assert [stash.fetch(f"/scene/{each}/screenshot").status for each in ("9", "x")] == [
            404,
            400,
        ]
        assert (stash.count("screenshot", status=200), stash.count("screenshot", status=304)) == (
            2,
            1,
        )

    def test_a_missing_portrait_is_known_by_its_address(self, stash: StashEmulator) -> None:
        stash.library.add_performer("Ann")

        path = stash.graphql('{ findPerformer(id: "1") { image_path } }')["findPerformer"][
            "image_path"
        ]

        assert path.endswith("&default=true")
        assert stash.fetch("/performer/1/image").headers["Content-Type"] == "image/png"

    def test_a_plugin_serves_its_scripts_and_published_folder_only(
        self, stash: StashEmulator
    ) -> None:
        ui = {"javascript": ["a.js", "b.js"], "assets": {"/public": "public"}}
        folder = write_plugin(stash, "", ui=ui)
        (folder / "a.js").write_text("1", encoding="utf-8")
        (folder / "b.js").write_text("2", encoding="utf-8")
        (folder / "public").mkdir()
        (folder / "public" / "x.html").write_text("x", encoding="utf-8")

        script = stash.fetch("/plugin/Toy/javascript")

        assert (script.body, script.headers["Content-Type"]) == (b"1\n2\n", "text/javascript")
        assert stash.fetch("/plugin/Toy/assets/public/x.html").body == b"x"
        assert stash.fetch("/plugin/Toy/assets/public/../toy.py").status == 404
        assert stash.fetch("/plugin/None/javascript").status == 404
        stash.graphql("mutation { setPluginsEnabled(enabledMap: {Toy: false}) }")
        assert stash.fetch("/plugin/Toy/javascript").status == 400


class TestFaults:
    def test_planned_faults_hit_the_next_fitting_request(self, stash: StashEmulator) -> None:
        query = "{ version { version } }"
        stash.faults.fail(500, name="findScenes")
        stash.faults.html(200)
        stash.faults.locked()

        with pytest.raises(GraphqlFailure, match="Gateway"):
            stash.graphql(query)
        with pytest.raises(GraphqlFailure, match="database is locked"):
            stash.graphql(query)
        with pytest.raises(GraphqlFailure, match="500"):
            find(stash)
        assert find(stash) == []

    def test_answers_can_be_cut_short_dropped_or_held(self, stash: StashEmulator) -> None:
        query = "{ version { version } }"
        until_set = Event()

        stash.faults.truncate(5)
        with pytest.raises(http.client.IncompleteRead):
            stash.graphql(query)
        stash.faults.drop()
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            stash.graphql(query)
        stash.faults.hold(until_set)
        held = Background(lambda: stash.graphql(query))
        until_set.set()

        assert held.join() == stash.graphql(query)

    @pytest.mark.parametrize("state", ["NEEDS_MIGRATION", "SETUP"])
    def test_without_a_database_only_data_is_missing(
        self, stash: StashEmulator, state: str
    ) -> None:
        """Seen on a running server: every data query answers 200 with a caught panic."""
        scene = stash.library.add_scene("/data/1.mp4")
        stash.core.system_status = state

        answer = raw_query(stash, "{ a: findScene(id: 1) { id } }")
        cover = stash.fetch(f"/scene/{scene}/screenshot")
        works = stash.graphql("{ systemStatus { status } configuration { plugins } }")

        assert answer.status == 200
        assert json.loads(answer.body)["data"] == {"a": None}
        assert "nil pointer" in json.loads(answer.body)["errors"][0]["message"]
        assert (cover.status, cover.body) == (500, b"")
        assert works["systemStatus"] == {"status": state}
        assert stash.fetch("/healthz").status == 200

    def test_a_field_may_be_missing_or_have_another_name(self, stash: StashEmulator) -> None:
        stash.library.add_scene("/data/1.mp4", rating100=80)
        stash.schema.without_field("Scene", "rating100", renamed_to="rating")

        old = raw_query(stash, "{ findScene(id: 1) { rating100 } }")
        new = stash.graphql("{ findScene(id: 1) { id } }")

        assert old.status == 422
        assert "rating100" in json.loads(old.body)["errors"][0]["message"]
        assert new["findScene"] == {"id": "1"}

    def test_it_goes_down_and_comes_back_on_the_same_port(self, stash: StashEmulator) -> None:
        url = stash.url

        stash.down()
        with pytest.raises(ConnectionRefusedError):
            stash.fetch("/healthz")
        stash.up()

        assert stash.url == url
        assert stash.fetch("/healthz").status == 200

    def test_a_restart_resets_job_numbers_and_keeps_processes(
        self, stash: StashEmulator, tmp_path: Path
    ) -> None:
        circuit = tmp_path / "gate"
        write_plugin(stash, f"log('i', 'in task'); await_file({str(circuit)!r})")
        stash.run_task(plugin_id="Toy")
        stash.log_store.wait_for("in task")
        cookie = stash.cookie()

        stash.restart()

        assert alive(stash.plugin_runs[0].pid)
        assert stash.graphql("{ jobQueue { id } }", cookie=cookie)["jobQueue"] is None
        circuit.touch()
        job = stash.wait_job(stash.run_task(plugin_id="Toy"))
        assert job.id == 1

    def test_the_end_of_a_container_takes_workers_along(self, stash: StashEmulator) -> None:
        body = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", HERE + "/worker"],
                         stdin=-3, stdout=-3, stderr=-3, start_new_session=True)
log("i", "child %d" % child.pid)
"""
        write_plugin(stash, body)
        stash.run_operation(plugin_id="Toy")
        worker = int(stash.log_store.wait_for("child ").message.rsplit(" ", 1)[1])

        stash.container_kill()

        until(lambda: not alive(worker))
        with pytest.raises(ConnectionRefusedError):
            stash.fetch("/healthz")
        stash.up()
        assert stash.fetch("/healthz").status == 200

    def test_a_proxy_timeout_kills_the_hook(self, stash: StashEmulator) -> None:
        write_plugin(stash, "time.sleep(600)", triggers=["Scene.Update.Post"])
        stash.library.add_scene("/data/1.mp4")
        stash.faults.cut(0.05, name="sceneUpdate")

        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            stash.update_scene(1, title="new")

        until(lambda: stash.plugin_runs and stash.plugin_runs[0].error == "signal: killed")
        assert stash.library.scene(1).title == "new"
