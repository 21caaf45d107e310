"""The gate of `make test`: what it adds up, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.coverage_gate import REPORT, Count, by_unit, complaints, main, measured, shipped_files


def report(**files: tuple[int, int]) -> str:
    summaries = {
        name.replace("__", "/") + ".py": {
            "summary": {"covered_lines": covered, "num_statements": statements}
        }
        for name, (covered, statements) in files.items()
    }
    return json.dumps({"files": summaries})


def test_files_are_added_up_per_package(tmp_path: Path) -> None:
    counts = measured(json.loads(report(core__job=(8, 10), core__log=(1, 10), wiring=(3, 4))))

    sums = by_unit(tmp_path, ["core/job.py", "core/log.py", "wiring.py"], counts)

    assert sums == {"core": Count(9, 20), "wiring": Count(3, 4)}


def test_a_shipped_file_that_nothing_ran_counts_in_full(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "job.py").write_text(
        '"""Why."""\nA = 1\n\n\ndef b() -> int:\n    return A\n', encoding="utf-8"
    )

    sums = by_unit(tmp_path, shipped_files(tmp_path), {})

    assert sums == {"core": Count(0, 3)}


def test_a_package_without_statements_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("", encoding="utf-8")

    sums = by_unit(tmp_path, shipped_files(tmp_path), {})

    assert sums == {}


def test_a_unit_below_its_bound_is_named() -> None:
    lines = complaints({"core": Count(990, 1000), "hooks": Count(79, 100)})

    assert lines == ["hooks: 79.0 % is below 80 %"]


def test_the_whole_below_its_bound_is_named() -> None:
    lines = complaints({"core": Count(84, 100), "hooks": Count(81, 100)})

    assert lines == ["everything: 82.5 % is below 85 %"]


@pytest.mark.parametrize(("covered", "status"), [(9, 0), (7, 1)])
def test_the_exit_status_says_whether_the_gate_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], covered: int, status: int
) -> None:
    (tmp_path / "wiring.py").write_text("A = 1\n", encoding="utf-8")
    (tmp_path / REPORT).write_text(report(wiring=(covered, 10)), encoding="utf-8")

    answered = main(tmp_path)

    assert answered == status
    assert f"{covered} of 10" in capsys.readouterr().out
