"""Suggested questions: proved by their own answers, kept with the index, made only while nobody else asks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.citations import LEAD
from qa.corpus import make_document
from qa.datatypes import Answer, Citation, Passage, Timings
from qa.errors import BusyError
from qa.index import Index
from qa.settings import Settings
from qa.suggesting import NOTE, Suggestions, fit_question

LINES = [
    f"The {kind} number {n} of Lima was seen by Ms Torres, who watches the animals of the river every single day."
    for n, kind in enumerate(["cat", "dog", "fish", "bird"])
]
ABOUT = {
    "cat": "Who fed the cat of Lima?",
    "dog": "When was the dog taken to Quito?",
    "fish": "Why did Torres buy a fish?",
    "bird": "What does the bird near Cusco sing?",
}
QUESTIONS = list(ABOUT.values())


def answer_to(question: str, cited: Passage | None, **changes: Any) -> Answer:
    citations = (
        (Citation(1, cited.document_id, "a.txt", cited.id, cited.start, cited.end, cited.text, 0, 2),) if cited else ()
    )
    values: dict[str, Any] = {
        "question": question, "search_question": question, "text": "Ms Torres. [1]", "answered": bool(citations),
        "confidence": 0.7, "citations": citations, "passages": (), "timings": Timings(0, 0, 0), **changes,
    }  # fmt: skip
    return Answer(**values)


@pytest.fixture
def index(tmp_path: Path, word_embedder: type[Any]) -> Iterator[Index]:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("\n".join(LINES), encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", data_dir=tmp_path / "data", passage_characters=110)
    opened = Index.open(settings, word_embedder())
    opened.sync()
    yield opened
    opened.close()


@pytest.fixture
def passages(index: Index) -> list[Passage]:
    """The passages in the order in which questions are tried."""
    found = index.document_passages(index.documents()[0].id)
    assert len(found) == 4
    return [found[0], found[2], found[1], found[3]]


def writer(passages: list[Passage]) -> GenericFakeChatModel:
    """A model that writes the question of each passage in turn."""
    written = [question for passage in passages for kind, question in ABOUT.items() if f"The {kind}" in passage.text]
    return GenericFakeChatModel(messages=iter(map(AIMessage, written)))


def passage_of(question: str, passages: list[Passage]) -> Passage:
    kind = next(kind for kind in ABOUT if kind in question)
    return next(passage for passage in passages if f"The {kind}" in passage.text)


def prover(passages: list[Passage], **changes: Any) -> Callable[[str], Iterator[object]]:
    def stream(question: str) -> Iterator[object]:
        yield "Ms Torres"
        yield answer_to(question, passage_of(question, passages), **changes)

    return stream


def never() -> bool:
    return False


def test_proved_questions_are_kept_until_the_corpus_changes(index: Index, passages: list[Passage]) -> None:
    suggestions = Suggestions(index)
    assert suggestions.starters() == ()
    assert suggestions.prepare(writer(passages), prover(passages), never)
    assert set(suggestions.starters()) == set(QUESTIONS)
    again = GenericFakeChatModel(messages=iter([]))
    assert suggestions.prepare(again, prover(passages), never)  # nothing is left to write
    index.add(make_document("Mine", "mine.txt", "A cloud."), "someone")
    index.remove_owner("someone")
    assert len(Suggestions(index).starters()) == 4
    (index._settings.corpus / "b.txt").write_text("A new stone.", encoding="utf-8")
    index.sync()
    assert Suggestions(index).starters() == ()


def test_a_question_answered_elsewhere_or_poorly_is_dropped(index: Index, passages: list[Passage]) -> None:
    def elsewhere(question: str) -> Iterator[object]:
        yield answer_to(question, passages[0])

    suggestions = Suggestions(index)
    assert suggestions.prepare(writer(passages), elsewhere, never)
    assert suggestions.starters() == (QUESTIONS[0],)
    for changes in ({"confidence": 0.3}, {"answered": False}, {"text": f"{LEAD} no"}):
        index.set_note(NOTE, "{}")
        assert suggestions.prepare(writer(passages), prover(passages, **changes), never)
        assert suggestions.starters() == ()


def test_the_making_gives_way_and_goes_on_where_it_was(index: Index, passages: list[Passage]) -> None:
    suggestions = Suggestions(index)
    wishes = iter([False] * 30 + [True] * 100)
    assert not suggestions.prepare(writer(passages), prover(passages), lambda: next(wishes))
    tried = suggestions.kept().tried
    assert 0 < tried < 4
    assert suggestions.starters() == ()  # not enough yet, and more will come
    assert suggestions.prepare(writer(passages[tried:]), prover(passages), never)
    assert set(suggestions.starters()) == set(QUESTIONS)


def test_the_making_goes_on_after_the_model_was_busy(index: Index, passages: list[Passage]) -> None:
    def busy(question: str) -> Iterator[object]:
        raise BusyError("somebody waits for the language model")

    suggestions = Suggestions(index)
    assert not suggestions.prepare(writer(passages), busy, never)
    assert suggestions.prepare(writer(passages), prover(passages), never)
    assert set(suggestions.starters()) == set(QUESTIONS)


def test_nothing_is_kept_from_a_corpus_that_changed_meanwhile(index: Index, passages: list[Passage]) -> None:
    def changing(question: str) -> Iterator[object]:
        index.add(make_document("Mine", "mine.txt", "A cloud."), "someone")
        yield from prover(passages)(question)

    suggestions = Suggestions(index)
    assert not suggestions.prepare(writer(passages), changing, never)
    assert suggestions.kept().tried == 0


def test_follow_ups_lie_near_and_were_not_asked(index: Index, passages: list[Passage]) -> None:
    suggestions = Suggestions(index)
    suggestions.prepare(writer(passages), prover(passages), never)
    fish = passage_of(ABOUT["fish"], passages)
    near = suggestions.near(answer_to("Where do they live?", fish), [ABOUT["bird"]])
    assert near[0] == ABOUT["fish"]
    assert set(near) == set(QUESTIONS) - {ABOUT["bird"]}
    elsewhere = answer_to("What?", Passage("p", "an upload", 0, 4, "Text", ((0, 4),)))
    assert suggestions.near(elsewhere) == ()


def test_an_old_note_counts_as_none(index: Index) -> None:
    for note in ('["Who?"]', "nonsense", '{"found": [{"other": 1}]}'):
        index.set_note(NOTE, note)
        assert Suggestions(index).starters() == ()


@pytest.mark.parametrize(
    ("written", "question"),
    [
        ('"Who saw the cat of Lima?" It was', "Who saw the cat of Lima?"),
        ("1. Who saw the cat of Lima?", "Who saw the cat of Lima?"),
        ("What did Torres do after she came?", "What did Torres do after she came?"),
        ("What did she do in Lima?", ""),
        ("Who is the speaker of Lima?", ""),
        ("What does hope mean?", ""),
        ("There is no question here.", ""),
        ("Who " + "really " * 20 + "saw Lima?", ""),
        ("", ""),
    ],
)
def test_questions_that_stand_alone(written: str, question: str) -> None:
    assert fit_question(written) == question
