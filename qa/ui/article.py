"""The article panel: one document's text as HTML with its quotes marked, made from stored offsets only.

Nothing is searched for here: a mark is where a citation's start and end say, and the panel's text is, character
for character, the document's.
"""

from collections.abc import Iterator, Sequence

from qa.datatypes import Citation, Document
from qa.passages import blocks, is_heading
from qa.ui.markup import Mark, escaped, isolated, segments
from qa.ui.messages import Words

PART_CHARACTERS = 80_000
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
    wish = f' data-jump="{jump}" data-focus="{int(take_focus)}"'
    if span:
        wish += f' data-start="{span[0]}" data-end="{span[1]}"'
    return (
        f'<article class="article" aria-labelledby="article-title" data-document="{escaped(document.id)}"'
        f' data-turn="{"" if turn is None else turn}"{wish}>'
        f'<header class="article-head"><h2 id="article-title" dir="auto">{escaped(document.title)}</h2>'
        f'<p class="source">{isolated(document.source)}</p></header>'
        f"{_part_links(document.id, cuts, number, words)}"
        f'<div class="text" dir="auto">{"".join(_lines(document.text, cuts[number], shown))}</div></article>'
    )


def _part_links(document_id: str, cuts: list[tuple[int, int]], number: int, words: Words) -> str:
    if len(cuts) == 1:
        return ""

    def link(key: str, target: int) -> str:
        if not 0 <= target < len(cuts):
            return ""
        start = cuts[target][0]
        return (
            f'<button type="button" data-act="show" data-document="{escaped(document_id)}"'
            f' data-start="{start}" data-end="{start}">{words(key)}</button>'
        )

    where = words("part", part=number + 1, parts=len(cuts))
    return f'<nav class="parts">{link("earlier", number - 1)}<span>{where}</span>{link("later", number + 1)}</nav>'


def _lines(text: str, part: tuple[int, int], marks: Sequence[Mark]) -> Iterator[str]:
    """Yield one element for each line of the part; its line break stays inside, so that no character is lost."""
    headings = _heading_lines(text[slice(*part)], part[0])
    start = part[0]
    while start < part[1]:
        end = text.find("\n", start, part[1]) + 1 or part[1]
        element = "h3" if start in headings else "p"
        yield f'<{element} dir="auto">{"".join(_pieces(text, start, end, marks))}</{element}>'
        start = end


def _heading_lines(piece: str, offset: int) -> set[int]:
    found = (block[0] for block in blocks(piece) if is_heading(piece, block))
    return {offset + piece.rfind("\n", 0, start) + 1 for start in found}


def _pieces(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[str]:
    for segment in segments(start, end, marks):
        content = escaped(text[segment.start : segment.end])
        if not segment.marks:
            yield content
            continue
        numbers = " ".join(map(str, segment.marks))
        identity = f' id="mark-{segment.first[0]}"' if segment.first else ""
        closing = " ".join(str(number) for number in segment.last if number)
        after = f' data-number="{closing}"' if closing else ""
        kind = ' class="place"' if segment.marks == (0,) else ""
        yield f'<mark{identity}{kind} tabindex="-1" data-marks="{numbers}"{after}>{content}</mark>'
