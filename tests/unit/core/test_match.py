"""Test how a candidate describes itself."""

from core.match import Candidate, Evidence, PlexFile

FILE = PlexFile("/media/a.mp4", 10, 7, 1)


def test_a_candidate_describes_itself_on_one_line() -> None:
    plain = Candidate(FILE, Evidence.EXACT_PATH, "/data/a.mp4")
    noted = Candidate(FILE, Evidence.NAME_ONLY, "/data/a.mp4", "size differs")

    assert plain.describe() == "item 7 exact_path 1.0 /media/a.mp4"
    assert noted.describe() == "item 7 name_only 0.4 /media/a.mp4 (size differs)"
