"""Which kinds of files are read besides plain text, and what reads each: PDF, Office files, web pages.

Offsets count into the text that comes out. Each format is read by a library that is imported when the first such file
comes.
"""

from collections.abc import Callable

from qa.errors import CorpusError
from qa.office import read_docx, read_pptx, read_xlsx
from qa.pdf import read_pdf


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
    ".pptx": read_pptx,
    ".xlsx": read_xlsx,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
}
"""By suffix, what reads a file's bytes and its name into a text and a title."""
