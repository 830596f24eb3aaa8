"""QA: from a question to a proved answer. The file to read first; `stream` is the recipe, the steps live elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from langchain_core.language_models import BaseChatModel

from qa.answer_cache import AnswerCache
from qa.answering import Reply
from qa.attempts import Attempt, likeliest
from qa.calibration import Calibration
from qa.concluding import conclude, known_without_proof, proved
from qa.conversation import check_history, check_question, search_question
from qa.datatypes import Answer, Piece, RetrievedPassage, Timings, Turn
from qa.embedding import Embedder, open_embedder
from qa.index import Index
from qa.judging import Judge
from qa.material import POOL, Gathered
from qa.models import Models
from qa.pointing import shared_words
from qa.preparing import Preparation
from qa.retrieval import PassageRetriever
from qa.runnables import as_runnable
from qa.settings import Settings
from qa.showing import Showing

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

ADAPTERS = Path(__file__).parent / "adapters"


class QA(Preparation):
    """Questions to one corpus. Open with `QA.open`; all methods may be called from any thread."""

    def __init__(self, settings: Settings, embedder: Embedder, index: Index, models: Models) -> None:
        """Compose what is open; callers use `open`."""
        super().__init__(settings, embedder, index, models)
        self._calibration = Calibration.load(ADAPTERS / "reader.json")
        self._answers = AnswerCache()

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        embedder: Embedder | None = None,
        chat_model: BaseChatModel | None = None,
    ) -> Self:
        """Open the index of the settings' corpus; models are loaded at first need, or by `warm_up`.

        Raises:
            SettingsError: a setting from a variable or a file is not usable.
            IndexMismatchError: the index belongs to other settings; the message names the command that rebuilds it.
        """
        settings = settings or Settings.load()
        embedder = embedder or open_embedder(settings)
        return cls(settings, embedder, Index.open(settings, embedder), Models(settings, chat_model))

    def beside(self, settings: Settings) -> Self:
        """Open another corpus with the models of this engine, so that they are loaded once."""
        return type(self)(settings, self._embedder, Index.open(settings, self._embedder), self._models)

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        documents: Collection[str] | None = None,
        owner: str = "",
    ) -> Iterator[Piece]:
        """Yield the passages found, then the beginning of the answer's text in pieces as it is proved, last the Answer.

        Args:
            question: at most `settings.max_question_characters` characters.
            history: earlier turns, oldest first.
            documents: ids of the documents to ask; None asks all.
            owner: whose uploads may be read beside the corpus.

        Raises:
            QuestionError: the question or the history cannot be used.
            ModelError: a model cannot be loaded or fails; BusyError: too many questions are waiting.
        """
        begun = time.perf_counter()
        question = check_question(question, self.settings.max_question_characters)
        history = check_history(history)
        searched = search_question(question, history)
        candidates = self._retriever.search(searched, max(POOL, self.settings.top_k), documents, owner)
        passages = candidates[: self.settings.top_k]
        found = time.perf_counter() - begun
        yield passages

        turns = self._models.reader.turns_read(question, history)
        wholes = self._read_whole(searched, candidates, documents, owner)
        read = tuple(whole and whole.reading.kept for whole in wholes)
        key = self._answers.key(self._index.generation, question, turns, documents, owner, read)
        if cached := self._answers.get(key):
            yield cached.text
            yield cached
            return

        def attempt(whole: Gathered | None) -> Attempt:
            return self._attempt(question, turns, passages, whole or self._material.best(searched, candidates))

        reply, first = Reply(""), 0.0
        with likeliest(attempt, wholes or [None]) as taken:
            material, judge = taken.material, taken.judge
            showing = Showing(
                material.reading.sentences,
                known_without_proof(question, searched, material),
                lambda part: proved(question, searched, material, part, judge, finished=False).text,
            )
            for reply in taken.replies():
                if judge.sure and (piece := showing.piece(reply)):
                    first = first or time.perf_counter() - begun
                    yield piece
        total = time.perf_counter() - begun
        answer = conclude(question, searched, passages, material, reply, judge, Timings(found, first or total, total))
        self._answers.keep(key, answer)
        yield answer

    def _attempt(
        self, question: str, turns: Sequence[Turn], passages: Sequence[RetrievedPassage], material: Gathered
    ) -> Attempt:
        """Return the question asked of what was gathered."""
        reader, reading = self._models.reader, material.reading
        relevance, threshold = self._models.relevance(question, reading), self.settings.decline_threshold
        shared = shared_words(question, reading)
        judge = Judge(passages, material.extent, self._calibration, threshold, shared, relevance)

        def read() -> Generator[Reply]:
            if reading.sentences:
                reader.warm(reading)
                yield from reader.read(reading, question, turns, judge)

        return Attempt(material, judge, read)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        documents: Collection[str] | None = None,
        owner: str = "",
    ) -> Answer:
        """Return the answer to one question; the arguments and errors are those of `stream`."""
        *_, last = self.stream(question, history=history, documents=documents, owner=owner)
        assert isinstance(last, Answer)
        return last

    async def aask(self, question: str, **options: Any) -> Answer:
        """Return the answer to one question without blocking the event loop; options as for `ask`."""
        return await asyncio.to_thread(lambda: self.ask(question, **options))

    async def astream(self, question: str, **options: Any) -> AsyncIterator[Piece]:
        """Yield what `stream` yields without blocking the event loop; closing it stops the model."""
        pieces, end = self.stream(question, **options), object()
        try:
            while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
                yield piece  # type: ignore[misc]
        finally:
            await asyncio.to_thread(pieces.close)  # type: ignore[attr-defined]

    def batch(self, questions: Sequence[str], **options: Any) -> list[Answer]:
        """Return the answers to several questions, in their order, as many at a time as the model has slots."""
        with ThreadPoolExecutor(self.settings.slots) as pool:
            return list(pool.map(lambda question: self.ask(question, **options), questions))

    def search(
        self,
        question: str,
        k: int | None = None,
        *,
        documents: Collection[str] | None = None,
        owner: str = "",
    ) -> tuple[RetrievedPassage, ...]:
        """Return the passages nearest to a question, best first; `k` defaults to `settings.top_k`."""
        checked = check_question(question, self.settings.max_question_characters)
        return self._retriever.search(checked, k, documents, owner)

    def as_runnable(self) -> "Runnable[Any, AIMessage]":
        """Return a Runnable: a question, or {"question", "history"}, to an AIMessage with citation content blocks."""
        return as_runnable(self.ask, self.aask)

    def as_retriever(self, k: int | None = None) -> PassageRetriever:
        """Return a LangChain retriever over the same index."""
        return PassageRetriever(retriever=self._retriever, k=k)
