"""The emulated Stash creates, merges, moves, removes and imports as Stash v0.31.0 did.

The version seen is commit cf3489efd. Each test says which hooks run, with which input, and whether
a scene's `updated_at` moves.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.sample_plugins import MovableClock
from tests.emulators.stash_client import GraphqlFailure
from tests.emulators.stash_hooks import HookEvent
from tests.emulators.stash_server import StashEmulator

KINDS = ("Performer", "Studio", "Tag", "Group")
LINKS = {"Performer": "performers", "Studio": "studio", "Tag": "tags", "Group": "groups"}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def stash(tmp_path: Path, clock: MovableClock) -> Iterator[StashEmulator]:
    """A library with one scene, linked to one of each kind, all with the id 1."""
    with StashEmulator(tmp_path, clock=clock) as made:
        made.library.add_scene(
            "/data/1.mp4", performers=["Ann"], studio="Studio", tags=["x"], groups=["Set"]
        )
        clock.advance(60)
        yield made


@pytest.fixture
def events(stash: StashEmulator) -> list[HookEvent]:
    seen: list[HookEvent] = []
    stash.core.hook_listeners.append(seen.append)
    return seen


def archive(**scene: Any) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("scenes/1.json", json.dumps(scene))
    return content.getvalue()


class TestCreate:
    @pytest.mark.parametrize(("kind", "keys"), [("Performer", 33), ("Studio", 12)])
    def test_the_hook_of_what_is_new_has_every_key(
        self, stash: StashEmulator, events: list[HookEvent], kind: str, keys: int
    ) -> None:
        """v0.31.0, cf3489efd: models of their own, so unset keys are null; no list of keys."""
        made = stash.create_named(kind, " New ", urls=["http://new"])

        assert events == [HookEvent(f"{kind}.Create.Post", made, events[0].input)]
        assert (len(events[0].input), events[0].input["name"]) == (keys, " New ")
        assert (events[0].input["rating100"], events[0].input["tag_ids"]) == (None, None)
        assert vars(stash.library)[f"{kind.lower()}s"][made].name == "New"

    def test_the_hook_of_a_new_tag_has_what_was_sent(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: a generated type, so members without a value are left out."""
        made = stash.create_named("Tag", "New", description=None, aliases=[], parent_ids=["1"])

        assert events == [HookEvent("Tag.Create.Post", made, {"name": "New", "parent_ids": ["1"]})]

    def test_a_new_tag_above_others_has_the_only_hook(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: the tags below it get neither a hook nor a new `updated_at`."""
        before = stash.library.tags[1].updated_at

        made = stash.create_named("Tag", "Above", child_ids=["1"])

        assert [event.trigger for event in events] == ["Tag.Create.Post"]
        assert stash.library.tags[1].parent_ids == (made,)
        assert stash.library.tags[1].updated_at == before
        assert stash.library.scene(1).tag_lines == (("x", "Above"), ("Above",))

    @pytest.mark.parametrize(
        ("kind", "name", "problem"),
        [
            ("Performer", " ", "performer name must not be blank"),
            ("Performer", "ann", "performer with name 'ann' already exists"),
            ("Studio", "STUDIO", "studio with name 'STUDIO' already exists"),
            ("Tag", "other", "name 'other' is used as alias for 'x'"),
            ("Tag", "", "tag name must not be blank"),
        ],
    )
    def test_a_name_that_is_taken_or_blank_is_refused(
        self, stash: StashEmulator, events: list[HookEvent], kind: str, name: str, problem: str
    ) -> None:
        """v0.31.0, cf3489efd: names are compared without their case, and with aliases."""
        stash.library.change_named(stash.library.tags, 1, aliases=("Other",))

        with pytest.raises(GraphqlFailure, match=problem):
            stash.create_named(kind, name)

        assert events == []

    def test_two_of_one_name_differ_in_what_sets_them_apart(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd: a performer's name is unique together with the disambiguation."""
        other = stash.create_named("Performer", "Ann", disambiguation="UK")

        assert stash.library.performers[other].disambiguation == "UK"
        with pytest.raises(GraphqlFailure, match="and disambiguation 'UK' already exists"):
            stash.create_named("Performer", "Ann", disambiguation="UK")

    def test_a_link_to_nothing_is_refused(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd."""
        with pytest.raises(GraphqlFailure, match="FOREIGN KEY"):
            stash.create_named("Studio", "New", parent_id="9")
        with pytest.raises(GraphqlFailure, match="FOREIGN KEY"):
            stash.create_named("Performer", "New", tag_ids=["9"])


class TestCustomFields:
    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ({}, {"full": None, "partial": None, "remove": None}),
            (
                {"custom_fields": {"partial": {"a": 1}}},
                {"full": None, "partial": {"a": 1}, "remove": None},
            ),
        ],
    )
    def test_the_hook_of_a_performer_has_an_object_of_nulls(
        self,
        stash: StashEmulator,
        events: list[HookEvent],
        sent: Mapping[str, Any],
        shown: Mapping[str, Any],
    ) -> None:
        """v0.31.0, cf3489efd: `custom_fields` is never null in the hook of `performerUpdate`."""
        stash.update_named("performer", 1, name="Anna", **sent)

        assert events[0].input["custom_fields"] == shown
        assert set(events[0].fields) == {"id", "name", *sent}

    def test_fields_of_ones_own_are_replaced_set_and_removed(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd."""
        made = stash.create_named("Performer", "Bea", custom_fields={"a": 1, "b": "x"})

        stash.update_named("performer", made, custom_fields={"partial": {"c": 2}, "remove": ["a"]})

        query = f"{{ findPerformer(id: {made}) {{ custom_fields }} }}"
        assert stash.graphql(query) == {"findPerformer": {"custom_fields": {"b": "x", "c": 2}}}
        stash.update_named("performer", made, custom_fields={"full": {"d": 3}})
        assert stash.library.performers[made].custom_fields == {"d": 3}


class TestDestroy:
    @pytest.mark.parametrize("kind", KINDS)
    def test_one_that_is_removed_sends_its_input(
        self, stash: StashEmulator, events: list[HookEvent], kind: str
    ) -> None:
        """v0.31.0, cf3489efd: an object with the id, no list of keys; the scene's time stays."""
        before = stash.library.scene(1)

        stash.destroy_one(kind, 1)

        assert events == [HookEvent(f"{kind}.Destroy.Post", 1, {"id": "1"})]
        assert getattr(before, LINKS[kind]) and not getattr(stash.library.scene(1), LINKS[kind])
        assert stash.library.scene(1).updated_at == before.updated_at

    @pytest.mark.parametrize("kind", KINDS)
    def test_several_that_are_removed_send_all_ids(
        self, stash: StashEmulator, events: list[HookEvent], kind: str
    ) -> None:
        """v0.31.0, cf3489efd: one hook each, with the list of all ids as texts."""
        other = getattr(stash.library, f"add_{kind.lower()}")("Other")

        stash.destroy_named(kind, other, 1)

        sent = [str(other), "1"]
        trigger = f"{kind}.Destroy.Post"
        assert events == [HookEvent(trigger, other, sent), HookEvent(trigger, 1, sent)]
        assert not getattr(stash.library.scene(1), LINKS[kind])

    @pytest.mark.parametrize("kind", KINDS)
    def test_with_an_unknown_id_nothing_is_removed(
        self, stash: StashEmulator, events: list[HookEvent], kind: str
    ) -> None:
        """v0.31.0, cf3489efd: one transaction, and no hook."""
        for ids in ((1, 9), (1, 1)):
            with pytest.raises(GraphqlFailure, match=f"does not exist in {kind.lower()}s"):
                stash.destroy_named(kind, *ids)

        assert getattr(stash.library.scene(1), LINKS[kind])
        assert events == []


class TestMergedPerformers:
    def test_no_hook_runs_and_only_the_target_has_a_new_time(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: scenes and tags go to the target."""
        bea = stash.library.add_performer("Bea", tag_ids=(stash.library.tag_id("tall"),))
        target = stash.library.add_performer("Cleo", tag_ids=(1,))
        before, old = stash.library.scene(1), stash.library.performers[target].updated_at
        stash.core.options.clock.advance(60)  # type: ignore[attr-defined]

        stash.merge_performers([1, bea, 1], target, name="Cleopatra")

        merged = stash.library.performers
        assert list(merged) == [target]
        assert (merged[target].name, merged[target].tag_ids) == ("Cleopatra", (1, 2))
        assert merged[target].updated_at != old
        assert stash.library.scene(1).performers == ("Cleopatra",)
        assert stash.library.scene(1).updated_at == before.updated_at
        assert events == []

    def test_the_answer_shows_the_target_as_it_was(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd: it was read before the merge."""
        target = stash.library.add_performer("Bea")
        query = (
            "mutation { performerMerge(input: {source: [1], destination: %d,"
            ' values: {id: %d, name: "Beatrix"}}) { name } }'
        )

        assert stash.graphql(query % (target, target)) == {"performerMerge": {"name": "Bea"}}

    def test_a_performer_is_not_merged_into_itself(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd."""
        with pytest.raises(GraphqlFailure, match="destination performer cannot be in source list"):
            stash.merge_performers([1], 1)


class TestHistory:
    @pytest.mark.parametrize(
        ("mutation", "answer"),
        [
            ("sceneIncrementO(id: 1)", 1),
            ("sceneDecrementO(id: 1)", 0),
            ("sceneResetO(id: 1)", 0),
            ("sceneAddO(id: 1) { count }", {"count": 1}),
            ("sceneDeleteO(id: 1) { count }", {"count": 0}),
            ("sceneIncrementPlayCount(id: 1)", 1),
            ("sceneResetPlayCount(id: 1)", 0),
            ("sceneAddPlay(id: 1) { count }", {"count": 1}),
            ("sceneDeletePlay(id: 1) { count }", {"count": 0}),
            ("sceneSaveActivity(id: 1, resume_time: 3.5, playDuration: 2)", True),
            ("sceneResetActivity(id: 1, reset_resume: true)", True),
        ],
    )
    def test_it_runs_no_hook_and_moves_no_time(
        self, stash: StashEmulator, events: list[HookEvent], mutation: str, answer: object
    ) -> None:
        """v0.31.0, cf3489efd."""
        before = stash.library.scene(1).updated_at

        data = stash.graphql(f"mutation {{ done: {mutation} }}")

        assert data == {"done": answer}
        assert stash.library.scene(1).updated_at == before
        assert events == []

    def test_times_are_kept_newest_first(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd: of no given time, the newest one is removed."""
        times = '["2024-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00"]'

        stash.graphql(f"mutation {{ sceneAddPlay(id: 1, times: {times}) {{ count }} }}")
        stash.graphql("mutation { sceneDeletePlay(id: 1) { count } }")

        scene = stash.graphql("{ findScene(id: 1) { play_count play_history last_played_at } }")
        only = "2024-01-01T00:00:00Z"
        assert scene["findScene"] == {
            "play_count": 1,
            "play_history": [only],
            "last_played_at": only,
        }

    def test_what_was_played_adds_up(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd: the position replaces the last one, the duration is added."""
        for _ in range(2):
            stash.graphql(
                "mutation { sceneSaveActivity(id: 1, resume_time: 3.5, playDuration: 2) }"
            )

        scene = stash.graphql("{ findScene(id: 1) { resume_time play_duration } }")
        assert scene["findScene"] == {"resume_time": 3.5, "play_duration": 4.0}

    def test_a_scene_that_is_not_there_is_refused(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd."""
        with pytest.raises(GraphqlFailure, match="FOREIGN KEY"):
            stash.graphql("mutation { sceneAddO(id: 9) { count } }")
        with pytest.raises(GraphqlFailure, match="does not exist in scenes"):
            stash.graphql("mutation { sceneSaveActivity(id: 9, resume_time: 1) }")


class TestMovedFiles:
    def test_no_hook_runs_and_only_the_file_has_a_new_time(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: size and modification time stay as well."""
        before = stash.library.scene(1)

        stash.move_files(1, folder="/data/new", basename="2.mkv")

        now = stash.library.scene(1)
        assert now.path == "/data/new/2.mkv"
        assert now.updated_at == before.updated_at
        assert now.files[0].updated_at != before.files[0].updated_at
        assert now.files[0].mod_time == before.files[0].mod_time
        assert events == []

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            ({"folder": "/elsewhere"}, "must be within a stash library path"),
            ({"folder": "/data", "basename": "1.txt"}, "is inconsistent with old filename 1.mp4"),
            ({"folder": "/data", "basename": "2.mp4"}, "file /data/2.mp4 already exists"),
        ],
    )
    def test_what_cannot_be_moved_stays(
        self, stash: StashEmulator, given: dict[str, Any], problem: str
    ) -> None:
        """v0.31.0, cf3489efd."""
        stash.library.add_scene("/data/2.mp4")

        with pytest.raises(GraphqlFailure, match=problem):
            stash.move_files(1, **given)

        assert stash.library.scene(1).path == "/data/1.mp4"

    def test_several_files_get_no_name_and_move_together(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd."""
        stash.library.add_scene("/data/2.mp4")

        with pytest.raises(GraphqlFailure, match="must specify one file"):
            stash.move_files(1, 2, folder="/data/new", basename="3.mp4")
        stash.move_files(1, 2, folder="/data/new")

        paths = {stash.library.scene(each).path for each in (1, 2)}
        assert paths == {"/data/new/1.mp4", "/data/new/2.mp4"}


class TestImports:
    def test_an_import_writes_what_its_file_says_without_a_hook(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: `updated_at`, too, is that of the file."""
        old = "2020-01-01T00:00:00Z"
        scene = {"title": "Imported", "tags": ["y"], "rating": 80, "updated_at": old}

        job = stash.import_objects(archive(**scene, files=["/data/1.mp4"]))

        assert stash.wait_job(job).status == "FINISHED"
        now = stash.library.scene(1)
        assert (now.title, now.tags, now.rating100) == ("Imported", ("y",), 80)
        assert (now.performers, now.updated_at) == ((), old)
        assert events == []

    @pytest.mark.parametrize(("duplicates", "lines"), [("IGNORE", 0), ("FAIL", 1)])
    def test_a_scene_that_is_there_may_stay(
        self, stash: StashEmulator, duplicates: str, lines: int
    ) -> None:
        """v0.31.0, cf3489efd: a failure is a line in the log; the job is FINISHED all the same."""
        job = stash.import_objects(archive(title="Imported", files=["/data/1.mp4"]), duplicates)

        assert stash.wait_job(job).status == "FINISHED"
        assert stash.library.scene(1).title == ""
        errors = [one for one in stash.log_store.entries() if "import failed" in one.message]
        assert len(errors) == lines

    def test_a_file_comes_as_a_form_only(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd: `Upload` takes no value of JSON."""
        query = "mutation($input: ImportObjectsInput!) { importObjects(input: $input) }"
        given = {"file": "x", "duplicateBehaviour": "FAIL", "missingRefBehaviour": "FAIL"}

        with pytest.raises(GraphqlFailure, match="not an Upload"):
            stash.graphql(query, {"input": given})

    def test_a_full_import_gives_new_ids_without_a_hook(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: the database is emptied before."""
        before = stash.library.scene(1)

        stash.wait_job(int(stash.graphql("mutation { metadataImport }")["metadataImport"]))

        (new,) = stash.library.scene_ids()
        assert new != 1
        assert stash.library.scene(new).updated_at == before.updated_at
        assert events == []


class TestSql:
    def test_a_statement_changes_only_what_it_says(
        self, stash: StashEmulator, events: list[HookEvent]
    ) -> None:
        """v0.31.0, cf3489efd: no hook, and `updated_at` stays unless the statement sets it."""
        before = stash.library.scene(1)

        assert (
            stash.exec_sql("UPDATE scenes SET title = ?, rating = 60 WHERE id = 1", "By hand") == 1
        )
        assert stash.exec_sql("UPDATE performers SET name = 'Anna'") == 1
        assert stash.exec_sql("DELETE FROM scenes_tags") == 1

        now = stash.library.scene(1)
        assert (now.title, now.rating100) == ("By hand", 60)
        assert (now.performers, now.tags, now.groups) == (("Anna",), (), ("Set",))
        assert now.updated_at == before.updated_at
        assert events == []

    def test_a_statement_that_is_none_is_refused(self, stash: StashEmulator) -> None:
        """v0.31.0, cf3489efd: SQLite's own words."""
        with pytest.raises(GraphqlFailure, match="no such table: films"):
            stash.exec_sql("UPDATE films SET title = 'x'")
