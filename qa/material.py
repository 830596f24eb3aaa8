"""Which sentences the reader gets to see: all of a small corpus, all of one document or part of it, or the best ones.

A document, or of a long one a part, is read whole if the question is about it and a model has read it before, which
takes half a minute once. Measured on eight articles and on six long ones: see README.

Sentences rather than passages, because reading is what an answer costs: measured on SQuAD articles, 200 tokens of the
best sentences hold the proof of 0.90 of the questions, 200 tokens of the best passages that of 0.86. With the best
twelve put in order by the cross-encoder, 175 tokens hold the proof of more questions than 225 did without.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from qa.datatypes import Document, Extent, Passage, RetrievedPassage
from qa.embedding import Embedder
from qa.index import Index
from qa.kept import KeptReadings
from qa.parts import beginning, cut, size, tokens
from qa.passages import Span, text_of
from qa.ranking import Relevance, SentenceRanker
from qa.reading import Reading, lay_out
from qa.settings import Settings
from qa.tables import with_columns

LONGEST_WHOLE = 400
"""Passages of a corpus that may be read whole; more are not even looked at."""
MOST_KNOWN = 64
"""Readings, documents and their cuts that are held together; what is needed beyond that is made anew."""
MOST_READ = 50
"""Documents of a corpus that are read without having been asked about."""
ALSO_ABOUT = 0.3
"""Share of the first document's sum from which the second is one that a question may be about as well."""
SUMS = 0.5
"""Weight of a document's share in all sums, where two may be meant, against the score of its nearest sentence."""
POOL = 16
"""Passages whose sentences are compared with the question."""
MOST_OVER = 1.25
"""Of the tokens that a part should have, how many times it may have, for the sake of whole paragraphs."""

Part = tuple[str, int]
"""A document's id, and where in its text a part of it begins."""
Made = TypeVar("Made")
Knows = Callable[[Reading], bool]
"""Says whether a model knows a reading, so that a question about it need not wait for that to be read."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The sentences to read, their documents, and how much of these they are."""

    reading: Reading
    documents: tuple[Document, ...]
    extent: Extent


class Material:
    """Chooses the sentences; keeps the last whole readings, which all questions share."""

    def __init__(
        self, index: Index, kept: KeptReadings, embedder: Embedder, settings: Settings, relevance: Relevance
    ) -> None:
        self._index = index
        self._kept = kept
        self._ranker = SentenceRanker(embedder, relevance)
        self._settings = settings
        self._made: dict[tuple[object, ...], object] = {}
        self._wished: dict[Path | None, Reading] = {}
        self._read_to: int | None = None

    def read_whole(
        self,
        question: str,
        found: Sequence[RetrievedPassage],
        documents: Collection[str] | None,
        owner: str,
        knows: Knows,
        patient: bool,
    ) -> list[Gathered | None]:
        """Return what is to be read whole: all that may be asked, or the document or part that the question is about.

        Another one that it might be about as well comes second, None in its place where only the best sentences of it
        can be read, nothing where that is so of the first. What is not known counts so and comes first in `unread`.

        Args:
            question: what was searched.
            found: the passages found for it, best first.
            documents: ids of the documents that are asked; None for all.
            owner: whose uploads are asked beside the corpus.
            knows: says of a reading whether it need not be waited for.
            patient: whether all that may be asked is waited for.
        """
        whole = self.whole(documents, owner)
        if whole and patient:
            return [whole]
        wholes = [whole] if whole else [self._part(*part) for part in self._parts_about(question, found[:POOL])]
        known: list[Gathered | None] = []
        for each in wholes:
            known.append(each if each and knows(each.reading) else None)
            if each and not known[-1]:
                self._wished[each.reading.kept] = each.reading
        return known if known and known[0] else []

    def unread(self, knows: Knows, owners: Sequence[str]) -> Iterator[Reading]:
        """Yield what should be read in quiet times: first what a question would have been answered from.

        Then, for each owner, '' being the corpus's, all of it together, or each part of each document, short ones
        first, as long as there is room for what is read; of a corpus of more than MOST_READ documents only what was
        asked about.
        """
        while wished := list(self._wished.values()):
            if not knows(wished[0]):
                yield wished[0]
            self._wished.pop(wished[0].kept, None)
        generation = self._index.generation
        if self._read_to == generation:
            return
        corpus = dict.fromkeys(document.id for document in self._index.documents())
        for owner in owners:
            together = self.whole(None, owner)
            uploads = [d.id for d in reversed(self._index.documents(owner)) if d.id not in corpus]
            groups = [] if together else [uploads, list(corpus) if len(corpus) <= MOST_READ else []]
            apart = [d for group in groups for d in sorted(group, key=lambda each: len(self._starts(each)))]
            for parts in [iter([together])] if together else map(self._parts, apart):
                for part in parts:
                    if part and not knows(part.reading):
                        if tokens(part.reading.text) >= self._kept.left():
                            break
                        yield part.reading
        self._read_to = generation

    def best(self, question: str, found: Sequence[RetrievedPassage]) -> Gathered:
        """Return the best sentences of what was found that fit, in the order of the text."""
        chosen = self._best_sentences(question, found[:POOL])
        shown = tuple(self._index.document(i) for i in dict.fromkeys(p.document_id for p in chosen))
        return Gathered(lay_out(chosen, shown), shown, "sentences")

    def _best_sentences(self, question: str, found: Sequence[RetrievedPassage]) -> list[Passage]:
        """Return the passages, each cut down to those of its sentences that are nearest to the question."""
        kept: defaultdict[str, list[Span]] = defaultdict(list)
        left, shown = self._settings.reading_tokens(), {""}
        for passage, span in self._ranker.rank(question, found):
            row = with_columns(text_of(passage, span), passage.heading)
            left -= tokens(row) + (0 if passage.heading in shown else tokens(passage.heading))
            shown.add(passage.heading)
            if kept and left < 0:
                break
            kept[passage.id].append(span)
        chosen = [hit.passage for hit in found if hit.passage.id in kept]
        return [replace(passage, sentences=tuple(sorted(kept[passage.id]))) for passage in chosen]

    def whole(self, documents: Collection[str] | None, owner: str) -> Gathered | None:
        """Return everything that may be asked, if it fits into what is read whole."""
        return self._once(self._together, None if documents is None else frozenset(documents), owner)

    def _together(self, documents: frozenset[str] | None, owner: str) -> Gathered | None:
        if documents is None and self._index.count() > LONGEST_WHOLE:
            return None
        visible = [document.id for document in self._index.documents(owner, documents)]
        passages = [passage for identity in visible for passage in self._index.document_passages(identity)]
        if not passages or sum(map(size, passages)) > self._settings.whole_tokens():
            return None
        return self._laid_out(passages, owner, "whole")

    def _parts_about(self, question: str, found: Sequence[RetrievedPassage]) -> list[Part]:
        """Return the one or two parts that a question is about.

        They are small documents, or else the parts of these that hold the best sentences: those whose passages'
        squared scores sum up to most. Where another one's do nearly, these sums are weighed with the nearest sentence
        of each (tests/benchmarks/README.md). On six long documents, 219 questions, the part with the best sentence is
        right for 0.90, by squares for 0.77.
        """
        if not self._settings.whole_tokens():
            return []
        sums: defaultdict[str, float] = defaultdict(float)
        for hit in found:
            sums[hit.passage.document_id] += hit.score**2
        likeliest = sorted(filter(sums.get, sums), key=lambda document: -sums[document])
        if likeliest[1:] and sums[likeliest[1]] >= ALSO_ABOUT * sums[likeliest[0]]:
            nearest, total = self._ranker.nearest(question, found), sum(sums.values())
            likeliest.sort(key=lambda document: -(SUMS * sums[document] / total + nearest[document]))
            del likeliest[2:]
        else:
            del likeliest[1:]
        starts = {document: self._starts(document) for document in likeliest}
        if all(len(starts[document]) == 1 for document in likeliest):
            return [(document, starts[document][0]) for document in likeliest]
        best = [(p.document_id, p.start) for p, _ in self._ranker.rank(question, found) if p.document_id in starts]
        return list(dict.fromkeys((document, beginning(starts[document], place)) for document, place in best))[:2]

    def _parts(self, document_id: str) -> Iterator[Gathered | None]:
        return (self._part(document_id, start) for start in self._starts(document_id))

    def _starts(self, document_id: str) -> list[int]:
        """Return where the parts of a document begin, the only one where it is small."""
        return self._once(self._cut, document_id)

    def _cut(self, document_id: str) -> list[int]:
        most = self._settings.whole_tokens()
        parts = cut(self._once(self._index.document, document_id), self._index.document_passages(document_id), most)
        return [part[0].start for part in parts]

    def _part(self, document_id: str, start: int) -> Gathered | None:
        """Return the part of a document that begins there, unless it is too long all the same."""
        return self._once(self._laid_out_part, document_id, start)

    def _laid_out_part(self, document_id: str, start: int) -> Gathered | None:
        starts = self._starts(document_id)
        passages = [p for p in self._index.document_passages(document_id) if beginning(starts, p.start) == start]
        if sum(map(size, passages)) > MOST_OVER * self._settings.whole_tokens():
            return None
        return self._laid_out(passages, "", "whole" if len(starts) == 1 else "part")

    def _laid_out(self, passages: Sequence[Passage], owner: str, extent: Extent) -> Gathered:
        documents = dict.fromkeys(passage.document_id for passage in passages)
        shown = tuple(self._once(self._index.document, identity) for identity in documents)
        reading = lay_out(passages, shown)
        return Gathered(replace(reading, kept=self._kept.file(reading, owner)), shown, extent)

    def _once(self, make: Callable[..., Made], *arguments: Any) -> Made:
        """Return what was made of the same arguments for the index as it is, or make it."""
        key = (self._index.generation, make.__name__, *arguments)
        try:
            return cast(Made, self._made[key])
        except KeyError:
            made = make(*arguments)
        if len(self._made) > MOST_KNOWN:
            self._made.clear()
        self._made[key] = made
        return made
