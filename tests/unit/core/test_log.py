"""The worker's log: one line per event, without secrets."""

import json
import logging
from pathlib import Path

import pytest
from freezegun import freeze_time

from core.log import EventLog, LogEvent, event_line, open_log
from core.obfuscate import hide_paths


class CapturedLog(logging.Handler):
    """Keeps the logged lines with their levels."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelname, record.getMessage()))


def captured_log() -> tuple[EventLog, list[tuple[str, str]]]:
    handler = CapturedLog()
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    return EventLog(logger), handler.lines


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({}, "sync.done"),
        ({"scene": 42, "item": 9137}, "sync.done scene=42 item=9137"),
        ({"why": None, "detail": "", "wrote": ()}, "sync.done"),
        ({"wrote": ("title", "tags")}, "sync.done wrote=title,tags"),
        ({"refused": ["a.json"]}, "sync.done refused=a.json"),
        (
            {"took_s": 0.18449, "wait_s": 3.0, "none_s": 0.0},
            "sync.done took_s=0.184 wait_s=3 none_s=0",
        ),
        ({"detail": "two\nlines  here"}, 'sync.done detail="two lines here"'),
        ({"attempt": 0, "halted": False}, "sync.done attempt=0 halted=False"),
    ],
)
def test_an_event_is_one_line_of_its_facts(facts: dict[str, object], line: str) -> None:
    assert event_line("sync.done", facts) == line


def test_every_level_writes_its_own_name() -> None:
    log, lines = captured_log()

    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d", reason="x")

    assert lines == [("DEBUG", "a"), ("INFO", "b"), ("WARNING", "c"), ("ERROR", "d reason=x")]


def test_a_hidden_secret_is_never_written() -> None:
    log, lines = captured_log()
    log.redact("t0ken-of-plex", "cookie")

    log.error(
        "t0ken-of-plex",
        url="http://h/?X-Plex-Token=t0ken-of-plex&c=cookie",
        paths=("/cookie", "t0ken-of-plex"),
    )

    assert lines == [("ERROR", "*** url=http://h/?X-Plex-Token=***&c=*** paths=/***,***")]


def test_secrets_hidden_later_do_not_uncover_earlier_ones() -> None:
    log, lines = captured_log()
    log.redact("first-secret")

    log.redact("second-secret")
    log.info("x", a="first-secret", b="second-secret")

    assert lines == [("INFO", "x a=*** b=***")]


def test_a_secret_that_is_a_prefix_leaves_no_rest_of_another() -> None:
    secrets = ["abcdefghijklmnop"[:length] for length in range(4, 17)]
    log, lines = captured_log()
    log.redact(*secrets)

    log.info("x", a=max(secrets, key=len))

    assert lines == [("INFO", "x a=***")]


def test_a_temporary_secret_is_redacted_until_replaced() -> None:
    log, lines = captured_log()

    log.redact_temporarily("cookie-1")
    log.redact_temporarily("cookie-2")
    log.redact_temporarily("")
    log.info("x", a="cookie-1", b="cookie-2")

    assert lines == [("INFO", "x a=*** b=***")]


@pytest.mark.parametrize("secret", ["", "a", "abc"])
def test_a_text_too_short_to_be_a_secret_does_not_blank_the_log(secret: str) -> None:
    log, lines = captured_log()

    log.redact(secret)
    log.info("abc", a="abc")

    assert lines == [("INFO", "abc a=abc")]


def test_the_log_file_takes_any_text_and_ends_when_it_is_closed(tmp_path: Path) -> None:
    log, close = open_log(tmp_path / "plexsync.log")

    log.info("sync.done", title="Zoë \ud800 😀")
    log.debug("unseen")
    close()

    lines = (tmp_path / "plexsync.log").read_text("utf-8").splitlines()
    assert len(lines) == 1
    assert lines[0].endswith('INFO sync.done title="Zoë ? 😀"')


def test_the_log_file_is_rotated(tmp_path: Path) -> None:
    log, close = open_log(tmp_path / "plexsync.log")

    for _ in range(5):
        log.info("long", text="x" * 1_500_000)
    close()

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["plexsync.log", "plexsync.log.1", "plexsync.log.2", "plexsync.log.3"]


def test_debug_logging_writes_each_step_at_info_level() -> None:
    log, lines = captured_log()

    log.configure(as_json=False, shows_steps=True, hides_paths=False)
    log.debug("step.send", item=7)

    assert lines == [("INFO", "step.send item=7")]


def test_anonymised_paths_are_words_and_secrets_stay_redacted() -> None:
    log, lines = captured_log()
    log.redact("t0ken-of-plex")

    log.configure(as_json=False, shows_steps=False, hides_paths=True)
    log.info("sync.retry", detail="t0ken-of-plex: no item plays /data/films/one.mp4")

    ((_, line),) = lines
    assert line == f'sync.retry detail="***: no item plays {hide_paths("/data/films/one.mp4")}"'


def test_a_line_can_be_one_json_object_with_its_time_and_level(tmp_path: Path) -> None:
    log, close = open_log(tmp_path / "plexsync.log")
    log.redact("t0ken-of-plex")

    log.configure(as_json=True, shows_steps=False, hides_paths=True)
    log.info(
        "sync.done",
        scene=42,
        wrote=("title", "tags"),
        took_s=0.5,
        detail='"t0ken-of-plex" /data/a.mp4',
    )
    close()

    (line,) = (tmp_path / "plexsync.log").read_text().splitlines()
    document = json.loads(line)
    assert document.pop("time")
    assert document == {
        "level": "INFO",
        "event": "sync.done",
        "scene": 42,
        "wrote": ["title", "tags"],
        "took_s": 0.5,
        "detail": f'"***" {hide_paths("/data/a.mp4")}',
    }


def test_the_listener_gets_each_warning_and_error() -> None:
    log, _ = captured_log()
    events: list[LogEvent] = []

    log.add_listener(events.append)
    log.info("sync.done", scene=1)
    log.warning("backup.failed", detail="no space")
    log.error("worker.crashed")

    assert events == [
        LogEvent("backup.failed", {"detail": "no space"}),
        LogEvent("worker.crashed", {}),
    ]


def test_a_line_of_the_file_begins_with_the_time(tmp_path: Path) -> None:
    log, close = open_log(tmp_path / "plexsync.log")

    with freeze_time("2026-11-29 12:34:56.750"):
        log.info("worker.start", epoch=1)
    close()

    line = (tmp_path / "plexsync.log").read_text(encoding="utf-8")
    assert line == "2026-11-29 12:34:56,750 INFO worker.start epoch=1\n"
