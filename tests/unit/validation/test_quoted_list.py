"""A list splits at its separators, but not inside double quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.quoted_list import split_list


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        (" , ,", []),
        ("Films,  Clips ", ["Films", "Clips"]),
        ('"Films, Shorts",Clips', ["Films, Shorts", "Clips"]),
        (' " Films, Shorts " , "Clips"', ["Films, Shorts", "Clips"]),
        (r'"12\" vinyl, black"', ['12" vinyl, black']),
        (r'"D:\Films, old\", b', ["D:\\Films, old\\", "b"]),
        ('""', ['""']),
    ],
)
def test_quotes_hold_an_entry_together(text: str, entries: list[str]) -> None:
    assert split_list(text, ",") == entries


@given(
    st.lists(
        st.text(st.sampled_from('ab "\\'), max_size=6)
        .map(str.strip)
        .filter(lambda entry: not (len(entry) > 1 and entry[0] == entry[-1] == '"')),
        max_size=3,
    )
)
def test_lists_without_quoted_entries_read_as_before(entries: list[str]) -> None:
    text = ",".join(entries)
    if not any(entry.startswith('"') for entry in entries):
        assert split_list(text, ",") == [entry for entry in entries if entry]


@given(st.lists(st.text(st.sampled_from('ab ,"'), min_size=1).map(str.strip).filter(bool)))
def test_every_name_can_be_written_in_quotes(names: list[str]) -> None:
    text = ", ".join('"' + name.replace('"', '\\"') + '"' for name in names)

    assert split_list(text, ",") == names


@given(st.text(st.sampled_from('a ",;\\\n')))
def test_every_text_is_split(text: str) -> None:
    assert all(entry.strip() == entry != "" for entry in split_list(text, ",;"))
