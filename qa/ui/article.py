"""The article panel: one document's text as HTML with its quotes marked, made from stored offsets only.

Nothing is searched for here: a mark is where a citation's start and end say, and the panel's text is, character
for character, the document's.
"""

import re
from collections.abc import Iterator, Sequence

from qa.blocks import blocks
from qa.datatypes import PAGE_BREAK, Citation, Document
from qa.ui.markup import Mark, button, element, escaped, isolated, prose, segments
from qa.ui.messages import Words

PART_CHARACTERS = 80_000
_SIGN = re.compile(r"\s*(#+[ \t]+)")
"""What marks a heading; it is not shown where it is no part of a quote."""
"""Characters of a document that the panel shows at once: a browser stays quick, a long document gets parts."""


def marks_of(citations: Sequence[Citation], document_id: str) -> list[Mark]:
    """Return the marks that an answer's citations leave in one document."""
    return [Mark(c.marker, c.start, c.end) for c in citations if c.document_id == document_id]


def parts(text: str) -> list[tuple[int, int]]:
    """Cut a text into spans of at most PART_CHARACTERS, at line ends where it can be."""
    cuts, start = [], 0
    while len(text) - start > PART_CHARACTERS:
        line_end = text.rfind("\n", start, start + PART_CHARACTERS) + 1
        end = line_end if line_end > start else start + PART_CHARACTERS
        cuts.append((start, end))
        start = end
    return [*cuts, (start, len(text))]


def article_html(
    document: Document,
    words: Words,
    *,
    marks: Sequence[Mark] = (),
    turn: int | None = None,
    span: tuple[int, int] | None = None,
    jump: int = 0,
    take_focus: bool = False,
) -> str:
    """Draw the panel.

    Args:
        document: what to show.
        words: the interface's language.
        marks: the numbered quotes of one answer.
        turn: number of the turn whose quotes are marked, so that the browser knows what is on show.
        span: characters to bring into view; marked too when it is no quote.
        jump: rises with every wish to move to `span`; the browser moves once for each number.
        take_focus: whether moving there takes the keyboard's focus along.
    """
    shown = list(marks)
    if span and not any((mark.start, mark.end) == span for mark in marks):
        shown.append(Mark(0, *span))
    cuts = parts(document.text)
    anchor = span[0] if span else 0
    number = next((n for n, (_, end) in enumerate(cuts) if anchor < end), len(cuts) - 1)
    title = element("h2", escaped(document.title), id="article-title", dir="auto")
    head = element("header", title + element("p", isolated(document.source), class_="source"), class_="article-head")
    lines = element("div", "".join(_lines(document, cuts[number], shown, words)), class_="text", dir="auto")
    return element(
        "article",
        head + _part_links(document.id, cuts, number, words) + lines,
        class_="article",
        aria_labelledby="article-title",
        data_document=document.id,
        data_turn="" if turn is None else turn,
        data_jump=jump,
        data_focus=int(take_focus),
        data_start=span[0] if span else None,
        data_number=next((mark.number for mark in shown if (mark.start, mark.end) == span), None),
    )


def _part_links(document_id: str, cuts: list[tuple[int, int]], number: int, words: Words) -> str:
    if len(cuts) == 1:
        return ""

    def link(key: str, target: int) -> str:
        if not 0 <= target < len(cuts):
            return ""
        start = cuts[target][0]
        return button(words(key), data_act="show", data_document=document_id, data_start=start, data_end=start)

    where = element("span", words("part", part=number + 1, parts=len(cuts)))
    content = link("earlier", number - 1) + where + link("later", number + 1)
    return element("nav", content, class_="parts", aria_label=words("article"))


def _lines(document: Document, part: tuple[int, int], marks: Sequence[Mark], words: Words) -> Iterator[str]:
    """Yield one element for each line of the part; its line break stays inside, so that no character is lost."""
    text = document.text
    headings = _heading_lines(text[slice(*part)], part[0])
    start = part[0]
    while start < part[1]:
        end = text.find("\n", start, part[1]) + 1 or part[1]
        name = "h3" if start in headings else "p"
        blank = "true" if text[start:end].isspace() else None
        content = ""
        sign = _SIGN.match(text, start, end)
        if sign and not any(mark.start < sign.end() and sign.start(1) < mark.end for mark in marks):
            content = "".join(_pieces(document, start, sign.start(1), marks, words))
            content += element("span", escaped(sign[1]), class_="sign")
            start = sign.end()
        content += "".join(_pieces(document, start, end, marks, words))
        yield element(name, content, dir="auto", aria_hidden=blank)
        start = end


def _heading_lines(piece: str, offset: int) -> set[int]:
    found = (block.start for block in blocks(piece) if block.kind == "heading")
    return {offset + piece.rfind("\n", 0, start) + 1 for start in found}


def _pieces(document: Document, start: int, end: int, marks: Sequence[Mark], words: Words) -> Iterator[str]:
    for segment in segments(start, end, marks):
        content = _with_pages(document, segment.start, segment.end, words)
        if not segment.marks:
            yield content
            continue
        yield element(
            "mark",
            content,
            id=f"mark-{segment.first[0]}" if segment.first else None,
            class_="place" if segment.marks == (0,) else None,
            tabindex=-1,
            data_marks=" ".join(map(str, segment.marks)),
            data_number=" ".join(str(number) for number in segment.last if number) or None,
        )


def _with_pages(document: Document, start: int, end: int, words: Words) -> str:
    """Return the text between two offsets, each page's number where it begins."""
    first, *others = document.text[start:end].split(PAGE_BREAK)
    content = prose(first)
    if not others:  # nearly always: the page of an offset is found by going through the text before it
        return content
    for page, text in enumerate(others, document.page(start) + 1):
        content += element("span", PAGE_BREAK, class_="page", data_page=words("page", page=page)) + prose(text)
    return content
