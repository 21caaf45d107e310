"""Every setting changes what PlexSync does: each row of the table of settings is seen under two
values or more.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.fields import FIELDS
from tests.flow import probes
from tests.flow.field_cases import AFTER, BEFORE, OURS, THEIRS
from tests.flow.probes import NEW, OLD
from tests.harness.every_field import EVERY_FIELD_ON
from tests.harness.in_process import InProcessHarness, in_process
from tests.harness.plugin_copy import ROOT
from validation.config import read_config
from validation.setting import Setting
from validation.settings import SETTINGS

UNCHANGED = object()  # the value that every worker is in_process with


@dataclass(frozen=True)
class SettingCase:
    """`look` sees the second of a pair where the setting has the first."""

    look: Callable[[InProcessHarness], object]
    seen: tuple[tuple[Any, Any], ...]


def toggle(name: str) -> SettingCase:
    """Switched off, Plex keeps its own in this field, and all the others are written."""
    return SettingCase(probes.synced, ((True, AFTER), (False, {**AFTER, name: BEFORE[name]})))


TRAIN = f"{NEW} \U0001f682"
CLOSED_PORT = "http://127.0.0.1:9"

# fmt: off
SETTING_CASES: dict[str, SettingCase] = {
    "enabled": SettingCase(probes.field("title"), ((True, NEW), (False, OLD))),
    "plex_url": SettingCase(probes.field("title"), ((UNCHANGED, NEW), (CLOSED_PORT, OLD))),
    "plex_token": SettingCase(probes.field("title"), ((UNCHANGED, NEW), ("another-token", OLD))),
    "plex_libraries": SettingCase(probes.two_libraries, (("", [NEW, NEW]), ("Scenes", [NEW, OLD]), ("other", [OLD, NEW]))),
    "plex_connect_timeout_s": SettingCase(probes.connect_timeout, ((1, ["within 1 s"]), (2, ["within 2 s"]))),
    "plex_verify_tls": SettingCase(probes.own_certificate, ((True, OLD), (False, NEW))),
    "path_map": SettingCase(probes.two_folders, (("/data => /media/2019", [NEW, OLD]), ("/data => /media/2024", [OLD, NEW]))),
    "strict_matching": SettingCase(probes.name_only_match, ((True, OLD), (False, NEW))),
    "match_overrides": SettingCase(probes.two_items, (
        ("", [NEW, OLD]), ("scene 1 => never", [OLD, OLD]), ("scene 1 => item 101", [OLD, NEW]),
    )),
    "skip_not_found": SettingCase(probes.file_that_plex_lacks, ((False, {"PlexNotFound": 1}), (True, {}))),
    "trigger_plex_scan": SettingCase(probes.folders_scanned, ((False, []), (True, [["/media/new"]]))),
    "only_organized": SettingCase(probes.field("title"), ((False, NEW), (True, OLD))),
    "excluded_tags": SettingCase(probes.field("title"), (("", NEW), ("other, Night", OLD))),
    "excluded_paths": SettingCase(probes.field("title"), (("/elsewhere", NEW), ("/data", OLD))),
    "required_stash_id": SettingCase(probes.field("title"), ((False, NEW), (True, OLD))),
    "required_tags": SettingCase(probes.field("title"), (("other, Night", NEW), ("other", OLD))),
    "included_paths": SettingCase(probes.field("title"), (("/data", NEW), ("/DATA", OLD))),
    "min_rating": SettingCase(probes.field("title"), ((80, NEW), (81, OLD))),
    "on_excluded": SettingCase(probes.excluded_later, (("keep", NEW), ("restore", OLD))),
    "library_rules": SettingCase(probes.two_libraries, (
        ("", [NEW, NEW]), ('{"Other": {"sync_title": false}}', [NEW, OLD]), ('{"scenes ": {"sync_title": false}}', [OLD, NEW]),
    )),
    "sync_metadata": SettingCase(probes.written_and_recorded, ((True, (NEW, 1)), (False, (OLD, 0)))),
    **{field.toggle: toggle(field.name) for field in FIELDS if field.has_toggle},
    "tagline_source": SettingCase(probes.field("tagline"), (
        ("none", BEFORE["tagline"]), ("director", "Ada & Bo"), ("code", "AF-017"),
    )),
    "background_source": SettingCase(probes.field("background"), (("none", THEIRS), ("cover", OURS))),
    "original_title_source": SettingCase(probes.field("original_title"), (
        ("none", BEFORE["original_title"]), ("code", "AF-017"), ("file", "a"),
    )),
    "title_format": SettingCase(probes.field("title"), (
        ("{title}", NEW), ("[{parent} / ]{studio}: {title} ({year})", f"Aurora: {NEW} (2024)"),
    )),
    "title_from_file": SettingCase(probes.field("title", title=""), ((False, OLD), (True, "a"))),
    "sort_title_format": SettingCase(probes.field("sort_title"), (
        ("", NEW), ("{date} {code}", "2024-03-09 AF-017"),
    )),
    "performer_genders": SettingCase(probes.actors, (
        ("all", ["Jon", "Mia", "Zoe"]), ("male, unknown", ["Jon", "Zoe"]), ("female", ["Mia"]),
    )),
    "performer_order": SettingCase(probes.actors, (
        ("stash", ["Jon", "Mia", "Zoe"]), ("female_first", ["Mia", "Jon", "Zoe"]),
    )),
    "max_performers": SettingCase(probes.actors, ((50, ["Jon", "Mia", "Zoe"]), (2, ["Jon", "Mia"]))),
    "performer_disambiguation": SettingCase(probes.namesakes, (
        ("never", ["Jon", "Mia"]),
        ("when_needed", ["Jon", "Mia (the elder)", "Mia (the younger)"]),
        ("always", ["Jon (of Porto)", "Mia (the elder)", "Mia (the younger)"]),
    )),
    "role_format": SettingCase(probes.role_texts, (
        ("", []), ("{age}", ["Mia: 33"]), ("[{age}, ]{gender}", ["Jon: male", "Mia: 33, female"]),
    )),
    "content_rating": SettingCase(probes.field("content_rating"), (
        ("", BEFORE["content_rating"]), ("XXX", "XXX"), ("sea => PG; NIGHT => R18; * => XXX", "R18"),
    )),
    "sync_groups": SettingCase(probes.field("collection"), (
        (False, ["Aurora", "Mine"]), (True, ["Aurora", "Mine", "Saga"]),
    )),
    "collection_prefix_group": SettingCase(probes.collections_with_groups, (
        ("", ["Aurora", "Mine", "Saga"]), ("Group:", ["Aurora", "Group: Saga", "Mine"]),
    )),
    "studio_format": SettingCase(probes.placed("studio"), (
        ("{studio}", "Aurora"), ("{parent}", "Network"), ("{parent} / {studio}", "Network / Aurora"),
    )),
    "parent_studio_collections": SettingCase(probes.placed("collection"), (
        ("off", ["Aurora", "Mine"]), ("parent", ["Aurora", "Mine", "Network"]),
        ("all", ["Aurora", "Mine", "Network", "World"]),
    )),
    "collection_prefix_studio": SettingCase(probes.placed("collection"), (
        ("", ["Aurora", "Mine"]), ("Studio:", ["Mine", "Studio: Aurora"]),
    )),
    "genre_excluded_tags": SettingCase(probes.placed("tags"), (
        ("", ["night", "train"]), ("TR*", ["night"]), ("Mood > *", ["train"]), ("train, night", []),
    )),
    "collection_tags": SettingCase(probes.placed("collection"), (
        ("", ["Aurora", "Mine"]), ("t*", ["Aurora", "Mine", "train"]), ("mood > *", ["Aurora", "Mine", "night"]),
    )),
    "collection_prefix_tag": SettingCase(probes.placed("collection", c_collection_tags="night"), (
        ("", ["Aurora", "Mine", "night"]), ("Tag:", ["Aurora", "Mine", "Tag: night"]),
    )),
    "label_tags": SettingCase(probes.placed("labels"), (
        ("*", ["by hand", "night", "train"]), ("Night", ["by hand", "night"]), ("mood", ["by hand"]),
    )),
    "include_parent_tags": SettingCase(probes.placed("tags"), (
        (False, ["night", "train"]), (True, ["mood", "night", "train"]),
    )),
    "include_performer_tags": SettingCase(probes.placed("tags"), (
        (False, ["night", "train"]), (True, ["blonde", "night", "train"]),
    )),
    "max_tags": SettingCase(probes.field("tags"), ((100, ["night", "train"]), (1, ["night"]))),
    "strip_emoji": SettingCase(probes.field("title", title=TRAIN), ((False, TRAIN), (True, NEW))),
    "preserve_plex_edits": SettingCase(probes.edited_by_hand, ((False, "Changed."), (True, "By hand"))),
    "quality_gate": SettingCase(probes.not_identified, ((True, "Agent's words."), (False, ""))),
    "lock_fields": SettingCase(probes.after_an_agent, ((True, NEW), (False, "Agent's"))),
    "lock_collections": SettingCase(probes.collections_after_an_agent, (
        (False, ["Mine", "Aurora", "Agent collection"]), (True, ["Mine", "Aurora"]),
    )),
    "reconcile_interval": SettingCase(probes.runs_of_a_day, (("never", 0), ("daily", 1), ("hourly", 13))),
    "reconcile_scope": SettingCase(probes.found_by_comparing, (
        ("24h", [NEW, "Silent"]), ("7days", ["Silent", "Silent"]), ("library elsewhere", [NEW, NEW]),
    )),
    "log_json": SettingCase(probes.form_of_a_line, ((False, False), (True, True))),
    "log_debug": SettingCase(probes.steps, ((False, False), (True, True))),
    "obfuscate_paths": SettingCase(probes.names_of_files, ((False, [True, True]), (True, [False, False]))),
    "dead_letter_days": SettingCase(probes.dead_letter_of_five_days, ((30, False), (3, True))),
    "process_minutes": SettingCase(probes.endless_queue, ((1, 1.0), (2, 2.0))),
    "test_scene": SettingCase(probes.scene_of_the_test, ((0, ["Enter the scene's ID"]), (1, ["Scene 1 "]), (2, ["Scene 2 "]))),
}
# fmt: on
"""By the setting's name; a setting that is added and not shown here fails."""

SHOWN_ELSEWHERE = {
    "plex_read_timeout_s": "tests/flow/test_failures.py::test_an_answer_that_never_comes_is_a_passing_fault",
}
"""What is seen only after many seconds that really pass is seen once, in a test that needs to wait
for them anyway.
"""

CASES = [
    pytest.param(
        setting, *pair, id=f"{setting.key}: {'as it is' if pair[0] is UNCHANGED else pair[0]}"
    )
    for setting in SETTINGS
    if setting.name in SETTING_CASES
    for pair in SETTING_CASES[setting.name].seen
]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[InProcessHarness]:
    with in_process(tmp_path, **EVERY_FIELD_ON) as made:
        yield made


def test_every_setting_is_shown_once_and_nothing_else_is() -> None:
    assert sorted([*SETTING_CASES, *SHOWN_ELSEWHERE]) == sorted(
        setting.name for setting in SETTINGS
    )


@pytest.mark.parametrize("name", SETTING_CASES)
def test_every_value_makes_a_difference(name: str) -> None:
    (setting,) = (setting for setting in SETTINGS if setting.name == name)
    seen = [what for _, what in SETTING_CASES[name].seen]
    values = [value for value, _ in SETTING_CASES[name].seen if value is not UNCHANGED]

    assert len(seen) >= 2
    assert all(seen.count(what) == 1 for what in seen)
    assert [read_config({setting.key: value}).warnings for value in values] == [()] * len(values)


@pytest.mark.parametrize(("name", "test"), SHOWN_ELSEWHERE.items())
def test_what_is_shown_elsewhere_is_shown_there(name: str, test: str) -> None:
    file, _, function = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))

    (found,) = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function
    )

    assert any(setting.key in ast.unparse(found) for setting in SETTINGS if setting.name == name)


@pytest.mark.parametrize(("setting", "value", "seen"), CASES)
def test_a_setting_does_what_it_says(
    worker: InProcessHarness, setting: Setting, value: object, seen: object
) -> None:
    if value is not UNCHANGED:
        worker.configure(**{setting.key: value})

    found = SETTING_CASES[setting.name].look(worker)

    assert found == seen
