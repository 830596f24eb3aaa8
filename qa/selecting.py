"""Which rows of a table have something in common ("Which classes are on Friday?"), all of them, found by code.

A small model that reads a table's rows one by one names a row or two of those that are asked for. The reader says which
table a question is about; the rows are those that hold every word of the question that any cell holds, where in one
column all of them have the same cell and the question says all of it. They are not counted: a table of the best pupils
does not tell how many there are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.citations import NOTHING_SAID, Cited, listed
from qa.datatypes import Document
from qa.extremes import Line, direction, lines_of, rows_named
from qa.index import Index
from qa.proving import content_words
from qa.reading import NumberedSentence
from qa.tables import columns

FEWEST_ROWS, MOST_ROWS = 2, 15
"""That are listed."""
LONGEST_TICK = 3
"""Characters of a cell that says yes or no."""
_ASKED = re.compile(
    r"\W*(?:(?:and|please|can\s+you|could\s+you)\s+)*"
    r"(?:which|who|list|name|show|give|what(?=\s+(?:[\w-]+s|can|could|else)\b))\b"
    r"(?:\s+(?:me|us|all|of|the|are|different))*\s+(?P<what>\w+(?:\s+\w+)?)",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:not|no|none|never|without|except|other|more|less|fewer|over|under|above|below|before|after|between|than|most|"
    r"least|until|since|\w+er\s+than)\b|n['’]t\b",
    re.IGNORECASE,
)
"""What asks for rows by another rule than that they hold certain words."""
_YES = re.compile(r"yes|y|true|x|✓|✔", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Selection:
    """What rows have in common, as a head ("Class “7c”:"), and what each is called, with the rows that show it."""

    document: Document
    head: str
    items: tuple[tuple[str, tuple[NumberedSentence, ...]], ...]

    def cited(self, before: Cited = NOTHING_SAID) -> Cited:
        """Return it as a sentence, each item with the marks of its rows; `before` as for an extreme."""
        return listed(self.head, self.items, {self.document.id: self.document}, before)


class Selections:
    """The rows of the tables in an index."""

    def __init__(self, index: Index) -> None:
        """Use an open index."""
        self._index = index

    def asked(self, question: str, pointed: NumberedSentence) -> Selection | None:
        """Return the rows that a question asks for of the table with the sentence that the reader pointed to.

        None where it does not ask for several by what their cells hold, or for more than what they are called.
        """
        form = _ASKED.match(question)
        if not form or direction(question) or _OTHERWISE.search(question):
            return None
        if not columns(pointed.text, pointed.heading):
            return None
        above, lines = lines_of(self._index, pointed)
        wanted, named = _words(question), rows_named(question, lines)
        chosen = [line for line in lines if line.row in named]
        common = _alike(chosen, wanted)
        if common is None and (common := _ticked(lines, wanted)) is not None:
            chosen = [line for line in chosen if _YES.fullmatch(line.told[common][1])]
        if common is None or not FEWEST_ROWS <= len(chosen) <= min(MOST_ROWS, len(lines) - 1):
            return None
        called = _called(chosen, common, wanted, _words(form["what"]))
        if not called or not _numbers_in(wanted) <= set.intersection(*(content_words(c.row.text) for c in chosen)):
            return None
        name, value = chosen[0].told[common]
        (first, row), *rest = called.items()
        items = ((first, (above, row) if above else (row,)), *((words, (row,)) for words, row in rest))
        return Selection(self._index.document(pointed.document_id), f"{name} “{value}”:", items)


def _alike(chosen: Sequence[Line], wanted: set[str]) -> int | None:
    """Return the first column in which rows have the same cell, all of which is wanted."""
    for at, column in enumerate(zip(*(line.told for line in chosen), strict=True)):
        (name, value), *rest = column
        said = content_words(value)
        if name and said and said <= wanted and {value} >= {other for _, other in rest}:
            return at
    return None


def _ticked(lines: Sequence[Line], wanted: set[str]) -> int | None:
    """Return the first column of yes and no whose name is wanted."""
    for at, column in enumerate(zip(*(line.told for line in lines), strict=True)):
        values = [value for _, value in column]
        short = all(len(value) <= LONGEST_TICK for value in values)
        if short and content_words(column[0][0]) & wanted and any(map(_YES.fullmatch, values)):
            return at
    return None


def _called(chosen: Sequence[Line], common: int, wanted: set[str], what: set[str]) -> dict[str, NumberedSentence]:
    """Return what the rows are called, each with its row: by the one other column that is asked for, or their names.

    Nothing where the question speaks of another column besides.
    """
    others = [at for at, (name, _) in enumerate(chosen[0].told) if at != common and content_words(name) & wanted]
    if any(not content_words(chosen[0].told[at][0]) <= what for at in others) or len(others) > 1:
        return {}
    called: dict[str, NumberedSentence] = {}
    for line in chosen:
        called.setdefault(line.told[others[0]][1] if others else line.name, line.row)
    return {} if "" in called else called


def _words(text: str) -> set[str]:
    """Return the words of a text that carry meaning, and what they would be without the ending of a plural."""
    return content_words(" ".join([text, *(re.sub(rf"{ending}\b", "", text) for ending in ("s", "es"))]))


def _numbers_in(words: set[str]) -> set[str]:
    return {word for word in words if word[:1].isdigit()}
