"""The values that walk through the pipeline: frozen, slotted, checked where they are made.

All offsets are character offsets (Unicode code points), end exclusive, into `Document.text`, which is
never changed after reading. All times are seconds.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypedDict

PAGE_BREAK = "\f"
"""Stands in a text between two pages, where the file has pages."""


class Turn(TypedDict):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source text. `id` is a content hash over source and text; `source` is the path relative to the corpus."""

    id: str
    title: str
    source: str
    text: str

    def page(self, offset: int) -> int:
        """Return the number of the page, from 1, that a character stands on; 0 where the text has no pages."""
        return self.text.count(PAGE_BREAK, 0, offset) + 1 if PAGE_BREAK in self.text else 0


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences of one document: `document.text[start:end] == text`, always.

    `sentences` holds the (start, end) of each sentence in the document; `heading` is the nearest heading above, for the
    rows of a table with the table's first row.
    """

    id: str
    document_id: str
    start: int
    end: int
    text: str
    sentences: tuple[tuple[int, int], ...]
    heading: str = ""

    @property
    def indexed(self) -> str:
        """What the passage is found by: an item or a row says little without its heading."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, slots=True)
class RetrievedPassage:
    """A passage found for a question: rank from 1, fused score in 0..1, cosine in -1..1."""

    passage: Passage
    rank: int
    score: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: exists only when `document.text[start:end] == quote`.

    `marker` counts from 1 in order of first use; `answer_start`, `answer_end` delimit the part of `Answer.text`
    that the quote supports, its own mark not included. `page` is the number of the page that the quote begins on, from
    1; 0 where the document has no pages.
    """

    marker: int
    document_id: str
    source: str
    passage_id: str
    start: int
    end: int
    quote: str
    answer_start: int
    answer_end: int
    page: int = 0

    @property
    def where(self) -> str:
        """The source, with the page where there are pages: 'report.pdf, p. 3'."""
        return f"{self.source}, p. {self.page}" if self.page else self.source


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the question: until passages were found, until the first text, until the end."""

    retrieval: float
    first_text: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question.

    `text` carries citation marks such as [1]; `answered` is False when the documents do not say, and then
    `citations` is empty. `confidence` (0..1) is the calibrated probability that this result, an answer or a
    decline, is right; `signals` are the figures that it and the decision to decline rest on (calibration.Evidence).
    `unsupported` counts what the model wrote and the check removed. `documents` holds the cited documents.
    """

    question: str
    search_question: str
    text: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[RetrievedPassage, ...]
    timings: Timings
    unsupported: int = 0
    signals: Mapping[str, float] = field(default_factory=dict)
    documents: tuple[Document, ...] = field(default=(), repr=False)

    def document(self, citation: Citation) -> Document:
        """Return the document that a citation of this answer points into.

        Raises:
            KeyError: the citation does not belong to this answer.
        """
        for document in self.documents:
            if document.id == citation.document_id:
                return document
        raise KeyError(citation.document_id)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON values, the documents' full texts left out."""
        record = {name: getattr(self, name) for name in self.__slots__ if name != "documents"}
        record["citations"] = [asdict(citation) for citation in self.citations]
        record["passages"] = [asdict(passage) for passage in self.passages]
        record["timings"] = asdict(self.timings)
        record["signals"] = dict(self.signals)
        return record


Extent = Literal["whole", "part", "sentences"]
"""How much is read for a question: whole documents, a part of one, or the best sentences of what was found."""

Piece = tuple[RetrievedPassage, ...] | str | Answer
"""What an answer comes in: the passages found, pieces of its text, the whole."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync changed, in documents, and how many passages were embedded.

    `skipped` maps source to reason; `notes` maps a source that was read otherwise than as UTF-8 to a remark.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int
    passages: int
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
