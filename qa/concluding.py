"""From a reply to an Answer: what it states is proved, judged and put together; no language model is asked here."""

from dataclasses import replace

from qa.answering import Reply
from qa.citations import AS_LIKELY, Cited, compose
from qa.datatypes import Answer, RetrievedPassage, Timings
from qa.judging import Judge
from qa.material import Gathered
from qa.numerals import without_numbers


def conclude(
    question: str,
    searched: str,
    passages: tuple[RetrievedPassage, ...],
    material: Gathered,
    reply: Reply,
    judge: Judge,
    timings: Timings,
) -> Answer:
    """Return the answer to `question`, for which `searched` was looked up: what the reply states, proved and judged."""
    cited = proved(question, searched, material, reply, judge)
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


def proved(
    question: str, searched: str, material: Gathered, reply: Reply, judge: Judge, *, finished: bool = True
) -> Cited:
    """Return what a reply states as text with its citations; what is not proved is left out and counted.

    Of a reply that is not `finished`, what is returned is how the text of the whole will begin.
    """
    by_id, sentences = {document.id: document for document in material.documents}, material.reading.sentences
    known, kept = known_without_proof(question, searched, material), judge.kept(reply)
    also = reply.likely_from(AS_LIKELY) if finished else ()
    cited = compose(kept, sentences, by_id, known, judge.sure, also, reply.first, judge.relevance_of)
    return replace(cited, unsupported=cited.unsupported + len(reply.statements) - len(kept))


def known_without_proof(question: str, searched: str, material: Gathered) -> str:
    """Return text that a statement may take names from without proof, the question's but for numbers, and the titles.

    A question that takes a wrong number for granted would find it repeated.
    """
    return " ".join([without_numbers(f"{question} {searched}"), *(document.title for document in material.documents)])
