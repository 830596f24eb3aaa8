"""The rows of a table that have something in common: which questions ask for them, and what is left to the reader."""

from collections.abc import Iterator

import pytest

from qa import QA, Settings
from qa.concluding import give_rows
from qa.datatypes import Timings
from qa.ranking import sentences_of
from qa.selecting import Selection
from qa.tables import columns

TEXT = """# Sports day

| Pupil | Class | Event | Coach | Points | Ill |
|---|---|---|---|---|---|
| Mira | 7a | Long jump | Ada Marsh | 12 | no |
| Jonas | 7b | Ball throw | Ben Falk | 45 | yes |
| Pell | 7a | Ball throw | Ben Falk | 40 | no |
| Dario | 7b | Long jump | Ada Marsh | 40 | yes |
| Ottilie | 7a | Long jump | Cleo Reed | 31 | no |
| Total | | | | 168 | |

It rained.
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QA]:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "day.md").write_text(TEXT, encoding="utf-8")
    with QA.open(Settings(corpus=folder / "day.md", data_dir=folder / "index")) as opened:
        opened.sync()
        yield opened


def selection(engine: QA, question: str) -> Selection | None:
    sentences = sentences_of(engine._index.document_passages(engine.documents()[0].id))
    row = next(sentence for sentence in sentences if columns(sentence.text, sentence.heading))
    return engine._selections.asked(question, row)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who is in class 7a?", "Class “7a”: Mira, Pell, Ottilie"),
        ("Which pupils are in 7b?", "Class “7b”: Jonas, Dario"),
        ("Please list all of the pupils of 7b.", "Class “7b”: Jonas, Dario"),
        ("Which pupils of 7a take part in the long jump?", "Class “7a”: Mira, Ottilie"),
        ("Which coaches train for the ball throw?", "Event “Ball throw”: Ben Falk"),
        ("Who is ill?", "Ill “yes”: Jonas, Dario"),
    ],
)
def test_the_rows_are_found(engine: QA, question: str, told: str) -> None:
    found = selection(engine, question)
    assert found
    assert f"{found.head} {', '.join(words for words, _ in found.items)}" == told


@pytest.mark.parametrize(
    "question",
    [
        "Who is not in class 7a?",
        "Who of 7a has the most points?",
        "Which pupils of 7a have more than 20 points?",
        "Which pupils of 7a were born in 2011?",
        "How many points do the pupils of 7a have?",
        "How many pupils are in 7a?",
        "Which event and which coach does 7b have?",
        "Who does Cleo Reed train?",
        "When did 7a jump?",
        "Did 7a win?",
    ],
)
def test_what_is_asked_otherwise_is_left_to_the_reader(engine: QA, question: str) -> None:
    assert selection(engine, question) is None


def test_each_row_is_cited_behind_what_it_is_called(engine: QA) -> None:
    found = selection(engine, "Who is in class 7b?")
    assert found
    answer = give_rows("Who is in class 7b?", (), found, Timings(0, 0, 0), 0.9)
    assert answer.text == "Class “7b”: Jonas [1][2], Dario [3]."
    assert [cited.quote.split(" | ")[0] for cited in answer.citations] == ["Pupil", "Jonas", "Dario"]
    assert [answer.text[cited.answer_start : cited.answer_end] for cited in answer.citations] == [
        "Jonas",
        "Jonas",
        "Dario",
    ]
