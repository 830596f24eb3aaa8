"""A list that a document holds, whole ("What are the milestones?"), found by its heading or by what introduces it.

No model is asked. Of a list that stands in a sentence ("Oslo, Ghent and Turin") nothing is known here.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from qa.datatypes import Document, Passage, Turn
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
    """A document and the items of its list, in its order."""

    document: Document
    items: tuple[NumberedSentence, ...]


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
        found = [(document, self._items(document, wanted)) for document in visible]
        found = [(document, items) for document, items in found if len(items) >= FEWEST_ITEMS]
        if len(found) != 1 or len(found[0][1]) > MOST_ITEMS:
            return None
        ((document, items),) = found
        return Listing(self._index.document(document.id), tuple(items))

    def _items(self, document: Document, wanted: set[str]) -> list[NumberedSentence]:
        listed = filter(_is_list, self._index.document_passages(document.id))
        meant = (passage for passage in listed if _names(wanted, _lead(passage) or passage.heading, document.title))
        return [sentence for sentence in sentences_of(meant) if not sentence.text.endswith(":")]


def list_asked(question: str) -> set[str]:
    """Return the words of what is to be listed; none if the question is no such request."""
    found = _ASKED.fullmatch(" ".join(question.split()).strip("¿¡?!. "))
    return topic_words(found[found.lastgroup or 0]) - SAYS_NOTHING_ELSE if found else set()


def _is_list(passage: Passage) -> bool:
    """Say whether some sentence of a passage begins a line: those of a paragraph share theirs."""
    return any("\n" in gap for gap in _gaps(passage))


def _gaps(passage: Passage) -> Iterator[str]:
    """Yield what stands between the sentences."""
    for (_, end), (start, _) in zip(passage.sentences, passage.sentences[1:], strict=False):
        yield passage.text[end - passage.start : start - passage.start]


def _lead(passage: Passage) -> str:
    """Return the words that introduce the list, if it begins with such."""
    start, end = passage.sentences[0]
    first = passage.text[: end - start]
    return first if first.endswith(":") else ""


def _names(wanted: set[str], name: str, title: str) -> bool:
    """Say whether what is wanted is what a name says, or half of it, words of the document's title aside."""
    words = topic_words(name) - SAYS_NOTHING_ELSE
    return wanted <= words | topic_words(title) and 0 < len(words) <= 2 * len(wanted & words)
