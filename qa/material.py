"""Which sentences the reader gets to see: all of a small corpus, or those of the best passages within a budget."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qa.datatypes import Document, Passage, RetrievedPassage
from qa.index import Index
from qa.reading import Reading, lay_out
from qa.settings import Settings

BYTES_PER_TOKEN = 4
"""UTF-8 bytes in a token of text, a little under what byte-pair vocabularies reach on news and encyclopedias."""
LONGEST_WHOLE = 200
"""Passages of a corpus that may be read whole; more are not even looked at."""


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

    def __init__(self, index: Index, settings: Settings) -> None:
        self._index = index
        self._settings = settings
        self._wholes: dict[tuple[object, ...], Gathered | None] = {}

    def gather(
        self, found: Sequence[RetrievedPassage], documents: Collection[str] | None, owner: str
    ) -> Gathered:
        """Return the whole corpus if it is small enough, else the best passages that fit, in the order of the text."""
        if whole := self.whole(documents, owner):
            return whole
        chosen: list[Passage] = []
        left = self._settings.context_tokens
        for passage in (retrieved.passage for retrieved in found):
            left -= tokens(passage.text)
            if chosen and left < 0:
                break
            chosen.append(passage)
        shown = tuple(self._index.document(i) for i in dict.fromkeys(p.document_id for p in chosen))
        return Gathered(lay_out(chosen, shown), shown, whole=False)

    def whole(self, documents: Collection[str] | None, owner: str) -> Gathered | None:
        """Return everything that may be asked, if it fits into `whole_document_tokens`."""
        key = (self._index.generation, None if documents is None else frozenset(documents), owner)
        if key not in self._wholes:
            if len(self._wholes) > 64:
                self._wholes.clear()
            self._wholes[key] = self._read_whole(documents, owner)
        return self._wholes[key]

    def _read_whole(self, documents: Collection[str] | None, owner: str) -> Gathered | None:
        if documents is None and self._index.count() > LONGEST_WHOLE:
            return None
        shown = [d for d in self._index.documents(owner) if documents is None or d.id in documents]
        passages = [passage for d in shown for passage in self._index.document_passages(d.id)]
        if not passages or sum(tokens(p.text) for p in passages) > self._settings.whole_document_tokens:
            return None
        return Gathered(lay_out(passages, shown), tuple(shown), whole=True)
