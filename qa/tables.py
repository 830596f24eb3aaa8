"""Rows of tables: their cells, and how a reader is shown them, each cell behind the name of its column.

A passage's heading ends with the first row of its table (passages.py). A small model that reads "Wood | 14 | 96 | 58"
does not know which column is which; what it is shown is "Wood | Sales: 14 | Costs: 96 | Profit: 58".
"""

import re
from collections.abc import Iterable

from qa.blocks import CELLS

FEWEST_COLUMNS = 3
"""Of a table whose columns are named; of two, the first row may well be one like the others."""

_BETWEEN = re.compile(r"\s*\|\s*|\t")
_NAME = re.compile(r".*[^\W\d_]|(?:1[5-9]|20)\d\d$")
"""What a column may be called: anything with a letter, or a year."""


def cells(row: str) -> list[str]:
    """Return the texts between the strokes or tabs of a row."""
    return [cell.strip() for cell in _BETWEEN.split(row)]


def columns(row: str, heading: str) -> list[tuple[str, str]]:
    """Return the cells of a row, but for its first one, each with the name of its column; none where none are named.

    Args:
        row: a sentence of a passage; one that is no row of a table has no cells, nor has the first row.
        heading: that of its passage.
    """
    values, names = cells(row), cells(heading)
    named = len(values) >= FEWEST_COLUMNS and len(names) == len(values) and not heading.endswith(row)
    if not named or not all(_NAME.match(name) for name in filter(None, names[1:])):
        return []
    return list(zip(names[1:], values[1:], strict=True))


def with_columns(row: str, heading: str) -> str:
    """Return a row with the name of its column before each cell, and any other sentence as it is."""
    named = columns(row, heading)
    shown = [f"{name}: {value}" if name and value else value for name, value in named]
    return CELLS.join([cells(row)[0], *shown]) if named else row


def with_row(words: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return words that begin with the name of a column of the one row among `rows` (text, heading) behind its name."""
    named = [(cells(row)[0], told) for row, heading in rows if (told := columns(row, heading))]
    if len(named) != 1:
        return words
    (first, told), begun = named[0], words.casefold()
    alone = any(name and begun.startswith(f"{name.casefold()}:") for name, _ in told)
    return f"{first}, {words}" if alone and first.casefold() not in begun else words
