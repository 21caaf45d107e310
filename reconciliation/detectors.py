"""What is out of step between a scene, its item and our record of both. Pure; one row per kind of gap.

A gap is what a sync would change: its fields come from the plan, and the record tells why they differ. So
every differing field belongs to exactly one kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.field_values import FieldValue, digest, normal_form
from core.fields import Field
from core.record import FieldRecord
from plex.plan import Change

EMPTY, STALE, MISSING, DRIFTED, ORPHANED = "empty", "stale", "missing", "drifted", "orphaned"
EMPTY_FIELDS = frozenset({"studio", "performers", "tags", "summary", "date"})
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Gap:
    """One finding: which scene, which of our fields (() where the whole scene is concerned), and what shows it."""

    kind: str
    scene_id: int
    fields: tuple[str, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that a sync would write. `known` is the field's record, None where nothing was ever pushed."""

    change: Change
    desired: FieldValue
    present: FieldValue
    known: FieldRecord | None

    @property
    def field(self) -> Field:
        return self.change.field

    @property
    def is_pushed(self) -> bool:
        """Whether Stash's value is the very one that was pushed last."""
        return self.known is not None and self.known.pushed == digest(self.field.kind, self.desired)

    @property
    def is_lacking(self) -> bool:
        """Whether Plex has nothing where Stash has something."""
        return not normal_form(self.field.kind, self.present) and bool(
            normal_form(self.field.kind, self.desired)
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one scene and one of its items.

    Attributes:
        scene_id: the scene.
        is_gone: Stash no longer has it, but a record of it is kept.
        lost_item: the item that a record names and that is gone, or plays another file; 0 for none.
        problem: why no item can be written; "" when one can.
        item: the item that was looked at; 0 for none.
        differences: what a sync would write there.
        unsent: image fields whose cover was never sent, or moved in Stash.
        replaced: image fields where Plex shows another image than the one that was sent.
    """

    scene_id: int
    is_gone: bool = False
    lost_item: int = 0
    problem: str = ""
    item: int = 0
    differences: Sequence[FieldDifference] = ()
    unsent: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detector:
    """One row: the kind of gap, what it means to a person, and how it is found."""

    kind: str
    meaning: str
    find: Callable[[Observation], Gap | None]


def gaps_of(sight: Observation) -> tuple[Gap, ...]:
    """Every gap of what was seen; () when all is in step.

    Example:
        >>> [gap.kind for gap in gaps_of(Observation(42, is_gone=True))]
        ['orphaned']
    """
    found = (detector.find(sight) for detector in DETECTORS)
    return tuple(gap for gap in found if gap is not None)


def _empty(sight: Observation) -> Gap | None:
    return _of_fields(EMPTY, sight, _kind_of, (), "nothing there")


def _stale(sight: Observation) -> Gap | None:
    return _of_fields(STALE, sight, _kind_of, sight.unsent, "the cover moved or was never sent")


def _drifted(sight: Observation) -> Gap | None:
    return _of_fields(DRIFTED, sight, _kind_of, sight.replaced, "another image is shown")


def _missing(sight: Observation) -> Gap | None:
    return Gap(MISSING, sight.scene_id, (), sight.problem) if sight.problem else None


def _orphaned(sight: Observation) -> Gap | None:
    if sight.is_gone:
        return Gap(ORPHANED, sight.scene_id, (), "the scene is no longer in Stash")
    if sight.lost_item:
        return Gap(
            ORPHANED, sight.scene_id, (), f"item {sight.lost_item} is gone or plays another file"
        )
    return None


def _kind_of(difference: FieldDifference) -> str:
    """Which side moved: the record is the witness."""
    if difference.is_pushed:
        return DRIFTED
    never_pushed = difference.known is None or not difference.known.pushed
    if difference.is_lacking and never_pushed and difference.field.name in EMPTY_FIELDS:
        return EMPTY
    return STALE


def _of_fields(
    kind: str,
    sight: Observation,
    kind_of: Callable[[FieldDifference], str],
    images: tuple[str, ...],
    of_images: str,
) -> Gap | None:
    mine = [difference for difference in sight.differences if kind_of(difference) == kind]
    fields = (*(difference.field.name for difference in mine), *images)
    if not fields:
        return None
    seen = [
        f"{one.field.name}: {_shown(one.present)} instead of {_shown(one.desired)}" for one in mine
    ]
    seen += [f"{name}: {of_images}" for name in images]
    return Gap(kind, sight.scene_id, fields, f"item {sight.item}: {'; '.join(seen)}")


def _shown(value: FieldValue) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    text = " ".join(text.split())
    if not text:
        return "nothing"
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


# fmt: off
DETECTORS: tuple[Detector, ...] = (
    Detector(EMPTY, "Plex lacks the studio, performers, tags, summary or date that Stash has.", _empty),
    Detector(STALE, "Stash's content is not what was last sent to Plex.", _stale),
    Detector(MISSING, "No Plex item plays the scene's file, or none that is certain.", _missing),
    Detector(DRIFTED, "Plex no longer shows what PlexSync wrote, and Preserve Plex edits is off.", _drifted),
    Detector(ORPHANED, "PlexSync remembers a scene or an item that is gone.", _orphaned),
)
# fmt: on
