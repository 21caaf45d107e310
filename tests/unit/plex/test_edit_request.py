"""Requests that edit: as few as possible, never too long, never without an id."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PlexRejected
from core.fields import BY_NAME
from plex.edit_request import EditLimits, edit_targets, fit_text
from plex.plan import Change
from tests.unit.plex.model import EMPTY, applied, arguments_of, item_of

LIMITS = EditLimits()
SMALL = EditLimits(target_chars=1_000, ids_chars=40)


def text_change(value: str, name: str = "summary") -> Change:
    return Change(BY_NAME[name], value)


def names_change(value: tuple[str, ...], remove: tuple[str, ...] = ()) -> Change:
    return Change(BY_NAME["tags"], value, remove)


def test_all_changes_of_an_item_are_one_sorted_request() -> None:
    changes = [text_change("Été & 1/2 + 50%", "title"), names_change(("A, B",), ("C,D",))]

    targets = edit_targets(3, [101], changes, LIMITS)

    assert targets == (
        "/library/sections/3/all?type=1&id=101&genre%5B%5D.tag.tag-=C%252CD&genre%5B0%5D.tag.tag=A%2C%20B"
        "&genre.locked=1&title.locked=1&title.value=%C3%89t%C3%A9%20%26%201%2F2%20%2B%2050%25",
    )


def test_several_items_are_written_together_each_once() -> None:
    (target,) = edit_targets(1, [3, 1, 3], [text_change("x")], LIMITS)

    assert arguments_of(target)["id"] == "3,1"


def test_an_edit_without_items_is_refused() -> None:
    with pytest.raises(ValueError, match="whole section"):
        edit_targets(1, [], [text_change("x")], LIMITS)


def test_without_changes_there_is_nothing_to_ask() -> None:
    assert edit_targets(1, [1], [], LIMITS) == ()


def test_a_long_text_gets_its_own_request() -> None:
    changes = [
        text_change("t" * 200, "title"),
        text_change("s" * 900),
        text_change("u" * 200, "studio"),
    ]

    targets = edit_targets(1, [101], changes, SMALL)

    fields = [
        {name.split(".")[0] for name in arguments_of(target)} - {"type", "id"} for target in targets
    ]
    assert fields == [{"title", "studio"}, {"summary"}]


def test_many_ids_are_spread_over_several_requests() -> None:
    items = list(range(100, 140))

    targets = edit_targets(1, items, [text_change("x")], SMALL)

    assert [item for target in targets for item in arguments_of(target)["id"].split(",")] == list(
        map(str, items)
    )
    assert len(targets) == 6


def test_a_long_list_of_names_is_split_and_its_numbers_continue() -> None:
    names = tuple(f"name number {number}" for number in range(40))

    targets = edit_targets(1, [101], [names_change(names)], SMALL)

    sent = [
        name for target in targets for name in arguments_of(target).items() if "tag.tag" in name[0]
    ]
    assert dict(sent) == {f"genre[{number}].tag.tag": name for number, name in enumerate(names)}
    assert all(arguments_of(target)["genre.locked"] == "1" for target in targets)


def test_a_long_list_of_removals_is_split_at_names() -> None:
    gone = tuple(f"gone, number {number}" for number in range(60))

    targets = edit_targets(1, [101], [names_change((), gone)], SMALL)

    lists = [arguments_of(target)["genre[].tag.tag-"] for target in targets]
    assert len(lists) > 1
    assert [unquote(name) for names in lists for name in names.split(",")] == list(gone)


@pytest.mark.parametrize(
    "change", [names_change(("é" * 255,)), names_change((), ("é" * 255,))], ids=["add", "remove"]
)
def test_a_name_too_long_for_any_request_is_rejected(change: Change) -> None:
    with pytest.raises(PlexRejected) as caught:
        edit_targets(1, [101], [change], SMALL)

    assert (caught.value.fields, caught.value.too_long) == (("tags",), True)


# -- cutting ----------------------------------------------------------------------------------


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert fit_text(" a text \n", LIMITS) == " a text \n"


def test_a_text_is_cut_by_encoded_length_at_a_word_end() -> None:
    text = "été " * 1_000

    fitted = fit_text(text, SMALL)

    assert fitted.endswith("été")
    assert 750 <= len(quote(fitted, safe="")) <= 800


def test_an_endless_word_is_cut_between_characters() -> None:
    assert fit_text("é" * 1_000, SMALL) == "é" * 133


def test_cutting_a_text_twice_changes_nothing() -> None:
    text = "été " * 1_000

    raw = edit_targets(1, [101], [text_change(text)], SMALL)

    assert raw == edit_targets(1, [101], [text_change(fit_text(text, SMALL))], SMALL)


# -- properties -------------------------------------------------------------------------------

CHARS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARS, max_size=50).flatmap(
    lambda text: st.integers(1, 60).map(lambda times: text * times)
)
NAMES = st.lists(
    st.text(CHARS, min_size=1, max_size=12).filter(str.strip), max_size=30, unique_by=str.casefold
)


@given(TEXTS)
def test_a_fitted_text_is_a_start_of_the_text_fits_and_is_stable(text: str) -> None:
    fitted = fit_text(text, SMALL)

    assert text.startswith(fitted)
    assert len(quote(fitted, safe="")) <= SMALL.target_chars
    assert fit_text(fitted, SMALL) == fitted


@given(TEXTS, TEXTS, NAMES, NAMES, st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
def test_requests_stay_short_and_carry_every_value(
    title: str, summary: str, names: list[str], others: list[str], items: list[int]
) -> None:
    desired = {name.casefold() for name in names}
    gone = tuple(name for name in others if name.casefold() not in desired)
    fitted = {"title": fit_text(title, SMALL), "summary": fit_text(summary, SMALL)}
    changes = [text_change(title, "title"), text_change(summary), names_change(tuple(names), gone)]

    targets = edit_targets(1, items, changes, SMALL)

    assert all(len(target) <= SMALL.target_chars for target in targets)
    for item in items:
        own = [target for target in targets if str(item) in arguments_of(target)["id"].split(",")]
        after = applied(item_of({"tags": gone}), own, replaces=False)
        assert after.values == {**EMPTY, **fitted, "tags": tuple(names)}
