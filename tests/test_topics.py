"""Topics: which questions ask for one, and which sentences are on it, by what is known and by the real model."""

from pathlib import Path

import pytest

from qa.corpus import make_document
from qa.follow_ups import is_follow_up
from qa.passages import split
from qa.pipeline import QA
from qa.questions import topic_asked
from qa.reading import Reading, lay_out
from qa.settings import Settings
from qa.topics import MOST_SENTENCES, evidence_of, on_topic

TEXT = (
    "The harbour of Lorne was closed on Monday. Ada Quill blamed the ferry. She said that its anchor was lost.\n\n"
    "The ferry sails again in May. The price of a ticket is not known.\n"
)


def reading(text: str = TEXT) -> Reading:
    document = make_document("Title", "a.txt", text)
    return lay_out(split(document, 400), [document])


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Tell me about Ada Quill.", "Ada Quill"),
        ("Can you tell me more about the ferry, please?", "the ferry"),
        ("What does the article say about trade?", "trade"),
        ("what else does it say about the price of tickets", "the price of tickets"),
        ("Does the text mention anything about trade with India?", "trade with India"),
        ("What is said about the ferry in this chapter?", "the ferry"),
        ("What do we know about the health of those who were let go?", "the health of those who were let go"),
        ("What about compensation?", "compensation"),
        ("Summarise the talks.", "the talks"),
        ("Give me a short summary of the talks in Lorne", "the talks in Lorne"),
        ("Is there any information on safety?", "safety"),
        ("Anything about dogs?", "dogs"),
        ("Ada Quill", "Ada Quill"),
        ("ferry price", "ferry price"),
        ("Explain the price of a ticket in simple terms", "the price of a ticket"),
        ("Can you explain to me the ferry?", "the ferry"),
        ("Give me three bullet points on the ferry", "the ferry"),
        ("What are the key facts about the ferry?", "the ferry"),
        ("Walk me through the talks, please", "the talks"),
        ("Summarise the talks for a five-year-old", "the talks"),
        ("Summarise the talks in two sentences.", "the talks"),
    ],
)
def test_a_request_for_all_on_something_names_its_topic(question: str, topic: str) -> None:
    assert topic_asked(question) == topic


@pytest.mark.parametrize(
    "question",
    [
        "Tell me about it.",
        "What about him?",
        "What does the article say about how it ended?",
        "Summarize what Ada Quill said about the ferry",
        "What did Ada Quill say about the ferry?",
        "What is known about the ferry, and who owns it? Is it old?",
        "Who is Ada Quill?",
        "When?",
        "And the third?",
        "how many people were hurt",
        "Explain how the ferry lost its anchor",
        "Explain the loss of the anchor of the ferry that was said to sail again",
    ],
)
def test_other_questions_have_none(question: str) -> None:
    assert topic_asked(question) == ""


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("Summarise the talks.", True),
        ("Is there anything about oil prices?", True),
        ("What about Qatar?", False),
        ("Qatar", False),
        ("Who came?", False),
        ("What does the article say about the other one?", False),
    ],
)
def test_a_topic_named_in_full_leans_on_nothing_said_before(question: str, alone: bool) -> None:
    assert is_follow_up(question) is not alone


def test_what_the_reader_points_at_and_what_names_the_topic_is_on_it() -> None:
    found = on_topic("the ferry", reading(), ((3, 0.4), (1, 0.001)))
    assert [sentence.number for sentence in found.sentences] == [2, 3, 4]
    assert found.named
    assert 0.5 < found.chance < 1


def test_one_sentence_is_returned_though_none_is_likely() -> None:
    found = on_topic("dogs", reading(), ((5, 0.01),))
    assert [sentence.number for sentence in found.sentences] == [5]
    assert not found.named
    assert found.chance < 0.5


def test_no_more_than_the_best_sentences_are_given() -> None:
    text = "".join(f"The ferry sailed on day {number} of the year.\n\n" for number in range(20, 40))
    found = on_topic("ferry", reading(text), ((7, 0.5),))
    assert len(found.sentences) == MOST_SENTENCES
    assert 7 in {sentence.number for sentence in found.sentences}


def test_words_in_the_sentence_before_count_within_a_passage_alone() -> None:
    shared_before = [round(before, 2) for _, _, before in evidence_of("ferry", reading(), ())]
    assert shared_before == [0.0, 0.0, 1.0, 0.0, 1.0]


@pytest.mark.slow
def test_the_embedded_model_says_all_that_the_seed_article_does_on_a_topic(seed_article: Path, tmp_path: Path) -> None:
    with QA.open(Settings.load(corpus=seed_article, data_dir=tmp_path)) as qa:
        qa.sync()
        trade, nothing = qa.ask("What does the article say about trade?"), qa.ask("Is there anything about oil prices?")
        named = qa.ask("India trade")
    quotes = " ".join(citation.quote for citation in trade.citations)
    assert all(words in quotes for words in ("trade with India", "suspended trade ties", "closed its border for trade"))
    assert trade.text.startswith("The article says:\n• “")
    assert all(c.quote in seed_article.read_text(encoding="utf-8") for c in trade.citations)
    assert any("trade with India" in citation.quote for citation in named.citations)
    assert not nothing.answered
