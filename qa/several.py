"""The answers to the questions that were asked in one, put together to one answer."""

import math
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from itertools import chain

from qa.citations import NOTHING_SAID, Cited
from qa.datatypes import Answer, RetrievedPassage, Timings
from qa.judging import NOT_SAID
from qa.proving import content_words


class Several:
    """Answers in their order, each composed with what was `said` before it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._answers: list[Answer] = []
        self._shown = ""
        self.said = NOTHING_SAID

    def take(self, answering: Generator[str, None, Answer]) -> Generator[str, None, Answer]:
        """Yield the text of the next answer as it comes, after what is said; add that answer and return it.

        That a question is declined is shown once another is answered.
        """
        begun = False
        with closing(answering):
            while True:
                try:
                    piece = next(answering)
                except StopIteration as end:
                    answer: Answer = end.value
                    break
                if not begun and self.said.text:
                    piece = f"{self._rest()} {piece}"
                begun = True
                self._shown += piece
                yield piece
        self._add(answer)
        if self.said.citations and (rest := self._rest()):
            self._shown += rest
            yield rest
        return answer

    def _rest(self) -> str:
        """Return what is said beyond what was shown; "" if something else was shown."""
        return self.said.text[len(self._shown) :] if self.said.text.startswith(self._shown) else ""

    def _add(self, answer: Answer) -> None:
        self._answers.append(answer)
        text = self._part(answer)
        if not text:
            return
        start = len(self.said.text) + bool(self.said.text)
        known = {citation.marker for citation in self.said.citations}
        new = (
            replace(c, answer_start=c.answer_start + start, answer_end=c.answer_end + start)
            for c in answer.citations
            if c.marker not in known
        )
        self.said = Cited(f"{self.said.text} {text}".strip(), (*self.said.citations, *new), 0)

    def _part(self, answer: Answer) -> str:
        if not answer.answered:
            return f"{NOT_SAID.removesuffix('.')}: “{answer.question}”"
        repeated = content_words(answer.text) <= content_words(self.said.text)
        return "" if repeated else answer.text

    def together(
        self, question: str, searched: str, passages: tuple[RetrievedPassage, ...], timings: Timings
    ) -> Answer:
        """Return them as the answer to the one question, declined if they all are, as sure as all of them are right."""
        answered = any(answer.answered for answer in self._answers)
        least_sure = min(self._answers, key=lambda answer: answer.confidence)
        documents = {d.id: d for d in chain.from_iterable(answer.documents for answer in self._answers)}
        return Answer(
            question=question,
            search_question=searched,
            text=self.said.text if answered else NOT_SAID,
            answered=answered,
            confidence=math.prod(answer.confidence for answer in self._answers),
            citations=self.said.citations,
            passages=passages,
            timings=timings,
            unsupported=sum(answer.unsupported for answer in self._answers),
            signals=least_sure.signals,
            documents=tuple(documents.values()),
        )
