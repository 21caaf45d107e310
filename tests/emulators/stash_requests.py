"""What was asked of the server, so that a test can count requests and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class RequestRecord:
    """`kind`: graphql, screenshot, image, plugin, healthz, login or other. `names`: root fields."""

    method: str
    path: str
    kind: str
    operation: str
    names: tuple[str, ...]
    status: int
    bytes_in: int
    bytes_out: int


class RequestLog:
    def __init__(self) -> None:
        self._lock = Lock()
        self._records: list[RequestRecord] = []

    def add(self, record: RequestRecord) -> None:
        with self._lock:
            self._records.append(record)

    def all(self) -> list[RequestRecord]:
        with self._lock:
            return list(self._records)

    def clear(self) -> None:
        with self._lock:
            self._records.clear()

    def count(
        self, kind: str | None = None, name: str | None = None, status: int | None = None
    ) -> int:
        return sum(
            (kind is None or each.kind == kind)
            and (name is None or name in each.names)
            and (status is None or each.status == status)
            for each in self.all()
        )
