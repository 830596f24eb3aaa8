"""Suggested questions: written by the chat model from the documents, proved by asking them, cached with the index.

A question is kept only when its answer cites the very passage that it was written from. The making can be interrupted
at any time and goes on where it was, at the next call or the next start.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from qa.citations import LEAD
from qa.datatypes import Answer, Passage
from qa.errors import BusyError
from qa.index import Index
from qa.proving import content_words

NOTE = "suggestions"
STARTERS = 4
FOLLOW_UPS = 3
ATTEMPTS = 24
"""Passages, spread evenly over the documents, from which a question is tried."""
SHORTEST_PASSAGE = 100
"""Characters below which a passage seldom says who is meant."""
LEAST_CONFIDENCE = 0.6
LONGEST_WORDS = 16
ALIKE = 0.6
"""Share of a question's words from which another question counts as the same."""

_INSTRUCTION = (
    "Write one short question that a curious reader would ask and that this passage answers. "
    "Name people, places and things in full; never write he, she, it, they, the passage or the author. "
    "Write the question only."
)
_QUESTION = re.compile(r"^[\W\d_]*([^\W\d_][^?\n]{8,150}\?)")
_NAME = re.compile(r"(?<=\s)(?:[^\W\d_a-zß-öø-ÿ][\w’'-]+|\d+)")
_PRONOUN = re.compile(r"\b(?:he|she|it|they|his|her|him|its|their|them|this|these)\b", re.IGNORECASE)
_ABOUT_THE_PASSAGE = re.compile(r"\b(?:passage|author|article|text|speaker|writer|statement|context)\b", re.IGNORECASE)

Piece = TypeVar("Piece")
Stream = Callable[[str], Iterable[object]]
Wanted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, the place in a document that answers it, and the confidence (0..1) of that answer."""

    question: str
    document_id: str
    start: int
    confidence: float


@dataclass(slots=True)
class Kept:
    """What is noted with the index: the questions in the order of their finding, and how far the making is."""

    tried: int = 0
    done: bool = False
    found: list[Suggestion] = field(default_factory=list)


class _GiveWay(Exception):  # noqa: N818 - no error: someone else wants the model
    """Raised between two pieces of the model's work."""


class Suggestions:
    """The questions kept with an index; any change of the corpus drops them."""

    def __init__(self, index: Index) -> None:
        """Use an open index."""
        self._index = index

    def kept(self) -> Kept:
        """Return what is there so far; a note of another form counts as none."""
        try:
            note = json.loads(self._index.note(NOTE) or "{}")
            found = [Suggestion(**record) for record in note.pop("found", [])]
            return Kept(**note, found=found)
        except (TypeError, ValueError, AttributeError):
            return Kept()

    def prepare(self, model: BaseChatModel, stream: Stream, wanted: Wanted) -> bool:
        """Write questions and keep the proved ones; return whether that is done.

        Args:
            model: what writes.
            stream: asks a question; its last piece is the Answer.
            wanted: says that someone waits for the model; then, and when the model is busy, the work in hand is dropped
                and False returned.
        """
        kept = self.kept()
        if kept.done:
            return True
        generation = self._index.generation
        passages = self._spread()
        try:
            for passage in passages[kept.tried :]:
                found = _tried(passage, kept.found, model, stream, wanted)
                kept.found += [found] if found else []
                kept.tried += 1
                if not self._keep(kept, generation, kept.tried == len(passages)):
                    return False
        except (_GiveWay, BusyError):
            return False
        return self._keep(kept, generation, done=True)

    def _keep(self, kept: Kept, generation: int, done: bool) -> bool:
        """Note what there is, unless the documents have changed meanwhile."""
        kept.done = done
        same = self._index.generation == generation
        if same:
            self._index.set_note(NOTE, json.dumps(asdict(kept)))
        return same

    def _spread(self) -> Sequence[Passage]:
        """Return passages at even distances; a beginning of the list is spread over the documents too."""
        documents = self._index.documents()
        documents = documents[:: max(1, len(documents) // ATTEMPTS)][:ATTEMPTS]
        passages = [
            passage
            for document in documents
            for passage in self._index.document_passages(document.id)
            if len(passage.text) >= SHORTEST_PASSAGE
        ]
        passages = passages[:: max(1, len(passages) // ATTEMPTS)][:ATTEMPTS]
        return [passage for first in (0, 2, 1, 3) for passage in passages[first::4]]

    def starters(self) -> tuple[str, ...]:
        """Return the surest questions as they were found; none before there are enough or no more will come."""
        kept = self.kept()
        if not kept.done and len(kept.found) < STARTERS:
            return ()
        best = sorted(kept.found, key=lambda suggestion: -suggestion.confidence)[:STARTERS]
        return tuple(suggestion.question for suggestion in kept.found if suggestion in best)

    def near(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        """Return questions about what an answer's quotes speak of, or about what lies beside them in the text.

        Args:
            answer: what was just answered, or declined: then its passages stand in for quotes.
            asked: questions of the conversation, which are not suggested again.
        """
        places = [(c.document_id, c.start) for c in answer.citations]
        places = places or [(p.passage.document_id, p.passage.start) for p in answer.passages[:3]]
        spoken = content_words(" ".join(c.quote for c in answer.citations) or answer.question)

        def nearness(suggestion: Suggestion) -> tuple[int, int]:
            apart = [abs(start - suggestion.start) for identity, start in places if identity == suggestion.document_id]
            return -len(content_words(suggestion.question) & spoken), min(apart, default=1 << 40)

        known = {identity for identity, _ in places}
        before = [answer.question, *asked]
        fresh = [s for s in self.kept().found if s.document_id in known and not _like_one_of(s.question, before)]
        return tuple(suggestion.question for suggestion in sorted(fresh, key=nearness)[:FOLLOW_UPS])


def _tried(
    passage: Passage, found: Sequence[Suggestion], model: BaseChatModel, stream: Stream, wanted: Wanted
) -> Suggestion | None:
    """Return a question about a passage whose answer cites that passage in words of its own, or None."""
    messages = [SystemMessage(_INSTRUCTION), HumanMessage(passage.text)]
    written = "".join(chunk.text for chunk in _yielding(model.stream(messages, max_tokens=40), wanted))
    question = fit_question(written)
    if not question or _like_one_of(question, [suggestion.question for suggestion in found]):
        return None
    *_, answer = _yielding(stream(question), wanted)
    if not isinstance(answer, Answer) or not answer.answered or answer.confidence < LEAST_CONFIDENCE:
        return None
    if answer.text.startswith(LEAD) or not any(_within(c.document_id, c.start, passage) for c in answer.citations):
        return None
    return Suggestion(question, passage.document_id, passage.start, answer.confidence)


def _within(document_id: str, start: int, passage: Passage) -> bool:
    return document_id == passage.document_id and passage.start <= start < passage.end


def _yielding(pieces: Iterable[Piece], wanted: Wanted) -> Iterator[Piece]:
    """Pass pieces on; close their source, which stops the model, as soon as someone else wants it."""
    source = iter(pieces)
    try:
        while not wanted():
            try:
                piece = next(source)
            except StopIteration:
                return
            yield piece
        raise _GiveWay
    finally:
        if close := getattr(source, "close", None):
            close()


def fit_question(written: str) -> str:
    """Return the question that a model wrote, or '' when it cannot be understood without its passage."""
    match = _QUESTION.match(written)
    question = match[1] if match else ""
    if len(question.split()) > LONGEST_WORDS or _ABOUT_THE_PASSAGE.search(question):
        return ""
    name = _NAME.search(question)
    return question if name and not _PRONOUN.search(question[: name.start()]) else ""


def _like_one_of(question: str, others: Iterable[str]) -> bool:
    words = content_words(question)
    return any(len(words & content_words(other)) >= ALIKE * max(1, len(words)) for other in others)
