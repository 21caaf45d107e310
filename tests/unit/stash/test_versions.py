"""Which versions of Stash are supported, and what the user reads about the others."""

import pytest

from stash.versions import NEWEST_KNOWN, OLDEST, is_too_old, version_advice, version_text


@pytest.mark.parametrize(
    "version", ["v0.28.0", "0.28.1", "v0.29.3", "v0.30.1", "v0.30.1-12-gcf3489efd", " v0.30 "]
)
def test_a_known_version_needs_no_advice(version: str) -> None:
    assert version_advice(version) == ""
    assert not is_too_old(version)


@pytest.mark.parametrize("version", ["v0.27.2", "v0.9.0", "0.27.2-3-gabcdef"])
def test_an_older_version_is_to_be_updated(version: str) -> None:
    assert is_too_old(version)
    assert version_text(OLDEST) in version_advice(version)
    assert "Update Stash" in version_advice(version)


@pytest.mark.parametrize("version", ["v0.31.0", "v0.100.0", "v1.0.0"])
def test_a_newer_version_leads_to_an_update_of_plexsync(version: str) -> None:
    assert not is_too_old(version)
    assert version_text(NEWEST_KNOWN) in version_advice(version)
    assert "update PlexSync" in version_advice(version)


@pytest.mark.parametrize("version", ["", "unknown", "v", "develop-1.2"])
def test_a_build_without_a_version_is_not_called_old(version: str) -> None:
    assert not is_too_old(version)
    assert "cannot say" in version_advice(version)
