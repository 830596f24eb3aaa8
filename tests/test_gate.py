"""The gate before the language model: order, bound, and leaving early."""

import threading

import pytest

from qa.errors import BusyError
from qa.gate import Gate


def test_as_many_as_there_are_places_go_in_at_once():
    gate = Gate(places=2, max_waiting=0)
    assert all(gate.wait(gate.enter()) for _ in range(2))


def test_one_more_than_may_wait_is_told_busy():
    gate = Gate(places=1, max_waiting=1)
    gate.enter()
    gate.enter()
    with pytest.raises(BusyError, match="busy: 1 at work and 1 waiting; try again shortly"):
        gate.enter()


def test_those_who_wait_are_served_in_order():
    gate = Gate(places=1, max_waiting=9)
    tickets = [gate.enter() for _ in range(4)]
    served: list[int] = []

    def visit(number: int) -> None:
        gate.wait(tickets[number])
        served.append(number)
        gate.leave(tickets[number])

    threads = [threading.Thread(target=visit, args=(number,)) for number in (3, 2, 1)]
    for thread in threads:
        thread.start()
    visit(0)
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3]


def test_who_leaves_the_queue_makes_room_and_is_not_served():
    gate = Gate(places=1, max_waiting=1)
    first, second = gate.enter(), gate.enter()
    second.cancel()
    assert not gate.wait(second)
    gate.leave(second)
    third = gate.enter()
    gate.leave(first)
    assert gate.wait(third)


def test_closing_cancels_all_and_waits_until_they_left():
    gate = Gate(places=1, max_waiting=1)
    tickets = [gate.enter(), gate.enter()]
    leaving = [threading.Timer(0.02, gate.leave, (ticket,)) for ticket in tickets]
    for timer in leaving:
        timer.start()
    gate.close(seconds=5)
    assert [gate.wait(ticket) for ticket in tickets] == [False, False]
    assert gate.wait(gate.enter())


def test_who_comes_for_an_idle_moment_does_not_wait():
    gate = Gate(places=2, max_waiting=9)
    first = gate.enter_idle()
    assert first is not None
    assert gate.wait(first)
    assert gate.enter_idle() is None
    gate.leave(first)
    assert gate.enter_idle() is not None
