"""QA: from a question to a proved answer. The file to read first; `stream` is the recipe, the steps live elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from langchain_core.language_models import BaseChatModel

from qa.answer_cache import AnswerCache
from qa.answering import Reply
from qa.calibration import Calibration
from qa.concluding import conclude, known_without_proof, proved
from qa.conversation import check_history, check_question, search_question
from qa.datatypes import Answer, RetrievedPassage, Timings, Turn
from qa.embedding import Embedder, open_embedder, prepare
from qa.index import Index
from qa.judging import Judge
from qa.library import Library
from qa.material import POOL, Material
from qa.models import Models
from qa.pointing import shared_words
from qa.reading import NOTHING
from qa.retrieval import PassageRetriever, Retriever
from qa.runnables import as_runnable
from qa.settings import Settings
from qa.showing import Showing
from qa.suggesting import Suggestions

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

ADAPTERS = Path(__file__).parent / "adapters"

Piece = tuple[RetrievedPassage, ...] | str | Answer


class QA(Library):
    """Questions to one corpus. Open with `QA.open`; all methods may be called from any thread."""

    def __init__(self, settings: Settings, embedder: Embedder, index: Index, models: Models) -> None:
        """Compose what is open; callers use `open`."""
        super().__init__(settings, embedder, index)
        self.ready = False
        self._models = models
        self._retriever = Retriever(index, embedder, settings.top_k)
        self._material = Material(index, embedder, settings, models.scores)
        self._suggestions = Suggestions(index)
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

        reader = self._models.reader
        turns = reader.turns_read(question, history)
        key = self._answers.key(self._index.generation, question, turns, documents, owner)
        if cached := self._answers.get(key):
            yield cached.text
            yield cached
            return
        material = self._material.gather(searched, candidates, documents, owner)
        shared = shared_words(question, material.reading)
        threshold, relevance = self.settings.decline_threshold, self._models.relevance(question, material.reading)
        judge = Judge(passages, material.whole, self._calibration, threshold, shared, relevance)
        reply, first = Reply(""), 0.0
        showing = Showing(
            material.reading.sentences,
            known_without_proof(question, searched, material),
            lambda part: proved(question, searched, material, part, judge, finished=False).text,
        )
        if material.whole and material is self._material.whole(None, ""):
            self._models.warm(material.reading, self.settings.index_dir())
        if material.reading.sentences:
            for reply in reader.read(material.reading, question, turns, judge):
                if judge.sure and (piece := showing.piece(reply)):
                    first = first or time.perf_counter() - begun
                    yield piece
        total = time.perf_counter() - begun
        answer = conclude(question, searched, passages, material, reply, judge, Timings(found, first or total, total))
        self._answers.keep(key, answer)
        yield answer

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

    def read_ahead(
        self,
        begun: str,
        *,
        history: Sequence[Turn] = (),
        documents: Collection[str] | None = None,
        owner: str = "",
    ) -> None:
        """Have the model read what is written of a question so far, so that asking the whole of it takes less time.

        Does nothing where the sentences to be read depend on the question, or while the model is at work.

        Args:
            begun: the question's beginning; a word counts once white space or a question mark follows it.
            history: earlier turns, oldest first.
            documents: ids of the documents that will be asked; None for all.
            owner: whose uploads will be read beside the corpus.
        """
        whole = self._material.whole(documents, owner)
        if whole and self.ready:
            self._models.reader.read_ahead(whole.reading, begun, check_history(history))

    @property
    def runs_here(self) -> bool:
        """Whether the model runs in this process, so that asking it costs nothing but this machine's time."""
        return self._models.reader.runs_here

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

    def suggest(self, wanted: Callable[[], bool] = lambda: False) -> bool:
        """Make suggested questions unless the index has them, some seconds for each; return whether that is done.

        When `wanted` says that someone else waits for the model, this returns; a later call goes on from there.
        """
        return self._suggestions.prepare(self._models.chat_model, self.stream, wanted)

    def suggestions(self) -> tuple[str, ...]:
        """Return questions to start from, made from the corpus by `suggest`; uploads add none."""
        return self._suggestions.starters()

    def follow_ups(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        """Return up to three suggested questions that lie near an answer and were not `asked` before."""
        return self._suggestions.near(answer, asked)

    def warm_up(self, progress: Callable[[str], None] | None = None) -> None:
        """Load the models, read the instructions and a small corpus; then the engine is `ready` to answer at speed."""
        tell = progress or (lambda _: None)
        tell("loading the embedder")
        whole = self._material.whole(None, "")
        prepare(self._embedder, many=whole is None)
        self._models.scores("warm up", ["warm up"])
        tell("loading the language model")
        if whole:
            tell("reading the article")
        self._models.warm(whole.reading if whole else NOTHING, self.settings.index_dir())
        self.ready = True
        tell("ready")
