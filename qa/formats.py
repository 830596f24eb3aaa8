"""Which kinds of files are read besides plain text, and what reads each: PDF, Office files, web pages, books, CSV.

Offsets count into the text that comes out. Each format is read by a library that is imported when the first such file
comes.
"""

import csv
import re
from collections.abc import Callable

from qa.decoding import decode
from qa.epub import read_epub
from qa.errors import CorpusError
from qa.office import read_docx, read_pptx, read_xlsx, row_lines
from qa.pdf import read_pdf

SEPARATORS = ",;\t|"
"""One of them parts the cells of a table: the one that its first row has most of, outside quotation marks."""
_QUOTED = re.compile(r'"[^"]*"')


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


def read_csv(data: bytes, source: str) -> tuple[str, str]:
    """Return the rows of comma-separated values, or what else separates them, and no title.

    Raises:
        CorpusError: the bytes are no text, or a cell is longer than the csv module reads.
    """
    lines = decode(data, source).text.lstrip("\ufeff").splitlines(keepends=True)
    head = _QUOTED.sub("", next(filter(str.strip, lines), ""))
    separator = max(SEPARATORS, key=head.count)
    try:
        return "\n".join(row_lines(csv.reader(lines, delimiter=separator))), ""
    except csv.Error as error:
        raise CorpusError(f"{source!r} cannot be read as a table ({error}): save it as text or Excel") from error


READERS: dict[str, Callable[[bytes, str], tuple[str, str]]] = {
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".pptx": read_pptx,
    ".xlsx": read_xlsx,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".epub": read_epub,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
}
"""By suffix, what reads a file's bytes and its name into a text and a title."""
