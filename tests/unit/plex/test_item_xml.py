"""A full read becomes a snapshot that holds everything the plan may compare."""

from xml.etree.ElementTree import fromstring

import pytest

from core.field_values import is_empty
from core.fields import EDIT_FIELDS
from plex.item_xml import parse_item

FULL = fromstring(
    """<Video ratingKey="101" title="A Quiet Evening" studio="Blue Door" summary="Two friends talk."
      thumb="/library/metadata/101/thumb/16" userRating="8.0" originallyAvailableAt="2023-05-06">
      <Media id="1"><Part file="/media/x cd1.mp4" size="100"><Stream id="9"/></Part>
        <Part file="/media/x cd2.mp4" size="200"/></Media>
      <Media id="2"><Part file="/media/x 4k.mp4"/><Part size="7"/></Media>
      <Media id="3" proxyType="42"><Part file="/plex/optimised.mp4" size="3"/></Media>
      <Genre tag="Drama"/><Role tag="Ann Example" role="Host"/><Collection tag="Blue Door"/>
      <Field locked="1" name="title"/><Field locked="0" name="studio"/><Field locked="1" name="thumb"/>
    </Video>"""
)


def test_every_version_and_part_counts_but_optimized_ones() -> None:
    item = parse_item(FULL, 3)

    assert item.files == ("/media/x cd1.mp4", "/media/x cd2.mp4", "/media/x 4k.mp4")


def test_the_snapshot_holds_key_section_title_and_locks() -> None:
    item = parse_item(FULL, 3)

    assert (item.rating_key, item.section, item.title) == (101, 3, "A Quiet Evening")
    assert item.locked == {"title", "thumb"}


def test_values_are_keyed_by_our_names() -> None:
    item = parse_item(FULL, 3)

    assert item.values["tags"] == ("Drama",)
    assert item.values["performers"] == ("Ann Example",)
    assert item.values["date"] == "2023-05-06"
    assert item.values["rating"] == 8.0


def test_images_are_the_paths_shown_and_empty_when_none_is() -> None:
    item = parse_item(FULL, 3)

    assert item.images == {"poster": "/library/metadata/101/thumb/16", "background": ""}


def test_a_bare_item_has_every_field_and_all_are_empty() -> None:
    item = parse_item(fromstring('<Video ratingKey="7"/>'), 1)

    assert set(item.values) == {field.name for field in EDIT_FIELDS}
    assert all(map(is_empty, item.values.values()))


def test_an_element_without_a_rating_key_is_refused() -> None:
    with pytest.raises(ValueError, match="int"):
        parse_item(fromstring("<Video/>"), 1)
