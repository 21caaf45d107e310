"""Loads, validates and saves one JSON document of the data folder."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from core.clock import Clock
from core.files import JsonFile

T = TypeVar("T")


def _accept_any(value: object) -> bool:
    return True


class StateFile(Generic[T]):
    """One JSON document in data/, validated on load and written atomically.

    Stored keys are the schema's aliases, so an attribute can be renamed while its key stays.

    Args:
        path: the document.
        schema: what the document must hold.
        default: makes the value that a missing or corrupt document stands for.
        clock: sleeps while another process holds the file (Windows).
        is_valid: rejects values that the schema cannot judge; a rejected document is corrupt.
    """

    def __init__(
        self,
        path: Path,
        schema: TypeAdapter[T],
        default: Callable[[], T],
        clock: Clock,
        is_valid: Callable[[T], bool] = _accept_any,
    ) -> None:
        self._path = path
        self._schema = schema
        self._default = default
        self._clock = clock
        self._is_valid = is_valid
        self.warning = ""

    def load(self) -> T:
        """Return the document; quarantine a corrupt one, set `warning` and return the default.

        `warning` is a sentence for users, "" unless this load met a corrupt document.
        """
        file = JsonFile(self._path, self._clock.sleep)
        raw = file.read()
        value = self._parse(raw)
        if raw is not None and value is None:
            file.quarantine()
        self.warning = self._warning_of(file, is_missing=raw is None)
        return self._default() if value is None else value

    def save(self, value: T, *, durable: bool = True) -> str:
        """Write the document; return "" or why it could not be saved. Never raise.

        Without `durable` a power cut may bring the previous document back.
        """
        document = self._schema.dump_python(value, mode="json", by_alias=True)
        try:
            JsonFile(self._path, self._clock.sleep).write(_storable(document), durable=durable)
        except OSError as error:
            return str(error)
        return ""

    def _parse(self, raw: dict[str, Any] | None) -> T | None:
        if raw is None:
            return None
        try:
            value = self._schema.validate_python(raw)
        except ValidationError:
            return None
        return value if self._is_valid(value) else None

    def _warning_of(self, file: JsonFile, *, is_missing: bool) -> str:
        if file.quarantined_as is not None:
            return file.corruption_warning
        # os.path.lexists never raises, unlike Path.exists on an unreadable folder
        if is_missing and os.path.lexists(self._path):
            return (
                f"{self._path.name} is corrupt or unreadable and cannot be renamed; it was reset."
            )
        return ""


def _storable(value: Any) -> Any:
    """Return `value` with valid UTF-8 only: half a surrogate pair could not be read back."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
