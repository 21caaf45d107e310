"""The files generated from the tables."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from core.fields import FIELDS
from core.version import VERSION
from tools.generated_sections import marks, with_part
from tools.manifest import manifest
from tools.schema_diagram import RELATIONS, columns
from tools.tables import ROOT, differing_files, generated_files, main
from validation.settings import SETTINGS

MANIFEST_KEYS = {
    "name", "description", "version", "exec", "interface", "errLog", "hooks", "ui", "settings", "tasks",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row of a task table."""

    name: str
    description: str
    mode: str


class StrictLoader(yaml.SafeLoader):
    """Refuses a repeated key, as Stash does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return super().construct_mapping(node, deep)


ENTITIES = ("Performer", "Studio", "Tag", "Group")


def loaded_manifest(root: Path) -> dict[str, object]:
    text = generated_files(root)[root / "PlexSync.yml"]
    loaded = yaml.load(text, StrictLoader)  # noqa: S506 - derived from the safe loader
    assert isinstance(loaded, dict)
    return loaded


def test_the_committed_files_hold_what_the_tables_generate() -> None:
    assert [path.name for path in differing_files(ROOT)] == []


def test_the_manifest_holds_only_what_stash_knows(tmp_path: Path) -> None:
    loaded = loaded_manifest(tmp_path)

    assert set(loaded) == MANIFEST_KEYS
    assert (loaded["name"], loaded["version"]) == ("PlexSync", VERSION)
    assert loaded["exec"] == ["python3", "-S", "{pluginDir}/PlexSync.py"]
    assert (loaded["interface"], loaded["errLog"]) == ("raw", "warning")
    assert loaded["ui"] == {
        "javascript": ["ui/built/plexsync.js"],
        "css": ["ui/built/plexsync.css"],
    }


def test_the_manifest_listens_once_to_each_known_event(tmp_path: Path) -> None:
    hooks = loaded_manifest(tmp_path)["hooks"]

    assert isinstance(hooks, list)
    triggers = [trigger for hook in hooks for trigger in hook["triggeredBy"]]
    assert len(triggers) == len(set(triggers))
    assert {
        "Scene.Create.Post",
        "Scene.Update.Post",
        "Scene.Destroy.Post",
        "Tag.Merge.Post",
    } <= set(triggers)
    assert {f"{kind}.{event}.Post" for kind in ENTITIES for event in ("Update", "Destroy")} <= set(
        triggers
    )


def test_the_manifest_holds_every_setting(tmp_path: Path) -> None:
    assert loaded_manifest(tmp_path)["settings"] == {
        setting.key: {
            "displayName": setting.display_name,
            "description": setting.description,
            "type": setting.type.value,
        }
        for setting in SETTINGS
    }


def test_a_task_becomes_a_button_that_passes_its_mode() -> None:
    task = Row('Say "hello"', "It greets: # everybody.", "hello")

    loaded = yaml.load(manifest([task]), StrictLoader)  # noqa: S506 - derived from the safe loader

    assert loaded["tasks"] == [
        {"name": task.name, "description": task.description, "defaultArgs": {"mode": "hello"}}
    ]


def test_the_settings_page_holds_every_key(tmp_path: Path) -> None:
    page = generated_files(tmp_path)[tmp_path / "docs" / "config.md"]

    assert all(f"`{setting.key}`" in page for setting in SETTINGS)


def test_the_writing_page_holds_every_field(tmp_path: Path) -> None:
    page = generated_files(tmp_path)[tmp_path / "docs" / "writing.md"]

    assert all(f"\n| {field.label} |" in page for field in FIELDS)


def test_the_diagram_holds_every_table_and_points_at_no_other(tmp_path: Path) -> None:
    page = generated_files(tmp_path)[tmp_path / "docs" / "ARCHITECTURE.md"]
    tables = set(columns())

    assert {"records", "dead_letters", "session"} < tables
    assert all(f"\n  {table} {{\n" in page for table in tables)
    assert {end for left, _, right, _ in RELATIONS for end in (left, right)} <= tables


def test_a_page_keeps_what_stands_around_its_generated_part() -> None:
    first, last = marks("rows")

    page = with_part(f"# Title\n\n{first}\nold\n{last}\n\nThe end.\n", "rows", "new\n")

    assert page == f"# Title\n\n{first}\nnew\n{last}\n\nThe end.\n"
    assert with_part(page, "rows", "new\n") == page


@pytest.mark.parametrize("page", ["# Title\n", "{1}{0}", "{0}"])
def test_a_page_without_its_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="rows:begin"):
        with_part(page.format(*marks("rows")), "rows", "new")


def test_checking_writes_nothing_and_writing_satisfies_the_check(tmp_path: Path) -> None:
    before = main(["--check"], tmp_path)
    files_after_check = list(tmp_path.iterdir())

    written = main([], tmp_path)
    after = main(["--check"], tmp_path)

    assert (before, files_after_check, written, after) == (1, [], 0, 0)


def test_a_changed_file_fails_the_check(tmp_path: Path) -> None:
    main([], tmp_path)
    (tmp_path / "PlexSync.yml").write_text("name: Other\n", encoding="utf-8")

    status = main(["--check"], tmp_path)

    assert status == 1
