"""The Plex token in the data folder, and which of several tokens counts."""

import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.plugin_copy import ROOT
from validation.config import read_config
from validation.kept_token import KeptToken, token_digest
from validation.stored_settings import typed_tokens, without_tokens
from validation.token_file import DIGESTS, FILE_NAME, TokenFile

TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
SPELLINGS = ("a_plex_token", "aPlexToken", "plex_token", "plexToken", "Plex_Token")


def never(seconds: float) -> None:
    raise AssertionError("nothing holds the file")


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path, never)


def test_nothing_is_kept_at_first(tokens: TokenFile) -> None:
    assert tokens.load() == KeptToken("", frozenset())


def test_a_token_is_kept_for_its_owner_only(tokens: TokenFile, tmp_path: Path) -> None:
    tokens.save("one")
    tokens.save("two")

    assert tokens.load().token == "two"
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_digests_add_up_and_hold_no_token(tokens: TokenFile, tmp_path: Path) -> None:
    tokens.remember(["one"])
    tokens.remember(["two", "one"])

    assert tokens.load().moved == {token_digest("one"), token_digest("two")}
    assert "one" not in (tmp_path / DIGESTS).read_text()


def test_delete_takes_what_a_killed_process_left(tokens: TokenFile, tmp_path: Path) -> None:
    tokens.save("one")
    tokens.remember(["one"])
    (tmp_path / f"{FILE_NAME}.4711.tmp").write_text("on")

    assert tokens.delete() is True
    assert [path.name for path in tmp_path.glob(f"{FILE_NAME}*")] == [DIGESTS]
    assert tokens.load() == KeptToken("", frozenset([token_digest("one")]))
    assert tokens.delete() is False


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"two words\n", b"\x00"])
def test_a_damaged_file_holds_no_token(tokens: TokenFile, tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    assert tokens.load().token == ""


@pytest.mark.parametrize("content", ["[]", "{", '{"sha256": 5}', '{"sha256": [1, "x"]}'])
def test_damaged_digests_count_as_none(tokens: TokenFile, tmp_path: Path, content: str) -> None:
    (tmp_path / DIGESTS).write_text(content)

    assert tokens.load().moved == frozenset()
    tokens.remember(["one"])
    assert tokens.load().moved == {token_digest("one")}


def test_a_token_that_cannot_be_kept_is_an_error(tokens: TokenFile, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(OSError):
        TokenFile(tmp_path, lambda seconds: None).save("one")
    assert tokens.load().token == ""
    assert not list(tmp_path.glob("*.tmp"))


def test_neither_token_is_in_a_repr() -> None:
    assert "secret" not in repr(KeptToken("secret", frozenset()))


@given(
    raw=st.dictionaries(st.sampled_from(SPELLINGS), st.one_of(TOKENS, st.just(""))),
    moved=st.lists(TOKENS),
    kept=st.one_of(TOKENS, st.just("")),
)
def test_a_moved_token_never_counts_again(raw: dict[str, str], moved: list[str], kept: str) -> None:
    known = [*moved, *list(raw.values())[:1]]
    held = KeptToken(kept, frozenset(map(token_digest, known)))

    token = read_config(raw, held).config.plex_token.get_secret_value()

    new = [text for text in typed_tokens(raw) if text not in known]
    assert token == (new[0] if new else kept)


@given(raw=st.dictionaries(st.sampled_from((*SPELLINGS, "a_plex_url", "other")), TOKENS))
def test_no_spelling_of_the_token_is_left(raw: dict[str, str]) -> None:
    emptied = without_tokens(raw)

    assert typed_tokens(emptied) == ()
    assert emptied.keys() == raw.keys()
    assert all(emptied[key] == raw[key] for key in {"a_plex_url", "other"} & raw.keys())


def test_a_kept_token_completes_the_settings() -> None:
    reading = read_config({"plex_url": "plex"}, KeptToken("kept-token"))

    assert reading.config.missing_required() == ()
    assert reading.warnings == ()


def test_hooks_and_light_operations_know_nothing_of_the_file() -> None:
    sources = [*(ROOT / "hooks").rglob("*.py"), *(ROOT / "sync_queue").rglob("*.py")]

    texts = [path.read_text("utf-8") for path in (*sources, ROOT / "startup.py")]

    assert not [text for text in texts if "token_file" in text or FILE_NAME in text]
