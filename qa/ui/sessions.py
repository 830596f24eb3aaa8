"""Which browser windows are open, so that a closed window's documents are forgotten; nothing of their content."""

import threading
from collections.abc import Callable

GRACE_SECONDS = 600.0
"""Time after a lost connection before its documents go: a phone that slept for a while keeps them."""


class Sessions:
    """The owners behind open windows, by gradio's session name."""

    def __init__(self, forget: Callable[[str], None], grace: float = GRACE_SECONDS) -> None:
        self._forget = forget
        self._grace = grace
        self._owners: dict[str, str] = {}
        self._leaving: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()

    def seen(self, name: str | None, owner: str) -> None:
        """Note that a window is in use."""
        if name is None:
            return
        with self._lock:
            self._owners[name] = owner
            if timer := self._leaving.pop(name, None):
                timer.cancel()

    def left(self, name: str | None) -> None:
        """Note that a window's connection ended; its documents go after the grace."""
        with self._lock:
            if name is None or name not in self._owners:
                return
            timer = threading.Timer(self._grace, self._end, [name])
            timer.daemon = True
            self._leaving[name] = timer
            timer.start()

    def _end(self, name: str) -> None:
        with self._lock:
            self._leaving.pop(name, None)
            owner = self._owners.pop(name, None)
        if owner is not None:
            self._forget(owner)

    def close(self) -> None:
        """Forget every owner: the program ends."""
        for name in list(self._owners):
            self._end(name)
