"""Office files -> text: Word (.docx), PowerPoint (.pptx) and Excel (.xlsx), each read by a library of its own.

Paragraphs become lines, headings are marked as in Markdown, items of lists have a dash before them, the cells of a
table's row are parted by strokes. Slides and sheets are pages.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from qa.blocks import CELLS
from qa.datatypes import PAGE_BREAK
from qa.errors import CorpusError

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table
    from docx.text.paragraph import Paragraph

MOST_UNPACKED = 200_000_000
"""Bytes that a packed file may hold: a small file can unpack to more than memory holds."""


def read_docx(data: bytes, source: str) -> tuple[str, str]:
    """Return the text of a Word file, and its title or "".

    Raises:
        CorpusError: it is damaged, locked with a password, or unpacks to more than MOST_UNPACKED.
    """
    import docx

    with opening(data, source) as file:
        document = docx.Document(file)
        return "\n\n".join(_word_blocks(document)), document.core_properties.title.strip()


def read_pptx(data: bytes, source: str) -> tuple[str, str]:
    """Return the text of a presentation, a page for each slide, and its title or "". Raises as `read_docx` does."""
    import pptx

    with opening(data, source) as file:
        slides = pptx.Presentation(file)
        pages = ["\n\n".join(_slide_blocks(slide)) for slide in slides.slides]
        return f"\n\n{PAGE_BREAK}".join(pages), slides.core_properties.title.strip()


def read_xlsx(data: bytes, source: str) -> tuple[str, str]:
    """Return the cells of a workbook, a page for each sheet, and its title or "". Raises as `read_docx` does.

    Of a cell with a formula, the value counts that was saved with it.
    """
    import openpyxl

    with opening(data, source) as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheets = [(sheet.title, list(row_lines(sheet.iter_rows(values_only=True)))) for sheet in book.worksheets]
        pages = ["\n".join([f"# {name}", *lines]) for name, lines in sheets if lines]
        return f"\n\n{PAGE_BREAK}".join(pages), (book.properties.title or "").strip()


@contextmanager
def opening(data: bytes, source: str) -> Iterator[io.BytesIO]:
    """Yield a packed file that unpacks to a bearable size; what a library cannot read becomes a CorpusError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise CorpusError(f"{source!r} unpacks to more than {MOST_UNPACKED // 1_000_000} MB: split it")
        yield io.BytesIO(data)
    except CorpusError:
        raise
    except Exception as error:  # the libraries raise whatever comes
        raise CorpusError(
            f"{source!r} cannot be read (damaged, or locked with a password): save it again or as PDF"
        ) from error


def row_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a line for each row that is not empty, cells without a value at its end left out."""
    for row in rows:
        cells = [_words(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield f"| {CELLS.join(cells)} |"


def _words(cell: Any) -> str:
    return "" if cell is None else " ".join(str(cell).split()).removesuffix(" 00:00:00")


def _word_blocks(document: "WordDocument") -> Iterator[str]:
    """Yield paragraphs, lists and tables in order."""
    blocks = filter(None, map(_word_block, document.iter_inner_content()))
    for listed, run in groupby(blocks, lambda block: block.startswith("- ")):
        yield ("\n" if listed else "\n\n").join(run)


def _word_block(block: "Paragraph | Table") -> str:
    """Return a table, or a paragraph as the heading, the item or the text that it is; "" of an empty one."""
    from docx.table import Table

    if isinstance(block, Table):
        # A cell that spans several columns comes once for each of them.
        cells = (dict.fromkeys((cell._tc, cell.text) for cell in row.cells) for row in block.rows)
        return "\n".join(row_lines([words for _, words in row] for row in cells))
    words, style = " ".join(block.text.split()), (block.style.name if block.style else "") or ""
    level = style.removeprefix("Heading ")
    if style == "Title" or (level != style and level.isdecimal()):
        mark = "#" * (1 if style == "Title" else int(level) + 1)
    else:
        numbered = block._p.pPr is not None and block._p.pPr.numPr is not None
        mark = "-" * (numbered or style.startswith("List"))
    return f"{mark} {words}".strip() if words else ""


def _slide_blocks(slide: Any) -> Iterator[str]:
    """Yield a slide's title, then its texts and tables in order, then what the speaker notes."""
    title = slide.shapes.title
    if title is not None and title.text.strip():
        yield f"# {' '.join(title.text.split())}"
    for shape in _ungrouped(slide.shapes):
        if shape.has_table:
            yield "\n".join(row_lines([cell.text for cell in row.cells] for row in shape.table.rows))
        elif shape.has_text_frame and (title is None or shape.shape_id != title.shape_id):
            lines = [" ".join(paragraph.text.split()) for paragraph in shape.text_frame.paragraphs]
            yield "\n".join(f"- {line}" if len(lines) > 1 else line for line in lines if line)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame.text.strip()):
        yield notes


def _ungrouped(shapes: Iterable[Any]) -> Iterator[Any]:
    for shape in shapes:
        yield from _ungrouped(shape.shapes) if hasattr(shape, "shapes") else (shape,)
