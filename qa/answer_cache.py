"""Answers already given, so that a repeated question costs nothing; a new generation of the index forgets them."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable, Sequence

from qa.datatypes import Answer, Turn

MOST = 256


class AnswerCache:
    """The last answers by everything that they depend on; safe to use from any thread."""

    def __init__(self) -> None:
        """Begin empty."""
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def key(
        generation: int,
        question: str,
        turns: Sequence[Turn],
        documents: Collection[str] | None,
        owner: str,
        reading: Hashable,
    ) -> Hashable:
        """Return what an answer depends on; case and spaces of the question do not count, `reading` is what is read."""
        chosen = None if documents is None else frozenset(documents)
        said = tuple((turn["role"], turn["content"]) for turn in turns)
        return generation, " ".join(question.lower().split()), said, chosen, owner, reading

    def get(self, key: Hashable) -> Answer | None:
        """Return the answer, or None."""
        with self._lock:
            return self._answers.get(key)

    def keep(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer; the oldest beyond MOST goes."""
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > MOST:
                self._answers.popitem(last=False)
