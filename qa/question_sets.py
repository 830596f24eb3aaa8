"""Question sets: files of questions with their gold answers, read and checked; nothing is asked or scored here.

Two formats, told apart by content: JSON Lines of questions on documents that the corpus holds ("article"; the page's
file of verdicts is one), and a JSON list of articles that bring their own paragraphs ("wikipedia", after SQuAD 2.0).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from qa.datatypes import Turn
from qa.errors import CorpusError, QuestionError
from qa.feedback import question_rows

UNANSWERABLE = "unanswerable"
PARAGRAPH_GAP = "\n\n"

Place = tuple[str, int, int]
"""Source of a document, start and end of a span in its text (characters, end exclusive)."""


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and what a right answer to it holds.

    `must_include` lists groups of alternatives, each group to be hit; `answers` are right answers, contained in a
    right text when `must_include` is None. `evidence` lists spans, each with every place where it stands.
    """

    id: str
    kind: str
    question: str
    history: tuple[Turn, ...]
    answers: tuple[str, ...]
    must_include: tuple[tuple[str, ...], ...] | None
    must_not_include: tuple[str, ...]
    evidence: tuple[tuple[Place, ...], ...]
    any_evidence: bool = False

    @property
    def answerable(self) -> bool:
        """Whether the documents hold an answer."""
        return self.kind != UNANSWERABLE


class ArticleRow(BaseModel, frozen=True):
    """One line of an article question set."""

    id: str
    kind: str
    question: str
    answers: tuple[str, ...] = ()
    must_include: tuple[tuple[str, ...], ...]
    must_not_include: tuple[str, ...] = ()
    evidence: tuple[str, ...]
    evidence_any: bool = False
    history: tuple[tuple[str, str], ...] = ()


class WikipediaQuestion(BaseModel, frozen=True):
    """One question of a Wikipedia question set; `paragraph` counts from 0."""

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...]
    paragraph: int


class WikipediaArticle(BaseModel, frozen=True):
    """One article of a Wikipedia question set, with its questions."""

    title: str
    paragraphs: tuple[str, ...]
    questions: tuple[WikipediaQuestion, ...]

    @property
    def text(self) -> str:
        """The whole article, paragraphs joined by a blank line."""
        return PARAGRAPH_GAP.join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A file's rows: `articles` for the Wikipedia format, else `rows`."""

    format: Literal["article", "wikipedia"]
    rows: tuple[ArticleRow, ...] = ()
    articles: tuple[WikipediaArticle, ...] = ()

    def __len__(self) -> int:
        return len(self.rows) + sum(len(article.questions) for article in self.articles)

    def limited(self, count: int) -> "QuestionSet":
        """Return a set of at most `count` questions, taken at even distances so that all kinds and articles stay."""
        total = len(self)
        kept = {at * total // count for at in range(count)} if count < total else set(range(total))
        numbers = iter(range(total))
        rows = tuple(row for row in self.rows if next(numbers) in kept)
        articles = tuple(
            article.model_copy(update={"questions": tuple(q for q in article.questions if next(numbers) in kept)})
            for article in self.articles
        )
        return replace(self, rows=rows, articles=tuple(article for article in articles if article.questions))


def read_question_set(path: Path) -> QuestionSet:
    """Read a question set of either format.

    Raises:
        QuestionError: the file cannot be read, or is neither format.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("["):
            return QuestionSet("wikipedia", articles=TypeAdapter(tuple[WikipediaArticle, ...]).validate_json(text))
        return QuestionSet("article", rows=tuple(_parse_lines(text)))
    except (OSError, ValueError) as error:
        raise QuestionError(f"cannot read the question set {str(path)!r}: {_first_fault(error)}") from error


def _parse_lines(text: str) -> Iterator[ArticleRow]:
    rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    if rows and "verdict" in rows[0]:  # what the page keeps of thumbs up and down
        rows = question_rows(rows)
    if not rows:
        raise ValueError("it holds no question")
    for row in rows:
        yield ArticleRow.model_validate(row)


def _first_fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"])) or "content"
    return f"{place}: {fault['msg']}; expected the article format (JSON Lines) or the Wikipedia format (a JSON list)"


def article_questions(rows: tuple[ArticleRow, ...], texts: Mapping[str, str]) -> list[GoldQuestion]:
    """Return the questions of an article set, their evidence located in the corpus.

    Args:
        rows: the set's rows.
        texts: source -> text of every document of the corpus.

    Raises:
        CorpusError: a span of evidence stands in none of the documents.
    """
    return [
        GoldQuestion(
            id=row.id,
            kind=row.kind,
            question=row.question,
            history=_turns(row.history),
            answers=row.answers,
            must_include=row.must_include,
            must_not_include=row.must_not_include,
            evidence=tuple(_places(row, span, texts) for span in row.evidence),
            any_evidence=row.evidence_any,
        )
        for row in rows
    ]


def _turns(history: tuple[tuple[str, str], ...]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for question, answer in history:
        turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return tuple(turns)


def _places(row: ArticleRow, span: str, texts: Mapping[str, str]) -> tuple[Place, ...]:
    places = tuple(place for source, text in texts.items() for place in _occurrences(source, text, span))
    if not places:
        raise CorpusError(
            f"the evidence of question {row.id} stands in no document of the corpus: {span!r}; "
            "name the documents it was written on with --corpus"
        )
    return places


def _occurrences(source: str, text: str, span: str) -> Iterator[Place]:
    start = text.find(span) if span else -1
    while start >= 0:
        yield source, start, start + len(span)
        start = text.find(span, start + len(span))


def wikipedia_questions(article: WikipediaArticle, source: str) -> list[GoldQuestion]:
    """Return an article's questions; the evidence of each is the paragraph it was written on.

    Args:
        article: the article.
        source: the name of the document that holds `article.text`.

    Raises:
        QuestionError: a question names a paragraph that the article lacks.
    """
    starts = list(accumulate((len(text) + len(PARAGRAPH_GAP) for text in article.paragraphs), initial=0))
    questions = []
    for row in article.questions:
        if not 0 <= row.paragraph < len(article.paragraphs):
            raise QuestionError(f"question {row.id} names paragraph {row.paragraph}, which {article.title!r} lacks")
        start = starts[row.paragraph]
        place = (source, start, start + len(article.paragraphs[row.paragraph]))
        kind = "answerable" if row.answerable else UNANSWERABLE
        questions.append(GoldQuestion(row.id, kind, row.question, (), row.answers, None, (), ((place,),)))
    return questions
