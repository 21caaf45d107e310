"""Defines limits that belong to no single field; a field's own limit is in its row."""

MAX_TEXT_CHARS = 100_000  # of any text, nothing behind this is looked at: details can be megabytes
SINGLE_LINE_CHARS = (
    255  # Plex shows a text field with a limit up to this on one line, without line ends
)
MAX_NAME_CHARS = 255  # one performer, tag or studio
MAX_PREFIX_CHARS = 50  # before the names of one kind of collections
MAX_WORD_CHARS = 100  # a cut gives up at most this much in looking for the end of a word
MAX_LIBRARIES = 1_000  # named in one setting
MAX_SEARCHED_CHARS = 1_000  # of a bad value, for secrets in it before it is quoted
MAX_SHOWN_CHARS = 80  # of a bad value quoted in a warning
