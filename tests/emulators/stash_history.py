"""The o-counter and the play history: no hook, and the scene's `updated_at` stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.emulators.stash_core import StashCore
from tests.emulators.stash_inputs import number_of
from tests.emulators.stash_model import Scene
from tests.emulators.stash_runner import StashError

# kind -> the scene's counter and its times, newest first
_KINDS = {"o": ("o_counter", "o_history"), "play": ("play_count", "play_history")}


class SceneHistory:
    def __init__(self, core: StashCore) -> None:
        self._core = core
        self._library = core.library

    def add(self, kind: str, raw_id: str, times: Sequence[str] | None = None) -> dict[str, Any]:
        """Add times, now if there are none; returns the new count and all times."""
        scene = self._scene(raw_id, "FOREIGN KEY constraint failed")
        counter, history = _KINDS[kind]
        added = [self._local(each) for each in times or []] or [self._core.time.now()]
        kept = sorted([*getattr(scene, history), *added], key=_moment, reverse=True)
        return self._saved(kind, scene, getattr(scene, counter) + len(added), kept)

    def delete(self, kind: str, raw_id: str, times: Sequence[str] | None = None) -> dict[str, Any]:
        """Remove the given times, the newest one if none is given; what is not there is no error."""
        scene = self._library.scenes.get(number_of(raw_id))
        if scene is None:
            return {"count": 0, "history": []}
        counter, history = _KINDS[kind]
        kept, count = list(getattr(scene, history)), getattr(scene, counter)
        if not times:
            return self._saved(kind, scene, max(0, count - 1), kept[1:])
        for each in times:
            same = [one for one in kept if _moment(one) == _moment(each)]
            if same:
                kept.remove(same[0])
                count -= 1
        return self._saved(kind, scene, count, kept)

    def reset(self, kind: str, raw_id: str) -> int:
        scene = self._library.scenes.get(number_of(raw_id))
        if scene is not None:
            self._saved(kind, scene, 0, [])
        return 0

    def save_activity(self, raw_id: str, resume: float | None, played: float | None) -> bool:
        """Set where a user stopped, and add what was played to the sum."""
        scene = self._scene(raw_id)
        fields: dict[str, float] = {} if resume is None else {"resume_time": resume}
        if played is not None:
            fields["play_duration"] = scene.play_duration + played
        self._library.change_scene(scene.id, touch=False, **fields)
        return True

    def reset_activity(self, raw_id: str, resume: bool | None, played: bool | None) -> bool:
        scene = self._scene(raw_id)
        wanted = {"resume_time": resume, "play_duration": played}
        fields = {name: 0.0 for name, is_wanted in wanted.items() if is_wanted}
        self._library.change_scene(scene.id, touch=False, **fields)
        return True

    def _scene(self, raw_id: str, problem: str = "") -> Scene:
        number = number_of(raw_id)
        scene = self._library.scenes.get(number)
        if scene is None:
            raise StashError(problem or f"id {number} does not exist in scenes")
        return scene

    def _saved(self, kind: str, scene: Scene, count: int, times: Sequence[str]) -> dict[str, Any]:
        counter, history = _KINDS[kind]
        fields: dict[str, Any] = {counter: count, history: tuple(times)}
        if kind == "play":
            fields["last_played_at"] = times[0] if times else None
        self._library.change_scene(scene.id, touch=False, **fields)
        return {"count": count, "history": list(times)}

    def _local(self, text: str) -> str:
        return self._core.time.text(_moment(text).timestamp())


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise StashError(f'parsing time "{text}"') from None
