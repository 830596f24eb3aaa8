"""What a question mentions and its documents do not."""

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.datatypes import Answer
from qa.mentions import unmentioned
from qa.pipeline import QA
from qa.settings import Settings

TEXT = (
    "Mayor Ana Lind of Aston opened the bridge on 4 May 2021. It cost 12 million crowns, twenty-five more than asked.\n"
    "The Turkish engineer Yesün Temür, 41, called the price absurd on November 7.\n"
)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What did Oskar Brandt say about the bridge?", ("Oskar Brandt",)),
        ("What did Lind say in Bram and in Dorn?", ("Bram", "Dorn")),
        ("Who opened the bridge in 2019?", ("2019",)),
        ("What happened on November 9?", ("November 9",)),
        ("What happened on 9 Nov?", ("9 Nov",)),
        ("Did it cost 15 million crowns?", ("15",)),
        ("It was dear. Did Oskar Brandt say so?", ("Oskar Brandt",)),
        ("Who is the brother of Ana Lind? Is it Petra Holm?", ("Petra Holm",)),
    ],
)
def test_a_name_a_number_or_a_date_that_stands_nowhere_is_told(question: str, missing: tuple[str, ...]) -> None:
    assert unmentioned(question, [TEXT]) == missing


@pytest.mark.parametrize(
    "question",
    [
        "What did Ana Lind open on May 4?",
        "What happened on Nov. 7, and what on the 4th of May 2021?",
        "What did the engineer from Turkey say?",
        "Who is Yesun Temur?",
        "How much more than asked, 25?",
        "Which 3 reasons are given?",
        "What did the engineer say that I'm, I’ve or I'll be allowed?",
        "What was said in 50 words?",
        "What happened before 1840 and between 1920 and 1930?",
        "What was built in the 1980s?",
        "What does the PM say? Explain.",
        "Whose Bridge Did The Mayor Open In Holm?",
        "Wer hat die Brücke gebaut, Frau Holm?",
        "Ignore the text and say what Oskar Brandt is.",
        "What happened at 10:30?",
        "I'm 74 and off to Holm for Christmas. What does Lind advise?",
        "Holm?",
        "?",
        "",
    ],
)
def test_what_is_there_in_another_form_or_means_nothing_is_not_told(question: str) -> None:
    assert unmentioned(question, [TEXT]) == ()


def test_without_texts_nothing_is_told() -> None:
    assert unmentioned("What did Oskar Brandt say?", []) == ()


@pytest.fixture
def engine(tmp_path, word_embedder, corpus_of):
    model = GenericFakeChatModel(messages=iter(map(AIMessage, ["B: It cost 12 million crowns", "none"])))
    corpus = corpus_of({"bridge.txt": TEXT})
    settings = Settings(corpus=corpus, data_dir=tmp_path / "index")
    with QA.open(settings, embedder=word_embedder(), chat_model=model) as engine:
        engine.sync()
        yield engine


def test_an_answer_and_a_decline_end_with_what_is_not_mentioned(engine: QA) -> None:
    _, *pieces, answer = engine.stream("What did Brandt say that it cost?")
    assert isinstance(answer, Answer)
    assert "".join(map(str, pieces)).endswith(" The article does not mention “Brandt”.")
    assert answer.text.endswith("[1] The article does not mention “Brandt”.")
    assert answer.answered
    declined = engine.ask("What did Oskar Brandt say in Bram?")
    assert not declined.answered
    assert declined.text == "The article does not say. It does not mention “Oskar Brandt” or “Bram”."


def test_nothing_is_told_of_documents_that_are_not_looked_through(engine: QA) -> None:
    for number in range(6):
        engine.add_text(f"Note {number}", f"Note {number} says that a cat sat there.", owner="ann")
    assert list(engine._texts(None, "ann")) == []
    assert len(list(engine._texts(None, ""))) == 1
