"""The gate before the language model: order, bound, and leaving early."""

import threading
from collections.abc import Generator

import pytest

from qa.errand import Errand, Urgency, Visit, current_visit, in_turn
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


def visiting(gate: Gate, times: int) -> Generator[Ticket]:
    for _ in range(times):
        yield gate.enter()


def test_who_comes_back_to_go_on_is_served_before_those_who_came_later_and_never_told_busy():
    gate = Gate(places=1, max_waiting=1)
    early = in_turn(visiting(gate, 3))
    first = next(early)
    late = gate.enter()
    second = next(early)
    gate.leave(first)
    assert gate.wait(second)
    assert not late._turn.is_set()
    gate.leave(second)
    assert gate.wait(late)
    third = next(early)
    with pytest.raises(BusyError):
        gate.enter()
    gate.leave(late)
    assert gate.wait(third)


def test_what_is_done_in_turn_leaves_no_trace_and_ends_with_its_reader():
    ended = []

    def pieces() -> Generator[Visit]:
        try:
            while True:
                yield current_visit()
        finally:
            ended.append(current_visit())

    one, other = in_turn(pieces()), in_turn(pieces())
    first = next(one)
    assert next(other).number > first.number
    assert next(one) is first
    assert current_visit() not in (first, next(other))
    one.close()
    assert ended == [first]


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


def on(errand: Errand, gate: Gate) -> Ticket:
    with errand.under():
        return gate.enter()


@pytest.mark.parametrize(
    ("at_work", "comes"),
    [(Urgency.WANTED, Urgency.EXPECTED), (Urgency.EXPECTED, Urgency.EXPECTED), (Urgency.IDLE, Urgency.IDLE)],
)
def test_what_is_not_wanted_comes_in_only_where_nothing_matters_as_much(at_work, comes):
    gate = Gate(places=2, max_waiting=2)
    first = on(Errand(at_work), gate)
    with pytest.raises(BusyError):
        on(Errand(comes), gate)
    assert not first.cancelled
    gate.leave(first)
    assert gate.wait(on(Errand(comes), gate))


def test_what_matters_less_is_sent_out_by_who_comes_and_may_wait_for_that():
    gate = Gate(places=1, max_waiting=0)
    idle = on(Errand(Urgency.IDLE), gate)
    ahead = on(Errand(Urgency.EXPECTED), gate)
    following = gate.enter()
    assert (idle.sent_out, ahead.sent_out, following.sent_out) == (True, True, False)
    gate.leave(ahead)
    with pytest.raises(BusyError):
        gate.enter()
    gate.leave(idle)
    assert gate.wait(following)


def test_what_has_come_to_be_wanted_stays():
    gate, errand = Gate(places=1, max_waiting=1), Errand(Urgency.EXPECTED)
    ahead = on(errand, gate)
    errand.urgency = Urgency.WANTED
    gate.enter()
    assert not ahead.cancelled


def test_an_errand_that_is_cancelled_ends_what_is_and_what_would_be_done_for_it():
    gate, errand = Gate(places=2, max_waiting=1), Errand()
    now = on(errand, gate)
    other = gate.enter()
    errand.cancel()
    gate.leave(now)
    assert [ticket.cancelled for ticket in (now, on(errand, gate), other)] == [True, True, False]
