"""From a reply to an Answer: what it states is proved, judged and put together; no language model is asked here."""

import string
from collections.abc import Collection, Sequence
from dataclasses import replace

from qa.answering import Reply
from qa.calibration import RIGHT_WITHOUT_EVIDENCE
from qa.citations import AS_LIKELY, AS_LIKELY_AFTER, NOTHING_SAID, Cited, compose, quoted_below
from qa.datatypes import Answer, Document, RetrievedPassage, Timings
from qa.extremes import Extreme
from qa.inventory import Inventory
from qa.judging import Judge
from qa.listing import Listing
from qa.material import Gathered
from qa.mentions import mentions, names, plain
from qa.numerals import without_numbers
from qa.overview import Overview
from qa.proving import stem
from qa.selecting import Selection
from qa.timeline import Timeline
from qa.topics import OnTopic

_MARKS = string.punctuation + "“”‘’„«»…"
OVERVIEW = "The article in its own words:"
SAYS = "The article says:"
TIMELINE = "What the article dates, in the order of time:"


def conclude(
    question: str,
    searched: str,
    passages: tuple[RetrievedPassage, ...],
    material: Gathered,
    reply: Reply,
    judge: Judge,
    timings: Timings,
    before: Cited = NOTHING_SAID,
) -> Answer:
    """Return the answer to `question`, for which `searched` was looked up: what the reply states, proved and judged.

    What was said `before`, of another question asked in one with it, is no part of it, but its sentences keep their
    markers.
    """
    cited = proved(question, searched, material, reply, judge, before=before)
    verdict = judge.verdict(reply, cited)
    by_id = {document.id: document for document in material.documents}
    return Answer(
        question=question,
        search_question=searched,
        text=verdict.text,
        answered=verdict.answered,
        confidence=verdict.confidence,
        citations=verdict.citations,
        passages=passages,
        timings=timings,
        unsupported=cited.unsupported,
        signals=verdict.signals,
        documents=tuple(by_id[i] for i in dict.fromkeys(c.document_id for c in verdict.citations)),
    )


def give_overviews(
    question: str, passages: tuple[RetrievedPassage, ...], overviews: Sequence[Overview], timings: Timings
) -> Answer:
    """Return the overviews of one or more documents as an answer."""
    documents = {overview.document.id: overview.document for overview in overviews}
    heads = [o.document.title for o in overviews] if len(overviews) > 1 else [OVERVIEW]
    quotes = ([("", sentence) for sentence in overview.sentences] for overview in overviews)
    sections = zip(heads, quotes, strict=True)
    return _quoting(question, passages, quoted_below(sections, documents), tuple(documents.values()), timings)


def give_timeline(
    question: str, passages: tuple[RetrievedPassage, ...], timeline: Timeline, timings: Timings
) -> Answer:
    """Return a timeline as an answer."""
    cited = quoted_below(
        [(TIMELINE, [(event.when.words, event.sentence) for event in timeline.events])],
        {document.id: document for document in timeline.documents},
    )
    return _quoting(question, passages, cited, timeline.documents, timings)


def give_listing(
    question: str,
    passages: tuple[RetrievedPassage, ...],
    listing: Listing,
    timings: Timings,
    chance: float = RIGHT_WITHOUT_EVIDENCE,
    before: Cited = NOTHING_SAID,
) -> Answer:
    """Return a list, and what introduces it, as an answer that is right with this probability; `before` as above."""
    document, introduced = listing.document, (listing.introduced,) if listing.introduced else ()
    quotes = [("", sentence) for sentence in (*introduced, *listing.items)]
    cited = quoted_below([(SAYS, quotes)], {document.id: document}, before)
    return _quoting(question, passages, cited, (document,), timings, chance)


def give_rows(
    question: str,
    passages: tuple[RetrievedPassage, ...],
    rows: Extreme | Selection,
    timings: Timings,
    chance: float,
    before: Cited = NOTHING_SAID,
) -> Answer:
    """Return the row with the most or the least, or those with something in common, as an answer; rest as above."""
    return _quoting(question, passages, rows.cited(before), (rows.document,), timings, chance)


def give_topic(
    question: str,
    passages: tuple[RetrievedPassage, ...],
    material: Gathered,
    found: OnTopic,
    timings: Timings,
    before: Cited = NOTHING_SAID,
) -> Answer:
    """Return what the documents say of a topic as an answer; `before` as for `conclude`."""
    documents = {document.id: document for document in material.documents}
    cited = quoted_below([(SAYS, [("", sentence) for sentence in found.sentences])], documents, before)
    shown = tuple(documents[identity] for identity in dict.fromkeys(c.document_id for c in cited.citations))
    return _quoting(question, passages, cited, shown, timings, found.chance)


def give_inventory(
    question: str, passages: tuple[RetrievedPassage, ...], inventory: Inventory, timings: Timings
) -> Answer:
    """Return what documents name as an answer."""
    return _quoting(question, passages, inventory.cited(), inventory.documents, timings)


def _quoting(
    question: str,
    passages: tuple[RetrievedPassage, ...],
    cited: Cited,
    documents: tuple[Document, ...],
    timings: Timings,
    confidence: float = RIGHT_WITHOUT_EVIDENCE,
) -> Answer:
    return Answer(
        question=question,
        search_question=question,
        text=cited.text,
        answered=True,
        confidence=confidence,
        citations=cited.citations,
        passages=passages,
        timings=timings,
        documents=documents,
    )


def answer_politely(question: str, text: str, timings: Timings) -> Answer:
    """Return what is said to a greeting or thanks, which is no answer from the documents."""
    return Answer(
        question=question,
        search_question=question,
        text=text,
        answered=False,
        confidence=1.0,
        citations=(),
        passages=(),
        timings=timings,
    )


def remarked(answer: Answer, unmentioned: Sequence[str]) -> Answer:
    """Return the answer with what its question mentions and the documents do not, at the end of its text."""
    if not unmentioned:
        return answer
    told = " or ".join(f"“{name}”" for name in unmentioned)
    return replace(answer, text=f"{answer.text} {'The article' if answer.answered else 'It'} does not mention {told}.")


def proved(
    question: str,
    searched: str,
    material: Gathered,
    reply: Reply,
    judge: Judge,
    *,
    finished: bool = True,
    before: Cited = NOTHING_SAID,
) -> Cited:
    """Return what a reply states as text with its citations; what is not proved is left out and counted.

    Of a reply that is not `finished`, what is returned is how the text of the whole will begin.
    """
    by_id, sentences = {document.id: document for document in material.documents}, material.reading.sentences
    foreign, kept = foreign_names(question, searched, material), judge.kept(reply)
    known = _known(question, searched, material, foreign)
    also = reply.likely_from(AS_LIKELY_AFTER if before.text else AS_LIKELY) if finished else ()
    relevance, asked = judge.relevance_of, question if finished else ""
    cited = compose(kept, sentences, by_id, known, judge.sure, also, reply.first, relevance, before, foreign, asked)
    return replace(cited, unsupported=cited.unsupported + len(reply.statements) - len(kept))


def known_without_proof(question: str, searched: str, material: Gathered) -> str:
    """Return text that a statement may take names from without proof: the question and the titles.

    Numbers of the question and names that the documents never mention are left out: a question that takes something
    false for granted would find it repeated.
    """
    return _known(question, searched, material, foreign_names(question, searched, material))


def _known(question: str, searched: str, material: Gathered, foreign: Collection[str]) -> str:
    words = without_numbers(f"{question} {searched}").split()
    asked = (word for word in words if stem(word.strip(_MARKS)) not in foreign)
    return " ".join([*asked, *(document.title for document in material.documents)])


def foreign_names(question: str, searched: str, material: Gathered) -> frozenset[str]:
    """Return the names of a question, as stems, that the documents never mention."""
    named = {stem(name) for name in names(searched)} | {stem(name) for name in names(question)}
    text = plain("\n".join(document.text for document in material.documents)) if named else ""
    return frozenset(name for name in named if not mentions(text, name))
