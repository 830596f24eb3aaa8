"""A question's stream read in a thread of its own, so that stopping works at once, whatever the model is doing."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from qa.errand import Errand, Urgency

Item = TypeVar("Item")

_CHECK_SECONDS = 0.05


class Stopped(Exception):  # noqa: N818 - what a person wishes is no error
    """The reader wished to stop before the stream's end."""


class Incoming(Generic[Item]):
    """A stream that is read in a thread of its own from the moment this is made; its items are kept until taken."""

    def __init__(self, stream: Callable[[], Iterator[Item]], urgency: Urgency = Urgency.WANTED) -> None:
        """Begin to read; what is not wanted yet leaves the model to whoever waits for it."""
        self._errand = Errand(urgency)
        self._items: queue.Queue[tuple[str, object]] = queue.Queue()
        threading.Thread(target=self._read, args=(stream,), name="answer", daemon=True).start()

    def _read(self, stream: Callable[[], Iterator[Item]]) -> None:
        source = None
        try:
            with self._errand.under():
                source = stream()
                for item in source:
                    if self._errand.cancelled:
                        break
                    self._items.put(("item", item))
            self._items.put(("end", None))
        except Exception as error:
            self._items.put(("error", error))
        finally:
            if close := getattr(source, "close", None):
                close()

    def wait_for(self) -> None:
        """Say that somebody waits for it now."""
        self._errand.urgency = Urgency.WANTED

    def close(self) -> None:
        """Let go of the stream: the model stops within a token, the rest as soon as the stream yields again."""
        self._errand.cancel()

    def batches(self, stop_wanted: Callable[[], bool]) -> Iterator[list[Item]]:
        """Yield the items, once, as many at a time as have come; let go of the stream soon after a stop is wanted.

        Raises:
            Stopped: a stop was wanted.
            Exception: whatever the stream raised.
        """
        try:
            while True:
                if stop_wanted():
                    raise Stopped
                batch, end = self._arrived()
                if batch:
                    yield batch
                if isinstance(end, Exception):
                    raise end
                if end:
                    return
        finally:
            self.close()

    def _arrived(self) -> tuple[list[Item], Exception | bool]:
        """Return the items that have come, waiting a moment for the first, and whether or why these were the last."""
        batch: list[Item] = []
        with suppress(queue.Empty):
            kind, item = self._items.get(timeout=_CHECK_SECONDS)
            while kind == "item":
                batch.append(item)  # type: ignore[arg-type]
                kind, item = self._items.get_nowait()
            return batch, item if isinstance(item, Exception) else True
        return batch, False


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
