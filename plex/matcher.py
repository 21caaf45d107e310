"""Decides which Plex items play a scene's files, and says how sure it is and why.

Two questions, two steps: how strong is the evidence for each file of that name, and is the best one
far enough ahead of the next *different* file. Nothing here asks Plex; the index hands in the
candidates.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

from core.errors import AmbiguousMatch, PlexNotFound, WeakMatch
from core.file_names import file_name
from core.match import Candidate, Confidence, Evidence, MatchResult, PlexFile
from plex.path_map import PathMap
from plex.paths import folded_path, folders, same_path
from plex.same_file import is_one_file, sizes_differ
from validation.metadata import SceneFile

HIGH_SCORE = 0.75
MIN_GAP = 0.1
MIN_TAIL_FOLDERS = 2
KEPT_CANDIDATES = 10  # as many as a user reads in a dead letter

_SLACK = 1e-9  # 0.9 - 0.8 is a hair below 0.1 in binary

Candidates: TypeAlias = Callable[[str], Sequence[PlexFile]] | Mapping[str, Sequence[PlexFile]]
"""By a scene file's path as Stash spells it: every Plex file with the same folded file name."""


@dataclass(frozen=True, slots=True)
class _CandidateFile:
    """One file that Plex knows, with every listing entry of it: two libraries may hold the same
    path.
    """

    normal: str
    entries: tuple[PlexFile, ...]
    tail: int  # folders in common with the scene's path, counted from the file upwards
    is_exact: bool

    def has_size(self, size: int) -> bool:
        return size > 0 and any(entry.size == size for entry in self.entries)


@dataclass(frozen=True, slots=True)
class _ScoredFile:
    file: _CandidateFile
    evidence: Evidence

    @property
    def rank(self) -> tuple[float, int, str, str]:
        """Return the sort key, best first; paths only make the order reproducible."""
        return -self.evidence.value, -self.file.tail, self.file.normal, self.file.entries[0].path

    def candidates(self, scene_path: str, rivals: int) -> Iterable[Candidate]:
        notes = {
            Evidence.COMMON_SUFFIX: f"{self.file.tail} folders in common",
            Evidence.NAME_ONLY: f"one of {rivals} files of this name" if rivals > 1 else "",
        }
        note = notes.get(self.evidence, "")
        return (Candidate(entry, self.evidence, scene_path, note) for entry in self.file.entries)


def match_scene(
    files: Sequence[SceneFile], candidates: Candidates, path_map: PathMap
) -> MatchResult:
    """Return the match over all files of a scene, each evaluated alone.

    The items of every file that is matched with HIGH confidence are united. Without one, the best
    of the LOW guesses is the answer. The order of the candidates changes nothing.

    Examples:
        >>> scene = SceneFile(path="/data/2024/clip.mp4", size=500, oshash="")
        >>> in_plex = [PlexFile("/media/2023/clip.mp4", 600, 1, 1)]
        >>> in_plex.append(PlexFile("/media/2024/clip.mp4", 500, 2, 1))
        >>> result = match_scene([scene], {scene.path: in_plex}, PathMap())
        >>> result.items, result.confidence, result.reason
        ((2,), <Confidence.HIGH: 'high'>, 'name_and_size 0.8, no other file of this name')
    """
    if not files:
        return MatchResult((), Confidence.NONE, (), "the scene has no file")
    look_up = _look_up(candidates)
    verdicts = [_evaluate_file(file, look_up(file.path), path_map) for file in files]
    if len(verdicts) == 1:
        return verdicts[0]
    for confidence in (Confidence.HIGH, Confidence.LOW):
        chosen = [verdict for verdict in verdicts if verdict.confidence is confidence]
        if chosen:
            best = max(chosen, key=lambda verdict: verdict.candidates[0].score)
            united = chosen if confidence is Confidence.HIGH else [best]
            items = frozenset(item for verdict in united for item in verdict.items)
            return MatchResult(
                tuple(sorted(items)), confidence, _listed(verdicts, items), best.reason
            )
    return verdicts[0]


def is_exact(result: MatchResult) -> bool:
    """Return True if every item to write is certain by the path of its file."""
    chosen = [candidate for candidate in result.candidates if candidate.file.item in result.items]
    return result.confidence is Confidence.HIGH and all(
        candidate.evidence is Evidence.EXACT_PATH for candidate in chosen
    )


def accept(result: MatchResult, strict: bool) -> tuple[int, ...]:
    """Return the items to write.

    A guess (LOW) is accepted only if `strict` is off, and not even then where equally likely files
    are known to differ in size: they are different videos, and nothing says which one is the
    scene's.

    Raises:
        PlexNotFound: no candidate at all.
        AmbiguousMatch: several different files are as likely.
        WeakMatch: one file, on weak evidence.
    """
    if result.confidence is Confidence.NONE:
        raise PlexNotFound(result.reason)
    if result.confidence is Confidence.HIGH:
        return result.items
    best = result.candidates[0]
    rivals = [rival for rival in result.candidates[1:] if _is_close_rival(best, rival)]
    sizes = {candidate.file.size for candidate in (best, *rivals)} - {0}
    if rivals and (strict or len(sizes) > 1):
        raise AmbiguousMatch(result.reason, candidates=result.candidates)
    if strict:
        raise WeakMatch(result.reason, candidates=result.candidates)
    return result.items


def _look_up(candidates: Candidates) -> Callable[[str], Sequence[PlexFile]]:
    if isinstance(candidates, Mapping):
        found = candidates
        return lambda path: found.get(path, ())
    return candidates


def _listed(verdicts: Sequence[MatchResult], items: frozenset[int]) -> tuple[Candidate, ...]:
    """Return the best candidates of all files, and every item to write, which is read by them."""
    every = [candidate for verdict in verdicts for candidate in verdict.candidates]
    every.sort(key=lambda candidate: -candidate.score)
    return tuple(
        one for place, one in enumerate(every) if place < KEPT_CANDIDATES or one.file.item in items
    )


def _is_close_rival(best: Candidate, other: Candidate) -> bool:
    """Whether `other` is a different file that is too close behind `best`."""
    is_close = best.score - other.score < MIN_GAP - _SLACK
    return (
        best.scene_path == other.scene_path
        and is_close
        and not is_one_file((best.file, other.file))
    )


def _evaluate_file(scene: SceneFile, found: Sequence[PlexFile], path_map: PathMap) -> MatchResult:
    mapped = path_map.mapped(scene.path)
    by_path = _by_folded_path(found, file_name(folded_path(scene.path)))
    exact = _exact_entries(by_path, mapped, scene.size)
    tails = [folders(folded_path(path)) for path in mapped]
    files = [
        file
        for normal, entries in by_path.items()
        for file in _files(
            normal,
            entries,
            exact,
            scene.size,
            max(_common(tail, folders(normal)) for tail in tails),
        )
    ]
    if not files:
        count = len(by_path)
        reason = (
            f"Plex has {count} of this name, of another size"
            if count
            else "Plex has no file of this name"
        )
        return MatchResult((), Confidence.NONE, (), reason)
    weighed = heapq.nsmallest(KEPT_CANDIDATES, _score(files, scene.size), key=lambda one: one.rank)
    best, *others = [tuple(one.candidates(scene.path, len(files))) for one in weighed]
    # The chosen file with all its items, and always the next one, which may be a reason to refuse.
    rest = [candidate for one in others for candidate in one][: max(KEPT_CANDIDATES - len(best), 1)]
    items = tuple(sorted({candidate.file.item for candidate in best}))
    confidence, reason = _grade(weighed)
    return MatchResult(items, confidence, (*best, *rest), reason)


def _grade(weighed: Sequence[_ScoredFile]) -> tuple[Confidence, str]:
    best = weighed[0].evidence
    text = f"{best.label} {best.value:.1f}"
    if len(weighed) == 1:
        return _confidence(best.value), f"{text}, no other file of this name"
    gap = best.value - weighed[1].evidence.value
    confidence = _confidence(best.value) if gap >= MIN_GAP - _SLACK else Confidence.LOW
    return confidence, f"{text}, gap {gap:.1f} to the next file"


def _confidence(score: float) -> Confidence:
    return Confidence.HIGH if score >= HIGH_SCORE else Confidence.LOW


def _by_folded_path(found: Sequence[PlexFile], name: str) -> dict[str, list[PlexFile]]:
    by_path: dict[str, list[PlexFile]] = defaultdict(list)
    for entry in sorted(
        set(found), key=lambda entry: (entry.path, entry.item, entry.section, entry.size)
    ):
        folded = folded_path(entry.path)
        if file_name(folded) == name:
            by_path[folded].append(entry)
    return dict(by_path)


def _exact_entries(
    by_path: Mapping[str, Sequence[PlexFile]], mapped: Sequence[str], size: int
) -> frozenset[PlexFile]:
    """Return the entries at exactly the mapped path, or else at one with the same folded form.

    At exactly the path another size does not exclude an entry: the file was replaced, and either
    Stash or Plex has not read it yet. It does if another folder has a file of the scene's size,
    because Plex then names the folders differently. Entries whose path only has the same folded
    form can be other files, so they need a compatible size, and must all be one file.
    """
    spelled: list[PlexFile] = []
    similar: list[PlexFile] = []
    folded_paths = {folded_path(path) for path in mapped}
    others = [entries for path, entries in by_path.items() if path not in folded_paths]
    is_elsewhere = any(size and entry.size == size for entries in others for entry in entries)
    for path in mapped:
        entries = by_path.get(folded_path(path), ())
        compatible = [entry for entry in entries if not sizes_differ(entry.size, size)]
        # Where the scene's file is in another folder too, only an equal size proves the path.
        possible = compatible if is_elsewhere else entries
        at_path = [entry for entry in possible if entry.path == path]
        # Other spellings of the path are the same file if they have its size.
        known_sizes = {entry.size for entry in at_path} - {0}
        spelled.extend(at_path)
        spelled.extend(
            entry
            for entry in compatible
            if entry.size in known_sizes and same_path(entry.path, path)
        )
        if is_one_file(compatible):
            similar.extend(compatible)
    return frozenset(spelled or similar)


def _files(
    normal: str, entries: Sequence[PlexFile], exact: frozenset[PlexFile], size: int, tail: int
) -> list[_CandidateFile]:
    """The different files at one folded path, without those whose known size denies them."""
    others = [
        entry for entry in entries if entry not in exact and not sizes_differ(entry.size, size)
    ]
    groups: dict[str, list[PlexFile]] = defaultdict(list)
    is_one = is_one_file(others)
    for entry in others:
        groups[normal if is_one else entry.path].append(entry)
    found = [
        _CandidateFile(normal, tuple(group), tail, is_exact=False) for group in groups.values()
    ]
    at_path = tuple(entry for entry in entries if entry in exact)
    return [_CandidateFile(normal, at_path, tail, is_exact=True), *found] if at_path else found


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many folders agree, from the file upwards."""
    pairs = zip(reversed(left), reversed(right), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _score(files: Sequence[_CandidateFile], size: int) -> list[_ScoredFile]:
    """Each file with its strongest evidence; a tail or a size counts only for the one file that has
    it.
    """
    max_tail = max(file.tail for file in files)
    has_tail = max_tail >= MIN_TAIL_FOLDERS and sum(file.tail == max_tail for file in files) == 1
    has_size = sum(file.has_size(size) for file in files) == 1

    def evidence(file: _CandidateFile) -> Evidence:
        if file.is_exact:
            return Evidence.EXACT_PATH
        if has_tail and file.tail == max_tail:
            return Evidence.COMMON_SUFFIX
        return Evidence.NAME_AND_SIZE if has_size and file.has_size(size) else Evidence.NAME_ONLY

    return [_ScoredFile(file, evidence(file)) for file in files]
