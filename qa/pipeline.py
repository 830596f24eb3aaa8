"""QA: from a question to a proved answer. The file to read first; `stream` is the recipe, the steps live elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from langchain_core.language_models import BaseChatModel

from qa.answer_cache import AnswerCache
from qa.citations import Cited
from qa.concluding import answer_politely, remarked
from qa.conversation import check_history, check_question
from qa.courtesy import courtesy
from qa.datatypes import Answer, Document, Piece, RetrievedPassage, Turn
from qa.embedding import Embedder, open_embedder
from qa.errand import in_turn
from qa.index import Index
from qa.material import Gathered
from qa.mentions import unmentioned
from qa.models import Models
from qa.query import Clock, Query
from qa.questions import asked_in
from qa.retrieval import PassageRetriever
from qa.runnables import as_runnable
from qa.settings import Settings
from qa.several import Several, finished, time_between
from qa.single import SingleQuestions

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable


class QA(SingleQuestions):
    """Questions to one corpus. Open with `QA.open`; all methods may be called from any thread."""

    def __init__(self, settings: Settings, embedder: Embedder, index: Index, models: Models) -> None:
        """Compose what is open; callers use `open`."""
        super().__init__(settings, embedder, index, models)
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
        return in_turn(self._stream(question, history, documents, owner))

    def _stream(
        self, question: str, history: Sequence[Turn], documents: Collection[str] | None, owner: str
    ) -> Generator[Piece]:
        clock = Clock()
        question = check_question(question, self.settings.max_question_characters)
        history = check_history(history)
        if polite := courtesy(question):
            yield from ((), polite, answer_politely(question, polite, clock.timings()))
            return
        query = self._look_up(question, history, documents, owner)
        clock.found()
        yield query.passages

        wholes = self._wholes(query)
        read = tuple(whole and whole.reading.kept for whole in wholes)
        key = self._answers.key(self._index.generation, question, query.turns, documents, owner, read)
        if answer := self._answers.get(key):
            yield answer.text
        else:
            given = yield from self._answer(query, wholes, clock)
            answer = remarked(given, unmentioned(question, self._texts(documents, owner)))
            if answer.answered and answer is not given:
                yield answer.text.removeprefix(given.text)
            self._answers.keep(key, answer)
        yield answer

    def _answer(self, query: Query, wholes: list[Gathered | None], clock: Clock) -> Generator[str, None, Answer]:
        """Yield pieces of the text and return the answer: one without the reader, or one to each question asked."""
        if answer := self._without_reader(query, clock):
            yield answer.text
            return answer
        if each := self._asked_of_each(query):
            return (yield from self._answer_each(query, each, clock))
        asked = asked_in(query.question) if self._models.reader.runs_here else ()
        if len(asked) < 2:
            if asked and not query.turns and (between := self._time_between(query, clock)):
                yield between.text
                return replace(between, passages=query.passages)
            return (yield from self._answer_one(query, wholes, clock))
        several, history = Several(), query.history if query.turns else ()
        for question in asked:
            part = self._look_up(question, history, query.documents, query.owner, leans=bool(several.said.text))
            answer = yield from several.take(self._answer_one(part, self._wholes(part), clock, several.said))
            history = (*history, Turn(role="user", content=question), Turn(role="assistant", content=answer.text))
        return several.together(query.question, query.searched, query.passages, clock.timings())

    def _answer_each(
        self, query: Query, each: Sequence[tuple[str, Document]], clock: Clock
    ) -> Generator[str, None, Answer]:
        """Answer a question that is asked of each of several documents, below their titles."""
        several = Several("\n")
        for question, document in each:
            part = self._look_up(question, (), {document.id}, query.owner)
            said = replace(several.said, text="")
            yield from several.take(self._answer_one(part, self._wholes(part), clock, said), f"{document.title}: ")
        return several.together(query.question, query.searched, query.passages, clock.timings())

    def _time_between(self, query: Query, clock: Clock) -> Answer | None:
        def ask(question: str, said: Cited) -> Answer:
            part = self._look_up(question, (), query.documents, query.owner)
            return finished(self._answer_one(part, self._wholes(part), clock, said))

        return time_between(query.question, ask)

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
