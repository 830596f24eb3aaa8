"""Lists given whole: which questions ask for one, and which list they mean."""

from typing import Any

import pytest

from qa import QA, Settings
from qa.listing import list_asked
from qa.ranking import sentences_of

PLAN = """# Heron

## Milestones

- Prototype ready in June
- First sale in Oslo. Paid at once.
- Review by the board

## Risks

Nobody buys it. It rains.

The next steps are:

1. Test it
2. Launch it

| Year | Boats |
|------|-------|
| 2022 | 9 |
"""


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What are the milestones?", {"milestone"}),
        ("what were its  milestones", {"milestone"}),
        ("List all of the milestones of Heron.", {"milestone", "heron"}),
        ("Which next steps are there?", {"next", "step"}),
        ("Welche Schritte gibt es?", {"schritte"}),
        ("Quelles sont les étapes ?", {"étape"}),
        ("¿Cuáles son los pasos?", {"paso"}),
        ("What are the key points?", set()),
        ("Where are the milestones?", set()),
        ("Tell me about the milestones.", set()),
    ],
)
def test_what_is_to_be_listed(question: str, words: set[str]) -> None:
    assert list_asked(question) == words


@pytest.fixture
def engine(corpus_of: Any, word_embedder: Any, tmp_path: Any) -> QA:
    settings = Settings(corpus=corpus_of({"plan.md": PLAN, "b.txt": "A cat sat."}), data_dir=tmp_path / "index")
    engine = QA.open(settings, embedder=word_embedder())
    engine.sync()
    return engine


def items(engine: QA, question: str, history: Any = ()) -> list[str]:
    found = engine._listings.asked(question, history, None, "")
    return [item.text for item in found.items] if found else []


MILESTONES = ["Prototype ready in June", "First sale in Oslo.", "Paid at once.", "Review by the board"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What are the milestones?", MILESTONES),
        ("What are the milestones of Heron?", MILESTONES),
        ("What are the next steps?", ["1. Test it", "2. Launch it"]),
        ("What are the risks?", []),
        ("What are the milestones of Osprey?", []),
        ("What are the boats?", []),
        ("What are the steps of the dance?", []),
    ],
)
def test_the_list_that_is_meant(engine: QA, question: str, expected: list[str]) -> None:
    assert items(engine, question) == expected


def test_a_list_is_an_answer_of_quotes_and_asks_no_model(engine: QA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.embedded.EmbeddedChatModel._stream", lambda *_: pytest.fail("the model was asked"))
    answer = engine.ask("What are the milestones?")
    assert [cited.quote for cited in answer.citations] == MILESTONES
    assert answer.text.splitlines()[:2] == ["The article says:", "• “Prototype ready in June” [1]"]
    assert answer.document(answer.citations[0]).source == "plan.md"


def test_the_list_that_a_sentence_introduces(engine: QA) -> None:
    (plan,) = (document for document in engine.documents() if document.source == "plan.md")
    sentences = {one.text: one for one in sentences_of(engine._index.document_passages(plan.id))}
    listing = engine._listings.introduced_by(sentences["The next steps are:"])
    assert listing
    assert [item.text for item in listing.items] == ["1. Test it", "2. Launch it"]
    assert engine._listings.introduced_by(sentences["It rains."]) is None


@pytest.mark.slow
def test_an_answer_that_only_introduces_a_list_gives_the_list(corpus_of: Any, tmp_path: Any) -> None:
    text = "The council met on Monday.\n\nIts report on the harbour proposes:\n\n- a new quay\n- a longer pier\n"
    with QA.open(Settings(corpus=corpus_of({"report.md": text}), data_dir=tmp_path / "index")) as engine:
        engine.sync()
        answer = engine.ask("What does the council's report propose?")
    assert [cited.quote for cited in answer.citations] == [
        "Its report on the harbour proposes:",
        "a new quay",
        "a longer pier",
    ]
    assert 0.5 < answer.confidence < 1


def test_within_a_conversation_it_may_be_something_else(engine: QA) -> None:
    turns = [{"role": "user", "content": "Who sold it?"}, {"role": "assistant", "content": "Nobody."}]
    assert items(engine, "What are the milestones?", turns) == MILESTONES
    assert items(engine, "What are the milestones of that?", turns) == []


def test_a_list_that_two_documents_have_is_not_chosen_from(engine: QA) -> None:
    engine.add_text("Other", "# Milestones\n\n- One\n- Two\n", "me")
    assert items(engine, "What are the milestones?") == MILESTONES
    assert engine._listings.asked("What are the milestones?", (), None, "me") is None
