r"""Splits a list that a user writes; an entry that holds a separator stands in double quotes.

A quote counts only where it begins an entry and another one ends it. Every other quote is a
character of the entry, so a list that was stored before quotes had a meaning reads the same.
"""

import re


def split_list(text: str, separators: str) -> list[str]:
    r"""Return the entries, trimmed and without blank ones; `\"` in quotes is a double quote.

    Examples:
        >>> split_list('a; "b; c" ; d"e', ";")
        ['a', 'b; c', 'd"e']
    """
    end = f"(?:[{re.escape(separators)}]|\\Z)"
    # A backslash before the last quote belongs to a Windows folder; the quote then ends the entry.
    entry = re.compile(rf'\s*"((?:\\"|[^"])*)"\s*{end}|(.*?){end}', re.DOTALL)
    entries = []
    start = 0
    while start < len(text):
        found = entry.match(text, start)
        assert found is not None  # the second branch takes whatever comes
        quoted, plain = found.groups()
        entries.append(plain if quoted is None else _unquoted(quoted))
        start = found.end()
    return [trimmed for trimmed in map(str.strip, entries) if trimmed]


def _unquoted(quoted: str) -> str:
    """Return what the quotes hold; the quotes themselves where they hold nothing.

    A list of only `""` must not read as an empty one, which may mean "all".
    """
    return quoted.replace('\\"', '"') if quoted.strip() else '""'
