"""Test documents of the data folder with any content: quarantined, reported, a safe default."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.log import EventLog
from core.step_timer import StepTimer
from page.models.settings import SignInAnswer
from page.sign_in_state import SignInFile
from plex.device_identity import device_headers
from sync.path_learning import LearnedPathStore, read_mappings
from sync_queue.counters import Counters
from sync_queue.hook_queue import pop_pending_message, write_pending_message
from sync_queue.spill import SpillFolder
from tasks.confirmation import Confirmation
from tests.fuzz.mutations import mutated, mutated_bytes
from tests.harness.clocks import FakeClock
from tests.harness.database import open_store, query
from tests.harness.examples import fuzzed
from tests.harness.plugin_copy import ROOT
from validation.kept_token import token_digest
from validation.metadata import SceneFile
from validation.token_file import TokenFile
from wiring import Environment, build_worker
from worker.reporting.outage_report import report_lines
from worker.reporting.stats import StatisticsRecorder, statistics_file
from worker.resilience.breaker import CircuitStateFile, probe_is_due
from worker.resilience.circuit import CircuitBreaker
from worker.resilience.outages import metrics, read_history
from worker.resilience.throttle import Throttle

NOW = 1_700_000_000.0
DOCUMENTS: dict[str, Any] = {
    "circuit_breaker.json": {
        "state": "open", "failures": 5, "since": NOW, "why": "x", "refused": False, "probes": 3, "next_probe_at": NOW,
    },
    "outages.json": {
        "outages": [
            {"start": NOW - 90, "end": NOW - 60, "cause": "PlexUnavailable", "error": "e", "jobs": 2, "how": "h"},
            {"start": NOW - 30, "end": None, "cause": "PlexAccessError", "refused": True},
        ],
    },
    "stats.json": {
        "since": NOW, "outcomes": {"done": 3}, "errors": {"SceneHasNoFile": 1}, "fields": {"title": 2},
        "confidence": {"high": 3}, "days": {"2026-01-01": 3}, "times_s": [0.1, 0.5],
    },
    "ramp.json": {
        "started_at": NOW, "refilled_at": NOW, "age_s": 12.5, "tokens": 0.5, "throttled": True, "results": [[1, 2, 3]],
    },
    "device.json": {"identifier": "11111111-2222-4333-8444-555555555555"},
    "learned_paths.json": {
        "learned_at": NOW, "pairs": [{"source": "/data", "target": "/media", "files": 20, "folders": 3}],
        "dropped": [["/a", "/b"]],
    },
    "confirm.json": {"task": "Clear Pending Queue", "count": 3, "ended_at": NOW},
    "plex_token_digests.json": {"sha256": ["0" * 64, "f" * 64]},
    "sign_in.json": {
        "pin": 4711, "code": "c0de", "url": "https://app.plex.tv/auth#?", "expires_at": NOW, "tokens": {"id": "t"},
        "servers": [{"id": "id", "name": "attic", "is_owned": True, "addresses": [
            {"url": "http://plex:32400", "is_local": True, "is_relay": False, "is_tls": False, "is_reachable": True,
             "is_owner": True, "problem": ""},
        ]}],
    },
}  # fmt: skip


def log() -> EventLog:
    return EventLog(logging.Logger("fuzz", logging.CRITICAL))


def use_breaker(folder: Path, clock: FakeClock) -> None:
    breaker, _ = CircuitStateFile(folder, clock).load()
    circuit = CircuitBreaker(clock, Random(1), log(), breaker)
    probe_is_due(circuit.breaker, clock.wall())
    assert circuit.max_jobs in (0, 1, 100)
    CircuitStateFile(folder, clock).save(circuit.breaker)


def use_outages(folder: Path, clock: FakeClock) -> None:
    history, _ = read_history(folder, clock)
    metrics(history, clock.wall())
    report_lines(history, clock.wall())


def use_statistics(folder: Path, clock: FakeClock) -> None:
    keeper = StatisticsRecorder(
        folder, Counters(open_store(folder, clock)), clock, log(), StepTimer(clock)
    )
    keeper.save()
    assert all(
        sum(times_s) >= 0 for times_s in statistics_file(folder, clock).load().times_s.values()
    )


def use_ramp(folder: Path, clock: FakeClock) -> None:
    throttle = Throttle(folder, clock, log())
    assert 1 <= throttle.batch_size <= 100
    for _ in range(3):
        assert throttle.acquire(lambda: False)
        throttle.on_result(ok=False)
    clock.advance(30.0)
    throttle.tick()
    assert clock.monotonic() < 120.0


def use_device(folder: Path, clock: FakeClock) -> None:
    headers = device_headers(folder, clock.sleep)
    assert headers == device_headers(folder, clock.sleep)


def use_lessons(folder: Path, clock: FakeClock) -> None:
    learning = LearnedPathStore(folder, clock, log(), lambda lesson: None)
    learning.is_due()
    learning.drop_contradicted([SceneFile(path="/data/a.mp4", size=5, oshash="")], lambda path: [])
    read_mappings(folder, clock)


def use_confirmation(folder: Path, clock: FakeClock) -> None:
    Confirmation(folder, clock).consume("Clear Pending Queue", 3, clock.wall())


def use_digests(folder: Path, clock: FakeClock) -> None:
    tokens = TokenFile(folder, clock.sleep)
    tokens.remember(["moved-token"])
    assert token_digest("moved-token") in tokens.load().moved


def use_sign_in(folder: Path, clock: FakeClock) -> None:
    state = SignInFile(folder, clock).load()
    if state is not None:
        assert all(server.id in state.tokens for server in state.servers)
        SignInAnswer(state="choose", expires_at=state.expires_at, servers=state.servers)


USES: dict[str, Callable[[Path, FakeClock], None]] = {
    "circuit_breaker.json": use_breaker,
    "outages.json": use_outages,
    "stats.json": use_statistics,
    "ramp.json": use_ramp,
    "device.json": use_device,
    "learned_paths.json": use_lessons,
    "confirm.json": use_confirmation,
    "plex_token_digests.json": use_digests,
    "sign_in.json": use_sign_in,
}


@pytest.mark.parametrize("name", DOCUMENTS)
@fuzzed(20)
@given(data=st.data())
def test_whatever_a_document_holds_it_is_understood_or_replaced(
    name: str, data: st.DataObject
) -> None:
    content = data.draw(mutated_bytes(DOCUMENTS[name]))
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / name).write_bytes(content)

        USES[name](folder, FakeClock())
        USES[name](folder, FakeClock())


@fuzzed(10)
@given(
    contents=st.fixed_dictionaries(
        {name: mutated_bytes(document) for name, document in DOCUMENTS.items()}
    )
)
def test_a_worker_starts_with_any_documents(
    contents: dict[str, bytes],
) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        clock = FakeClock()
        worker = build_worker(
            Environment(ROOT, folder, clock, Random(1)), log(), "test", lambda: None
        )

        try:
            for _ in range(5):
                assert worker.loop.tick() is None
                clock.advance(40.0)
        finally:
            worker.close()


@fuzzed()
@given(content=mutated_bytes(["error", "what a worker has left"]))
def test_a_hook_continues_with_any_pending_message(content: bytes) -> None:
    with TemporaryDirectory() as place:
        write_pending_message(place, "error", "x")
        (Path(place) / "message.json").write_bytes(content)

        pop_pending_message(place)
        again = pop_pending_message(place)

        assert again is None


SPILLED = {
    "note": {
        "subject": "scene:42", "cause": "update", "priority": 0, "now": NOW, "due_at": NOW, "window": 4.0, "data": "{}",
    },
    "session": {"scheme": "http", "host": "h", "port": 9999, "cookie": "c", "now": NOW},
}  # fmt: skip


@fuzzed(40)
@given(content=mutated_bytes(SPILLED), other=mutated(SPILLED["note"]))
def test_an_invalid_spill_file_does_not_stop_the_others(content: bytes, other: Any) -> None:
    with TemporaryDirectory() as place:
        folder, clock = Path(place), FakeClock()
        store = open_store(folder, clock)
        (folder / "spill").mkdir()
        (folder / "spill" / "1.json").write_bytes(content)
        (folder / "spill" / "2.json").write_bytes(_spilled("scene:7"))
        clock.advance(5.0)

        spilled = SpillFolder(folder, store, clock).absorb()
        subjects = [str(job.subject) for job in [*store.claim(), *store.claim()]]
        store.connection.close()

        assert spilled.changes + len(spilled.refused) == 2
        assert "scene:7" in subjects
        assert list((folder / "spill").glob("*.json")) == []
        assert all(
            isinstance(due, int | float)
            for (due,) in query(
                folder, "SELECT due_at FROM scene_ack_queue_default WHERE status < 2"
            )
        )


def _spilled(subject: str) -> bytes:
    return (
        b'{"note": {"subject": "%s", "cause": "update", "priority": 0, "now": 1.0, "due_at": 1.0, "window": 4.0, '
        b'"data": "{}"}, "session": null}' % subject.encode()
    )
