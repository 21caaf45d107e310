"""The word list and the docstring rules, and what is left out of them."""

from pathlib import Path

import pytest

from tools.prose import WORDS, check_file, main, read_words

LIST = """
[everywhere]
by wombat -> immediately
(?<!spare )gadgets? -> dead letter
gizmo -> buffer
[prose]
aloof -> far
[names]
longest -> max
[stored]
old_gizmo: kept/*.py
[openers]
the whether
"""


def findings(tmp_path: Path, name: str, text: str) -> list[str]:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [f"{each.line} {each.text}" for each in check_file(path, read_words(LIST), tmp_path)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A = 'do it by wombat'\n", ["1 by wombat -> immediately"]),
        ("# do it by\n# wombat\n", ["1 by wombat -> immediately"]),
        ("A = f'do it {b} By Wombat'\n", ["1 by wombat -> immediately"]),
        ('A = """\none\n\ngadgets"""\n', ["4 gadgets -> dead letter"]),
        ("the_gizmo_key = 1\n", ["1 gizmo -> buffer"]),
        ("class TheGizmo:\n    pass\n", ["1 gizmo -> buffer"]),
        ("LONGEST_S = 1\n", ["1 longest -> max"]),
        ("# the longest\n", []),
        ("aloof = 1  # aloof\n", ["1 aloof -> far"]),
        ("spare_gadgets = ungizmo = 'spare gadgets'\n", []),
    ],
)
def test_words_in_names_comments_and_strings_are_found(
    tmp_path: Path, source: str, expected: list[str]
) -> None:
    assert findings(tmp_path, "core.py", source) == expected


def test_words_on_pages_and_in_file_names_are_found(tmp_path: Path) -> None:
    found = findings(tmp_path, "docs/gizmo.md", "# Page\n\nread it by\nwombat\n")

    assert found == ["1 gizmo -> buffer", "3 by wombat -> immediately"]


def test_stored_names_are_allowed_in_their_files_only(tmp_path: Path) -> None:
    source = "A = 'SELECT old_gizmo'\n"

    assert findings(tmp_path, "kept/a.py", source) == []
    assert findings(tmp_path, "other/a.py", source) == ["1 gizmo -> buffer"]


@pytest.mark.parametrize("name", ["page.md", "module.py"])
def test_marked_lines_are_left_out(tmp_path: Path, name: str) -> None:
    text = "# <!-- prose:off -->\n# gizmo\n# <!-- prose:on -->\n# gizmo\n"

    assert findings(tmp_path, name, text) == ["4 gizmo -> buffer"]


@pytest.mark.parametrize("opener", ["Return", "Pass", "Embed", "Ping", "`Return`"])
def test_docstrings_that_open_with_a_verb_are_accepted(tmp_path: Path, opener: str) -> None:
    assert findings(tmp_path, "a.py", f'def b():\n    """{opener} it."""\n') == []


@pytest.mark.parametrize("opener", ["The", "Whether", "Returns", "Called", "Missing", "`3 %`"])
def test_other_openers_of_public_docstrings_are_found(tmp_path: Path, opener: str) -> None:
    [found] = findings(tmp_path, "a.py", f'def b():\n    """{opener} it."""\n')

    assert found.startswith("1 docstring opens with")


def test_private_and_test_docstrings_are_free(tmp_path: Path) -> None:
    source = 'def {}():\n    """The thing."""\n'

    assert findings(tmp_path, "a.py", source.format("_b")) == []
    assert findings(tmp_path, "tests/a.py", source.format("b")) == []


def test_long_summaries_and_long_test_names_are_found(tmp_path: Path) -> None:
    source = f'"""{"x" * 89}. {"y" * 90}"""\n'
    too_long = f'"""{"x" * 89}.\n\nMore."""\n\n\ndef test_{"x" * 56}():\n    pass\n'

    assert findings(tmp_path, "a.py", source.replace("x" * 89, "x" * 88)) == []
    assert findings(tmp_path, "tests/a.py", too_long) == [
        "1 first sentence of 90 characters -> 89",
        "6 test name of 61 characters -> 60",
    ]


@pytest.mark.parametrize("line", ["[prose]\nno arrow", "[stored]\nno_files"])
def test_an_unreadable_word_list_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="the word list has a line without"):
        read_words(line)


def test_the_command_prints_findings_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = " ".join(("It", "goes", "on."))
    page, vendored = tmp_path / "docs" / "a.md", tmp_path / "docs" / "vendor" / "a.js"
    vendored.parent.mkdir(parents=True)
    vendored.write_text(denied, encoding="utf-8")
    page.write_text("It continues.", encoding="utf-8")
    clean_status = main([], tmp_path)

    page.write_text(denied, encoding="utf-8")
    status = main([str(page)], tmp_path)

    assert (clean_status, status) == (0, 1)
    assert capsys.readouterr().out == f"docs/a.md:1: {denied[3:-1]} -> continue\n"


def test_the_words_of_the_project_are_readable() -> None:
    words = read_words(WORDS.read_text(encoding="utf-8"))

    assert words.prose_rules.pattern.search("in " + "vain")
    assert "sync_queue/*.py" in words.stored["in" + "_hand"]
