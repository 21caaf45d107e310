"""Read a list of genders in the words that users use for Stash's. Pure."""

from collections.abc import Mapping

from core.folding import broad_form
from validation.quoted_list import split_list

ALL = "all"
NO_GENDER = ""
FEMALE, MALE = "FEMALE", "MALE"
TRANSGENDER_FEMALE, TRANSGENDER_MALE = "TRANSGENDER_FEMALE", "TRANSGENDER_MALE"
LABELS: Mapping[str, str] = {
    FEMALE: "female",
    MALE: "male",
    TRANSGENDER_FEMALE: "trans female",
    TRANSGENDER_MALE: "trans male",
    "INTERSEX": "intersex",
    "NON_BINARY": "non-binary",
    NO_GENDER: "unknown",
}
"""How each of Stash's genders is called in a setting, and in the text of a role."""


def _key(word: str) -> str:
    return broad_form(word).replace("-", "").replace("_", "").replace(" ", "")


_WORDS = {_key(label): gender for gender, label in LABELS.items()} | {
    "transgenderfemale": TRANSGENDER_FEMALE,
    "transgendermale": TRANSGENDER_MALE,
    "none": NO_GENDER,
}


def read_genders(text: str) -> frozenset[str]:
    """Return Stash's words for the genders in a list; an empty set for `all`.

    Raises:
        ValueError: an entry is no gender; the reason names it by its number, from 1.

    Examples:
        >>> sorted(read_genders("Female, trans-female"))
        ['FEMALE', 'TRANSGENDER_FEMALE']
    """
    words = [_key(entry) for entry in split_list(text, ",;\n")]
    if words == [ALL]:
        return frozenset()
    for number, word in enumerate(words, 1):
        if word not in _WORDS:
            raise ValueError(f"entry {number} is none of: {', '.join(LABELS.values())}")
    return frozenset(_WORDS[word] for word in words)
