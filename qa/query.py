"""One question on its way to an answer: what it is asked of, what was found for it, and how long it has taken."""

import time
from collections.abc import Collection
from dataclasses import dataclass

from qa.datatypes import RetrievedPassage, Timings, Turn


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the turns before it, the ids of the documents asked (None for all) and whose uploads may be read.

    `turns` are those that are read with it, `searched` is what was looked up for it, `candidates` the passages found,
    best first, `passages` the first of them, which are shown.
    """

    question: str
    history: tuple[Turn, ...]
    documents: Collection[str] | None
    owner: str
    turns: tuple[Turn, ...]
    searched: str
    candidates: tuple[RetrievedPassage, ...]
    passages: tuple[RetrievedPassage, ...]


class Clock:
    """Measures, from when it is made, the seconds until passages were found, text was shown, and now."""

    def __init__(self) -> None:
        """Begin."""
        self._begun = time.perf_counter()
        self._found = self._shown = 0.0

    def found(self) -> None:
        """Note that the passages are found."""
        self._found = self._found or self._passed()

    def shown(self) -> None:
        """Note that text is shown; only the first time counts."""
        self._shown = self._shown or self._passed()

    def timings(self) -> Timings:
        """Return what was measured."""
        total = self._passed()
        return Timings(self._found, self._shown or total, total)

    def _passed(self) -> float:
        return time.perf_counter() - self._begun
