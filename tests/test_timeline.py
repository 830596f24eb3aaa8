"""Timelines: which questions ask for one, what is dated, and in which order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.corpus import make_document
from qa.passages import split
from qa.pipeline import QA
from qa.reading import NumberedSentence, lay_out
from qa.settings import Settings
from qa.timeline import events_in, with_years


def sentences(text: str) -> tuple[NumberedSentence, ...]:
    document = make_document("Title", "a.txt", text)
    return lay_out(split(document, 400), [document]).sentences


def order(text: str) -> list[str]:
    events = sorted(with_years(list(events_in(sentences(text)))), key=lambda event: event.when[:3])
    return [event.when.words for event in events]


BRIDGE = (
    "The old bridge\n\nThe mayor opened the bridge on 4 May 2019. It had been begun in March 2016, after the talks "
    "of 1998 had failed.\n\nA flood took the old bridge in 1997. Nobody was hurt. The talks with the village of Orr "
    "went on until 2001."
)


@pytest.fixture
def qa(corpus_of, word_embedder, tmp_path: Path) -> Iterator[QA]:
    settings = Settings(corpus=corpus_of({"bridge.txt": BRIDGE}), data_dir=tmp_path / "index")
    with QA.open(settings, embedder=word_embedder()) as engine:
        engine.sync()
        yield engine


def dates(qa: QA, question: str) -> list[str]:
    timeline = qa._timelines.asked(question, (), None, "")
    return [event.when.words for event in timeline.events] if timeline else []


@pytest.mark.parametrize(
    "question",
    [
        "Give me a timeline.",
        "Can you make a timeline of what happened in the article?",
        "List the events in chronological order, please",
        "What happened when?",
        "What are the key dates?",
        "List the important dates and what happened on each.",
        "Erstelle eine Zeitleiste der Ereignisse",
        "Fais une chronologie des événements",
        "Haz una cronología de los hechos",
    ],
)
def test_a_request_for_a_timeline_means_all_that_is_dated(qa: QA, question: str) -> None:
    assert dates(qa, question) == ["1997", "2001", "March 2016", "4 May 2019"]


def test_a_timeline_quotes_each_event_behind_its_date(qa: QA) -> None:
    answer = qa.ask("Give me a timeline.")
    assert answer.text.splitlines()[1] == "• 1997: “A flood took the old bridge in 1997.” [1]"
    assert all(f"{c.quote}” [{c.marker}]" in answer.text for c in answer.citations)
    assert answer.answered


def test_a_timeline_of_something_holds_the_sentences_that_name_it(qa: QA) -> None:
    assert dates(qa, "Give me a timeline of the talks") == ["2001", "March 2016"]
    assert dates(qa, "Give me a timeline of the flood") == []


@pytest.mark.parametrize(
    "question",
    ["When was the bridge opened?", "What happened when the flood came?", "Which dates are mentioned?"],
)
def test_other_questions_on_time_ask_for_no_timeline(qa: QA, question: str) -> None:
    assert dates(qa, question) == []


def test_within_a_conversation_nothing_is_taken_for_a_timeline_of_all(qa: QA) -> None:
    history = ({"role": "user", "content": "Hm"}, {"role": "assistant", "content": "So."})
    assert qa._timelines.asked("A timeline of that?", history, None, "") is None
    assert qa._timelines.asked("Give me a timeline of the events", history, None, "")


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        (
            "He left on October 31. She came on November 7. They met in October.",
            ["October", "October 31", "November 7"],
        ),
        (
            "It closed on 3 January. It had opened in November. A fire came on 5 December.",
            ["November", "5 December", "3 January"],
        ),
        ("She was born on 4 May 1921. On 2 June, war came. It ended in 1925.", ["4 May 1921", "2 June", "1925"]),
        (
            "The law of 1998 was old.\n\nOn 3 April the house burned.\n\nIt was built in 2011.",
            ["1998", "2011", "3 April"],
        ),
    ],
)
def test_a_date_without_a_year_is_of_the_year_that_it_is_likely_of(text: str, dates: list[str]) -> None:
    assert order(text) == dates


def test_the_years_between_which_something_was_are_dates() -> None:
    told = "He ruled from 1909 (her reign, 1850–1871, was over). Between 1924 and 1927 it grew."
    assert [event.when.words for event in events_in(sentences(told))] == ["1909", "1924"]


def test_a_sentence_stands_at_the_first_of_its_dates() -> None:
    (event,) = events_in(sentences("On May 3 he spoke of what had been done on 9 April 2001 and in June."))
    assert event.when.words == "May 3"
