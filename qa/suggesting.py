"""Suggested questions: made from the documents once, cached with the index, offered at the start and after answers."""

import json

from qa.citations import content_words
from qa.datatypes import Answer
from qa.index import Index

NOTE = "suggestions"
STARTERS = 4
FOLLOW_UPS = 3


class Suggestions:
    """The cached questions, each with the offset in its document from which it was made."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def all(self) -> list[str]:
        """Return every cached question, in the order of the text."""
        note = self._index.note(NOTE)
        return list(json.loads(note)) if note else []

    def save(self, questions: list[str]) -> None:
        """Keep questions with the index; any change of the index drops them."""
        self._index.set_note(NOTE, json.dumps(questions))

    def starters(self, owner: str) -> tuple[str, ...]:
        """Return a few questions spread over the documents."""
        del owner
        questions = self.all()
        step = max(1, len(questions) // STARTERS)
        return tuple(questions[::step][:STARTERS])

    def near(self, answer: Answer) -> tuple[str, ...]:
        """Return the questions that share most words with an answer's quotes, the one just asked left out."""
        asked = content_words(answer.question)
        near = content_words(" ".join(c.quote for c in answer.citations) or answer.question)
        ranked = sorted(self.all(), key=lambda q: -len(content_words(q) & near))
        return tuple(q for q in ranked if len(content_words(q) & asked) < 0.7 * max(1, len(content_words(q))))[:FOLLOW_UPS]
