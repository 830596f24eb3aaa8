"""Work that may be given up: suggested questions, an answer begun before Enter, one that its reader no longer wants.

What a thread does `under` an errand takes its tickets at the model's gate (gate.py) in the errand's name, however deep
below that is; so whoever holds the errand can end it at once, and need not wait until a generator yields.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import Protocol


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
