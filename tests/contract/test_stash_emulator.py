"""The emulated Stash runs plugins as the real one does: hooks, tasks, operations and what their
processes hold.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.emulators.sample_plugins import Background, alive, until, write_plugin
from tests.emulators.stash_client import GraphqlFailure, open_connection
from tests.emulators.stash_scan import ChangedFile, JoinedFile, MovedFile, MovedFolder, NewFile
from tests.emulators.stash_server import StashEmulator

UPDATE = ["Scene.Update.Post"]
JSON = {"Content-Type": "application/json"}
NEVER_ENDING_CHILD = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", HERE + "/child"], {streams})
log("i", "child %d" % child.pid)
print('{{"output": null}}')
"""


def child_pid(stash: StashEmulator) -> int:
    return int(stash.log_store.wait_for("child ").message.rsplit(" ", 1)[1])


class TestHooks:
    def test_a_mutation_waits_for_its_hook(self, stash: StashEmulator, tmp_path: Path) -> None:
        circuit = tmp_path / "gate"
        write_plugin(stash, f"log('i', 'in hook'); await_file({str(circuit)!r})", triggers=UPDATE)
        scene = stash.library.add_scene("/data/a.mp4")

        update = Background(lambda: stash.update_scene(scene, title="new"))
        stash.log_store.wait_for("in hook")

        assert update.running
        assert stash.library.scene(scene).title == "new"
        circuit.touch()
        update.join()

    def test_a_grandchild_that_holds_stdout_blocks_the_mutation(self, stash: StashEmulator) -> None:
        write_plugin(
            stash, NEVER_ENDING_CHILD.format(streams="stderr=subprocess.DEVNULL"), triggers=UPDATE
        )
        scene = stash.library.add_scene("/data/a.mp4")

        update = Background(lambda: stash.update_scene(scene, title="new"))
        child = child_pid(stash)
        until(lambda: not alive(stash.plugin_runs[0].pid))

        assert update.running
        assert alive(child)
        stash.kill_plugin_processes()
        update.join()

    def test_a_grandchild_that_holds_only_stderr_does_not_block(self, stash: StashEmulator) -> None:
        write_plugin(
            stash, NEVER_ENDING_CHILD.format(streams="stdout=subprocess.DEVNULL"), triggers=UPDATE
        )
        scene = stash.library.add_scene("/data/a.mp4")

        stash.update_scene(scene, title="new")

        assert alive(child_pid(stash))

    def test_a_bulk_update_runs_one_hook_per_scene_in_order(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=UPDATE)
        scenes = [stash.library.add_scene(f"/data/{each}.mp4") for each in "abc"]

        stash.bulk_update(scenes, title="same", details=None)

        contexts = [run.args["hookContext"] for run in stash.plugin_runs]
        assert [each["id"] for each in contexts] == scenes
        expected = {"ids": [str(each) for each in scenes], "title": "same"}
        assert [each["input"] for each in contexts] == [expected] * 3
        assert {frozenset(each["inputFields"]) for each in contexts} == {
            frozenset({"ids", "title", "details"})
        }

    def test_a_disconnect_in_a_bulk_update_loses_the_other_hooks(
        self, stash: StashEmulator
    ) -> None:
        write_plugin(stash, "log('i', 'in hook'); time.sleep(600)", triggers=UPDATE)
        scenes = [stash.library.add_scene(f"/data/{each}.mp4") for each in "abc"]
        listed = json.dumps([str(each) for each in scenes])
        query = f'mutation {{ bulkSceneUpdate(input: {{ids: {listed}, title: "same"}}) {{ id }} }}'
        connection = open_connection(stash.url)

        connection.request("POST", "/graphql", json.dumps({"query": query}), JSON)
        stash.log_store.wait_for("in hook")
        connection.close()
        until(lambda: stash.count("graphql") == 1)

        assert [run.args["hookContext"]["id"] for run in stash.plugin_runs] == scenes[:1]
        until(lambda: stash.plugin_runs[0].error == "signal: killed")
        assert {stash.library.scene(each).title for each in scenes} == {"same"}

    def test_a_scene_update_lists_all_keys_and_which_were_sent(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=UPDATE)
        scene = stash.library.add_scene("/data/a.mp4", title="<old>")

        stash.update_scene(scene, rating100=80, title="<é&>")

        context = stash.plugin_runs[0].args["hookContext"]
        assert set(context["inputFields"]) == {"id", "rating100", "title"}
        assert len(context["input"]) == 24
        assert context["input"]["studio_id"] is None
        assert '"\\u003cé\\u0026\\u003e"'.encode() in stash.plugin_runs[0].stdin

    def test_the_edit_form_sends_every_key_though_one_changed(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=UPDATE)
        scene = stash.library.add_scene(
            "/data/a.mp4", title="old", performers=["Ann"], studio="Studio"
        )

        stash.save_scene(scene, title="new")

        assert {"studio_id", "performer_ids", "details"} <= set(
            stash.plugin_runs[0].args["hookContext"]["inputFields"]
        )
        assert stash.library.scene(scene).performers == ("Ann",)
        assert stash.library.scene(scene).studio == "Studio"

    def test_the_hook_of_a_destroyed_scene_has_its_path(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=["Scene.Destroy.Post"])
        first = stash.library.add_scene("/data/a.mp4", oshash="8f3c")
        second = stash.library.add_scene("/data/b.mp4", oshash="77aa")

        stash.destroy_scene(first)
        stash.wait_job(stash.clean(second))

        inputs = [run.args["hookContext"]["input"] for run in stash.plugin_runs]
        assert inputs[0] == {
            "id": "1",
            "delete_file": False,
            "delete_generated": True,
            "checksum": "",
            "oshash": "8f3c",
            "path": "/data/a.mp4",
        }
        assert (inputs[1]["id"], inputs[1]["delete_file"], inputs[1]["path"]) == (
            "",
            None,
            "/data/b.mp4",
        )

    def test_a_group_change_fires_two_hooks(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=["Movie.Update.Post", "Group.Update.Post"])
        group = stash.library.add_group("Series")

        stash.update_named("group", group, name="Saga")

        assert [run.trigger for run in stash.plugin_runs] == [
            "Group.Update.Post",
            "Movie.Update.Post",
        ]

    def test_a_plugin_that_cannot_start_silences_the_later_ones(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", plugin_id="Able", triggers=UPDATE, exec=[])
        write_plugin(stash, "", plugin_id="Baker", triggers=UPDATE)
        scene = stash.library.add_scene("/data/a.mp4")

        stash.update_scene(scene, title="new")

        assert stash.plugin_runs == []
        assert stash.log_store.wait_for("error executing post hooks").level == "Error"

    def test_a_plugin_that_fails_stops_no_other(self, stash: StashEmulator) -> None:
        write_plugin(stash, "sys.exit(3)", plugin_id="Able", triggers=UPDATE)
        write_plugin(stash, "", plugin_id="Baker", triggers=UPDATE)
        scene = stash.library.add_scene("/data/a.mp4")

        stash.update_scene(scene, title="new")

        assert [run.plugin for run in stash.plugin_runs] == ["Able", "Baker"]
        stash.log_store.wait_for("Scene.Update.Post [Able]: returned error: exit status 3")

    def test_a_hook_that_edits_its_scene_runs_ten_times(self, stash: StashEmulator) -> None:
        edit = 'mutation { sceneUpdate(input: {id: "1", title: "again"}) { id } }'
        write_plugin(stash, f"gql({edit!r})", triggers=UPDATE)
        scene = stash.library.add_scene("/data/a.mp4")

        stash.update_scene(scene, title="new")

        assert len(stash.plugin_runs) == 10
        stash.log_store.wait_for("cyclic loop detected")

    def test_with_the_api_key_a_hook_that_edits_its_scene_recurses(
        self, stash: StashEmulator
    ) -> None:
        stash.options.api_key = "key"
        edit = 'mutation { sceneUpdate(input: {id: "1", title: "again"}) { id } }'
        body = f"""
count = len(os.listdir(HERE + "/runs"))
open(HERE + "/runs/%d" % count, "w").close()
if count < 13:
    gql({edit!r}, {{"ApiKey": "key"}})
"""
        folder = write_plugin(stash, body, triggers=UPDATE)
        (folder / "runs").mkdir()
        scene = stash.library.add_scene("/data/a.mp4")

        stash.update_scene(scene, title="new")

        assert len(stash.plugin_runs) == 14

    def test_a_disabled_plugin_receives_nothing(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=UPDATE)
        scene = stash.library.add_scene("/data/a.mp4")

        stash.graphql("mutation { setPluginsEnabled(enabledMap: {Toy: false}) }")
        stash.update_scene(scene, title="new")

        assert stash.plugin_runs == []


class TestScan:
    def test_the_hook_of_a_new_scene_runs_before_its_cover_exists(
        self, stash: StashEmulator
    ) -> None:
        query = '{ findScenes(scene_filter: {is_missing: \\"cover\\"}) { count } }'
        body = f'print(json.dumps({{"output": gql("{query}")[1].decode()}}))'
        write_plugin(stash, body, triggers=["Scene.Create.Post"])

        stash.wait_job(stash.scan(NewFile("/data/new.mp4", cover=b"\xff\xd8\xff1"), covers=True))

        run = stash.plugin_runs[0]
        assert run.output == '{"data":{"findScenes":{"count":1}}}'
        assert run.args["hookContext"] == {"id": 1, "type": "Scene.Create.Post", "input": None}
        assert stash.library.scene(1).cover == b"\xff\xd8\xff1"

    def test_changed_joined_and_moved_files_are_reported(self, stash: StashEmulator) -> None:
        write_plugin(stash, "", triggers=UPDATE)
        scenes = [stash.library.add_scene(f"/data/{each}/x.mp4") for each in "abcd"]

        job = stash.scan(
            ChangedFile("/data/a/x.mp4", 5, "ff"),
            JoinedFile("/data/copy.mp4", copy_of="/data/b/x.mp4"),
            MovedFile("/data/c/x.mp4", "/data/c/y.mp4"),
            MovedFolder("/data/d", "/data/e"),
        )

        assert stash.wait_job(job).status == "FINISHED"
        assert [run.args["hookContext"]["id"] for run in stash.plugin_runs] == scenes[:3]
        assert stash.library.scene(scenes[3]).path == "/data/e/x.mp4"
        assert len(stash.library.scene(scenes[1]).files) == 2


class TestOutput:
    @pytest.mark.parametrize(
        ("printed", "status", "error", "output"),
        [
            ('{"output": {"a": 1}}', 0, None, {"a": 1}),
            ('{"error": "boom"}', 0, "boom", None),
            ('{"Error": "boom"}', 2, "boom", None),
            ('{"error": ""}', 0, "", None),
            ('{"output": 1}', 3, "exit status 3", 1),
            ('{"foo": 1}', 0, None, None),
            ("[1]", 0, None, "[1]"),
            ("plain", 0, None, "plain"),
            ('{"error": {}}', 0, "", None),
            ('{"error": 5}', 0, None, '{"error": 5}'),
            ('{"output": [1.0, 9007199254740993, 1e21]}', 0, None, [1, 2**53, 1e21]),
            ('{"output": "\\ud800x"}', 0, None, "\ufffdx"),
            ("", 0, None, ""),
        ],
    )
    def test_what_a_plugin_prints_is_decoded_as_by_stash(
        self, stash: StashEmulator, printed: str, status: int, error: str | None, output: object
    ) -> None:
        write_plugin(stash, f"print({printed!r}, end=''); sys.stdout.flush(); os._exit({status})")

        failed = None
        try:
            answered = stash.run_operation(plugin_id="Toy")
        except GraphqlFailure as failure:
            failed = failure.errors[0]["message"]

        assert failed == error
        assert (stash.plugin_runs[0].error, stash.plugin_runs[0].output) == (error, output)
        assert failed is not None or answered == output

    def test_log_lines_have_the_level_of_their_prefix(self, stash: StashEmulator) -> None:
        body = "log('d', ' deep '); log('w', 'careful'); log('w', ''); sys.stderr.write('bare\\r\\n\\n')"
        write_plugin(stash, body, errLog="warning")

        stash.run_operation(plugin_id="Toy")

        lines = [
            (each.level, each.message)
            for each in stash.log
            if each.message.startswith("[Plugin / Toy]")
        ]
        assert lines == [
            ("Debug", "[Plugin / Toy] deep"),
            ("Warning", "[Plugin / Toy] careful"),
            ("Warning", "[Plugin / Toy] \x01w\x02"),
            ("Warning", "[Plugin / Toy] bare"),
        ]

    def test_a_line_of_64_kib_ends_the_reading_and_breaks_the_pipe(
        self, stash: StashEmulator
    ) -> None:
        body = """
log("i", "before")
try:
    while True:
        log("i", "x" * 65536)
except BrokenPipeError:
    print('{"output": "broken pipe"}', flush=True)
    os._exit(0)
"""
        write_plugin(stash, body)

        output = stash.run_operation(plugin_id="Toy")

        assert output == "broken pipe"
        assert stash.plugin_runs[0].stderr == ["before"]

    def test_the_plugin_gets_the_servers_environment_and_folder(self, stash: StashEmulator) -> None:
        body = (
            'print(json.dumps({"output": [os.getcwd(), os.environ["PYTHONPATH"], os.getpgid(0)]}))'
        )
        folder = write_plugin(stash, body)

        import_path = stash.run_operation({"z": 1, "a": {"d": 1, "c": 2}}, plugin_id="Toy")

        assert import_path[0] == str(Path.cwd())
        assert import_path[1].endswith(str(folder.parent))
        assert stash.plugin_runs[0].stdin.endswith(b'"args":{"a":{"c":2,"d":1},"z":1}}')


class TestTasks:
    def test_a_task_runs_with_its_default_arguments_as_text(self, stash: StashEmulator) -> None:
        task = {"name": "Go", "description": "Run again", "defaultArgs": {"mode": "go", "depth": 1}}
        write_plugin(stash, "log('p', '0.25'); log('p', '7'); log('p', 'x')", tasks=[task])

        job = stash.wait_job(stash.run_task("Go", {"mode": "mine"}, plugin_id="Toy"))

        assert (job.status, job.progress_history) == ("FINISHED", [0.25, 1.0])
        assert job.description == "Running plugin task: Go"
        assert stash.plugin_runs[0].args == {"mode": "mine", "depth": "1"}
        stash.log_store.wait_for("Error parsing progress value 'x'")

    def test_an_error_of_the_plugin_does_not_fail_the_job(self, stash: StashEmulator) -> None:
        write_plugin(stash, 'print(\'{"error": "boom"}\')')

        job = stash.wait_job(stash.run_task(args={"mode": "x"}, plugin_id="Toy"))

        assert (job.status, job.error) == ("FINISHED", None)
        assert stash.log_store.wait_for("Plugin returned error: boom").level == "Error"

    def test_a_task_that_does_not_exist_fails(self, stash: StashEmulator) -> None:
        write_plugin(stash, "")

        unknown_task = stash.wait_job(stash.run_task("Nope", plugin_id="Toy"))
        unknown_plugin = stash.wait_job(stash.run_task("Nope", plugin_id="None"))

        assert unknown_task.status == "FAILED"
        assert (
            unknown_task.error == "Error creating plugin task: no task with name Nope in plugin Toy"
        )
        assert unknown_plugin.error == "Error creating plugin task: no plugin with ID None"

    def test_jobs_run_one_at_a_time_and_ten_are_remembered(self, stash: StashEmulator) -> None:
        write_plugin(stash, "")
        query = "query($id: ID!) { findJob(input: {id: $id}) { status progress error subTasks } }"

        ids = [stash.run_task(plugin_id="Toy") for _ in range(11)]
        for each in ids:
            stash.wait_job(each)

        spans = [(run.started, run.ended) for run in stash.plugin_runs]
        assert all(
            before[1] is not None and before[1] <= after[0]
            for before, after in zip(spans, spans[1:], strict=False)
        )
        assert ids == list(range(1, 12))
        assert stash.graphql(query, {"id": "1"})["findJob"] is None
        assert stash.graphql(query, {"id": "2"})["findJob"]["status"] == "FINISHED"
        assert stash.graphql("{ jobQueue { id } }")["jobQueue"] is None

    def test_stopping_a_task_kills_its_process_and_no_other(self, stash: StashEmulator) -> None:
        quiet = "stdin=-3, stdout=-3, stderr=-3, start_new_session=True"
        write_plugin(stash, NEVER_ENDING_CHILD.format(streams=quiet) + "time.sleep(600)")
        job_id = stash.run_task(plugin_id="Toy")
        worker = child_pid(stash)

        stash.stop_job(job_id)
        job = stash.wait_job(job_id)

        assert job.status == "CANCELLED"
        stash.log_store.wait_for("Plugin returned error: signal: killed")
        assert not alive(stash.plugin_runs[0].pid)
        assert alive(worker)

    def test_a_queued_job_that_is_stopped_never_runs(
        self, stash: StashEmulator, tmp_path: Path
    ) -> None:
        circuit = tmp_path / "gate"
        write_plugin(stash, f"log('i', 'in task'); await_file({str(circuit)!r})")
        first, second = (stash.run_task(plugin_id="Toy") for _ in range(2))
        stash.log_store.wait_for("in task")

        stash.stop_job(second)
        circuit.touch()

        assert stash.wait_job(second).status == "CANCELLED"
        assert stash.wait_job(first).status == "FINISHED"
        assert len(stash.plugin_runs) == 1

    def test_an_operation_whose_client_goes_away_is_killed(self, stash: StashEmulator) -> None:
        write_plugin(stash, "log('i', 'working'); time.sleep(600)")
        query = 'mutation { runPluginOperation(plugin_id: "Toy") }'
        connection = open_connection(stash.url)

        connection.request("POST", "/graphql", json.dumps({"query": query}), JSON)
        stash.log_store.wait_for("working")
        connection.close()

        until(lambda: stash.plugin_runs[0].error == "signal: killed")

    def test_an_unknown_plugin_makes_an_operation_panic(self, stash: StashEmulator) -> None:
        with pytest.raises(GraphqlFailure, match="Internal system error. Error <runtime error"):
            stash.run_operation(plugin_id="None")


class TestManifest:
    @pytest.mark.parametrize(
        "text", ["name: A\nname: B\n", "nmae: A\n", "exec: python3\n", "- a\n"]
    )
    def test_a_manifest_with_a_slip_does_not_load(self, stash: StashEmulator, text: str) -> None:
        (stash.plugins_path / "bad.yml").write_text(text, encoding="utf-8")

        stash.reload_plugins()

        assert stash.plugins == []
        assert stash.log_store.wait_for("Error loading plugin").level == "Error"

    def test_any_other_yml_file_becomes_a_plugin(self, stash: StashEmulator) -> None:
        folder = write_plugin(stash, "")
        (folder / "data").mkdir()
        (folder / "data" / "ghost.yml").write_text("name: Ghost\n", encoding="utf-8")
        (folder / "toy.YML").write_text("name: Other\n", encoding="utf-8")

        stash.reload_plugins()

        assert [each.id for each in stash.plugins] == ["Toy", "ghost"]

    def test_an_update_keeps_the_data_and_removing_leaves_it(
        self, stash: StashEmulator, tmp_path: Path
    ) -> None:
        source = tmp_path / "source"
        (source / "data").mkdir(parents=True)
        (source / "data" / "mine.db").touch()
        (source / "Toy.yml").write_text("name: Toy\n", encoding="utf-8")
        target = stash.install_plugin(source, "Toy")
        (target / "data").mkdir()
        (target / "data" / "queue.db").touch()

        stash.install_plugin(source, "Toy")
        updated = [each.id for each in stash.plugins]
        stash.uninstall_plugin("Toy")

        assert updated == ["Toy"]
        assert stash.plugins == []
        assert [each.name for each in (target / "data").iterdir()] == ["queue.db"]
