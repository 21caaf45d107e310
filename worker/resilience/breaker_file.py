"""The breaker on disk, so that a worker that starts during an outage does not run into it anew."""

import os
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.clock import Clock
from core.files import JsonFile
from core.units import DAY_S
from worker.resilience.breaker import FAILURES_TO_OPEN, BreakerStatus, CircuitState

FILE_NAME = "circuit_breaker.json"
MAX_CLOCK_SKEW_S = DAY_S  # a corrected clock may leave a time ahead; a day ahead it is nonsense


class _Document(BaseModel):
    """A breaker as it may be found on disk."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    state: BreakerStatus
    failures: int = Field(default=0, ge=0, le=FAILURES_TO_OPEN)
    since: float = Field(default=0.0, ge=0.0)
    reason: str = Field(default="", alias="why")
    refused: bool = False
    probes: int = Field(default=0, ge=0, le=1_000_000_000)
    next_probe_at: float = Field(default=0.0, ge=0.0)

    def breaker(self) -> CircuitState:
        """The breaker it describes."""
        return CircuitState(
            self.state,
            self.failures,
            self.since,
            self.reason,
            self.refused,
            self.probes,
            self.next_probe_at,
        )


class CircuitStateFile:
    """`circuit_breaker.json`; only the worker writes it."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._path = data_dir / FILE_NAME
        self._clock = clock

    def load(self) -> tuple[CircuitState, str]:
        """The kept breaker, and what a person should know of it, "" when nothing.

        A half-open test ended with its worker: it is loaded as OPEN with the next probe due now. A file that
        makes no sense is set aside, and the breaker is CLOSED: if Plex is away, the first jobs will show it.
        """
        now = self._clock.wall()
        file = JsonFile(self._path, self._clock.sleep)
        raw = file.read()
        if raw is not None:
            breaker = _understood(raw, now)
            if breaker is not None:
                return _without_test(breaker, now), ""
            file.quarantine()
        if file.quarantined_as is not None:
            return (
                CircuitState(),
                f"{FILE_NAME} made no sense and was set aside as {file.quarantined_as.name}.",
            )
        if os.path.lexists(self._path):  # unlike Path.exists it never raises
            return (
                CircuitState(),
                f"{FILE_NAME} cannot be read or makes no sense, and cannot be moved aside.",
            )
        return CircuitState(), ""

    def save(self, breaker: CircuitState) -> str:
        """Keep `breaker`; "" or why it could not be kept. Never raises: the breaker works without its file."""
        reason = breaker.reason.encode("utf-8", "replace").decode(
            "utf-8"
        )  # half a character would not be read back
        document = {**asdict(breaker), "state": breaker.state.value, "why": reason}
        del document["reason"]
        try:
            JsonFile(self._path, self._clock.sleep).write(document)
        except OSError as error:
            return f"{FILE_NAME}: {error}"
        return ""


def _understood(raw: dict[str, object], now: float) -> CircuitState | None:
    try:
        breaker = _Document.model_validate(raw).breaker()
    except ValidationError:
        return None
    is_far = max(breaker.since, breaker.next_probe_at) > now + MAX_CLOCK_SKEW_S
    return None if is_far else breaker


def _without_test(breaker: CircuitState, now: float) -> CircuitState:
    if breaker.state is not BreakerStatus.HALF_OPEN:
        return breaker
    return replace(breaker, state=BreakerStatus.OPEN, next_probe_at=now)
