"""Find what is out of step between a scene, its item and the record of both. Pure.

A gap is what a sync would change: its fields come from the plan, and the record says why they
differ. So every differing field belongs to exactly one kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.field_values import FieldValue, digests, normal_form
from core.fields import Field
from core.record import FieldRecord
from core.text import format_value
from plex.plan import Change

EMPTY, STALE, MISSING, DRIFTED, ORPHANED = "empty", "stale", "missing", "drifted", "orphaned"
EXCLUDED = "excluded"
EMPTY_FIELDS = frozenset({"studio", "performers", "tags", "summary", "date"})
MAX_VALUE_CHARS = 300
_MAX_CHARS = 60


@dataclass(frozen=True, slots=True)
class Gap:
    """One finding about one scene.

    `fields` are the names of PlexSync's fields, () where the whole scene is concerned; `values` are
    Stash's values of them as texts, "" for an image; `evidence` is a text for the user that shows
    the gap.
    """

    kind: str
    scene_id: int
    fields: tuple[str, ...]
    evidence: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that a sync would write.

    `known` is the field's record; None where nothing was ever pushed.
    """

    change: Change
    desired: FieldValue
    current: FieldValue
    known: FieldRecord | None

    @property
    def field(self) -> Field:
        """Return the field that differs."""
        return self.change.field

    @property
    def is_pushed(self) -> bool:
        """Return True if Stash's value is the one that was pushed last."""
        return self.known is not None and self.known.pushed in digests(
            self.field.kind, self.desired
        )

    @property
    def is_lacking(self) -> bool:
        """Return True if Plex has nothing where Stash has something."""
        kind = self.field.kind
        return bool(normal_form(kind, self.desired)) and not normal_form(kind, self.current)


@dataclass(frozen=True, slots=True)
class Observation:
    """What was observed of one scene and one of its items.

    Attributes:
        scene_id: the scene.
        is_gone: Stash no longer has it, but a record of it is kept.
        lost_item: the item of a record that is gone or plays another file; 0 for none.
        excluded: why the settings exclude the scene, whose items are to be restored; "" else.
        problem: why no item can be written; "" when one can.
        item: the item that was compared; 0 for none.
        differences: what a sync would write there.
        unsent: image fields whose cover was never sent, or changed in Stash.
        replaced: image fields where Plex shows another image than the one that was sent.
    """

    scene_id: int
    is_gone: bool = False
    lost_item: int = 0
    excluded: str = ""
    problem: str = ""
    item: int = 0
    differences: Sequence[FieldDifference] = ()
    unsent: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detector:
    """One row: the kind of gap, what it means to the user, and how it is found."""

    kind: str
    meaning: str
    find: Callable[[Observation], Gap | None]


def gaps_of(observation: Observation) -> tuple[Gap, ...]:
    """Return every gap of what was observed; () when all is in step.

    Examples:
        >>> [gap.kind for gap in gaps_of(Observation(42, is_gone=True))]
        ['orphaned']
    """
    gaps = []
    for detector in DETECTORS:
        gap = detector.find(observation)
        if gap is not None:
            gaps.append(gap)
    return tuple(gaps)


def _empty(observation: Observation) -> Gap | None:
    return _gap_of_fields(EMPTY, observation, (), "")


def _stale(observation: Observation) -> Gap | None:
    text = "the cover changed or was never sent"
    return _gap_of_fields(STALE, observation, observation.unsent, text)


def _drifted(observation: Observation) -> Gap | None:
    return _gap_of_fields(DRIFTED, observation, observation.replaced, "another image is shown")


def _missing(observation: Observation) -> Gap | None:
    if not observation.problem:
        return None
    return Gap(MISSING, observation.scene_id, (), observation.problem)


def _orphaned(observation: Observation) -> Gap | None:
    if observation.is_gone:
        return Gap(ORPHANED, observation.scene_id, (), "the scene is no longer in Stash")
    if observation.lost_item:
        text = f"item {observation.lost_item} is gone or plays another file"
        return Gap(ORPHANED, observation.scene_id, (), text)
    return None


def _excluded(observation: Observation) -> Gap | None:
    if not observation.excluded:
        return None
    text = f"{observation.excluded}, and Plex still shows what was written for it"
    return Gap(EXCLUDED, observation.scene_id, (), text)


def _kind_of(difference: FieldDifference) -> str:
    """Return the kind of gap; the record says which side changed."""
    if difference.is_pushed:
        return DRIFTED
    never_pushed = difference.known is None or not difference.known.pushed
    if difference.is_lacking and never_pushed and difference.field.name in EMPTY_FIELDS:
        return EMPTY
    return STALE


def _gap_of_fields(
    kind: str, observation: Observation, images: tuple[str, ...], image_text: str
) -> Gap | None:
    """Return the gap of the fields of one kind and these image fields; None when there are none."""
    differences = [
        difference for difference in observation.differences if _kind_of(difference) == kind
    ]
    fields = (*(difference.field.name for difference in differences), *images)
    if not fields:
        return None
    evidence = [_describe(difference) for difference in differences]
    evidence += [f"{name}: {image_text}" for name in images]
    text = f"item {observation.item}: {'; '.join(evidence)}"
    values = [format_value(difference.desired, MAX_VALUE_CHARS) for difference in differences]
    values += [""] * len(images)
    return Gap(kind, observation.scene_id, fields, text, tuple(values))


def _describe(difference: FieldDifference) -> str:
    current = _quoted(difference.current)
    return f"{difference.field.name}: {current} instead of {_quoted(difference.desired)}"


def _quoted(value: FieldValue) -> str:
    text = format_value(value, _MAX_CHARS)
    return repr(text) if text else "nothing"


DETECTORS: tuple[Detector, ...] = (
    Detector(
        EMPTY,
        "Plex lacks the studio, performers, tags, summary or date that Stash has.",
        _empty,
    ),
    Detector(STALE, "Stash's content is not what was last sent to Plex.", _stale),
    Detector(MISSING, "No Plex item plays the scene's file, or none that is certain.", _missing),
    Detector(
        DRIFTED,
        "Plex no longer shows what PlexSync wrote, and Preserve Plex edits is off.",
        _drifted,
    ),
    Detector(ORPHANED, "PlexSync remembers a scene or an item that is gone.", _orphaned),
    Detector(
        EXCLUDED,
        "The settings exclude the scene now, and what PlexSync wrote is to be put back.",
        _excluded,
    ),
)
