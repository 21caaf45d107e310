"""Learns how folders in Stash are called in Plex, from files that leave no doubt.

Pure: files and candidates go in, prefix pairs come out. A pair needs many files of several folders
whose name is unique on both sides and whose size is equal; one mapped path that exists with another
size contradicts it. It may learn nothing; that costs a few exact matches and never a wrong one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.file_names import components
from core.match import Candidate, Confidence, Evidence, MatchResult, PlexFile
from core.unicode_form import caseless
from plex.paths import folded_name, folded_path, normal_path

MIN_FILES = 20
MIN_FOLDERS = 3
_MAX_CANDIDATES = 10

Candidates = Callable[[str], Sequence[PlexFile]]
PrefixPair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StashFile:
    """A scene's file: path as Stash sees it, size in bytes (0 if unknown)."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class LearnedMapping:
    """A learned pair: Stash's prefix, Plex's prefix, and how many files of how many folders support
    it.
    """

    source: str
    target: str
    files: int
    folders: int


def learn(files: Iterable[StashFile], candidates: Candidates) -> tuple[LearnedMapping, ...]:
    """Return the prefix pairs that explain the files, best supported first; () if none is certain.

    `candidates` returns every Plex file with the same name. If fewer than twenty files are usable,
    all of them must agree.
    """
    known = [file for file in files if file.size]
    names = Counter(folded_name(file.path) for file in known)
    support: dict[PrefixPair, dict[str, str]] = defaultdict(dict)
    usable = 0
    for file in known:
        plex_path = _certain_path(file, candidates) if names[folded_name(file.path)] == 1 else ""
        if plex_path:
            usable += 1
            pair, folder = split_pair(file.path, plex_path)
            support[pair][file.path] = folder
    needed = min(MIN_FILES, usable)
    lessons = [
        LearnedMapping(*pair, len(seen), len(set(seen.values())))
        for pair, seen in support.items()
        if len(seen) >= needed and len(set(seen.values())) >= MIN_FOLDERS and pair[0] != pair[1]
    ]
    sound = [
        one for one in lessons if not any(contradicts(one, file, candidates) for file in known)
    ]
    return tuple(sorted(sound, key=lambda one: (-one.files, one.source, one.target)))


def contradicts(lesson: LearnedMapping, file: StashFile, candidates: Candidates) -> bool:
    """Return True if Plex has a file of another size where the mapping puts this one."""
    expected = apply(lesson, file.path)
    if not expected or not file.size:
        return False
    sizes = {
        found.size
        for found in candidates(file.path)
        if folded_path(found.path) == folded_path(expected)
    }
    return bool(sizes - {0, file.size}) and file.size not in sizes


def apply(lesson: LearnedMapping, path: str) -> str:
    """Return the path as the mapping has it in Plex; "" for a path outside of it."""
    source, parts = _folded(lesson.source), components(path)
    if len(parts) <= len(source) or [caseless(part) for part in parts[: len(source)]] != source:
        return ""
    separator = "\\" if "\\" in lesson.target else "/"
    return separator.join([lesson.target, *parts[len(source) :]])


def match_learned(
    files: Sequence[StashFile], candidates: Candidates, lessons: Sequence[LearnedMapping]
) -> MatchResult | None:
    """Return the items that play the files at the mapped paths, if sizes are equal; else None."""
    found = []
    for file in files:
        for lesson in lessons if file.size else ():
            note = f"learned {lesson.source} => {lesson.target}"
            for one in _files_at(apply(lesson, file.path), file.size, candidates(file.path)):
                found.append(Candidate(one, Evidence.EXACT_PATH, file.path, note))
    if not found:
        return None
    items = tuple(sorted({candidate.file.item for candidate in found}))
    reason = f"exact_path 1.0, {found[0].note}, equal size"
    return MatchResult(
        items, Confidence.HIGH, tuple(found[:_MAX_CANDIDATES]), reason, is_learned=True
    )


def split_pair(scene_path: str, plex_path: str) -> tuple[PrefixPair, str]:
    """Return what differs at the start of two paths of one file, and the scene's folder.

    `/data/a/b/x.mp4` and `/media/a/b/x.mp4` differ in `/data` and `/media`.
    """
    ours, theirs = components(scene_path), components(plex_path)
    common = 0
    while common < min(len(ours), len(theirs)) - 1 and folded_path(
        ours[-1 - common]
    ) == folded_path(theirs[-1 - common]):
        common += 1
    separators = tuple("\\" if "\\" in path else "/" for path in (scene_path, plex_path))
    source = separators[0].join(ours[: len(ours) - common])
    target = separators[1].join(theirs[: len(theirs) - common])
    return (source, target), "/".join(ours[:-1])


def _files_at(path: str, size: int, files: Sequence[PlexFile]) -> list[PlexFile]:
    """Return the files of this size at the path; [] if SMB's mangling makes several look alike."""
    if not path:
        return []
    found = [
        file for file in files if file.size == size and folded_path(file.path) == folded_path(path)
    ]
    same = [file for file in found if normal_path(file.path) == normal_path(path)]
    is_one = len({normal_path(file.path) for file in found}) <= 1
    return same or (found if is_one else [])


def _certain_path(file: StashFile, candidates: Candidates) -> str:
    """The one Plex file of this name, if its size is equal; "" otherwise."""
    found = {normal_path(one.path): one for one in candidates(file.path)}
    if len(found) != 1:
        return ""
    only = next(iter(found.values()))
    return only.path if only.size == file.size else ""


def _folded(prefix: str) -> list[str]:
    return [caseless(part) for part in components(prefix)]
