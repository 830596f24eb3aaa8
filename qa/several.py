"""The answers to the questions that were asked in one, or that one leads to, put together to one answer."""

import math
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain

from qa.citations import NOTHING_SAID, Cited
from qa.datatypes import Answer, Citation, RetrievedPassage, Timings
from qa.durations import duration
from qa.judging import NOT_SAID
from qa.proving import content_words
from qa.questions import events_between

_QUOTED = re.compile(r"“.*?”(?= \[)", re.DOTALL)


class Several:
    """Answers in their order, each composed with what was `said` before it, apart by what stands `between` them."""

    def __init__(self, between: str = " ") -> None:
        """Begin with none."""
        self._between = between
        self._answers: list[Answer] = []
        self._shown = ""
        self.said = NOTHING_SAID

    def take(self, answering: Generator[str, None, Answer], head: str = "") -> Generator[str, None, Answer]:
        """Yield the text of the next answer, behind its head, after what is said; add that answer and return it.

        It is yielded as it comes; that a question is declined is shown once another is answered.
        """
        begun = False
        with closing(answering):
            while True:
                try:
                    piece = next(answering)
                except StopIteration as end:
                    answer: Answer = end.value
                    break
                if not begun:
                    piece = f"{self._rest()}{self._between if self.said.text else ''}{head}{piece}"
                begun = True
                self._shown += piece
                yield piece
        self._add(answer, head)
        if self.said.citations and (rest := self._rest()):
            self._shown += rest
            yield rest
        return answer

    def _rest(self) -> str:
        """Return what is said beyond what was shown; "" if something else was shown."""
        return self.said.text[len(self._shown) :] if self.said.text.startswith(self._shown) else ""

    def _add(self, answer: Answer, head: str) -> None:
        self._answers.append(answer)
        if text := self._part(answer, head):
            self.said = _joined(self.said, f"{head}{text}", answer.citations, self._between, len(head))

    def _part(self, answer: Answer, head: str) -> str:
        if not answer.answered:
            return NOT_SAID if head else f"{NOT_SAID.removesuffix('.')}: “{answer.question}”"
        repeated = content_words(answer.text) <= content_words(self.said.text)
        return "" if repeated and not head else answer.text

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


def _joined(said: Cited, text: str, citations: Sequence[Citation], between: str = " ", head: int = 0) -> Cited:
    """Return what is said with text behind it, whose citations are those that are new; `head` characters cite none."""
    start, known = len(said.text) + head, {citation.marker for citation in said.citations}
    start += len(between) if said.text else 0
    new = (
        replace(c, answer_start=c.answer_start + start, answer_end=c.answer_end + start)
        for c in citations
        if c.marker not in known
    )
    return Cited(f"{said.text}{between if said.text else ''}{text}", (*said.citations, *new), 0)


def finished(answering: Generator[str, None, Answer]) -> Answer:
    """Return the answer; what is shown on the way is not."""
    while True:
        try:
            next(answering)
        except StopIteration as end:
            answer: Answer = end.value
            return answer


def time_between(question: str, ask: Callable[[str, Cited], Answer]) -> Answer | None:
    """Return the answer to a question how much time lay between two events, worked out from the dates of both.

    Each date is asked for on its own (`ask` gets the question and what is said before it): asked for both at once, the
    reader takes another event's date for one of them, or gives one alone. None where that is not asked, and where a
    date is not stated.
    """
    said, dated = NOTHING_SAID, []
    for event in events_between(question):
        answer = ask(event, said)
        if not answer.answered:
            return None
        dated.append(answer)
        known = {citation.marker for citation in said.citations}
        if not known.issuperset(citation.marker for citation in answer.citations):
            said = _joined(said, answer.text, answer.citations)
    claims = [(_QUOTED.sub("", answer.text), *(c.quote for c in answer.citations)) for answer in dated]
    between = duration(question, claims)
    if not between:
        return None
    marks = "".join(dict.fromkeys(f"[{answer.citations[0].marker}]" for answer in dated))
    documents = {document.id: document for answer in dated for document in answer.documents}
    return replace(
        dated[-1],
        question=question,
        search_question=question,
        text=f"{said.text} {between} {marks}",
        confidence=math.prod(answer.confidence for answer in dated),
        citations=said.citations,
        documents=tuple(documents.values()),
    )
