"""What is released is what was tested, under its own version, and can be compared."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.version import VERSION
from stash.versions import OLDEST, version_text
from tests.harness.sources import page_script
from tools.release_notes import Unreleasable, changes, main, notes

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").iterdir())
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
CHANGELOG = """# Changelog

## [9.9.9] - 2026-01-01

Nothing else.

## [1.2.0] - 2026-11-29

- A line with a [page](docs/page.md#part) and a [site](https://example.org).

## [1.1.0]
"""


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(
        (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    )
    return document


def test_no_workflow_or_form_is_taken_for_a_manifest() -> None:
    """Stash parses every .yml below its plugins folder, also in a checkout."""
    assert WORKFLOWS
    assert FORMS
    assert [path.name for path in (*WORKFLOWS, *FORMS) if path.suffix != ".yaml"] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_their_full_version(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    foreign = [name for name in used if not name.startswith("./")]

    assert foreign
    assert [name for name in foreign if not re.search(r"@v\d+\.\d+\.\d+$", name)] == []


def test_every_supported_python_is_tested_on_every_system() -> None:
    matrix = read("tests.yaml")["jobs"]["suite"]["strategy"]["matrix"]

    assert matrix["python"] == PYTHONS
    assert {name.partition("-")[0] for name in matrix["system"]} == {"ubuntu", "macos", "windows"}


def test_nothing_is_published_before_the_tests_have_passed() -> None:
    jobs = read("release.yaml")["jobs"]

    assert jobs["build"]["needs"] == "tests"
    assert jobs["release"]["needs"] == "build"
    assert "release" in jobs["pages"]["needs"]


def test_only_the_publishing_jobs_may_write() -> None:
    for name in ("tests.yaml", "release.yaml"):
        workflow = read(name)
        assert workflow["permissions"] == {"contents": "read"}
        writing = {key for key, job in workflow["jobs"].items() if "permissions" in job}
        assert writing == ({"release", "pages"} if name == "release.yaml" else set())


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms_ask_for_the_support_bundle(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    (bundle,) = (part for part in form["body"] if part.get("id") == "bundle")

    words = re.findall(r"\*([^*]+)\*", bundle["attributes"]["description"])
    page = page_script()
    assert words[:3] == ["Tools and log", "Show the support bundle", "Copy"]
    assert [word for word in words[:3] if word not in page] == []


def test_the_badges_state_what_is_supported() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in readme
    assert f"Stash {version_text(OLDEST)} or newer" in readme


def test_the_notes_hold_the_changes_and_the_sum() -> None:
    text = notes(CHANGELOG.replace("1.2.0", VERSION), f"v{VERSION}", b"zip", "https://x/index.yml")

    assert "- A line with a page and a [site](https://example.org)." in text
    assert hashlib.sha256(b"zip").hexdigest() in text
    assert "`https://x/index.yml`" in text
    assert "Nothing else" not in text


@pytest.mark.parametrize("version", ["1.1.0", "3.0.0", "1.2"])
def test_a_version_without_changes_is_not_released(version: str) -> None:
    with pytest.raises(Unreleasable):
        changes(CHANGELOG, version)


def test_a_tag_of_another_version_is_not_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "PlexSync.zip"
    archive.write_bytes(b"zip")
    arguments = ["--archive", str(archive), "--source", "https://x/index.yml", "--tag"]

    assert main([*arguments, "v0.0.1"]) == 1
    assert VERSION in capsys.readouterr().err
    assert main([*arguments, f"v{VERSION}"]) == 0
    assert main(["--archive", str(tmp_path / "no"), *arguments[2:], f"v{VERSION}"]) == 1
