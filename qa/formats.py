"""Files of other formats than plain text -> text: PDF, Word (.docx) and web pages (.html).

Each format is read by a library of its own, imported when the first such file comes. Paragraphs become lines, headings
are marked as in Markdown, the cells of a table's row are parted by upright strokes. Offsets count into that text.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qa.blocks import CELLS
from qa.errors import CorpusError
from qa.pdf import read_pdf

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
    from docx.opc.exceptions import OpcError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise CorpusError(f"{source!r} unpacks to more than {MOST_UNPACKED // 1_000_000} MB: split it")
        document = docx.Document(io.BytesIO(data))
        return "\n\n".join(_word_blocks(document)), document.core_properties.title.strip()
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OpcError) as error:
        raise CorpusError(
            f"{source!r} is no Word file that can be read (damaged, or locked with a password): save it again"
        ) from error


def _word_blocks(document: "WordDocument") -> Iterator[str]:
    """Yield paragraphs and tables in order, each with the lines that belong together."""
    from docx.table import Table

    items: list[str] = []
    for block in document.iter_inner_content():
        item = "" if isinstance(block, Table) else _list_item(block)
        if items and not item:
            yield "\n".join(items)
            items = []
        if item:
            items.append(item)
        elif isinstance(block, Table):
            yield "\n".join(_rows(block))
        elif words := " ".join(block.text.split()):
            level = _heading_level(block)
            yield f"{'#' * level} {words}" if level else words
    if items:
        yield "\n".join(items)


def _list_item(paragraph: "Paragraph") -> str:
    words, style = " ".join(paragraph.text.split()), paragraph.style.name if paragraph.style else ""
    numbered = paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None
    return f"- {words}" if words and (numbered or (style or "").startswith("List")) else ""


def _heading_level(paragraph: "Paragraph") -> int:
    name = (paragraph.style.name if paragraph.style else "") or ""
    _, _, level = name.partition("Heading ")
    return 1 if name == "Title" else int(level) + 1 if level.isdecimal() else 0


def _rows(table: "Table") -> Iterator[str]:
    """Yield a line for each row; a cell that spans several columns counts once."""
    for row in table.rows:
        cells = dict.fromkeys((cell._tc, " ".join(cell.text.split())) for cell in row.cells)
        if any(words for _, words in cells):
            yield f"| {CELLS.join(words for _, words in cells)} |"


def read_html(data: bytes, source: str) -> tuple[str, str]:
    """Return the article of a web page, without menus and the like, and its title or "".

    Raises:
        CorpusError: no text is found in it.
    """
    import trafilatura

    text = trafilatura.extract(data, output_format="markdown", include_formatting=False, include_comments=False)
    if not text:
        raise CorpusError(f"no text is found in the web page {source!r}: save its text as a text file")
    found = trafilatura.extract_metadata(data)
    return text, (found.title or "").strip() if found else ""


READERS: dict[str, Callable[[bytes, str], tuple[str, str]]] = {
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
}
"""By suffix, what reads a file's bytes and its name into a text and a title."""
