"""A first-come, first-served gate with a bounded queue: who may use the model now, who waits, who is told busy."""

import threading
from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager

from qa.errand import Errand, Urgency, Visit, current_errand, current_visit
from qa.errors import BusyError


class Ticket:
    """One visitor; `cancel` may be called at any time, from any thread. Inside, `place` is the number of its place."""

    __slots__ = ("_errand", "_turn", "cancelled", "place", "sent_out", "visit")

    def __init__(self, errand: Errand | None = None, visit: Visit | None = None) -> None:
        self._turn = threading.Event()
        self.visit = visit or Visit()
        self._errand = errand
        self.cancelled = self.sent_out = False
        self.place = -1
        if errand:
            errand.takes(self)

    @property
    def urgency(self) -> Urgency:
        """How much this visitor's work matters."""
        return self._errand.urgency if self._errand else Urgency.WANTED

    def send_out(self) -> None:
        """Cancel, because somebody else's work matters more."""
        self.sent_out = True
        self.cancel()

    def cancel(self) -> None:
        """Say that the visitor has gone: ends waiting, and the work as soon as it looks."""
        self.cancelled = True
        self._turn.set()

    def call(self) -> None:
        """Say that it is this visitor's turn."""
        self._turn.set()

    def wait(self) -> None:
        """Wait for the turn or for being cancelled."""
        self._turn.wait()

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """Count a visitor whose event loop is closed as gone."""
        try:
            yield
        except RuntimeError:
            self.cancel()


class Gate:
    """Lets `places` visitors work at a time and `max_waiting` more wait, in the order in which they first came.

    Who was in before and comes back, to go on with the same question, may wait in any case.
    Whose work is less than wanted comes in only where nobody's matters as much, and is sent out by who matters more.
    """

    def __init__(self, places: int, max_waiting: int) -> None:
        self._places = places
        self._max_waiting = max_waiting
        self._inside: set[Ticket] = set()
        self._waiting: list[Ticket] = []
        self._changed = threading.Condition()

    def enter(self) -> Ticket:
        """Return a ticket at once; every ticket must be handed to `leave`.

        Raises:
            BusyError: the queue is full; or the visitor's work is not wanted yet, and what matters as much goes on.
        """
        ticket = Ticket(current_errand(), current_visit())
        with self._changed:
            others = (*self._inside, *self._waiting)
            for other in others:
                if other.urgency < ticket.urgency:
                    other.send_out()
            leaving = sum(other.cancelled for other in others)
            welcome = ticket.urgency == Urgency.WANTED or leaving == len(others)
            if welcome and len(self._inside) < self._places:
                self._let_in(ticket)
            elif welcome and (ticket.visit.been_in or len(self._waiting) < self._max_waiting + leaving):
                insort(self._waiting, ticket, key=lambda waiting: waiting.visit.number)
            else:
                raise BusyError(
                    f"the language model is busy: {len(self._inside)} at work and {len(self._waiting)} waiting; "
                    "try again shortly"
                )
        return ticket

    def _let_in(self, ticket: Ticket) -> None:
        """Give a visitor the first free place."""
        ticket.place = min(set(range(self._places)) - {other.place for other in self._inside})
        self._inside.add(ticket)
        ticket.visit.been_in = True
        ticket.call()

    def wait(self, ticket: Ticket) -> bool:
        """Wait for the ticket's turn; False when it was cancelled."""
        ticket.wait()
        return not ticket.cancelled

    def leave(self, ticket: Ticket) -> None:
        """Give the place, or the place in the queue, back."""
        with self._changed:
            if ticket in self._inside:
                self._inside.remove(ticket)
                if self._waiting:
                    self._let_in(self._waiting.pop(0))
            elif ticket in self._waiting:
                self._waiting.remove(ticket)
            self._changed.notify_all()

    def close(self, seconds: float = 10.0) -> None:
        """Cancel all tickets and wait, at most `seconds`, until all have left."""
        with self._changed:
            for ticket in (*self._inside, *self._waiting):
                ticket.cancel()
            self._changed.wait_for(lambda: not self._inside and not self._waiting, seconds)
