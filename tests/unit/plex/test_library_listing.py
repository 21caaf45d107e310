"""Test that a listing is read to its end in few pages, and that only real files count."""

from xml.etree.ElementTree import fromstring

import pytest

from core.match import PlexFile
from plex.library_listing import added_at, files_of


def test_every_part_of_every_version_is_a_file() -> None:
    video = fromstring(
        "<Video ratingKey='7'><Media><Part file='/a1.mp4' size='1'/><Part file='/a2.mp4' size='2'/></Media>"
        "<Media><Part file='/b.mkv' size='3'/></Media></Video>"
    )

    files = list(files_of(video, 4))

    assert files == [
        PlexFile("/a1.mp4", 1, 7, 4),
        PlexFile("/a2.mp4", 2, 7, 4),
        PlexFile("/b.mkv", 3, 7, 4),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<Video ratingKey='7' deletedAt='1700000000'><Media><Part file='/a.mp4' size='1'/></Media></Video>",
        "<Video ratingKey='7'><Media proxyType='42'><Part file='/a.mp4' size='1'/></Media></Video>",
        "<Video ratingKey='7'><Media deletedAt='1700000000'><Part file='/a.mp4' size='1'/></Media></Video>",
        "<Video ratingKey='7'><Media><Part size='1'/><Part file=''/></Media></Video>",
        "<Video ratingKey='7'/>",
    ],
    ids=["trashed", "optimised", "version gone", "no path", "no version"],
)
def test_what_no_scene_can_be_is_left_out(text: str) -> None:
    assert list(files_of(fromstring(text), 1)) == []


def test_a_size_or_time_that_is_missing_or_nonsense_is_zero() -> None:
    video = fromstring(
        "<Video ratingKey='7' addedAt='soon'><Media><Part file='/a.mp4'/><Part file='/b.mp4' size='?'/></Media></Video>"
    )

    assert [file.size for file in files_of(video, 1)] == [0, 0]
    assert added_at(video) == 0
    assert added_at(fromstring("<Video addedAt='17'/>")) == 17
