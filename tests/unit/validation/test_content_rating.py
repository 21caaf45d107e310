"""The content rating: one for all, or one for each tag."""

import pytest

from validation.content_rating import ContentRating, read_content_rating


@pytest.mark.parametrize(
    ("text", "tags", "rating"),
    [
        ("XXX", [], "XXX"),
        (" gb/18 ", ["train"], "gb/18"),
        ("train => R", ["train"], "R"),
        ("train => R", [], ""),
        ("train => R; night => XXX", ["night", "train"], "R"),
        ("night => XXX; train => R", ["night", "train"], "XXX"),
        ("train => R; * => XXX", ["sea"], "XXX"),
        ("* => XXX; train => R", ["train"], "XXX"),
        ("  Night   TRAIN => R", ["night train"], "R"),
        ("Caf\u00e9 => R", ["CAFE\u0301"], "R"),
        ('"a; b => R"; sea => X', ["A; B"], "R"),
        ("train => R;\n;night => XXX;", ["night"], "XXX"),
        ("", ["train"], ""),
    ],
)
def test_the_first_pair_that_fits_gives_the_rating(text: str, tags: list[str], rating: str) -> None:
    assert read_content_rating(text).of(tags) == rating


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("XXX; R", "entry 1 is not of the form 'tag => rating'"),
        ("train => R; XXX", "entry 2 is not of the form 'tag => rating'"),
        ("train => R; => XXX", "entry 2 is not of the form 'tag => rating'"),
        ("train => R => X", "entry 1 is not of the form 'tag => rating'"),
        ("train =>", "entry 1 has no rating"),
        ("X" * 51, "the rating of entry 1 is longer than 50 characters"),
    ],
)
def test_a_bad_rating_is_refused_with_its_entry(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared below
        read_content_rating(text)

    assert str(error.value) == reason


def test_nothing_is_false() -> None:
    assert not read_content_rating("")
    assert read_content_rating("XXX") == ContentRating((("*", "XXX"),))
