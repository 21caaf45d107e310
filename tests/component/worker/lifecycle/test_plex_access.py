"""What only another setting can repair is no outage: it is named, and every change waits."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from plex.connection_faults import NEEDS_TLS, NO_NAME, NO_TLS
from plex.transport import FOREIGN
from tests.emulators.plex_server import Fault, PlexEmulator
from tests.harness.in_process import InProcessHarness
from worker.reporting.job_log import GONE, REFUSED
from worker.resilience.outages import metrics, read_history

Place = Callable[[InProcessHarness], AbstractContextManager[str]]


@contextmanager
def name_without_address(worker: InProcessHarness) -> Iterator[str]:
    yield "http://plex.invalid:32400"


@contextmanager
def port_with_tls_only(worker: InProcessHarness) -> Iterator[str]:
    with PlexEmulator(tls=True) as plex:
        yield plex.url.replace("https://", "http://")


@contextmanager
def port_without_tls(worker: InProcessHarness) -> Iterator[str]:
    yield worker.plex.url.replace("http://", "https://")


@contextmanager
def login_page(worker: InProcessHarness) -> Iterator[str]:
    with PlexEmulator() as proxy:
        proxy.faults.add(Fault("html_200", times=None))
        yield proxy.url


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (name_without_address, NO_NAME),
        (port_with_tls_only, NEEDS_TLS),
        (port_without_tls, NO_TLS),
        (login_page, FOREIGN),
    ],
)
def test_a_wrong_setting_is_named_and_is_no_outage(
    worker: InProcessHarness, place: Place, text: str
) -> None:
    right = worker.plex.url
    scenes = [worker.titled_scene(name, title=f"New {name}") for name in ("a", "b", "c")]
    with place(worker) as url:
        worker.configure(a_plex_url=url)
        worker.enqueue(*scenes)
        worker.work_for(600.0, step=10.0)
        waiting, notices = worker.jobs(), worker.notices()
    history, _ = read_history(worker.data, worker.clock)
    outages = metrics(history, worker.clock.wall())

    worker.configure(a_plex_url=right)
    worker.work_until(lambda: not worker.jobs(), limit=400.0)

    assert [attempts for _, attempts, _ in waiting] == [0, 0, 0]
    assert text in notices[REFUSED]
    assert GONE not in notices
    assert (outages.count, outages.refused, outages.mttr_s) == (0, 1, None)
    assert [worker.titled_item(name).title for name in ("a", "b", "c")] == [
        "New a",
        "New b",
        "New c",
    ]
    assert worker.dead_letters() == []


def test_a_name_that_was_reached_stays_known_after_a_restart(worker: InProcessHarness) -> None:
    address = "http://localhost:" + worker.plex.url.rpartition(":")[2]
    worker.configure(a_plex_url=address)
    worker.sync(worker.titled_scene("a"))
    worker.restart()

    assert worker.context().plex._transport._was_reached
    worker.configure(a_plex_url="http://plex.invalid:32400")
    assert not worker.context().plex._transport._was_reached
