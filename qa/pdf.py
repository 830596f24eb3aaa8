"""PDF -> lines of text and where they stand, as PDFium reads them; see paragraphs.py for what becomes of them."""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from qa.blocks import CELLS
from qa.errors import CorpusError
from qa.paragraphs import SAME_SIZE, Line, text_of

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MARGIN = 0.12
"""Share of a page's height, at its top and its bottom, in which running heads and page numbers stand."""
RECURRING = 0.3
"""Share of the pages on which a running head is found, two at least; one that counts the pages is found on two."""
SAME_LINE = 0.2
"""Heights of letters by which two pieces of a line may stand higher or lower than each other."""
WIDE, CELL, WORDS, SPACE = 2.5, 1.2, 0.8, 0.15
"""Heights of letters: a gap within a line is one between two cells of a table from the first on; from the second on
where others in that line are below the third, since those of a line that is set to the full width are all alike; it is
one between two words from the last on."""
TITLE_SIZE = 1.2
"""Times the usual height of letters from which the largest words on the first page are the title."""
LONGEST_TITLE = 150

_NO_TITLE = re.compile(r"about:|https?:|untitled|\W*anonymous|microsoft \w+ - |\S+\.\w{2,4}$", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_GAP = re.compile(r"(?<=\S)\s+(?=\S)")

_pdfium = threading.Lock()
"""PDFium is not made for several threads."""


class Box(NamedTuple):
    """Where a character stands, in points from the page's lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


def read_pdf(data: bytes, source: str) -> tuple[str, str]:
    """Return the text of a PDF, and its title or "".

    Raises:
        CorpusError: it is damaged, locked with a password, or holds nothing but pictures of text.
    """
    import pypdfium2

    with _pdfium:
        try:
            with pypdfium2.PdfDocument(data) as document:
                named = document.get_metadata_dict().get("Title", "").strip()
                pages = [_joined(_pieces(document, number)) for number in range(len(document))]
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise CorpusError(f"{source!r} is locked with a password: save a copy without one") from error
            raise CorpusError(f"{source!r} is a damaged PDF: save it or download it again ({error})") from error
    lines = list(_without_furniture(pages))
    if not any(character.isalnum() for line in lines for character in line.text):
        raise CorpusError(f"{source!r} holds no text, only pictures of it: run text recognition (OCR) on it first")
    return text_of(lines), _title(named, lines)


def _pieces(document: "PdfDocument", number: int) -> Iterator[Line]:
    """Yield what PDFium takes for the lines of a page, in its order, with strokes between the cells of a table."""
    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex as character_at

    page = document[number]
    reader, height = page.get_textpage(), page.get_height()

    def box(place: int) -> Box:
        return Box(*reader.get_charbox(max(0, character_at(reader, place)), loose=True))

    start = 0
    for raw in reader.get_text_range().split("\r\n"):
        at = start + len(raw) - len(raw.lstrip())
        start += len(raw) + 2
        if not (words := raw.strip()):
            continue
        ends = box(at), box(at + len(words) // 2), box(at + len(words) - 1)
        bottom, tall = min(end.bottom for end in ends), max(end.top - end.bottom for end in ends)
        gaps = [(g.start(), box(at + g.end()).left - box(at + g.start() - 1).right) for g in _GAP.finditer(words)]
        least = CELL if any(width < WORDS * tall for _, width in gaps) else WIDE
        cells = [place for place, width in gaps if width > least * tall]
        for place in reversed(cells):
            words = f"{words[:place]}{CELLS}{words[place:].lstrip()}"
        marginal = not MARGIN * height <= bottom <= (1 - MARGIN) * height
        yield Line(number, words, ends[0].left, ends[-1].right, bottom, tall, bool(cells), marginal)


def _joined(pieces: Iterator[Line]) -> list[Line]:
    """Return the lines of a page, pieces that stand side by side as one: PDFium parts some at every letter."""
    found: list[Line] = []
    for piece in pieces:
        last, tall = found[-1] if found else None, max(piece.height, 1)
        gap = (piece.left - last.right) / tall if last else 0
        if last and abs(last.bottom - piece.bottom) < SAME_LINE * tall and gap > -1:
            between = CELLS if gap > CELL else " " if gap > SPACE else ""
            row = last.row or piece.row or gap > CELL
            found[-1] = replace(last, text=f"{last.text}{between}{piece.text}", right=piece.right, row=row)
        else:
            found.append(piece)
    return found


def _without_furniture(pages: Sequence[list[Line]]) -> Iterator[Line]:
    """Yield the lines of all pages but running heads and page numbers."""

    def looks(line: Line) -> Iterator[tuple[object, ...]]:
        look, numbers = _NUMBER.sub("#", line.text.lower()), re.findall(r"\d+", line.text)
        yield look, round(line.bottom / 4)
        yield from ((look, int(number) - line.page) for number in numbers[-2:])

    seen = Counter(key for page in pages for key in {key for line in page if line.marginal for key in looks(line)})
    often = max(2.0, RECURRING * len(pages))
    for line in (line for page in pages for line in page):
        look, *counting = looks(line)
        furniture = look[0] == "#" or seen[look] >= often or any(seen[key] > 1 for key in counting)
        if not (line.marginal and furniture):
            yield line


def _title(named: str, lines: Sequence[Line]) -> str:
    """Return the title that the file names, or else the largest words at the beginning of its first page."""
    if named and not _NO_TITLE.match(named):
        return " ".join(named.split())
    page = [line for line in lines if line.page == lines[0].page]
    largest = max(line.height for line in page)
    if largest < TITLE_SIZE * median(line.height for line in lines):
        return ""
    large = next(group for size, group in groupby(page, lambda line: line.height >= (1 - SAME_SIZE) * largest) if size)
    title = " ".join(line.text for line in large)
    return title if len(title) <= LONGEST_TITLE else ""
