"""A list that a document holds, whole ("What are the milestones?"), found by its heading or by what introduces it.

No model is asked. Of a list that stands in a sentence ("Oslo, Ghent and Turin") nothing is known here.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from qa.blocks import blocks, heading_words
from qa.datatypes import Document, Turn
from qa.index import Index
from qa.overview import MOST_DOCUMENTS, POINTS, SAYS_NOTHING_ELSE, topic_words
from qa.ranking import sentences_of
from qa.reading import NumberedSentence

FEWEST_ITEMS, MOST_ITEMS = 2, 25

_ASKED = re.compile(
    r"(?:what|which) (?:are|were) (?:all )?(?:of )?(?:the|its|their) (?P<are>.+)|"
    r"(?:please )?(?:list|name|enumerate|give me|show me) (?:all )?(?:of )?(?:the )?(?P<give>.+)|"
    r"(?:what|which) (?P<there>.+) are (?:there|listed|given)|"
    r"(?:was|welche[ns]?) (?:sind|waren) (?:alle )?(?:die|seine|ihre) (?P<sind>.+)|welche (?P<gibt>.+) gibt es|"
    r"quel(?:le)?s (?:sont|étaient) (?:tou(?:te)?s )?(?:les|ses|leurs) (?P<sont>.+)|"
    r"cuáles (?:son|eran) (?:tod[oa]s )?(?:los|las|sus) (?P<son>.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of a document: the heading above, the sentence that introduces it, if one does, and what is listed."""

    document: Document
    heading: str
    introduced: NumberedSentence | None
    items: tuple[NumberedSentence, ...]

    def is_named(self, wanted: set[str]) -> bool:
        """Say whether what is wanted is what introduces the list says, or half of it, words of the title aside."""
        words = topic_words(self.introduced.text if self.introduced else self.heading) - SAYS_NOTHING_ELSE
        return wanted <= words | topic_words(self.document.title) and 0 < len(words) <= 2 * len(wanted & words)


class Listings:
    """The lists of the documents of an index."""

    def __init__(self, index: Index) -> None:
        """Use an open index."""
        self._index = index

    def asked(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None, owner: str
    ) -> Listing | None:
        """Return the list that a question asks for; None if it leans on what was said or several documents have one."""
        wanted = list_asked(question)
        if not wanted or (history and POINTS.search(question)):
            return None
        visible = self._index.documents(owner, documents)
        if len(visible) > MOST_DOCUMENTS:
            return None
        meant = [one for document in visible for one in self._lists(document.id) if one.is_named(wanted)]
        return meant[0] if len(meant) == 1 and len(meant[0].items) >= FEWEST_ITEMS else None

    def introduced_by(self, sentence: NumberedSentence) -> Listing | None:
        """Return the list that a sentence introduces; None if there is none."""
        if not sentence.text.endswith(":"):
            return None
        lists = self._lists(sentence.document_id)
        return next((one for one in lists if one.introduced and one.introduced.end == sentence.end), None)

    def _lists(self, document_id: str) -> Iterator[Listing]:
        """Yield the lists of a document that are not too long to be given."""
        document = self._index.document(document_id)
        sentences = sentences_of(self._index.document_passages(document_id))
        starts, by_end = [s.start for s in sentences], {s.end: s for s in sentences}
        heading, above = "", 0
        for kind, run in groupby(blocks(document.text), key=lambda block: block.kind):
            first, last = (found := list(run))[0], found[-1]
            if kind == "item":
                items = sentences[bisect_left(starts, first.start) : bisect_left(starts, last.end)]
                before = by_end.get(above)
                introduced = before if before and before.text.endswith(":") else None
                if 0 < len(items) <= MOST_ITEMS:
                    yield Listing(document, heading, introduced, tuple(items))
            if kind == "heading":
                heading = heading_words(document.text, last)
            above = last.end


def list_asked(question: str) -> set[str]:
    """Return the words of what is to be listed; none if the question is no such request."""
    found = _ASKED.fullmatch(" ".join(question.split()).strip("¿¡?!. "))
    return topic_words(found[found.lastgroup or 0]) - SAYS_NOTHING_ELSE if found else set()
