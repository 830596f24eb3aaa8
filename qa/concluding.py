"""From a reply to an Answer: what it states is proved, judged and put together; no language model is asked here."""

from qa.answering import Reply
from qa.citations import AS_LIKELY, compose
from qa.datatypes import Answer, RetrievedPassage, Timings
from qa.judging import Judge
from qa.material import Gathered


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
    by_id = {document.id: document for document in material.documents}
    known = " ".join([question, searched, *(document.title for document in material.documents)])
    sentences, also = material.reading.sentences, reply.likely_from(AS_LIKELY)
    kept = judge.kept(reply)
    cited = compose(kept, sentences, by_id, known, judge.sure, also, reply.first, judge.relevance_of)
    verdict = judge.verdict(reply, cited)
    return Answer(
        question=question,
        search_question=searched,
        text=verdict.text,
        answered=verdict.answered,
        confidence=verdict.confidence,
        citations=verdict.citations,
        passages=passages,
        timings=timings,
        unsupported=cited.unsupported + len(reply.statements) - len(kept),
        signals=verdict.signals,
        documents=tuple(by_id[i] for i in dict.fromkeys(c.document_id for c in verdict.citations)),
    )
