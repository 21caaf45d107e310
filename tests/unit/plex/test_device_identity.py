"""One installation is one device in Plex, however many processes it has."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

from core.version import VERSION
from plex.device_identity import device_headers
from tests.harness.clocks import FakeClock
from tests.harness.plugin_copy import ROOT

IDENTIFIER = "X-Plex-Client-Identifier"


def test_the_first_call_makes_a_uuid_and_keeps_it(tmp_path: Path) -> None:
    first, second = (device_headers(tmp_path, FakeClock().sleep) for _ in range(2))

    assert str(uuid.UUID(first[IDENTIFIER])) == first[IDENTIFIER]
    assert first == second


def test_the_user_recognises_the_device(tmp_path: Path) -> None:
    headers = device_headers(tmp_path, FakeClock().sleep)

    assert headers["X-Plex-Product"] == "PlexSync"
    assert headers["X-Plex-Version"] == VERSION
    assert "PlexSync" in headers["X-Plex-Device-Name"]


def test_another_installation_is_another_device(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    one, two = (
        device_headers(tmp_path / name, FakeClock().sleep)[IDENTIFIER] for name in ("one", "two")
    )

    assert one != two


def test_an_unreadable_identity_is_quarantined_and_replaced_once(tmp_path: Path) -> None:
    (tmp_path / "device.json").write_text("not json")

    first, second = (device_headers(tmp_path, FakeClock().sleep)[IDENTIFIER] for _ in range(2))

    assert first == second
    assert (tmp_path / "device.json.corrupt").read_text() == "not json"


def test_an_identity_that_is_no_uuid_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "device.json").write_text(json.dumps({"identifier": "me"}))

    identifier = device_headers(tmp_path, FakeClock().sleep)[IDENTIFIER]

    assert identifier != "me"
    assert json.loads((tmp_path / "device.json").read_text())["identifier"] == identifier


def test_processes_that_race_for_the_identity_agree_on_one(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from plex.device_identity import device_headers\n"
        "sys.stdin.readline()\n"
        "print(device_headers(Path(sys.argv[1]), time.sleep)['X-Plex-Client-Identifier'])"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env={"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]

    answers = [racer.communicate("go\n", timeout=60)[0].strip() for racer in racers]

    assert len(set(answers)) == 1
    assert answers[0]
