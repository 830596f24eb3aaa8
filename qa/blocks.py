"""Document text -> blocks: paragraphs, headings, items of lists, rows of tables, by exact character offsets.

Nothing that a text says may be lost: a short line is a heading only where something stands under it, and lines that
follow one another as those of a list do are its items, with a mark or without. Where several lines ask and the answer
stands under each, as in a list of frequent questions, these lines are headings too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

Kind = Literal["paragraph", "heading", "item", "row"]

WRAPPED_LINE = 55
"""Characters from which a line without closing punctuation counts as wrapped by hand, not as a line of its own."""
LONGEST_WRAPPED = 160
"""Characters of a line that is wrapped by hand, at most."""
ROOM = 0.85
"""Share of the width of a text that is wrapped by hand from which there was no room for a further word in a line."""
HEADING_CHARACTERS, HEADING_WORDS = 80, 10
ITEM_CHARACTERS = 200
"""At most, of a list's item or a heading with Markdown's mark; what is longer is a paragraph."""
QUESTION_CHARACTERS, FEWEST_QUESTIONS = 120, 3
"""Of a line that asks and is a heading; how many such lines a text must hold for any of them to be one."""
MOST_HEADINGS = 2
"""Headings, or short lines, that may stand above one text as its headings; more of them say something themselves."""

STATING_WORDS = 5
"""From which a heading with a figure is one that says something: "Engineer, Brackenfell Water, 2016 - 2020"."""

CELLS = " | "
"""Stands between two cells of a table's row."""

_LINE = re.compile(r"[^\r\n\ufeff]+")
TERMINAL = re.compile(r"""[.!?:;…。！？।؟]["'”’»)\]]*\s*$""")
_ITEM = re.compile(r"(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(?=\S)")
_ASKS = re.compile(r"(?!\w[\w .-]*: )[\w(¿].*\?\s*$|Q(?:uestion)?\s*\d*[.:] .*\?\s*$")
"""A line that asks, but no direct speech: no opening quotation mark, no name and colon before it."""
_MARKED = re.compile(r"#{1,6}\s")
_BULLET = re.compile(r"[-*+•‣◦–]\s+")
_UNFINISHED = re.compile(
    r"(?:,|\b(?:a|an|and|any|are|as|at|be|by|for|from|in|is|its|of|on|or|that|the|their|this|to|was|were|with))$"
)
_EDGES = "| \t"


@dataclass(frozen=True, slots=True)
class Block:
    """Where a block stands in the text, without the mark of a list's item or the edges of a table's row."""

    start: int
    end: int
    kind: Kind


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without the white space around it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def heading_words(text: str, block: Block) -> str:
    """Return the words of a heading without Markdown's marks."""
    return text[block.start : block.end].strip("# \t")


def says_something(heading: str) -> bool:
    """Say whether a heading tells a fact, as a time, a place or a post held does: some words and a figure."""
    words = without_number(heading)
    return len(words.split()) >= STATING_WORDS and any(map(str.isdigit, words))


def begins_item(line: str) -> bool:
    """Say whether a line begins with the mark or the number of a list's item."""
    return bool(_ITEM.match(line))


def number_end(text: str, block: Block) -> int:
    """Return where the words of a block begin that begins with a number or letter of a list ("2. ")."""
    found = _ITEM.match(text, block.start, block.end)
    return found.end() if found else block.start


def without_number(words: str) -> str:
    """Return words without the number or letter of a list that they begin with."""
    found = _ITEM.match(words)
    return words[found.end() :] if found else words


def blocks(text: str) -> list[Block]:
    """Return the blocks of a text in order; rules and other lines without a letter or digit are none."""
    found = [_read(text, start, end) for start, end in _joined(text) if any(map(str.isalnum, text[start:end]))]
    placed: list[Block] = []
    for short, run in groupby(found, lambda block: block.kind == "heading" and not _MARKED.match(text, block.start)):
        lines = list(run)
        end = len(placed) + len(lines)
        if short and _is_list(text, lines, found[end] if end < len(found) else None):
            lines = [replace(line, kind="item") for line in lines]
        placed += lines
    placed = [_renamed(text, *three) for three in zip([None, *placed], placed, [*placed[1:], None], strict=False)]
    placed = _asked(text, placed)
    runs = [list(run) for _, run in groupby(placed, lambda block: block.kind)]
    return [block for at, run in enumerate(runs) for block in _few_headings(text, run, at + 1 == len(runs))]


def _few_headings(text: str, run: list[Block], last: bool) -> list[Block]:
    """Return blocks of one kind, but of too many headings all save the last as items: a title, its authors."""
    if run[0].kind != "heading" or len(run) <= MOST_HEADINGS:
        return run
    said = run if last else run[:-1]
    items = (replace(b, start=b.end - len(text[b.start : b.end].lstrip("# \t")), kind="item") for b in said)
    return [*items, *run[len(said) :]]


def _renamed(text: str, above: Block | None, block: Block, below: Block | None) -> Block:
    """Return a numbered line that stands alone above a paragraph, such as "2. Methods", as a heading."""
    alone = below and below.kind == "paragraph" and not (above and above.kind == "item")
    title = block.kind == "item" and text[block.start].isdigit() and _is_short(text[block.start : block.end])
    return replace(block, kind="heading") if alone and title else block


def _asked(text: str, placed: list[Block]) -> list[Block]:
    """Return the blocks with the questions of a text made headings where it is one of questions and answers.

    A short line under a question is no heading, but the answer.
    """
    ask = [
        block.kind in ("paragraph", "item")
        and block.end - block.start <= QUESTION_CHARACTERS
        and bool(_ASKS.match(text[block.start : block.end]))
        for block in placed
    ]
    answered = [asks and below is False for asks, below in zip(ask, [*ask[1:], None], strict=False)]
    if sum(answered) < FEWEST_QUESTIONS:
        return placed
    found = [replace(block, kind="heading") if asks else block for asks, block in zip(answered, placed, strict=True)]
    for at, block in enumerate(placed):
        if at and answered[at - 1] and block.kind == "heading" and not _MARKED.match(text, block.start):
            found[at] = replace(block, kind="item")
    return found


def _is_list(text: str, lines: list[Block], below: Block | None) -> bool:
    """Say whether short lines are a list: many, pairs of a name and a value, or lines with nothing under them."""
    pairs = len(lines) == MOST_HEADINGS and all(": " in text[line.start : line.end] for line in lines)
    return len(lines) > MOST_HEADINGS or pairs or not below or below.kind == "heading"


def _joined(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of lines, those wrapped by hand joined to one: the sentence goes on, or its word had no room."""
    room = ROOM * _width(text)
    start = end = -1
    for match in _LINE.finditer(text):
        line = trim(text, *match.span())
        if line[0] == line[1]:
            continue
        if start >= 0:
            gap = text[end : line[0]]
            begun = max(start, text.rfind("\n", start, end) + 1)
            wrapped = (
                gap.count("\n") + gap.count("\r") - gap.count("\r\n") == 1
                and end - begun >= WRAPPED_LINE
                and not TERMINAL.search(text, start, end)
                and not _is_row(text[start:end])
                and not _ITEM.match(text, line[0])
                and (_goes_on(text, end, line[0]) or end - begun + len(text[slice(*line)].split()[0]) >= room)
            )
            if wrapped:
                end = line[1]
                continue
            yield start, end
        start, end = line
    if start >= 0:
        yield start, end


def _width(text: str) -> int:
    """Return the characters of the longer lines among those that may be wrapped by hand: nine in ten have no more."""
    lengths = sorted(end - start for start, end in (match.span() for match in _LINE.finditer(text)))
    wrapped = [length for length in lengths if WRAPPED_LINE <= length <= LONGEST_WRAPPED]
    return wrapped[len(wrapped) * 9 // 10] if wrapped else 0


def _goes_on(text: str, end: int, start: int) -> bool:
    """Say whether a sentence plainly goes on from one line, which ends there, to the next."""
    return text[start].islower() or bool(_UNFINISHED.search(text, end - WRAPPED_LINE, end))


def _read(text: str, start: int, end: int) -> Block:
    words = text[start:end]
    if _MARKED.match(words) and len(words) <= ITEM_CHARACTERS:
        return Block(start, end, "heading")
    if _is_row(words):
        bare = words.strip(_EDGES)
        start += words.index(bare)
        return Block(start, start + len(bare), "row")
    if _ITEM.match(words):
        bullet = _BULLET.match(words)
        kind: Kind = "item" if len(words) <= ITEM_CHARACTERS else "paragraph"
        return Block(start + (bullet.end() if bullet else 0), end, kind)
    return Block(start, end, "heading" if _is_short(words) else "paragraph")


def _is_short(words: str) -> bool:
    return len(words) <= HEADING_CHARACTERS and len(words.split()) <= HEADING_WORDS and not TERMINAL.search(words)


def _is_row(line: str) -> bool:
    """Say whether a line is a table's row: cells between upright strokes, or two tabs and more."""
    inside = line.strip(_EDGES)
    return CELLS in inside or (line.startswith("|") and "|" in inside) or inside.count("\t") > 1
