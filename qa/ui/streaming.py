"""A question's stream read in a thread of its own, so that stopping works at once, whatever the model is doing."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_CHECK_SECONDS = 0.05


class Stopped(Exception):  # noqa: N818 - what a person wishes is no error
    """The reader wished to stop before the stream's end."""


def stoppable(stream: Callable[[], Iterator[Item]], stop_wanted: Callable[[], bool]) -> Iterator[Item]:
    """Yield the stream's items; when a stop is wanted, let go of the stream within a twentieth of a second.

    The stream itself is closed in its thread as soon as it yields again, so a generator behind it ends too.

    Raises:
        Stopped: a stop was wanted.
        Exception: whatever the stream raised.
    """
    items: queue.Queue[tuple[str, object]] = queue.Queue()
    abandoned = threading.Event()

    def read() -> None:
        source = None
        try:
            source = stream()
            for item in source:
                if abandoned.is_set():
                    break
                items.put(("item", item))
            items.put(("end", None))
        except Exception as error:
            items.put(("error", error))
        finally:
            if close := getattr(source, "close", None):
                close()

    threading.Thread(target=read, name="answer", daemon=True).start()
    try:
        yield from _until_end(items, stop_wanted)
    finally:
        abandoned.set()


def _until_end(items: "queue.Queue[tuple[str, object]]", stop_wanted: Callable[[], bool]) -> Iterator[Item]:
    while True:
        if stop_wanted():
            raise Stopped
        try:
            kind, item = items.get(timeout=_CHECK_SECONDS)
        except queue.Empty:
            continue
        if kind == "end":
            return
        if kind == "error":
            raise item  # type: ignore[misc]
        yield item  # type: ignore[misc]


class Pace:
    """Says when enough time has passed to draw again, so that quick models do not flood the browser."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._last = 0.0

    def due(self) -> bool:
        """Whether to draw now; counts as drawn when it is."""
        now = time.monotonic()
        if now - self._last < self.seconds:
            return False
        self._last = now
        return True
