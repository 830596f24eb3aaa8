"""The sentences of the passages found, the one that likeliest answers the question first.

By the cosine of sentence and question and the passage's score; the nearest are put in order by the cross-encoder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa.blocks import TERMINAL
from qa.datatypes import Passage, RetrievedPassage
from qa.embedding import Embedder, Vectors
from qa.encoder import Array
from qa.passages import Span, text_of
from qa.reading import NumberedSentence

RANKED = 12
"""Of the sentences, the nearest ones that the cross-encoder puts in order: a hundredth of a second each."""
RELEVANCE = 0.1
"""Weight of the cross-encoder's log-odds against the cosine and the passage's score."""
MOST_KNOWN = 4096
"""Sentences whose vectors are held for the next question, 1.5 kB each with the default embedder."""

Placed = tuple[Passage, Span]
"""A sentence by its passage and its place in the document's text, in characters."""
Relevance = Callable[[str, Sequence[str]], Array | None]
"""A question and sentences -> the log-odds that each answers it, shape (sentences,); None when nothing can tell."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """The sentences of what was found for a question, in its order, each with what is compared and how near it is."""

    question: str
    found: tuple[RetrievedPassage, ...]
    places: tuple[Placed, ...] = ()
    texts: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()


class SentenceRanker:
    """Ranks sentences; safe to use from several threads."""

    def __init__(self, embedder: Embedder, relevance: Relevance) -> None:
        """Use the embedder that found the passages and a cross-encoder."""
        self._embedder = embedder
        self._relevance = relevance
        self._compared = _Compared("", ())
        self._ranked: tuple[_Compared, list[Placed]] = (self._compared, [])
        self._known: dict[str, Vectors] = {}

    def rank(self, question: str, found: Sequence[RetrievedPassage]) -> list[Placed]:
        """Return the sentences of what was found, the best first.

        The last result is kept: which part of a document is asked and which sentences are best needs the same one.
        """
        compared, ranked = self._compare(question, found), self._ranked
        if ranked[0] is not compared:
            order = self._best_first(question, compared.texts, compared.scores)
            self._ranked = ranked = (compared, [compared.places[number] for number in order])
        return ranked[1]

    def nearest(self, question: str, found: Sequence[RetrievedPassage]) -> Mapping[str, float]:
        """Return of each document (by id) that was found the score of its sentence nearest to the question.

        It is the sum of the sentence's cosine and its passage's score; the cross-encoder is not asked.
        """
        compared, nearest = self._compare(question, found), dict[str, float]()
        for (passage, _), score in zip(compared.places, compared.scores, strict=True):
            nearest[passage.document_id] = max(score, nearest.get(passage.document_id, score))
        return nearest

    def _compare(self, question: str, found: Sequence[RetrievedPassage]) -> _Compared:
        last = self._compared
        if (last.question, last.found) == (question, tuple(found)):
            return last
        hits = [(hit, span) for hit in found for span in hit.passage.sentences]
        texts = [_with_heading(hit.passage, text_of(hit.passage, span)) for hit, span in hits]
        cosines = self._vectors(texts) @ self._embedder.embed_question(question) if texts else ()
        self._compared = compared = _Compared(
            question,
            tuple(found),
            tuple((hit.passage, span) for hit, span in hits),
            tuple(texts),
            tuple(float(cosine) + hit.score for cosine, (hit, _) in zip(cosines, hits, strict=True)),
        )
        return compared

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (len(texts), dimension)."""
        known = self._known
        vectors = {text: known[text] for text in texts if text in known}
        new = [text for text in dict.fromkeys(texts) if text not in vectors]
        if new:
            vectors |= zip(new, self._embedder.embed_passages(new), strict=True)
            self._known = vectors if len(known) + len(new) > MOST_KNOWN else known | vectors
        return np.stack([vectors[text] for text in texts])

    def _best_first(self, question: str, texts: Sequence[str], scores: Sequence[float]) -> list[int]:
        """Return the numbers of the texts, best first by score, the first of them anew with the cross-encoder's."""
        order = sorted(range(len(texts)), key=lambda number: -scores[number])
        if not order:
            return order
        relevant = self._relevance(question, [texts[number] for number in order[:RANKED]])
        if relevant is None:
            return order
        anew = {n: scores[n] + RELEVANCE * float(odds) for n, odds in zip(order, relevant, strict=False)}
        return [*sorted(anew, key=lambda number: -anew[number]), *order[RANKED:]]


def _with_heading(passage: Passage, text: str) -> str:
    """Return what to compare with a question: an item or a row, which is no sentence, together with its heading."""
    return f"{passage.heading}: {text}" if passage.heading and not TERMINAL.search(text) else text


def numbered(placed: Iterable[Placed]) -> list[NumberedSentence]:
    """Return sentences numbered from 1 as they come."""
    return [
        NumberedSentence(number, passage.document_id, passage.id, *span, text_of(passage, span), passage.heading)
        for number, (passage, span) in enumerate(placed, 1)
    ]


def sentences_of(passages: Iterable[Passage]) -> list[NumberedSentence]:
    """Return the sentences of passages, numbered from 1."""
    return numbered((passage, span) for passage in passages for span in passage.sentences)
