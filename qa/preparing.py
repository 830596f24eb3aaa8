"""What an engine does but for answering with the reader.

It loads models, reads documents and begun questions, makes suggestions, looks questions up, and answers those that need
no reader.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence

from qa.concluding import give_inventory, give_listing, give_overviews, give_timeline
from qa.conversation import check_history, last_exchange, looks_finished, search_question
from qa.datatypes import Answer, Document, Piece, RetrievedPassage, Turn
from qa.embedded import EmbeddedChatModel
from qa.embedding import Embedder, prepare
from qa.errors import BusyError
from qa.extremes import Extremes
from qa.index import Index
from qa.inventory import Inventories, kind_asked
from qa.library import Library
from qa.listing import Listings
from qa.material import POOL, Gathered, Material
from qa.models import Models
from qa.overview import MOST_DOCUMENTS, Overviews
from qa.query import Clock, Query
from qa.questions import asked_in, asked_of_one
from qa.reading import NOTHING
from qa.retrieval import Retriever
from qa.selecting import Selections
from qa.settings import Settings
from qa.suggesting import Suggestions
from qa.timeline import Timelines


class Preparation(Library):
    """An engine's documents and models, and what makes them ready; `ready` once questions are answered at speed."""

    def __init__(self, settings: Settings, embedder: Embedder, index: Index, models: Models) -> None:
        """Compose what is open."""
        super().__init__(settings, embedder, index)
        self.ready = False
        self._models = models
        self._retriever = Retriever(index, embedder, settings.top_k)
        self._material = Material(index, self._kept, embedder, settings, models.scores)
        self._overviews = Overviews(index, embedder)
        self._inventories = Inventories(index)
        self._timelines = Timelines(index, embedder)
        self._listings = Listings(index)
        self._extremes = Extremes(index, embedder)
        self._selections = Selections(index)
        self._patient = True
        self._suggestions = Suggestions(index)

    @abstractmethod
    def stream(self, question: str) -> Iterator[Piece]:
        """Answer a question in pieces (see `QA`)."""

    def warm_up(self, progress: Callable[[str], None] | None = None) -> None:
        """Load the models, read the instructions and a small corpus; then the engine is `ready` to answer at speed."""
        tell = progress or (lambda _: None)
        tell("loading the embedder")
        whole = self._material.whole(None, "")
        prepare(self._embedder, many=whole is None)
        self._models.scores("warm up", ["warm up"])
        self._kept.sweep()
        tell("loading the language model")
        if whole:
            tell("reading the article")
        reading = whole.reading if whole else NOTHING
        self._models.reader.warm(reading)
        self._models.reader.read_ahead(reading, "", ())
        self.ready = True
        tell("ready")

    def read_ahead(
        self,
        begun: str,
        *,
        history: Sequence[Turn] = (),
        documents: Collection[str] | None = None,
        owner: str = "",
    ) -> None:
        """Have the model read what is written of a question so far, so that asking the whole of it takes less time.

        Does nothing where only some sentences would be read, which depend on all of the question, or while the model is
        at work.

        Args:
            begun: the question's beginning; a word counts once white space or a question mark follows it.
            history: earlier turns, oldest first.
            documents: ids of the documents that will be asked; None for all.
            owner: whose uploads will be read beside the corpus.
        """
        if not self.ready:
            return
        reader, history = self._models.reader, check_history(history)
        begun = asked_in(begun.strip())[0] if looks_finished(begun) and reader.runs_here else begun
        together = self._material.whole(documents, owner)
        searched = search_question(begun, history)
        found = () if together else self._retriever.search(searched, POOL, documents, owner)
        first = next(iter(self._read_whole(searched, found, documents, owner)), None)
        if first and reader.knows(first.reading):
            reader.read_ahead(first.reading, begun, history)

    def _look_up(
        self,
        question: str,
        history: tuple[Turn, ...],
        documents: Collection[str] | None,
        owner: str,
        leans: bool = False,
    ) -> Query:
        """Find passages for a question, which `leans` on the last exchange, or does if it looks like a follow-up."""
        turns = last_exchange(history) if leans else self._models.reader.turns_read(question, history)
        searched = search_question(question, history, leans)
        found = self._retriever.search(searched, max(POOL, self.settings.top_k), documents, owner)
        return Query(question, history, documents, owner, turns, searched, found, found[: self.settings.top_k])

    def _wholes(self, query: Query) -> list[Gathered | None]:
        return self._read_whole(query.searched, query.candidates, query.documents, query.owner)

    def _read_whole(
        self, searched: str, found: Sequence[RetrievedPassage], documents: Collection[str] | None, owner: str
    ) -> list[Gathered | None]:
        """Return what is to be read whole for a question (see `Material.read_whole`)."""
        reader = self._models.reader
        alone = found if reader.runs_here else ()  # a model elsewhere is paid for what it reads
        return self._material.read_whole(searched, alone, documents, owner, reader.knows, self._patient)

    def _without_reader(self, query: Query, clock: Clock) -> Answer | None:
        """Return an overview, a timeline, a list, or all of a kind that is named, where the question asks for that.

        A model elsewhere that reads all of the documents writes its own.
        """
        question, asked = query.question, (query.documents, query.owner)
        short = self._models.reader.runs_here or not self._material.whole(*asked)
        if short and (overviews := self._overviews.asked(question, query.history, *asked)):
            return give_overviews(question, query.passages, overviews, clock.timings())
        if short and (timeline := self._timelines.asked(question, query.history, *asked)):
            return give_timeline(question, query.passages, timeline, clock.timings())
        if short and (listing := self._listings.asked(question, query.history, *asked)):
            return give_listing(question, query.passages, listing, clock.timings())
        kind = kind_asked(question)
        model = self._models.chat_model if kind else None
        if isinstance(model, EmbeddedChatModel) and (inventory := self._inventories.asked(kind, *asked, model)):
            return give_inventory(question, query.passages, inventory, clock.timings())
        return None

    def _asked_of_each(self, query: Query) -> list[tuple[str, Document]]:
        """Return a few documents, each with the question as it is asked of that one, if it is asked of several."""
        question = asked_of_one(query.question) if self._models.reader.runs_here else ""
        meant = self._index.documents(query.owner, query.documents) if question else ()
        return [(question, document) for document in meant] if 1 < len(meant) <= MOST_DOCUMENTS else []

    def read_documents(self, wanted: Callable[[], bool] = lambda: False) -> bool:
        """Have the embedded model read the documents, half a minute for 1,600 tokens; return whether that is done.

        Questions about them are then answered from the whole document, or of a long one from a whole part, and soon.
        Last, of a few documents, it learns what kinds the names in them are of.
        From the first call on nobody waits for a document to be read: until it is, its best sentences are. Call it
        `under` an errand that gives way.

        Args:
            wanted: says that someone else waits for the model; this then returns, and a later call goes on from there.
        """
        self._patient = False
        try:
            for reading in self._material.unread(self._models.reader.knows, self.owners):
                if wanted():
                    return False
                self._models.reader.warm(reading)
                self._kept.sweep()
            model = self._models.chat_model
            return not isinstance(model, EmbeddedChatModel) or self._inventories.prepare(self.owners, model, wanted)
        except BusyError:
            return False

    @property
    def runs_here(self) -> bool:
        """Whether the model runs in this process, so that asking it costs nothing but this machine's time."""
        return self._models.reader.runs_here

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
