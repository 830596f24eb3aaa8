"""The most and the least in a table: which questions ask for it, what is compared, and what is left to the reader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qa import QA, Settings
from qa.extremes import amount, direction
from qa.ranking import sentences_of
from qa.tables import columns

DAY = """# Sports day

| Pupil | Class | Ball throw (m) | Run | Points |
|---|---|---|---|---|
| Mira | red | 31.5 | 3:08 | 1,142 |
| Jonas | blue | 45 | 2:59 | 1,236 |
| Pell | red | 40.5 | 3:02 | 1,251 |
| Dario | blue | 45.0 | did not finish | 871 |
| Total | | | | 4,500 |

It rained.
"""
BIKES = """# Bicycles

| Property | Corvo | Talvik | Ninde |
|---|---|---|---|
| Weight | 19.8 kg | 24.6 kg | 16.9 kg |
| Charging time | 3 h 40 min | 5 h | 50 min |
| Brakes | disc | disc | rim |
"""
BOATS = """# Boats

| Sailing | Leaves Halden | Ship |
|---|---|---|
| 101 | 06:40 | Marla |
| 103 | 21:05 | Old Tom |
| 105 | 09:50 | Marla |
"""
TEXTS = {"day.md": DAY, "bikes.md": BIKES, "boats.md": BOATS}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QA]:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "corpus").mkdir()
    for name, text in TEXTS.items():
        (folder / "corpus" / name).write_text(text, encoding="utf-8")
    with QA.open(Settings(corpus=folder / "corpus", data_dir=folder / "index")) as opened:
        opened.sync()
        yield opened


def told(engine: QA, source: str, question: str) -> str:
    """Return what is told of the table of a document, "" where that is left to the reader."""
    (document,) = (document for document in engine.documents() if document.source == source)
    sentences = sentences_of(engine._index.document_passages(document.id))
    row = next(sentence for sentence in sentences if columns(sentence.text, sentence.heading))
    extreme = engine._extremes.asked(question, row)
    return extreme.words if extreme else ""


@pytest.mark.parametrize(
    ("cell", "number", "unit"),
    [
        ("1,104", 1104, ""),
        ("12,50", 12.5, ""),
        ("−14", -14, ""),
        ("19.8 kg", 19.8, "kg"),
        ("€0.32", 0.32, "€"),
        ("45%", 45, "%"),
        ("06:40", 400, ":"),
        ("6.40 pm", 1120, ":"),
        ("12.05 a.m.", 5, ":"),
        ("3 h 40 min", 220, "min"),
        ("5 h", 300, "min"),
    ],
)
def test_the_number_in_a_cell(cell: str, number: float, unit: str) -> None:
    assert amount(cell) == (number, unit)


@pytest.mark.parametrize("cell", ["", "-", "did not finish", "150 - 400", "1.251.000", "B3 and B4"])
def test_cells_that_are_no_number(cell: str) -> None:
    assert amount(cell) is None


@pytest.mark.parametrize(
    ("question", "way"),
    [
        ("Who threw the furthest?", 1),
        ("Which segment earned most?", 1),
        ("What is the most expensive article?", 1),
        ("Which one is the cheapest?", -1),
        ("When does the last boat leave?", 1),
        ("What did most pupils say?", 0),
        ("Which two are the cheapest?", 0),
        ("Who came second highest?", 0),
        ("Who threw at least 40 m?", 0),
        ("Which is the lightest and which the dearest?", 0),
        ("Who threw far?", 0),
    ],
)
def test_which_questions_ask_for_an_extreme(question: str, way: int) -> None:
    assert direction(question) == way


@pytest.mark.parametrize(
    ("source", "question", "words"),
    [
        ("day.md", "Who collected the most points?", "Pell, Points: 1,251 (the highest of 4)."),
        ("day.md", "Who threw the ball the shortest distance?", "Mira, Ball throw (m): 31.5 (the lowest of 4)."),
        ("day.md", "Which red pupil has the fewest points?", "Mira, Points: 1,142 (the lowest of 2)."),
        ("bikes.md", "Which bike is the lightest?", "Ninde, Weight: 16.9 kg (the lowest of 3)."),
        ("bikes.md", "Which takes the longest to charge?", "Talvik, Charging time: 5 h (the highest of 3)."),
        ("bikes.md", "Which charging lasts the longest?", "Talvik, Charging time: 5 h (the highest of 3)."),
        ("boats.md", "When does the last boat leave Halden?", "103, Leaves Halden: 21:05 (the latest of 3)."),
        ("boats.md", "When does the first boat leave Halden?", "101, Leaves Halden: 06:40 (the earliest of 3)."),
        ("boats.md", "When does the last Marla leave Halden?", "105, Leaves Halden: 09:50 (the latest of 2)."),
    ],
)
def test_the_extreme_of_what_is_asked(engine: QA, source: str, question: str, words: str) -> None:
    assert told(engine, source, question) == words


@pytest.mark.parametrize(
    ("source", "question"),
    [
        ("day.md", "Who threw the ball the furthest?"),
        ("day.md", "Who is the oldest and strongest of the teachers?"),
        ("day.md", "Which class has the most points?"),
        ("day.md", "Who was the first to collect points?"),
        ("boats.md", "Which ship is the heaviest?"),
        ("boats.md", "Which one is the most expensive?"),
        ("day.md", "How many points has Pell?"),
    ],
    ids=["a tie", "no such column", "another column", "not a time", "no numbers", "no price", "no extreme"],
)
def test_what_is_not_clear_is_left_to_the_reader(engine: QA, source: str, question: str) -> None:
    assert told(engine, source, question) == ""


@pytest.mark.slow
def test_the_answer_cites_the_row_and_the_names_of_the_columns(corpus_of: Any, tmp_path: Path) -> None:
    with QA.open(Settings(corpus=corpus_of({"day.md": DAY}), data_dir=tmp_path / "index")) as engine:
        engine.sync()
        answer = engine.ask("Who collected the most points?")
    assert answer.text == (
        "Pell, Points: 1,251 (the highest of 4). “Pupil | Class | Ball throw (m) | Run | Points” "
        "“Pell | red | 40.5 | 3:02 | 1,251” [1][2]"
    )
    assert [cited.quote for cited in answer.citations] == [
        "Pupil | Class | Ball throw (m) | Run | Points",
        "Pell | red | 40.5 | 3:02 | 1,251",
    ]
    assert 0.5 < answer.confidence <= 1
