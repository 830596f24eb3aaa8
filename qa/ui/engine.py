"""QA behind the page: opened, synchronised and warmed up in the background, so that the page is there at once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.errors import ModelError, QAError

if TYPE_CHECKING:
    from qa.pipeline import QA

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the preparation is: a key of the words, its blanks, and the reason when it failed."""

    key: str = "opening"
    blanks: tuple[tuple[str, object], ...] = ()
    error: str = ""


class Engine:
    """Opens a QA in a thread of its own. `documents_ready` is set before `ready`, which needs the models."""

    def __init__(self, open_qa: Callable[[], "QA"]) -> None:
        self._open_qa = open_qa
        self._qa: QA | None = None
        self._documents = threading.Event()
        self._finished = threading.Event()
        self.progress = Progress()

    def start(self) -> None:
        """Begin to open, synchronise and warm up, in the background."""
        threading.Thread(target=self._prepare, name="prepare", daemon=True).start()

    def _prepare(self) -> None:
        try:
            self._qa = self._open_qa()
            self._documents.set()
            self._qa.sync(self._on_document)
            self.progress = Progress("warming")
            self._qa.warm_up()
            self.progress = Progress("ready")
        except QAError as error:
            self.progress = Progress("unready", (("error", error),), str(error))
        except Exception as error:
            log.exception("the preparation failed")
            self.progress = Progress("unready", (("error", error),), f"{type(error).__name__}: {error}")
        finally:
            self._documents.set()
            self._finished.set()

    def _on_document(self, done: int, total: int, _source: str) -> None:
        self.progress = Progress("indexing", (("done", done), ("total", total)))

    @property
    def finished(self) -> bool:
        """Whether the preparation has ended, well or badly."""
        return self._finished.is_set()

    @property
    def opened(self) -> "QA | None":
        """The QA once its documents can be read; None before, and when it could not be opened."""
        return self._qa

    def ready_qa(self, timeout: float | None = None) -> "QA":
        """Wait until questions can be answered, and return the QA.

        Args:
            timeout: seconds to wait, None for as long as it takes.

        Raises:
            ModelError: the preparation failed or is not done in time; the message says why.
        """
        if not self._finished.wait(timeout):
            raise ModelError("the models are still loading; try again in a moment")
        if self.progress.error or self._qa is None:
            raise ModelError(self.progress.error)
        return self._qa

    def forget(self, owner: str) -> None:
        """Remove what a session added, if anything was opened yet."""
        if self._qa is not None:
            try:
                self._qa.forget(owner)
            except Exception:
                log.exception("a closed session's documents could not be removed")

    def close(self, *_: Any) -> None:
        """Close the QA, when it was opened."""
        if self._qa is not None:
            self._qa.close()
