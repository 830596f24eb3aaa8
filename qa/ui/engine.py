"""QA behind the page: opened, synchronised and warmed up in the background, so that the page is there at once."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.errand import Errand, Urgency
from qa.errors import ModelError, QAError
from qa.ui.claims import Claim, abandoned

if TYPE_CHECKING:
    from qa.pipeline import QA

log = logging.getLogger(__name__)

QUIET_SECONDS = 2.0
"""How long nobody must have asked before documents are read and questions suggested."""
CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the preparation is: a key of the words, its blanks, and the reason when it failed."""

    key: str = "opening"
    blanks: tuple[tuple[str, object], ...] = ()
    error: str = ""


class Engine:
    """Opens a QA in a thread of its own and, once it is ready, has it read and suggest ahead while nobody asks."""

    def __init__(self, open_qa: Callable[[], "QA"]) -> None:
        self._open_qa = open_qa
        self._qa: QA | None = None
        self._synced = threading.Event()
        self._finished = threading.Event()
        self._suggested = threading.Event()
        self._closing = threading.Event()
        self._counting = threading.Lock()
        self._asking = 0
        self._last_asked = 0.0
        self._thread: threading.Thread | None = None
        self._errand = Errand(Urgency.IDLE)
        self._claim = Claim()
        self.progress = Progress()

    def start(self) -> None:
        """Begin to open, synchronise and warm up, in the background."""
        self._thread = threading.Thread(target=self._work, name="prepare", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        self._prepare()
        try:
            self._use_quiet()
        except Exception as error:  # answers take longer, no more
            if not self._closing.is_set():
                log.warning("no documents are read ahead: %s: %s", type(error).__name__, error)
        finally:
            self._suggested.set()

    def _prepare(self) -> None:
        try:
            self._qa = self._open_qa()
            self._claim.hold(self._qa.settings.index_dir())
            self._qa.sync(self._on_document)
            self._synced.set()
            for owner in abandoned(self._qa.settings.index_dir(), self._qa.uploaders()):
                self.forget(owner)
            self.progress = Progress("warming")
            self._qa.warm_up()
            self.progress = Progress("ready")
        except QAError as error:
            self.progress = Progress("unready", (("error", error),), str(error))
        except Exception as error:
            log.exception("the preparation failed")
            self.progress = Progress("unready", (("error", error),), f"{type(error).__name__}: {error}")
        finally:
            self._synced.set()
            self._finished.set()

    def _use_quiet(self) -> None:
        """Have documents read and questions suggested; a person's question stops that at once until all is quiet."""
        if self._qa is None or self.progress.error:
            return
        while not self._closing.is_set():
            self._errand = Errand(Urgency.IDLE)
            with self._errand.under():
                if not self._wanted() and self._qa.read_documents(self._wanted) and not self.suggested:
                    self._suggest(self._qa)
            self._closing.wait(QUIET_SECONDS / 4)

    def _suggest(self, qa: "QA") -> None:
        try:
            if qa.suggest(self._wanted):
                self._suggested.set()
        except Exception as error:  # the page does without suggested questions
            if not self._closing.is_set():
                log.warning("no questions could be suggested: %s: %s", type(error).__name__, error)
            self._suggested.set()

    def _wanted(self) -> bool:
        """Say whether someone asks, has just asked, or waits for the end of the program."""
        quiet = time.monotonic() - self._last_asked > QUIET_SECONDS
        return bool(self._asking) or not quiet or self._closing.is_set()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Note that someone waits for an answer, so that nothing else uses the model."""
        with self._counting:
            self._asking += 1
        try:
            yield
        finally:
            with self._counting:
                self._asking -= 1
                self._last_asked = time.monotonic()

    def free_qa(self) -> "QA | None":
        """Return the QA if it is ready and nobody waits for an answer; suggested questions then wait a while."""
        with self._counting:
            if self._asking or not self.finished or self.progress.error:
                return None
            self._last_asked = time.monotonic()
        return self._qa

    def _on_document(self, done: int, total: int, _source: str) -> None:
        self.progress = Progress("indexing", (("done", done), ("total", total)))

    @property
    def finished(self) -> bool:
        """Whether the preparation has ended, well or badly."""
        return self._finished.is_set()

    @property
    def suggested(self) -> bool:
        """Whether no more suggested questions will come."""
        return self._suggested.is_set()

    @property
    def opened(self) -> "QA | None":
        """The QA once its documents can be read; None before, and when it could not be opened."""
        return self._qa

    def starters(self) -> tuple[str, ...]:
        """Return questions to start from: at once when they are kept with the index, else when they have been made."""
        return () if self._qa is None or self.progress.error else self._qa.suggestions()

    def ready_qa(self, timeout: float | None = None) -> "QA":
        """Wait until questions can be answered, and return the QA.

        Args:
            timeout: seconds to wait, None for as long as it takes.

        Raises:
            ModelError: the preparation failed or is not done in time; the message says why.
        """
        if not self._finished.wait(timeout):
            raise ModelError("the models are still loading; try again in a moment")
        return self.synced_qa()

    def synced_qa(self) -> "QA":
        """Wait until documents can be added, which is before questions can be answered, and return the QA.

        Raises:
            ModelError: the preparation failed; the message says why.
        """
        self._synced.wait()
        if self.progress.error or self._qa is None:
            raise ModelError(self.progress.error)
        return self._qa

    def new_owner(self) -> str:
        """Return a secret name under which a session's documents are kept as long as it and this process last."""
        return self._claim.owner()

    def forget(self, owner: str) -> None:
        """Remove what a session added, if anything was opened yet."""
        if self._qa is not None:
            try:
                self._qa.forget(owner)
            except Exception:
                log.exception("a closed session's documents could not be removed")

    def close(self, *_: Any) -> None:
        """Close the QA, when it was opened."""
        self._closing.set()
        self._errand.cancel()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)
        if self._qa is not None:
            self._qa.close()
        self._claim.release()
