"""Which sentences the reader gets to see: all of a small corpus, or the best sentences of the best passages.

Sentences rather than passages, because reading is what an answer costs: measured on SQuAD articles, 200 tokens of the
best sentences hold the proof of 0.90 of the questions, 200 tokens of the best passages that of 0.86. With the best
twelve put in order by the cross-encoder, 175 tokens hold the proof of more questions than 225 did without.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from qa.datatypes import Document, Passage, RetrievedPassage
from qa.embedding import Embedder
from qa.encoder import Array
from qa.index import Index
from qa.reading import Reading, lay_out
from qa.settings import Settings

BYTES_PER_TOKEN = 4
"""UTF-8 bytes in a token of text, a little under what byte-pair vocabularies reach on news and encyclopedias."""
LONGEST_WHOLE = 400
"""Passages of a corpus that may be read whole; more are not even looked at."""
POOL = 16
"""Passages whose sentences are compared with the question."""
RANKED = 12
"""Of these sentences, the nearest ones that the cross-encoder puts in order: a hundredth of a second each."""
RELEVANCE = 0.1
"""Weight of the cross-encoder's log-odds against the cosine and the passage's score."""

Span = tuple[int, int]
Relevance = Callable[[str, Sequence[str]], Array | None]
"""A question and sentences -> the log-odds that each answers it, shape (sentences,); None when nothing can tell."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The sentences to read, their documents, and whether they are all that could be read."""

    reading: Reading
    documents: tuple[Document, ...]
    whole: bool


def tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return len(text.encode()) // BYTES_PER_TOKEN + 1


class Material:
    """Chooses the sentences; keeps the last whole readings, which all questions share."""

    def __init__(self, index: Index, embedder: Embedder, settings: Settings, relevance: Relevance) -> None:
        self._index = index
        self._relevance = relevance
        self._embedder = embedder
        self._settings = settings
        self._wholes: dict[tuple[object, ...], Gathered | None] = {}

    def gather(
        self, question: str, found: Sequence[RetrievedPassage], documents: Collection[str] | None, owner: str
    ) -> Gathered:
        """Return the whole corpus if it is small enough, else the best sentences that fit, in the order of the text."""
        if whole := self.whole(documents, owner):
            return whole
        chosen = self._best_sentences(question, found[:POOL])
        shown = tuple(self._index.document(i) for i in dict.fromkeys(p.document_id for p in chosen))
        return Gathered(lay_out(chosen, shown), shown, whole=False)

    def _best_sentences(self, question: str, found: Sequence[RetrievedPassage]) -> list[Passage]:
        """Return the passages, each cut down to those of its sentences that are nearest to the question."""
        places = [(at, span) for at, hit in enumerate(found) for span in hit.passage.sentences]
        if not places:
            return []
        texts = [_text(found[at].passage, span) for at, span in places]
        cosines = self._embedder.embed_passages(texts) @ self._embedder.embed_question(question)
        scores = [float(cosine) + found[at].score for cosine, (at, _) in zip(cosines, places, strict=True)]
        kept: list[tuple[int, Span]] = []
        left = self._settings.reading_tokens()
        for number in self._best_first(question, texts, scores):
            left -= tokens(texts[number])
            if kept and left < 0:
                break
            kept.append(places[number])
        return [
            replace(found[at].passage, sentences=tuple(sorted(span for where, span in kept if where == at)))
            for at in sorted({at for at, _ in kept})
        ]

    def _best_first(self, question: str, texts: Sequence[str], scores: Sequence[float]) -> list[int]:
        """Return the numbers of the texts, best first by score, the first of them anew with the cross-encoder's."""
        order = sorted(range(len(texts)), key=lambda number: -scores[number])
        relevant = self._relevance(question, [texts[number] for number in order[:RANKED]])
        if relevant is None:
            return order
        anew = {n: scores[n] + RELEVANCE * float(odds) for n, odds in zip(order, relevant, strict=False)}
        return [*sorted(anew, key=lambda number: -anew[number]), *order[RANKED:]]

    def whole(self, documents: Collection[str] | None, owner: str) -> Gathered | None:
        """Return everything that may be asked, if it fits into what is read whole."""
        key = (self._index.generation, None if documents is None else frozenset(documents), owner)
        if key not in self._wholes:
            if len(self._wholes) > 64:
                self._wholes.clear()
            self._wholes[key] = self._read_whole(documents, owner)
        return self._wholes[key]

    def _read_whole(self, documents: Collection[str] | None, owner: str) -> Gathered | None:
        if documents is None and self._index.count() > LONGEST_WHOLE:
            return None
        visible = [d.id for d in self._index.documents(owner) if documents is None or d.id in documents]
        passages = [passage for identity in visible for passage in self._index.document_passages(identity)]
        if not passages or sum(tokens(p.text) for p in passages) > self._settings.whole_tokens():
            return None
        shown = tuple(self._index.document(identity) for identity in visible)
        return Gathered(lay_out(passages, shown), shown, whole=True)


def _text(passage: Passage, span: Span) -> str:
    return passage.text[span[0] - passage.start : span[1] - passage.start]
