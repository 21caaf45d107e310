"""The tables of figures: what is printed, and what docs/limits.md keeps."""

import pytest

from benchmarks.__main__ import COMPARED, FIGURES, PARTS, main
from benchmarks.figures import COMMAND, PAGE, with_figures
from benchmarks.report import Row, table
from tools.generated_sections import marks

HOOK = Row("Hooks", "a hook", "40 ms", "at most 50 ms", True, True, "80 ms", "2.00 x")
DETAIL = Row("Hooks", "a detail", "1 ms")
PAGE_WITH_PARTS = "\n".join(
    [line for part in ("hook", "memory") for line in marks(f"figures {part}", command=COMMAND)]
)


def test_a_plain_table_has_no_columns_for_another_revision() -> None:
    printed = table([HOOK, DETAIL])

    assert "80 ms" not in printed
    assert "a detail" in printed


def test_a_comparison_prints_both_columns_and_the_ratio() -> None:
    heading, _, _, hook, detail = table([HOOK, DETAIL], "c54efdc").splitlines()

    assert heading.split() == ["this", "revision", "c54efdc", "ratio", "budget"]
    assert hook.split()[:8] == ["a", "hook", "40", "ms", "80", "ms", "2.00", "x"]
    assert detail.split()[-2:] == ["-", "-"]


def test_the_page_keeps_figures_of_parts_not_measured() -> None:
    page = with_figures(PAGE_WITH_PARTS, "memory", [HOOK], "", "first")

    page = with_figures(page, "hook", [HOOK, DETAIL], "c54efdc", "second")

    assert "| a hook | 40 ms | at most 50 ms |" in page
    assert "| a hook | 40 ms | 80 ms | 2.00 x | at most 50 ms |" in page
    assert "first" in page and "second" in page and "a detail" not in page


def test_measuring_a_part_again_replaces_its_table() -> None:
    page = with_figures(PAGE_WITH_PARTS, "hook", [HOOK], "", "first")

    page = with_figures(page, "hook", [HOOK], "", "second")

    assert "first" not in page
    assert page.count("a hook") == 1


@pytest.mark.parametrize("part", FIGURES)
def test_the_page_of_limits_has_a_place_for_every_part(part: str) -> None:
    assert marks(f"figures {part}", command=COMMAND)[0] in PAGE.read_text(encoding="utf-8")
    assert part in {*PARTS, *COMPARED}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["gadgets"], "no part gadgets"),
        (["against_sync"], "--against"),
        (["--write", "--quick"], "full size"),
        (["--write", "index"], "full size"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)

    assert reason in capsys.readouterr().err
