"""Rows of tables: each cell is read and told with the name of its column, and proved to stand under it."""

import pytest

from qa.citations import compose
from qa.corpus import make_document
from qa.datatypes import Document
from qa.parts import size, tokens
from qa.passages import split
from qa.proving import prove
from qa.reading import NumberedSentence, Statement, lay_out, read_reply
from qa.tables import cells, columns, with_columns, with_row

TABLE = """# Segments

| SEK million | Sales 2025 | Sales 2024 | Profit 2025 |
|---|---|---|---|
| Sawn timber | 1,104 | 1,021 | 96 |
| Pulp | 892 | 1,072 | 61 |
| Costs | - | - | 14 less |
"""
HEADING = "Segments: SEK million | Sales 2025 | Sales 2024 | Profit 2025"
TIMBER = "Sawn timber | 1,104 | 1,021 | 96"


def written(text: str = TABLE) -> tuple[Document, tuple[NumberedSentence, ...]]:
    document = make_document("Report", "report.md", text)
    return document, lay_out(split(document, 400), [document]).sentences


def test_cells_are_told_apart_by_strokes_and_by_tabs() -> None:
    assert cells("a | b|c |  | e") == ["a", "b", "c", "", "e"]
    assert cells("a\tb\t\td") == ["a", "b", "", "d"]


def test_each_cell_but_the_first_has_the_name_of_its_column() -> None:
    assert columns(TIMBER, HEADING) == [("Sales 2025", "1,104"), ("Sales 2024", "1,021"), ("Profit 2025", "96")]
    assert with_columns(TIMBER, HEADING) == "Sawn timber | Sales 2025: 1,104 | Sales 2024: 1,021 | Profit 2025: 96"
    assert with_columns("Asia | 3 |  | 4", "Land | 1998 |  | 2024") == "Asia | 1998: 3 |  | 2024: 4"


@pytest.mark.parametrize(
    ("row", "heading"),
    [
        ("It rose.", HEADING),
        ("SEK million | Sales 2025 | Sales 2024 | Profit 2025", HEADING),
        ("Pulp | 892 | 1,072", HEADING),
        ("Mail | a@b.example", "Phone | 0555"),
        ("Asia | 3 | 4", "Europe | 1 | 2"),
        ("Asia | 3 | 4", ""),
    ],
    ids=["a sentence", "the first row", "a cell less", "two columns", "no names", "no heading"],
)
def test_where_columns_have_no_names_a_row_is_shown_as_it_is(row: str, heading: str) -> None:
    assert columns(row, heading) == []
    assert with_columns(row, heading) == row


def test_a_reader_sees_the_names_and_a_citation_is_the_row_as_it_stands() -> None:
    document = make_document("Report", "report.md", TABLE)
    reading = lay_out(split(document, 400), [document])
    assert "Pulp | Sales 2025: 892 | Sales 2024: 1,072 | Profit 2025: 61 [C]" in reading.text
    assert reading.sentences[2].text == "Pulp | 892 | 1,072 | 61"


def test_the_names_count_when_a_document_is_cut_into_parts() -> None:
    document = make_document("Report", "report.md", TABLE)
    (passage,) = split(document, 400)
    assert size(passage) > 1.3 * tokens(passage.text)


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("Sales 2024: 1,021.", True),
        ("Sales of sawn timber were 1,104 in 2025", True),
        ("Sales rose from 1,021 to 1,104", True),
        ("Sales 2024: 1,104", False),
        ("The profit was 1,021", False),
        ("Sales rose by 1,104", False),
        ("Sales were 1,104 million higher", False),
    ],
)
def test_what_is_said_of_a_column_stands_in_it_and_no_difference_is_made_up(claim: str, proved: bool) -> None:
    _, sentences = written()
    assert bool(prove(Statement(claim, (2,)), sentences, "")) is proved


def test_a_difference_that_a_row_tells_is_proved() -> None:
    _, sentences = written()
    assert prove(Statement("Costs were 14 less in profit 2025", (4,)), sentences, "")


def test_a_cell_is_told_with_its_row() -> None:
    document, sentences = written()
    (statement,) = read_reply("B: Sales 2024: 1,021")
    said = compose([statement], sentences, {document.id: document}, "")
    assert said.text.startswith("Sawn timber, Sales 2024: 1,021. “SEK million")
    (statement,) = read_reply("B: Sawn timber | Sales 2025: 1,104 | Sales 2024: 1,021")
    said = compose([statement], sentences, {document.id: document}, "")
    assert said.text.startswith("Sawn timber: Sales 2025: 1,104; Sales 2024: 1,021. “SEK million")


def test_of_two_rows_none_is_told_for_the_other() -> None:
    rows = [(TIMBER, HEADING), ("Pulp | 892 | 1,072 | 61", HEADING)]
    assert with_row("Sales 2024: 1,072", rows) == "Sales 2024: 1,072"
    assert with_row("Sales 2024: 1,021", rows[:1]) == "Sawn timber, Sales 2024: 1,021"
    assert with_row("Sawn timber sold less", rows[:1]) == "Sawn timber sold less"
