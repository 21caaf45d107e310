"""The files generated from the tables."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from core.version import VERSION
from tools.manifest import manifest
from tools.settings_pages import BEGIN, END, with_settings_table
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


def loaded_manifest(root: Path) -> dict[str, object]:
    text = generated_files(root)[root / "PlexSync.yml"]
    loaded = yaml.load(text, StrictLoader)  # noqa: S506 - derived from the safe loader
    assert isinstance(loaded, dict)
    return loaded


def test_the_committed_files_hold_what_the_tables_say() -> None:
    assert [path.name for path in differing_files(ROOT)] == []


def test_the_manifest_holds_only_what_stash_knows(tmp_path: Path) -> None:
    loaded = loaded_manifest(tmp_path)

    assert set(loaded) == MANIFEST_KEYS
    assert (loaded["name"], loaded["version"]) == ("PlexSync", VERSION)
    assert loaded["exec"] == ["python3", "{pluginDir}/PlexSync.py"]
    assert (loaded["interface"], loaded["errLog"]) == ("raw", "warning")
    assert loaded["ui"] == {"javascript": ["ui/wake.js"]}


def test_the_manifest_listens_to_scenes_once_per_event(tmp_path: Path) -> None:
    hooks = loaded_manifest(tmp_path)["hooks"]

    assert isinstance(hooks, list)
    assert [hook["triggeredBy"] for hook in hooks] == [["Scene.Create.Post", "Scene.Update.Post", "Scene.Destroy.Post"]]


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

    assert loaded["tasks"] == [{"name": task.name, "description": task.description, "defaultArgs": {"mode": "hello"}}]


def test_the_settings_page_holds_every_key(tmp_path: Path) -> None:
    page = generated_files(tmp_path)[tmp_path / "docs" / "config.md"]

    assert all(f"`{setting.key}`" in page for setting in SETTINGS)


def test_the_readme_keeps_what_stands_around_its_table() -> None:
    readme = with_settings_table(f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n")

    assert readme.startswith(f"# Title\n\n{BEGIN}\n| Setting |")
    assert readme.endswith(f"|\n{END}\n\nThe end.\n")
    assert with_settings_table(readme) == readme


@pytest.mark.parametrize("readme", ["# Title\n", f"{END}{BEGIN}", BEGIN])
def test_a_readme_without_its_marks_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match=r"README\.md"):
        with_settings_table(readme)


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
