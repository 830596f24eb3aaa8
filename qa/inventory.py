"""Everything of a kind that the documents name ("Which countries are mentioned?"), listed by code, each item cited.

The reader names the sentences that answer a question, not all that a text names. Here names are found by their form
(names.py) and the embedded model says of each name, alone, what it is a name of: a few words to read, no text to write.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from qa.citations import Cited, listed
from qa.datatypes import Document
from qa.embedded import EmbeddedChatModel
from qa.index import Index
from qa.names import Named, days_in, merged, months_in, names_in, weekdays_in, years_in
from qa.overview import MOST_DOCUMENTS
from qa.ranking import sentences_of
from qa.reading import NumberedSentence

MOST_UNKNOWN = 80
"""Names of unknown kind, an eighth of a second each, from which on a question does not wait for that to be known."""
LEAST_CHANCE = 0.4
"""Probability from which a name is taken for one of a kind."""

KINDS = {
    "people": ("person",),
    "persons": ("person",),
    "individuals": ("person",),
    "characters": ("person",),
    "countries": ("country",),
    "nations": ("country",),
    "cities": ("city",),
    "cities and towns": ("city",),
    "towns": ("city",),
    "towns and cities": ("city",),
    "places": ("city", "country", "region"),
    "locations": ("city", "country", "region"),
    "organisations": ("organisation",),
    "organizations": ("organisation",),
}
CALENDAR: dict[str, Callable[[Sequence[NumberedSentence]], list[Named]]] = {
    "months": months_in,
    "weekdays": weekdays_in,
    "days of the week": weekdays_in,
    "dates": days_in,
    "years": years_in,
}
_EXAMPLES = (
    "Each name with its kind: person, city, country, region, organisation, people, event, title, month, day, other.\n\n"
    "Angela Merkel: person\nLyon: city\nNorway: country\nWorld Bank: organisation\nCanada: country\nBavaria: region\n"
    "President Lincoln: person\nCatalans: people\nRiver Thames: region\nSocial Democrats: organisation\nMarch: month\n"
    "Pride and Prejudice: title\nNorwegian: people\nBattle of Waterloo: event\nDr Chen Wei: person\n"
    "Reuters: organisation\nNairobi: city\nFriday: day\nDanish: people\nIslam: other\nPeru: country\n"
)
_NAMES_OF_KINDS = tuple(re.findall(r"\w+", _EXAMPLES.partition("\n")[0].partition(":")[2]))
_NOUN = "|".join(sorted((*KINDS, *CALENDAR), key=len, reverse=True))
_TEXT = r"(?:the|this|that|these|your|our)\s+(?:\w+\s+)?(?:article|text|document|story|report|page|paper|file|piece)s?"
_IN_TEXT = rf"(?:\s+(?:in|by|throughout)\s+(?:{_TEXT}|it)|\s+here|\s+anywhere)?"
_ALL = r"(?:(?:all|every|each|any|of|the|different|various)\s+)*"
_KEY = r"(?:key|main|most\s+important|important|central|principal|major|leading)"
_MENTIONED = r"(?:named|mentioned|involved|referred\s+to|listed|given|come\s+up|appear|occur)"
_ARE = r"(?:(?:that|which|who)\s+)?(?:(?:are|r|were|is|was|get|do|have|been|being)\s+)*"
_ALL_NAMED = rf"{_ALL}(?P<kind>{_NOUN})\s+{_ARE}(?:{_MENTIONED}(?:\s+by\s+name)?{_IN_TEXT}|in\s+{_TEXT})"
_ASKED = [
    re.compile(rf"\W*(?:(?:please|can\s+you|could\s+you)\s+)?{form}\W*", re.IGNORECASE)
    for form in (
        rf"(?:which|what|who)\s+(?:(?:are|r)\s+)?{_ALL_NAMED}",
        rf"(?:list|name|give|enumerate|tell|show|find)\s+(?:me\s+|us\s+)?(?:{_ALL}names\s+of\s+)?{_ALL_NAMED}",
        rf"(?:which|what)\s+{_ALL}(?P<kind>{_NOUN})\s+(?:does|do)\s+{_TEXT}\s+(?:name|mention|list|refer\s+to)",
        rf"who\s+(?:all\s+)?(?:is|are|was|were|gets?)\s+(?:named|mentioned|involved)(?:\s+by\s+name)?{_IN_TEXT}",
        rf"(?:who|which|what)\s+(?:are|were)\s+(?:the\s+)?{_KEY}\s+(?P<kind>{_NOUN})(?:\s+{_MENTIONED})?{_IN_TEXT}",
    )
]


def kind_asked(question: str) -> str:
    """Return the kind of which a question asks for all that is named, in the plural; "" if it asks for anything else.

    Nothing may narrow the kind: "Which cities were hit?" and "Which Afghan cities are named?" are for the reader.
    """
    for form in _ASKED:
        if found := form.fullmatch(question):
            return " ".join(found.groupdict().get("kind", "people").lower().split())
    return ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of a kind that documents name, with the documents."""

    kind: str
    found: tuple[Named, ...]
    documents: tuple[Document, ...]

    def cited(self) -> Cited:
        """Return it as a sentence, each item with the mark of the sentence that names it first."""
        head = f"{self.kind.capitalize()} named in the {'articles' if len(self.documents) > 1 else 'article'}:"
        return listed(head, [(n.words, [n.sentence]) for n in self.found], {d.id: d for d in self.documents})


class Inventories:
    """What the documents of an index name, by kind; what was said of a name is remembered until the process ends."""

    def __init__(self, index: Index) -> None:
        """Use an open index."""
        self._index = index
        self._chances: dict[str, dict[str, float]] = {}
        self._prepared: int | None = None

    def asked(
        self, kind: str, documents: Collection[str] | None, owner: str, model: EmbeddedChatModel
    ) -> Inventory | None:
        """Return all of a kind (`kind_asked`); None if there is nothing of it, or too much to look through now."""
        meant = self._index.documents(owner, documents)
        if len(meant) > MOST_DOCUMENTS:
            return None
        meant = tuple(self._index.document(document.id) for document in meant)
        sentences = [sentence for document in meant for sentence in self._sentences(document.id)]
        if kind in CALENDAR:
            found = CALENDAR[kind](sentences)
        else:
            names = names_in(sentences)
            unknown = self._unknown(names)
            if len(unknown) > MOST_UNKNOWN:
                return None
            for name in unknown:
                self._learn(name, model)
            found = [name for name in names if self._is(name, KINDS[kind])]
            found = merged(found) if "person" in KINDS[kind] else found
        return Inventory(kind, tuple(found), meant) if found else None

    def prepare(self, owners: Sequence[str], model: EmbeddedChatModel, wanted: Callable[[], bool]) -> bool:
        """Learn the kinds of the names in a few documents; return whether that is done before the model is `wanted`."""
        generation = self._index.generation
        if self._prepared == generation:
            return True
        asked = map(self._index.documents, owners)
        few = dict.fromkeys(d.id for documents in asked if len(documents) <= MOST_DOCUMENTS for d in documents)
        for document_id in few:
            for name in self._unknown(names_in(self._sentences(document_id))):
                if wanted():
                    return False
                self._learn(name, model)
        self._prepared = generation
        return True

    def _unknown(self, names: Sequence[Named]) -> list[Named]:
        return [name for name in names if name.words not in self._chances]

    def _learn(self, name: Named, model: EmbeddedChatModel) -> None:
        self._chances[name.words] = chances(name.words, model)

    def _is(self, name: Named, kinds: Collection[str]) -> bool:
        return sum(self._chances[name.words].get(kind, 0.0) for kind in kinds) >= LEAST_CHANCE

    def _sentences(self, document_id: str) -> list[NumberedSentence]:
        return sentences_of(self._index.document_passages(document_id))


def chances(name: str, model: EmbeddedChatModel) -> dict[str, float]:
    """Return the probability (0..1) of each kind that a name may be of, by the model's next token after examples."""
    first = next(model.complete(f"{_EXAMPLES}{name}:", max_tokens=1, top_logprobs=20))
    told: defaultdict[str, float] = defaultdict(float)
    for kind, chance in _told(first.logprobs[0]):
        told[kind] += chance
    total = sum(told.values())
    return {kind: chance / total for kind, chance in told.items()} if total else {}


def _told(alternatives: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    for token, logprob in alternatives:
        begun = token.strip()
        kinds = [kind for kind in _NAMES_OF_KINDS if begun and kind.startswith(begun)]
        if len(kinds) == 1:
            yield kinds[0], math.exp(logprob)
