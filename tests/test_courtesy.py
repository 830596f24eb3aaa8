"""Greetings and thanks: no model is asked, no document is looked at, and no follow-up leans on them."""

import json
from pathlib import Path

import pytest

from qa import QA, Settings
from qa.conversation import last_exchange, search_question
from qa.courtesy import INTRODUCTION, ONLY_ANSWERS, WELCOME, courtesy, without_courtesies
from qa.datatypes import Answer, Timings, Turn
from qa.ui.messages import all_words
from qa.ui.session import ChatTurn
from qa.ui.transcript import turns_html

HERE = Path(__file__).parent
ASKED = [
    {"role": "user", "content": "Who are the mediators?"},
    {"role": "assistant", "content": "Turkiye and Qatar. [1]"},
    {"role": "user", "content": "Thanks!"},
    {"role": "assistant", "content": WELCOME},
]


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("hi", INTRODUCTION),
        ("Hello there!", INTRODUCTION),
        ("Good morning", INTRODUCTION),
        ("Hi, how are you?", INTRODUCTION),
        ("What can you do?", INTRODUCTION),
        ("¿Quién eres?", INTRODUCTION),
        ("Hallo", INTRODUCTION),
        ("help", INTRODUCTION),
        ("Thanks!", WELCOME),
        ("ok, thank you so much 🙏", WELCOME),
        ("Merci beaucoup !", WELCOME),
        ("Bye", WELCOME),
        ("Translate the conclusion to German", ONLY_ANSWERS),
        ("Please write me a short poem about the talks.", ONLY_ANSWERS),
        ("tell me another joke", ONLY_ANSWERS),
    ],
)
def test_courtesies_get_one_back(said: str, reply: str) -> None:
    assert courtesy(said) == reply


@pytest.mark.parametrize(
    "question",
    [
        "Who said hello?",
        "Thank you, but who signed it?",
        "Hi, who won?",
        "Why?",
        "ok",
        "Who are you two?",
        "Help whom?",
        "Who translated it?",
        "Tell me the story of the letter",
        "Who wrote a letter to the editor?",
    ],
)
def test_what_asks_anything_else_is_a_question(question: str) -> None:
    assert courtesy(question) == ""


def test_no_question_of_the_sets_is_a_courtesy() -> None:
    lines = (line for path in HERE.glob("*/**/*.jsonl") for line in path.read_text(encoding="utf-8").splitlines())
    questions = [row["question"] for row in map(json.loads, lines) if "question" in row]
    assert len(questions) > 5000
    replies = {question: courtesy(question) for question in questions if courtesy(question)}
    assert set(replies.values()) == {ONLY_ANSWERS}
    assert all(question.startswith("Write ") for question in replies)


def test_a_follow_up_leans_on_what_was_said_before_the_thanks() -> None:
    turns = [Turn(role=turn["role"], content=turn["content"]) for turn in ASKED]
    assert without_courtesies(turns) == turns[:2]
    assert [turn["content"] for turn in last_exchange(turns)] == ["Who are the mediators?", "Turkiye and Qatar."]
    assert search_question("Where did they meet?", turns).startswith("Who are the mediators?")


def test_a_greeting_is_answered_without_any_model(corpus_of, word_embedder, tmp_path, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a model was loaded")

    settings = Settings(corpus=corpus_of({"stone.txt": "A stone is hard."}), data_dir=tmp_path / "index")
    monkeypatch.setattr("qa.embedded.EmbeddedChatModel._stream", refused)
    with QA.open(settings, embedder=word_embedder()) as engine:
        engine.sync()
        passages, text, answer = engine.stream("Hello!")
    assert (passages, text) == ((), INTRODUCTION)
    assert (answer.text, answer.answered, answer.citations) == (INTRODUCTION, False, ())


def test_the_page_shows_no_verdict_on_a_greeting() -> None:
    answer = Answer("hi", "hi", INTRODUCTION, False, 1.0, (), (), Timings(0.0, 0.0, 0.0))
    drawn = turns_html([ChatTurn("hi", "done", answer=answer)], all_words()["en"])
    assert INTRODUCTION in drawn
    assert "declined" not in drawn
    assert 'class="meta"' not in drawn
