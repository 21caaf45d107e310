"""Anonymises paths in texts that users share; equal paths still look equal.

Every part of a path becomes words of its own, chosen by its hash: in the log, in Stash's log and in
what the tasks print, in every process and after every restart alike. A file keeps its extension.
"""

import hashlib
import re

# fmt: off
_WORDS = (
    "amber", "apple", "arrow", "autumn", "badger", "bamboo", "basil", "beacon", "birch", "bridge", "butter",
    "cactus", "candle", "canyon", "cedar", "cherry", "clover", "cobalt", "copper", "coral", "cotton",
    "crane", "cricket", "daisy", "desert", "dragon", "ember", "falcon", "feather", "fern", "flint",
    "forest", "garden", "ginger", "glacier", "granite", "harbor", "hazel", "heron", "honey", "indigo",
    "island", "ivory", "jasmine", "juniper", "lagoon", "lantern", "laurel", "lemon", "lily", "linen",
    "lotus", "maple", "marble", "meadow", "mint", "mist", "nectar", "olive", "onyx", "orchid", "otter",
    "pearl",
)
# fmt: on
_VIDEO = r"\.(?:mp4|mkv|avi|wmv|mov|m4v|mpe?g|m?ts|m2ts|webm|flv|f4v|vob|iso|divx|3gp|og[gmv]|rmvb|rm|asf|qt)\b"
# A path begins at a separator or drive after a blank or a sign. A file's ends with its extension,
# because its name may hold anything; a folder's ends where a list or a sentence continues.
_PATH = re.compile(
    r"(?:(?<=[\s\"'=(,>])|^)(?:[A-Za-z]:)?[/\\]"
    rf"(?:(?:(?! => |, [/\\]|,[/\\]|; (?:item |(?:[A-Z]:)?[/\\])).)+?{_VIDEO}"
    r"|(?:(?!, |; |\. | => | \(|\.$|[\",']|\s*$).)+)",
    re.IGNORECASE,
)
# Where a scene has no title, its file's name stands in brackets.
_NAME = re.compile(rf"(?<=\()[^/\\]+?{_VIDEO}(?=\))", re.IGNORECASE)
_PARTS = re.compile(r"([/\\]+)")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def hide_paths(text: str) -> str:
    """`text` with every path in it replaced by one of words.

    Examples:
        >>> hide_paths("looked for /data/aurora/x.mp4")
        'looked for /olive-laurel-linen/fern-cactus-arrow/lagoon-linen-cricket.mp4'
    """
    named = _NAME.sub(lambda found: _words_for(found.group()), text)
    return _PATH.sub(lambda found: _hidden(found.group()), named)


def _hidden(path: str) -> str:
    return "".join(_words_for(part) for part in _PARTS.split(path))


def _words_for(part: str) -> str:
    if not part or _PARTS.fullmatch(part) or re.fullmatch(r"[A-Za-z]:", part):
        return part
    extension = _EXTENSION.search(part)
    stem = part[: extension.start()] if extension else part
    digest = hashlib.sha256(stem.casefold().encode("utf-8", "replace")).digest()
    words = "-".join(_WORDS[number % len(_WORDS)] for number in digest[:3])
    return words + (extension.group() if extension else "")
