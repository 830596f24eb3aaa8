"""A stand-in for QA with the same face: answers are scripted on the seed article, so the page is tested in seconds."""

import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from qa.corpus import read_document
from qa.datatypes import Answer, Citation, Document, RetrievedPassage, SyncReport, Timings, Turn
from qa.errors import QuestionError
from qa.passages import split
from qa.settings import Settings, seed_corpus

SCRIPT = {
    "who rejected": (
        "The military spokesperson did.",
        ["The military spokesperson rejected the allegations."],
    ),
    "trade": (
        "Asif said the Taliban could trade with India.\nLater, trade with Islamabad was suspended.",
        [
            "He added that the Afghan Taliban were more than welcome to pursue and open up trade with India through "
            "whichever route they wanted, adding that Pakistan did not care for it.",
            "Following the failure of the talks, the Afghan Taliban suspended trade ties with Islamabad.",
        ],
    ),
}
"""A word of the question -> statements of the answer, one a line, and the sentence that each rests on."""

DECLINED = "The article does not say."


def document_of(source: str, text: str, title: str = "") -> Document:
    return Document(f"d{abs(hash((source, text))):x}", title or source, source, text)


class PageQA:
    """Finds passages by shared words, answers from SCRIPT, declines the rest.

    A question with 'slowly' is answered a word each tenth of a second, one with '12 quotes' cites twelve, one with
    'own words' cites the first line of every document that may be read; 'break' raises what no one expected. It is not
    warm before the file `hold` exists, and has no questions to suggest before the file `late` exists.
    """

    def __init__(
        self,
        settings: Settings,
        documents: Sequence[Document] = (),
        hold: Path | None = None,
        late: Path | None = None,
    ) -> None:
        self.settings = settings
        self.ready = False
        self.generation = 1
        self.runs_here = False
        self.hold = hold
        self.late = late
        self.asked: list[tuple[str, list[Turn], Collection[str] | None, str]] = []
        self.closed_streams = 0
        self._shared = list(documents) or self._seed()
        self._own: dict[str, list[Document]] = {}

    def _seed(self) -> list[Document]:
        file = next(seed_corpus().iterdir())
        return [document_of(file.name, file.read_text(encoding="utf-8"), "Pakistan writes off the Afghan Taliban")]

    def sync(self, progress: Callable[[int, int, str], None] | None = None, rebuild: bool = False) -> SyncReport:
        if progress:
            progress(1, 1, "seed")
        return SyncReport(1, 0, 0, 0, 1, 1)

    def warm_up(self, progress: Callable[[str], None] | None = None) -> None:
        while self.hold and not self.hold.exists():
            time.sleep(0.05)
        self.ready = True

    def uploaders(self) -> tuple[str, ...]:
        return tuple(self._own)

    def documents(self, owner: str = "") -> tuple[Document, ...]:
        return (*self._shared, *(self._own.get(owner, ()) if owner else ()))

    def document(self, document_id: str) -> Document:
        everything = [*self._shared, *(document for own in self._own.values() for document in own)]
        return {document.id: document for document in everything}[document_id]

    def add_text(self, title: str, text: str, owner: str) -> Document:
        document = document_of(title, text, title)
        self._own.setdefault(owner, []).append(document)
        return document

    def add_file(self, path: Path, owner: str) -> Document:
        time.sleep(1 if "slow" in path.name else 0)
        document = read_document(path, path.name, self.settings.max_file_megabytes)
        self._own.setdefault(owner, []).append(document)
        return document

    def remove(self, document_id: str, owner: str) -> None:
        self._own[owner] = [document for document in self._own.get(owner, []) if document.id != document_id]

    def forget(self, owner: str) -> None:
        self._own.pop(owner, None)

    def suggestions(self, owner: str = "") -> tuple[str, ...]:
        if self.late and not self.late.exists():
            return ()
        return ("Who rejected the claim about the strikes?", "What became of trade?")

    def read_documents(self, wanted: Callable[[], bool] = lambda: False) -> bool:
        return True

    def suggest(self, wanted: Callable[[], bool] = lambda: False) -> bool:
        return self.late is None or self.late.exists()

    def follow_ups(self, answer: Answer, asked: Sequence[str] = ()) -> tuple[str, ...]:
        made = self.late is None or self.late.exists()
        return ("And what became of trade?",) if answer.answered and made else ()

    def close(self) -> None:
        pass

    def search(
        self, question: str, k: int | None = None, *, documents: Collection[str] | None = None, owner: str = ""
    ) -> tuple[RetrievedPassage, ...]:
        wanted = set(question.lower().split())
        found = [
            (len(wanted & set(passage.text.lower().split())), passage)
            for document in self.documents(owner)
            if documents is None or document.id in documents
            for passage in split(document, 500)
        ]
        found.sort(key=lambda pair: -pair[0])
        return tuple(RetrievedPassage(p, n, 1 / n, 0.5) for n, (_, p) in enumerate(found[: k or 4], start=1))

    def read_ahead(
        self, begun: str, *, history: Sequence[Turn] = (), documents: Collection[str] | None = None, owner: str = ""
    ) -> None:
        with (self.settings.data_dir / "read-ahead").open("a", encoding="utf-8") as file:
            print(len(history), begun, file=file)

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), documents: Collection[str] | None = None, owner: str = ""
    ) -> Iterator[tuple[RetrievedPassage, ...] | str | Answer]:
        self.asked.append((question, list(history), documents, owner))
        if len(question) > 5000:
            raise QuestionError(f"the question has {len(question)} characters; at most 5000 can be asked")
        if "break" in question:
            raise RuntimeError("a fault that no one expected")
        passages = self.search(question, documents=documents, owner=owner)
        yield passages
        try:
            answer = self._answer(question, passages, bool(history), owner)
            for word in answer.text.split(" "):
                time.sleep(0.1 if "slowly" in question else 0)
                yield word + " "
            yield answer
        finally:
            self.closed_streams += 1

    def ask(self, question: str, **options: object) -> Answer:
        *_, last = self.stream(question, **options)  # type: ignore[arg-type]
        assert isinstance(last, Answer)
        return last

    def _answer(self, question: str, passages: tuple[RetrievedPassage, ...], rewritten: bool, owner: str) -> Answer:
        text, quotes = next((found for word, found in SCRIPT.items() if word in question.lower()), ("", []))
        if "own words" in question:  # the first line of every document that may be read
            quotes = [document.text.splitlines()[0] for document in self.documents(owner)]
            text = "\n".join(f"Statement {number}" for number in range(1, len(quotes) + 1))
        if many := re.search(r"(\d+) quotes", question):
            places = self._shared[0].text.split(". ")
            quotes = [places[number % len(places)] for number in range(int(many[1]))]
            text = "\n".join(f"Statement {number}." for number in range(1, len(quotes) + 1))
        searched = f"{question} (the Afghan Taliban)" if rewritten else question
        composed, citations, used = "", [], {}
        for marker, (statement, quote) in enumerate(zip(text.splitlines(), quotes, strict=False), start=1):
            document = next(d for d in self.documents(owner) if quote in d.text)
            used[document.id] = document
            composed += "\n" if composed else ""
            begin = len(composed)
            composed += statement
            start = document.text.index(quote)
            where = (document.id, document.source, "p", start, start + len(quote), quote)
            citations.append(Citation(marker, *where, begin, len(composed)))
            composed += f" [{marker}]"
        return Answer(
            question=question,
            search_question=searched,
            text=composed or DECLINED,
            answered=bool(citations),
            confidence=0.9 if citations else 0.55,
            citations=tuple(citations),
            passages=passages,
            timings=Timings(0.01, 0.02, 0.4),
            unsupported=0,
            documents=tuple(used.values()),
        )
