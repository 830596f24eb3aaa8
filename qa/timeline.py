"""What the documents date ("Give me a timeline"), in the order of time, each event in its own words; no model is asked.

A date that is told without its year is of the year told before it in the same passage, or else of the latest one told,
which is when a report was written. Weekdays alone, and "the next day", place nothing.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from qa.datatypes import Document, Turn
from qa.durations import Date, dates_in, month_number
from qa.embedding import Embedder
from qa.index import Index
from qa.names import months_in
from qa.overview import (
    MOST_COMPARED,
    MOST_DOCUMENTS,
    POINTS,
    SAYS_NOTHING_ELSE,
    choose,
    documents_meant,
    evenly,
    topic_words,
)
from qa.ranking import sentences_of
from qa.reading import NumberedSentence

MOST_EVENTS = 25
FEWEST_EVENTS = 2
"""Below that there is no order to tell."""

_ASKED = re.compile(
    r"\btime[ -]?lines?\b|\bchronolog|\b(?:sequence|course|order) of (?:the |all )?events\b|"
    r"\bwhat happened,?(?: and)? when\W*$|\bin (?:what|which) order did (?:things|events|it all|everything) happen\b|"
    r"\bevents (?:in order|by date|(?:in the )?order of time)\b|"
    r"\b(?:key|important|main|major|all) (?:the )?dates\b.*\b(?:events?|happen\w*)\b|"
    r"\b(?:key|important|main|major) dates\b\W*(?:\b(?:in|of|from) (?:the|this) (?:article|text|document)\b)?\W*$|"
    r"\bzeit(?:leiste|strahl|tafel)\b|\bligne du temps\b|\bfrise\b|\bcronolog|\blínea del? tiempo\b",
    re.IGNORECASE,
)
"""In the page's languages."""
_SAYS_ORDER = SAYS_NOTHING_ELSE | topic_words(
    """timeline time line lines chronology chronological chronologically order sequence course date event events happen
    happened when each every took place occurred create build draw put list lay out all history step by describe
    thing did in everything walk through together table erstelle una hecho dated happening
    zeitleiste zeitstrahl zeittafel chronologie chronologisch ereignisse ligne temps frise chronologique événements
    cronología cronológico línea tiempo eventos"""
)


@dataclass(frozen=True, slots=True)
class Event:
    """A sentence and the date in it that comes first."""

    when: Date
    sentence: NumberedSentence


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events in the order of time, and their documents."""

    events: tuple[Event, ...]
    documents: tuple[Document, ...]


class Timelines:
    """Timelines of the documents of an index."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        """Use an open index and an embedder."""
        self._index = index
        self._embedder = embedder

    def asked(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None, owner: str
    ) -> Timeline | None:
        """Return the timeline that a question asks for; None if it leans on what was said, or too little is dated.

        Where it names something, of the sentences that name that, or all of a short document whose first one does.
        """
        if not _ASKED.search(question) or (history and POINTS.search(question)):
            return None
        visible = self._index.documents(owner, documents)
        named = topic_words(question) - _SAYS_ORDER
        titled = documents_meant(" ".join(named), visible)
        named, meant = (set[str](), titled) if titled else (named, list(visible))
        if len(meant) > MOST_DOCUMENTS:
            return None
        dated = [event for document in meant for event in self._events(document.id, named)]
        if len(dated) < FEWEST_EVENTS:
            return None
        events = sorted(self._most_telling(dated), key=lambda event: event.when[:3])
        told = dict.fromkeys(event.sentence.document_id for event in events)
        return Timeline(tuple(events), tuple(self._index.document(identity) for identity in told))

    def _events(self, document_id: str, named: set[str]) -> list[Event]:
        sentences = sentences_of(self._index.document_passages(document_id))
        told = with_years(list(events_in(sentences)))
        if told and len(sentences) <= MOST_COMPARED and named <= topic_words(sentences[0].text):
            return told
        return [event for event in told if named <= topic_words(event.sentence.text)]

    def _most_telling(self, events: list[Event]) -> list[Event]:
        if len(events) <= MOST_EVENTS:
            return events
        compared = evenly(events, MOST_COMPARED)
        texts = [event.sentence.text for event in compared]
        return [compared[place] for place in choose(texts, MOST_EVENTS, self._embedder.embed_passages)]


def events_in(sentences: Sequence[NumberedSentence]) -> Iterator[Event]:
    """Yield the sentences that tell a date, a year or a month, each with the first one."""
    for sentence in sentences:
        dates = dates_in(sentence.text)
        if not dates:
            dates = [Date(0, month_number(m.words), 0, m.words) for m in months_in([sentence])]
        if dates:
            yield Event(min(dates, key=lambda told: sentence.text.find(told.words)), sentence)


def with_years(events: Sequence[Event]) -> list[Event]:
    """Return the events of a document, those without a year in the year that they are likely of.

    Where the months of these leave half a year free, they begin behind it: November comes before January then.
    """
    now = date.today().year
    latest = max((event.when.year for event in events if event.when.year <= now), default=0)
    free = [event.when.month for event in events if not event.when.year]
    first = _first_month(sorted(set(free)))
    placed, year, passage = [], 0, ""
    for event in events:
        if event.when.year:
            year, passage = event.when.year, event.sentence.passage_id
        elif event.sentence.passage_id == passage:
            event = replace(event, when=event.when._replace(year=year))
        else:
            event = replace(event, when=event.when._replace(year=latest + (event.when.month < first)))
        placed.append(event)
    return placed


def _first_month(months: Sequence[int]) -> int:
    """Return the month behind the longest time without one, the first one if that is less than half a year."""
    gaps = [((then - one) % 12, then) for one, then in zip(months, (*months[1:], *months[:1]), strict=True)]
    longest, then = max(gaps, default=(0, 0))
    return then if longest > 6 else min(months, default=0)
