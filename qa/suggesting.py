"""Suggested questions: written by the chat model from the documents, proved by asking them, cached with the index."""

import json
import re
from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from qa.citations import content_words
from qa.datatypes import Answer, Passage
from qa.index import Index

NOTE = "suggestions"
STARTERS = 4
FOLLOW_UPS = 3
ATTEMPTS = 10
"""Passages, spread evenly over the documents, from which a question is tried."""
LEAST_CONFIDENCE = 0.75
LONGEST_WORDS = 18
_INSTRUCTION = (
    "Write one short question that a reader of this passage would ask and that the passage answers. "
    "Name who or what is meant. Write the question only."
)
_QUESTION = re.compile(r"^[\W\d]*([A-Z][^?\n]{8,150}\?)")


class Suggestions:
    """The questions kept with an index; any change of the index drops them."""

    def __init__(self, index: Index) -> None:
        """Use an open index."""
        self._index = index

    def kept(self) -> list[str]:
        """Return every question, in the order of the documents."""
        note = self._index.note(NOTE)
        return list(json.loads(note)) if note else []

    def prepare(self, model: BaseChatModel, ask: Callable[[str], Answer]) -> None:
        """Write questions and keep those that get a cited answer with some confidence, unless that has been done."""
        if self._index.note(NOTE) is not None:
            return
        generation = self._index.generation
        found: list[str] = []
        for passage in self._spread():
            question = _written(model, passage.text)
            if question and question not in found:
                answer = ask(question)
                if answer.answered and answer.confidence >= LEAST_CONFIDENCE:
                    found.append(question)
        if self._index.generation == generation:
            self._index.set_note(NOTE, json.dumps(found))

    def _spread(self) -> Sequence[Passage]:
        """Return passages at even distances, long ones preferred: a short one seldom says who is meant."""
        documents = self._index.documents()[:ATTEMPTS]
        passages = [p for d in documents for p in self._index.document_passages(d.id) if len(p.text) >= 100]
        step = max(1, len(passages) // ATTEMPTS)
        return passages[::step][:ATTEMPTS]

    def starters(self) -> tuple[str, ...]:
        """Return a few questions spread over the documents."""
        questions = self.kept()
        step = max(1, len(questions) // STARTERS)
        return tuple(questions[::step][:STARTERS])

    def near(self, answer: Answer) -> tuple[str, ...]:
        """Return the questions that share most words with an answer's quotes, the one just asked left out."""
        asked = content_words(answer.question)
        near = content_words(" ".join(c.quote for c in answer.citations) or answer.question)
        fresh = [q for q in self.kept() if len(content_words(q) & asked) < 0.7 * max(1, len(content_words(q)))]
        return tuple(sorted(fresh, key=lambda q: -len(content_words(q) & near))[:FOLLOW_UPS])


def _written(model: BaseChatModel, text: str) -> str:
    """Return a question about a passage, or '' when the model wrote none that will do."""
    reply = model.invoke([SystemMessage(_INSTRUCTION), HumanMessage(text)], max_tokens=40)
    match = _QUESTION.match(reply.text)
    question = match[1] if match else ""
    return question if question and len(question.split()) <= LONGEST_WORDS else ""
