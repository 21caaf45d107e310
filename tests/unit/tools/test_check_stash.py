"""Every query fits the schemas of the Stash versions that are supported; a misfit is named."""

import inspect
import json
import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    introspection_from_schema,
)

from stash import queries
from stash.versions import OLDEST, Version
from tests.emulators.stash_sdl import SDL
from tests.harness.sources import page_script
from tools.check_stash import Unreadable, check, main, read_schema, report
from tools.stash_documents import page_documents, worker_documents
from tools.stash_needs import NEEDS, Need


def schema_of(version: Version) -> GraphQLSchema:
    """Return the emulator's schema without what a version of Stash does not have yet."""
    schema = build_schema(SDL)
    for need in NEEDS:
        if need.since > version:
            remove(schema, need)
    return schema


def remove(schema: GraphQLSchema, need: Need) -> None:
    """Remove a member; one that the emulator does not know either needs no removal."""
    owner = schema.type_map.get(need.type)
    if isinstance(owner, GraphQLEnumType):
        owner.values.pop(need.field, None)
    elif isinstance(owner, GraphQLObjectType) and need.argument:
        owner.fields[need.field].args.pop(need.argument, None)
    elif isinstance(owner, GraphQLObjectType | GraphQLInputObjectType):
        owner.fields.pop(need.field, None)


def all_documents() -> dict[str, str]:
    return {**worker_documents(), **page_documents()}


def test_the_emulators_schema_accepts_every_document() -> None:
    assert check(build_schema(SDL), all_documents()) == []


def test_the_oldest_supported_stash_accepts_every_document() -> None:
    assert check(schema_of(OLDEST), all_documents()) == []


def test_an_older_stash_is_refused_with_what_it_lacks() -> None:
    misfits = check(schema_of((0, 24)), worker_documents())

    members = {misfit.member for misfit in misfits}
    assert members == {"Mutation.runPluginOperation", "Scene.groups"}
    line, _ = sorted(report(misfits, None))
    assert line.startswith("Mutation.runPluginOperation is missing (in Stash since v0.25); needed")
    assert "SAY" in line


def test_every_row_names_a_member_once() -> None:
    assert len({need.name for need in NEEDS}) == len(NEEDS)


def test_every_query_of_the_worker_is_compared() -> None:
    """A constant or function that is added to the queries is compared without another step."""
    names = {name.partition("(")[0] for name in worker_documents()}
    functions = {
        name
        for name, value in vars(queries).items()
        if inspect.isfunction(value)
        and value.__module__ == queries.__name__
        and not name.startswith("__")
    }
    constants = {
        name for name, value in vars(queries).items() if name.isupper() and isinstance(value, str)
    }

    assert names == functions | {
        name for name in constants if name not in ("ALWAYS", "SCENE", "_WHOLE_PAGE")
    }


def test_the_pages_documents_are_found() -> None:
    """Each operation that the page's sources name is compared."""
    named = set(re.findall(r"(?:query|mutation|subscription) (PlexSync\w+)", page_script()))
    documents = "".join(page_documents().values())

    assert named
    assert [name for name in named if name not in documents] == []


def test_a_page_query_that_is_put_together_is_compared(tmp_path: Path) -> None:
    (tmp_path / "scenes.ts").write_text(
        'const FIELDS = "id subtitle";\n'
        'const one = (id) => `s${id}: findScene(id: "${id}") { ${FIELDS} }`;\n'
        'const all = `query PlexSyncMany { ${ids.map(one).join(" ")} }`;\n',
        encoding="utf-8",
    )

    documents = page_documents(tmp_path)

    assert len(documents) == 2
    (misfit,) = check(build_schema(SDL), documents)
    assert misfit.member == "Scene.subtitle"


@pytest.mark.parametrize(
    ("document", "member"),
    [
        ("{ findScene(id: 1) { subtitle } }", "Scene.subtitle"),
        ("{ findScene(uuid: 1) { id } }", "Query.findScene(uuid)"),
        ("{ findScenes(scene_filter: {phase: 1}) { count } }", "SceneFilterType.phase"),
        ("{ scenes { id } }", "Query.scenes"),
        ("mutation { runPluginTask(plugin_id: 1, map: {}) }", "Mutation.runPluginTask(map)"),
    ],
)
def test_a_missing_member_is_named_once(document: str, member: str) -> None:
    (misfit,) = check(build_schema(SDL), {"it": document})

    assert (misfit.document, misfit.member) == ("it", member)
    assert "every supported Stash" in misfit.text


@pytest.mark.parametrize(
    "document",
    [
        "query($id: String!) { findPerformer(id: $id) { id } }",
        "query($f: Missing) { findScenes(filter: $f) { count } }",
        '{ findScenes(filter: {direction: "ASC"}) { count } }',
        "{ findPerformer { id } }",
        "query {",
    ],
)
def test_a_wrong_type_is_a_misfit_too(document: str) -> None:
    misfits = check(build_schema(SDL), {"it": document})

    assert misfits
    assert all(misfit.text for misfit in misfits)


def test_a_schema_is_read_from_text_json_and_a_folder(tmp_path: Path) -> None:
    (tmp_path / "schema.graphql").write_text(SDL, encoding="utf-8")
    answer = introspection_from_schema(build_schema(SDL), descriptions=False)
    (tmp_path / "bare.json").write_text(json.dumps(answer), encoding="utf-8")
    (tmp_path / "whole.json").write_text(json.dumps({"data": answer}), encoding="utf-8")

    for source in ("", "schema.graphql", "bare.json", "whole.json"):
        assert main([str(tmp_path / source)]) == 0


def test_a_misfit_ends_the_command_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "schema.graphql"
    path.write_text(SDL.replace("rating100: Int organized: Boolean! o_", "o_"), encoding="utf-8")

    assert main([str(path)]) == 1
    assert "Scene.rating100 is missing" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["no schema", "{", '{"data": {}}', "", '{"data": null}'])
def test_what_is_no_schema_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "schema"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(Unreadable):
        read_schema(str(path))
    assert main([str(path)]) == 2
    assert main([str(tmp_path / "missing")]) == 2
