"""The manifest is one that Stash loads and that the public plugin validator accepts."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
# Stash refuses a manifest with any other key.
KEYS = {
    *("name", "description", "url", "version", "exec", "interface", "errLog"),
    *("tasks", "hooks", "settings", "ui"),
}
# What Stash triggers; a misspelt name never fires, and nothing warns of it.
OBJECTS = (
    *("Scene", "SceneMarker", "Image", "Gallery", "GalleryChapter"),
    *("Group", "Movie", "Performer", "Studio", "Tag"),
)
TRIGGERS = {
    "Tag.Merge.Post",
    *(f"{name}.{event}.Post" for name in OBJECTS for event in ("Create", "Update", "Destroy")),
}


class _UniqueKeys(yaml.SafeLoader):
    """A loader that refuses a repeated key, as Stash does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"repeated: {keys}"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    text = (ROOT / "PlexSync.yml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, _UniqueKeys)
    return document


def test_stash_knows_every_key(manifest: dict[str, Any]) -> None:
    assert set(manifest) <= KEYS
    assert manifest["name"]
    assert {key for task in manifest["tasks"] for key in task} <= {
        *("name", "description", "execArgs", "defaultArgs")
    }
    assert {key for hook in manifest["hooks"] for key in hook} <= {
        *("name", "description", "execArgs", "defaultArgs", "triggeredBy")
    }
    assert set(manifest["ui"]) <= {"javascript", "css", "requires", "assets", "csp"}


def test_the_validators_form_of_values_is_kept(manifest: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+(\.\d+)?(\.\d+)?", manifest["version"])
    assert manifest["interface"] in ("js", "raw", "rpc")
    assert manifest["errLog"] in ("trace", "debug", "info", "warning", "error")
    assert manifest["ui"].get("javascript") or manifest["ui"].get("css")
    assert all(isinstance(part, str) for part in manifest["exec"])


def test_each_setting_has_a_label_and_a_type(manifest: dict[str, Any]) -> None:
    for key, setting in manifest["settings"].items():
        assert "." not in key, "Stash splits keys at dots"
        assert set(setting) <= {"displayName", "description", "type"}
        assert setting["displayName"]
        assert setting["type"] in ("STRING", "NUMBER", "BOOLEAN")


def test_each_trigger_is_one_that_stash_fires_once(manifest: dict[str, Any]) -> None:
    """A change of a group fires `Movie` as well, so only one of the two is listed."""
    triggers = [name for hook in manifest["hooks"] for name in hook["triggeredBy"]]

    assert set(triggers) <= TRIGGERS
    assert len(set(triggers)) == len(triggers)
    assert not any(name.startswith("Movie.") for name in triggers)


def test_tasks_have_unique_names_and_plain_arguments(manifest: dict[str, Any]) -> None:
    """Stash hands each argument over as text and refuses nested ones."""
    names = [task["name"] for task in manifest["tasks"]]
    values = [value for task in manifest["tasks"] for value in task["defaultArgs"].values()]

    assert len(set(names)) == len(names)
    assert all(isinstance(value, str) for value in values)


def test_the_files_that_the_page_loads_exist(manifest: dict[str, Any]) -> None:
    files = [*manifest["ui"].get("javascript", ()), *manifest["ui"].get("css", ())]

    assert [name for name in files if not (ROOT / name).is_file()] == []
