"""Which row of a table has the most or the least of something ("Who threw the furthest?"), found by code.

A small model that reads a table's rows one by one does not compare them. The reader says which table a question is
about; the column is the one whose name is nearest to the question by the cosine of their vectors, and the rows are
those that hold what else the question names of the table's cells ("the cheapest garden hose").
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from qa.citations import NOTHING_SAID, Cited, Composer, quoted
from qa.datatypes import Document
from qa.embedding import Embedder
from qa.index import Index
from qa.proving import content_words
from qa.ranking import sentences_of
from qa.reading import NumberedSentence
from qa.tables import cells, columns

LEAST_COSINE = 0.3
"""Of a question with the name of what it asks for."""
LEAST_VALUES = 2
"""Values that are compared, at least."""
_SENSES = {"expensive|priciest|dearest|cheapest": "price", "heaviest|lightest": "weight", "tallest": "height"}
"""What a column is called that these words ask for."""
_ADJECTIVE = r"\s+\w+(?:ive|ous|ful|ing|ed|ent|ant|al|ic|ble)\b"
_MOST = (
    rf"(?<=the )most|most(?=\W*$|{_ADJECTIVE})|highest|largest|biggest|greatest|"
    r"longest|heaviest|tallest|furthest|farthest|dearest|priciest|strongest|maximum|latest|last"
)
_LEAST = "least|fewest|lowest|smallest|shortest|lightest|cheapest|weakest|minimum|earliest|first"
_OF_SEVERAL = re.compile(r"\W*(?:(?:grand|sub)[\s-]?)?(?:total|sum|all|average|mean|overall)\b", re.IGNORECASE)
"""Begins a row that is none beside the others, but of them together."""
_TIMES = "latest|last|earliest|first"
_IN_TIME = re.compile(rf"\b(?:{_TIMES})\b", re.IGNORECASE)
_OF_ANYTHING = re.compile(
    rf"\b(?:(?:most|least)(?!{_ADJECTIVE})|fewest|highest|lowest|largest|biggest|greatest|smallest|maximum|minimum|"
    rf"{_TIMES})\b",
    re.IGNORECASE,
)
"""What may be asked of any number, or of any time: where a table has but one column of these, of that."""
_ASKED = re.compile(rf"\b(?:(?P<most>{_MOST})|(?P<least>{_LEAST}))\b", re.IGNORECASE)
_ALSO = re.compile(
    rf"\b(?:second|third|fourth|next|(?:two|three|four|five|\d+)(?:\s+\w+)?)[\s-]+(?:{_MOST}|{_LEAST})\b|"
    r"\b(?:at|for)\s+(?:the\s+)?(?:most|least|first|last)\b|\b(?:most|least)\s+of\s+(?:the|them|these|those|all)\b"
    r"(?=\s+\w)|\b(?:which|what|name|list|who\s+are)\s+(?:the\s+)?(?:two|three|four|five)\b",
    re.IGNORECASE,
)
"""What asks for more than one row, or for none."""
_TIME = re.compile(r"(\d{1,2})(?::(\d\d)|[:.](\d\d)\s*([ap]\.?m\.?))", re.IGNORECASE)
_SPAN = re.compile(r"(?:(\d+)\s*h(?:ours?|rs?)?)?\s*(?:(\d+)\s*min(?:utes?)?)?", re.IGNORECASE)
_AMOUNT = re.compile(r"([^\w\s.,+−-]?\s?)([+−-]?\d+(?:,\d{3})*(?:[.,]\d+)?)\s*([^\d\s,]*(?:\s[^\d,]+)?)")


@dataclass(frozen=True, slots=True)
class Extreme:
    """What is the most or the least, in words ("Pulp, Sales: 892 (the lowest of 3)."), with the rows that show it."""

    document: Document
    words: str
    proof: tuple[NumberedSentence, ...]

    def cited(self, before: Cited = NOTHING_SAID) -> Cited:
        """Return it with the rows quoted; what was said `before`, of another question, is no part of it."""
        composer = Composer({self.document.id: self.document}, before)
        composer.add(" ".join([self.words, *map(quoted, self.proof)]), self.proof, self.words)
        return Cited(composer.text, composer.citations, 0)


def direction(question: str) -> int:
    """Return 1 if a question asks for the row with the most of something, -1 for the least, 0 if it asks otherwise."""
    found = list(_ASKED.finditer(question))
    if len(found) != 1 or _ALSO.search(question):
        return 0
    return 1 if found[0]["most"] else -1


def amount(cell: str) -> tuple[float, str] | None:
    """Return the number in a cell and its unit, ":" for times of the day, in minutes, "min" for spans; or None."""
    if time := _TIME.fullmatch(cell):
        hours = int(time[1]) % 12 + 12 * time[4].lower().startswith("p") if time[4] else int(time[1])
        return hours * 60.0 + int(time[2] or time[3]), ":"
    if (span := _SPAN.fullmatch(cell)) and any(span.groups()):
        return int(span[1] or 0) * 60.0 + int(span[2] or 0), "min"
    if found := _AMOUNT.fullmatch(cell):
        digits = re.sub(r",(?=\d{3}(?!\d))", "", found[2]).replace(",", ".").replace("−", "-")
        return float(digits), f"{found[1]}{found[3]}".strip()
    return None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table with its first cell, which is its name, and the other ones with the names of their columns."""

    row: NumberedSentence
    name: str
    told: list[tuple[str, str]]


def lines_of(index: Index, pointed: NumberedSentence) -> tuple[NumberedSentence | None, list[Line]]:
    """Return the first row of the table that a sentence stands in, if there is one, and its rows but for totals."""
    sentences = sentences_of(index.document_passages(pointed.document_id))
    table = [sentence for sentence in sentences if sentence.heading == pointed.heading]
    above = next((sentence for sentence in table if sentence.heading.endswith(sentence.text)), None)
    return above, [
        Line(row, cells(row.text)[0], told)
        for row in table
        if (told := columns(row.text, row.heading)) and not _OF_SEVERAL.match(row.text)
    ]


class Extremes:
    """The extremes of the tables in an index."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        """Use an open index and an embedder."""
        self._index = index
        self._embedder = embedder

    def asked(self, question: str, pointed: NumberedSentence) -> Extreme | None:
        """Return the extreme that a question asks for of the table with the sentence that the reader pointed to.

        None where it asks for no extreme, or where it is not clear of what, or which row has it.
        """
        way = direction(question)
        if not way or not columns(pointed.text, pointed.heading):
            return None
        above, lines = lines_of(self._index, pointed)
        in_time = bool(_IN_TIME.search(question))
        series = self._nearest(question, lines, in_time)
        if not series:
            return None
        best = max(way * number for number, *_ in series.values)
        first = [each for each in series.values if way * each[0] == best]
        if len(first) > 1:
            return None
        _, label, value, row = first[0]
        most = ("latest" if in_time else "highest") if way > 0 else "earliest" if in_time else "lowest"
        words = f"{label}, {series.name}: {value} (the {most} of {len(series.values)})."
        return Extreme(self._index.document(pointed.document_id), words, (above, row) if above else (row,))

    def _nearest(self, question: str, lines: Sequence[Line], in_time: bool) -> "_Series | None":
        """Return the column of numbers that is asked for; the row, where it is the columns that are compared.

        None where none is near enough, or where another column is named as well, which may narrow what is asked.
        """
        found = _columns_of_numbers(lines, rows_named(question, lines)) or _rows_of_numbers(lines)
        found = [series for series in found if series.unit == ":" or not in_time]
        if not found:
            return None
        senses = (sense for words, sense in _SENSES.items() if re.search(words, question, re.IGNORECASE))
        wanted = self._embedder.embed_question(" ".join([question, *senses]))
        near = self._embedder.embed_passages([series.name for series in found]) @ wanted
        best = found[int(near.argmax())]
        others = set().union(*(content_words(name) for name, _ in lines[0].told))
        narrowed = content_words(question) & others - content_words(best.name)
        near_enough = near.max() >= LEAST_COSINE or (len(found) == 1 and _OF_ANYTHING.search(question))
        return best if near_enough and not (narrowed and best.is_column) else None


@dataclass(frozen=True, slots=True)
class _Series:
    """Numbers of one unit under one name; each with what it is of, its cell, and the row that it stands in."""

    name: str
    unit: str
    values: tuple[tuple[float, str, str, NumberedSentence], ...]
    is_column: bool


def _columns_of_numbers(lines: Sequence[Line], among: Collection[NumberedSentence]) -> list[_Series]:
    """Return the columns of which half of all rows have numbers, with those `among` the rows."""
    found = []
    for column in zip(*(line.told for line in lines), strict=True):
        in_column = [(line.name, value, line.row) for line, (_, value) in zip(lines, column, strict=True)]
        series = _of_one_unit(column[0][0], in_column, True)
        if series and 2 * len(series.values) >= len(lines):
            found.append(replace(series, values=tuple(each for each in series.values if each[3] in among)))
    return [series for series in found if len(series.values) >= LEAST_VALUES]


def _rows_of_numbers(lines: Sequence[Line]) -> list[_Series]:
    found = (_of_one_unit(line.name, [(*cell, line.row) for cell in line.told], False) for line in lines)
    return [series for series in found if series and len(series.values) >= LEAST_VALUES]


def _of_one_unit(name: str, told: Sequence[tuple[str, str, NumberedSentence]], is_column: bool) -> _Series | None:
    numbers = [(*number, label, value, row) for label, value, row in told if (number := amount(value))]
    units = {unit for _, unit, *_ in numbers}
    values = tuple((number, label, value, row) for number, _, label, value, row in numbers)
    return _Series(name, units.pop(), values, is_column) if len(units) == 1 and name else None


def rows_named(question: str, lines: Sequence[Line]) -> set[NumberedSentence]:
    """Return the rows that hold every word of the question that some of their cells hold and no column's name does."""
    held = {line.row: content_words(line.row.text) for line in lines}
    names = content_words(lines[0].row.heading) if lines else set()
    telling = (content_words(question) & set().union(*held.values())) - names
    return {row for row, words in held.items() if telling <= words}
