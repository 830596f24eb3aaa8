"""Asking every question of a set and judging what came of it; figures are in metrics.py, the report in reporting.py.

A Wikipedia article becomes the one document of a temporary corpus with an index of its own, as a user would have it.
"""

import os
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from qa.datatypes import Answer, Document, SyncReport, Turn
from qa.errors import CorpusError, QuestionError
from qa.question_sets import (
    GoldQuestion,
    QuestionSet,
    WikipediaArticle,
    article_questions,
    wikipedia_questions,
)
from qa.scoring import CitedSpan, Prediction, Score, score
from qa.settings import Settings


class Engine(Protocol):
    """What an evaluation needs of a system; `QA` is one."""

    settings: Settings

    def sync(self) -> SyncReport:
        """Bring the index up to date with the corpus."""
        ...

    def read_documents(self, wanted: Callable[[], bool]) -> bool:
        """Have the documents read, as the page does in quiet times; `wanted` is asked before each whether to stop."""
        ...

    def ask(self, question: str, *, history: Sequence[Turn] = ()) -> Answer:
        """Answer one question."""
        ...

    def documents(self) -> tuple[Document, ...]:
        """List the corpus."""
        ...

    def document(self, document_id: str) -> Document:
        """Return one document with its text."""
        ...

    def beside(self, settings: Settings) -> AbstractContextManager["Engine"]:
        """Open another corpus with the same models."""
        ...


def predict(engine: Engine, question: GoldQuestion) -> Prediction:
    """Ask one question and record the answer, its citations and the seconds it took."""
    started = time.perf_counter()
    answer = engine.ask(question.question, history=question.history)
    seconds = time.perf_counter() - started
    return Prediction(
        id=question.id,
        answer=answer.text,
        answered=answer.answered,
        citations=tuple(
            CitedSpan(start=cited.start, end=cited.end, source=cited.source, marker=cited.marker, quote=cited.quote)
            for cited in answer.citations
        ),
        seconds=round(seconds, 3),
        confidence=round(answer.confidence, 6),
        search_question=answer.search_question,
    )


def evaluate(
    questions: QuestionSet, engine: Engine, reading: Callable[[str], None] = lambda _: None
) -> Iterator[Score]:
    """Ask every question of a set and yield each score as soon as it stands.

    Args:
        questions: the set; articles that it brings are read in place of the engine's corpus, with its models.
        engine: what answers.
        reading: told what is read, minutes for a long article, and again before each part of it.

    Raises:
        CorpusError: the evidence of an article set is not in the engine's corpus.
    """
    for sitting, asked in _sittings(questions, engine, reading):
        for question in asked:
            yield score(question, _attempt(sitting, question))


def _attempt(engine: Engine, question: GoldQuestion) -> Prediction | None:
    try:
        return predict(engine, question)
    except QuestionError:
        return None


def _sittings(
    questions: QuestionSet, engine: Engine, reading: Callable[[str], None]
) -> Iterator[tuple[Engine, list[GoldQuestion]]]:
    if questions.rows:
        _prepare(engine, partial(reading, "the corpus"))
        yield engine, article_questions(questions.rows, texts(engine))
    for article in questions.articles:
        with _temporary_corpus(article, engine.settings) as (inside, source), engine.beside(inside) as other:
            _prepare(other, partial(reading, article.title))
            if texts(other) != {source: article.text}:
                raise CorpusError(f"the article {article.title!r} did not survive being written to a file unchanged")
            yield other, wikipedia_questions(article, source)


def _prepare(engine: Engine, reading: Callable[[], None]) -> None:
    def told() -> bool:
        reading()
        return False

    engine.sync()
    engine.read_documents(told)


@contextmanager
def _temporary_corpus(article: WikipediaArticle, settings: Settings) -> Iterator[tuple[Settings, str]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source = re.sub(r"[^\w.() -]", "_", article.title) + ".txt"
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / source).write_text(article.text, encoding="utf-8", newline="")
        yield settings.model_copy(update={"corpus": corpus, "data_dir": Path(folder) / "index"}), source


def texts(engine: Engine) -> dict[str, str]:
    """Return source -> text of every document of the corpus."""
    return {document.source: engine.document(document.id).text for document in engine.documents()}


def circumstances(settings: Settings) -> dict[str, Any]:
    """Return what a figure depends on besides the questions: settings without the key, date and machine."""
    return {
        "settings": settings.model_dump(mode="json", exclude={"api_key"}),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
