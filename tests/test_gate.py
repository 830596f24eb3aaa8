"""The gate before the language model: order, bound, and leaving early."""

import threading

import pytest

from qa.errand import Errand
from qa.errors import BusyError
from qa.gate import Gate, Ticket


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


def on(errand: Errand, gate: Gate) -> Ticket:
    with errand.under():
        return gate.enter()


def test_who_gives_way_comes_in_only_while_nobody_is_at_work():
    gate = Gate(places=2, max_waiting=2)
    gate.enter()
    with pytest.raises(BusyError):
        on(Errand(gives_way=True), gate)


def test_who_gives_way_is_sent_out_by_the_next_who_may_wait_for_that():
    gate = Gate(places=1, max_waiting=0)
    ahead = on(Errand(gives_way=True), gate)
    assert gate.wait(ahead)
    following = gate.enter()
    assert ahead.cancelled
    with pytest.raises(BusyError):
        gate.enter()
    gate.leave(ahead)
    assert gate.wait(following)


def test_who_is_waited_for_gives_way_no_longer():
    gate, errand = Gate(places=1, max_waiting=1), Errand(gives_way=True)
    ahead = on(errand, gate)
    errand.gives_way = False
    gate.enter()
    assert not ahead.cancelled


def test_an_errand_that_is_cancelled_ends_what_is_and_what_would_be_done_for_it():
    gate, errand = Gate(places=2, max_waiting=1), Errand()
    now = on(errand, gate)
    other = gate.enter()
    errand.cancel()
    gate.leave(now)
    assert [ticket.cancelled for ticket in (now, on(errand, gate), other)] == [True, True, False]
