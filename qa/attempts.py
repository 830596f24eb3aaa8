"""One question asked of one reading, and which of two readings to take the answer from."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

from qa.answering import Reply
from qa.calibration import log_odds
from qa.judging import Judge
from qa.material import Gathered


class Attempt:
    """A reading asked a question, which the model begins to answer when that is first looked at.

    `material` is what is read, `judge` its judge.
    """

    def __init__(self, material: Gathered, judge: Judge, read: Callable[[], Generator[Reply]]) -> None:
        self.material = material
        self.judge = judge
        self._read = read
        self._replies: Generator[Reply] | None = None
        self._first: Reply | None = None

    def stated(self) -> float:
        """Return the natural log-odds, by the reader, that the sentences say it; infinity where it does not tell."""
        if self._first is None:
            self._first = next(self._begun(), Reply(""))
        chance = self._first.not_stated
        return math.inf if chance is None else log_odds(chance)

    def replies(self) -> Iterator[Reply]:
        """Yield the reply as far as it is written, again and again, and last the whole of it."""
        if self._first is not None:
            yield self._first
            if self.judge.declined:
                return
        yield from self._begun()

    def interrupt(self) -> None:
        """Stop the model; if it was still writing, the reply is begun anew when it is asked for."""
        if self._replies is not None:
            self._replies.close()
            self._replies = None

    def _begun(self) -> Generator[Reply]:
        if self._replies is None:
            self._replies = self._read()
        return self._replies


@contextmanager
def likeliest(attempt: Callable[[Gathered | None], Attempt], wholes: Sequence[Gathered | None]) -> Iterator[Attempt]:
    """Give the attempt on the first of one or two, unless its reader thinks it unstated and rather stated in the other.

    Measured on eight articles and 334 questions: right 0.77 instead of 0.75, answerable ones declined 0.04 instead of
    0.05, for a second reading of 0.14 of the questions; a right document is the first for 0.91, the likeliest for 0.94.
    """
    first = taken = attempt(wholes[0])
    try:
        if wholes[1:] and first.stated() < 0:
            first.interrupt()
            taken = attempt(wholes[1])
            if taken.stated() <= first.stated():
                taken.interrupt()
                taken = first
        yield taken
    finally:
        taken.interrupt()
