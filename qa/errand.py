"""What work is for, and whose turn it is: told to the model's gate (gate.py) without passing it on through all between.

Work may be given up: suggested questions, an answer begun before Enter, one that its reader no longer wants.

What a thread does `under` an errand takes its tickets at the gate in the errand's name, however deep below that is; so
whoever holds the errand can end it at once, and need not wait until a generator yields. What a generator does `in_turn`
takes all its tickets as of when it began: a question that is asked in parts does not queue up again for each.
"""

import itertools
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol, TypeVar

Yielded = TypeVar("Yielded")


class Cancellable(Protocol):
    """What an errand ends when it is cancelled: a place at the gate."""

    def cancel(self) -> None:
        """End it; may be called more than once and from any thread."""
        ...


class Urgency(IntEnum):
    """How much some work matters; who wants the model ends what matters less."""

    IDLE = 0
    """Nobody has asked for it."""
    EXPECTED = 1
    """Somebody will probably ask for it."""
    WANTED = 2
    """Somebody waits for it."""


class Errand:
    """What some work is for: its `urgency`, which may be changed at any time, and whether it was `cancelled`."""

    def __init__(self, urgency: Urgency = Urgency.WANTED) -> None:
        self.urgency = urgency
        self.cancelled = False
        self._places: list[Cancellable] = []
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """End what is done under the errand, and what would be."""
        with self._lock:
            self.cancelled = True
            places = tuple(self._places)
        for place in places:
            place.cancel()

    def takes(self, place: Cancellable) -> None:
        """Have a place end with the errand; at once if that has ended."""
        with self._lock:
            self._places.append(place)
            cancelled = self.cancelled
        if cancelled:
            place.cancel()

    @contextmanager
    def under(self) -> Iterator[None]:
        """Do what this thread does in the block under the errand."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current_errand() -> Errand | None:
    """Return what this thread's work is for; None for work that is wanted to its end."""
    return _current.get()


@dataclass(slots=True)
class Visit:
    """One who comes to the gate, perhaps more than once: when they first came, by number, and whether they were in."""

    number: int = field(default_factory=itertools.count().__next__)
    been_in: bool = False


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


def current_visit() -> Visit:
    """Return whose turn it is that this thread works for; a new visit where nothing is done in turn."""
    return _visit.get() or Visit()


def in_turn(pieces: Generator[Yielded]) -> Generator[Yielded]:
    """Yield what a generator yields, all of whose work is one visit."""
    context, end = copy_context(), object()
    context.run(_visit.set, Visit())
    try:
        while (piece := context.run(next, pieces, end)) is not end:
            yield piece  # type: ignore[misc]
    finally:
        context.run(pieces.close)
