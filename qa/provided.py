"""A provider's own citations (LangChain's standard citation blocks) -> labels, for those that stand in what was read.

Some providers answer in blocks of text, each with the words that it cites. What was read holds them verbatim or they
count for nothing; the statement is then proved as any other (proving.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage

from qa.reading import Reading, Statement, label, read_reply

LEAST_WORDS = 3
"""Words from which a part of a sentence tells which sentence is cited."""


def as_chunk(message: BaseMessage) -> AIMessageChunk:
    """Return what a model streams as a piece of a message; one that cannot stream gives the whole message at once."""
    if isinstance(message, AIMessageChunk):
        return message
    return AIMessageChunk(content=message.content, response_metadata=message.response_metadata)


def labelled(message: AIMessage, reading: Reading) -> str:
    """Return the text of a message, in which what a block cites of a reading is named by labels, a line for each block.

    Without such citations that is the message's text as it is.
    """
    blocks: list[Mapping[str, Any]] = [dict(block) for block in message.content_blocks if block["type"] == "text"]
    if not any(map(_quotes, blocks)):
        return message.text
    return "\n".join(line for block in blocks for line in _lines(block, reading))


def _lines(block: Mapping[str, Any], reading: Reading) -> Iterator[str]:
    numbers = tuple(dict.fromkeys(number for quote in _quotes(block) for number in _cited(quote, reading)))
    for statement in read_reply(block["text"]):
        if any(map(str.isalnum, statement.text)):
            yield _line(Statement(statement.text, tuple(dict.fromkeys(statement.numbers + numbers))))


def _line(statement: Statement) -> str:
    names = " ".join(map(label, statement.numbers))
    return f"{names}: {statement.text}" if names else statement.text


def _quotes(block: Mapping[str, Any]) -> list[str]:
    annotations: Iterable[Mapping[str, Any]] = block.get("annotations") or ()
    return [a["cited_text"] for a in annotations if a.get("type") == "citation" and a.get("cited_text")]


def _cited(quote: str, reading: Reading) -> Iterator[int]:
    """Yield the numbers of the sentences that a quote holds, or is a part of, whatever its white space."""
    words = " ".join(quote.split())
    for sentence in reading.sentences:
        text = " ".join(sentence.text.split())
        if text in words or (words in text and words.count(" ") + 1 >= LEAST_WORDS):
            yield sentence.number
