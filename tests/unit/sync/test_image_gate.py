"""The gate that holds images back while Plex fails to take any."""

from sync.image_gate import FIRST_PAUSE_S, MAX_PAUSE_S, ImageGate


def closed_gate(now: float = 0.0) -> ImageGate:
    gate = ImageGate()
    for item in (1, 2, 3):
        gate.on_failure(item, now)
    return gate


def test_three_items_in_a_row_close_the_gate() -> None:
    gate = ImageGate()
    gate.on_failure(1, 0.0)
    gate.on_failure(2, 0.0)

    was_open = gate.is_open(0.0)
    gate.on_failure(3, 0.0)

    assert (was_open, gate.is_open(FIRST_PAUSE_S - 1.0), gate.is_open(FIRST_PAUSE_S)) == (
        True,
        False,
        True,
    )


def test_one_item_alone_never_closes_the_gate() -> None:
    gate = ImageGate()

    for _ in range(10):
        gate.on_failure(1, 0.0)

    assert gate.is_open(0.0)


def test_a_success_between_failures_keeps_the_gate_open() -> None:
    gate = ImageGate()
    gate.on_failure(1, 0.0)
    gate.on_failure(2, 0.0)
    gate.on_success()

    gate.on_failure(3, 0.0)

    assert gate.is_open(0.0)


def test_each_failure_after_a_pause_doubles_it_up_to_the_limit() -> None:
    gate, now, pauses = closed_gate(), 0.0, []

    for _ in range(7):
        start = now
        while not gate.is_open(now):
            now += 1.0
        pauses.append(now - start)
        gate.on_failure(4, now)

    assert pauses == [60.0, 120.0, 240.0, 480.0, MAX_PAUSE_S, MAX_PAUSE_S, MAX_PAUSE_S]


def test_what_the_closed_gate_held_back_is_no_failure() -> None:
    gate = closed_gate()

    gate.on_failure(4, 10.0)

    assert gate.is_open(FIRST_PAUSE_S)


def test_a_success_after_a_pause_opens_the_gate() -> None:
    gate = closed_gate()

    gate.on_success()

    assert gate.is_open(1.0)
    assert [gate.pop_reopened(), gate.pop_reopened()] == [True, False]


def test_a_success_of_an_open_gate_is_no_reopening() -> None:
    gate = ImageGate()
    gate.on_failure(1, 0.0)

    gate.on_success()

    assert not gate.pop_reopened()
