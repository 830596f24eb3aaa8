"""The question answering chain as a LangChain Runnable whose AIMessage carries standard citation content blocks."""

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.content import Citation as CitationBlock
from langchain_core.messages.content import create_citation, create_text_block
from langchain_core.runnables import Runnable, RunnableLambda

from qa.datatypes import Answer, Citation


def to_message(answer: Answer) -> AIMessage:
    """Return an answer as a message: one text block, annotated with a citation block for each quote.

    In LangChain's standard `start_index` and `end_index` count into the answer; where the quote stands in the source
    is in `extras`. What is left of the answer lies in `response_metadata`.
    """
    block = create_text_block(answer.text, annotations=[_block(citation, answer) for citation in answer.citations])
    record = answer.to_json()
    kept = {name: record[name] for name in ("question", "search_question", "answered", "confidence", "timings")}
    return AIMessage(content_blocks=[block], response_metadata=kept)


def _block(citation: Citation, answer: Answer) -> CitationBlock:
    return create_citation(
        title=answer.document(citation).title,
        start_index=citation.answer_start,
        end_index=citation.answer_end,
        cited_text=citation.quote,
        marker=citation.marker,
        source=citation.source,
        document_id=citation.document_id,
        source_start=citation.start,
        source_end=citation.end,
        source_page=citation.page,
    )


def as_runnable(
    ask: Callable[..., Answer], aask: Callable[..., Awaitable[Answer]]
) -> Runnable[str | dict[str, Any], AIMessage]:
    """Return a Runnable over `ask`; its input is a question, or a mapping with "question" and "history"."""

    def arguments(value: str | dict[str, Any]) -> dict[str, Any]:
        return {"question": value} if isinstance(value, str) else dict(value)

    def run(value: str | dict[str, Any]) -> AIMessage:
        return to_message(ask(**arguments(value)))

    async def arun(value: str | dict[str, Any]) -> AIMessage:
        return to_message(await aask(**arguments(value)))

    return RunnableLambda(run, afunc=arun, name="qa")
