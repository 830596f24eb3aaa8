"""Work that may be given up: an answer begun before anybody asked for it, or one that its reader no longer wants.

What a thread does `under` an errand takes its tickets at the model's gate (gate.py) in the errand's name, however deep
below that is; so whoever holds the errand can end it at once, and need not wait until a generator yields.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Cancellable(Protocol):
    """What an errand ends when it is cancelled: a place at the gate."""

    def cancel(self) -> None:
        """End it; may be called more than once and from any thread."""
        ...


class Errand:
    """What some work is for. While nobody waits for it (`gives_way`), anybody else who wants the model ends it."""

    def __init__(self, gives_way: bool = False) -> None:
        """Begin; `gives_way` says that nobody waits yet, and may be set to False later."""
        self.gives_way = gives_way
        self._cancelled = False
        self._places: list[Cancellable] = []
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """End what is done under the errand, and what would be."""
        with self._lock:
            self._cancelled = True
            places = tuple(self._places)
        for place in places:
            place.cancel()

    def takes(self, place: Cancellable) -> None:
        """Have a place end with the errand; at once if that has ended."""
        with self._lock:
            self._places.append(place)
            cancelled = self._cancelled
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
    """Return what this thread's work is for; None for work that somebody waits for to its end."""
    return _current.get()
