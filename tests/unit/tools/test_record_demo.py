"""The picture of the demo: what it leaves out, and that it is a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from tools.record_demo import PICTURE, picture, shortened

RUN = """\
Stash http://127.0.0.1:4711   Plex http://127.0.0.1:4712   PlexSync installed and set up.

--- 1. A single edit ---
1 scene arrived in Plex after 1.5 s   [2 s since the start]

Scene 1  /data/a.mp4  ->  Plex item 101
* title  A & B  a  A & B

--- 2. A bulk edit ---
1 scene arrived in Plex after 1.5 s   [4 s since the start]

Scene 2  /data/b.mp4  ->  Plex item 102
* title  B  b  B

--- 5. The end ---
never shown
"""


def test_only_the_first_table_and_no_last_step_are_shown() -> None:
    lines = shortened(RUN.splitlines())

    assert lines[:3] == ["$ make demo", "", "--- 1. A single edit ---"]
    assert [line for line in lines if line.startswith("Scene ")] == [
        "Scene 1  /data/a.mp4  ->  Plex item 101"
    ]
    assert lines[-1] == "1 scene arrived in Plex after 1.5 s   [4 s since the start]"
    assert "\n\n\n" not in "\n".join(lines)


def test_the_picture_is_well_formed_and_holds_every_line() -> None:
    lines = shortened(RUN.splitlines())

    root = ElementTree.fromstring(picture(lines))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]

    assert texts == [line for line in lines if line]


def test_the_picture_in_the_docs_shows_changes_that_arrived() -> None:
    text = PICTURE.read_text(encoding="utf-8")

    assert text.count(" arrived in Plex after ") == 4
