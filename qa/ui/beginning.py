"""An answer begun before its question is sent: once it looks finished, while its writer still reads it over."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.datatypes import Piece, Turn
from qa.errand import Urgency
from qa.errors import QAError
from qa.ui.streaming import Incoming

if TYPE_CHECKING:
    from qa.pipeline import QA


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all else that its answer depends on; equal ones have the same answer."""

    question: str
    history: Sequence[Turn]
    documents: set[str] | None
    owner: str
    generation: int

    def stream(self, qa: "QA") -> "Iterator[Piece]":
        """Ask it."""
        return qa.stream(self.question, history=self.history, documents=self.documents, owner=self.owner)


class Beginning:
    """What has been begun in one session: nothing, or one answer."""

    def __init__(self) -> None:
        self._asked: Asked | None = None
        self._incoming: Incoming[Piece] | None = None

    def begin(self, qa: "QA", asked: Asked) -> None:
        """Begin an answer that nobody waits for yet; who does wait for the model ends it."""
        if asked != self._asked:
            self.drop()
            self._asked, self._incoming = asked, Incoming(lambda: asked.stream(qa), Urgency.EXPECTED)

    def drop(self) -> None:
        """Give up what was begun."""
        if self._incoming:
            self._incoming.close()
        self._asked = self._incoming = None

    def answer(self, qa: "QA", asked: Asked, stop_wanted: Callable[[], bool]) -> "Iterator[list[Piece]]":
        """Yield what `QA.stream` yields, in batches: what was begun of it at once; all again if that was ended.

        Raises:
            Stopped: a stop was wanted.
            QAError: as `QA.stream` raises.
        """
        begun = self._incoming if asked == self._asked else None
        if begun:
            self._asked = self._incoming = None
            begun.wait_for()
            try:
                yield from begun.batches(stop_wanted)
                return
            except QAError:  # someone else wanted the model before; a fault of the question's own comes again below
                pass
        self.drop()
        yield from Incoming(lambda: asked.stream(qa)).batches(stop_wanted)
