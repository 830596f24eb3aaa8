"""Electronic books (.epub) -> text: the chapters in their order of reading, headings marked as in Markdown."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from qa.errors import CorpusError
from qa.office import opening, row_lines

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_SKIPPED = frozenset(("head", "script", "style", "nav", "svg", "math"))
_MARKS = {**{f"h{level}": "#" * level + " " for level in range(1, 7)}, "li": "- "}
_BLOCK = re.compile(
    "body|div|section|article|aside|main|header|footer|figure|figcaption|p|blockquote|pre|ul|ol|li|dl|dt|dd|"
    "table|tbody|thead|tfoot|tr|h[1-6]|hr"
)


def read_epub(data: bytes, source: str) -> tuple[str, str]:
    """Return the text of a book, and its title or "".

    Raises:
        CorpusError: it is damaged, or its chapters are locked.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    with opening(data, source) as file, zipfile.ZipFile(file) as packed:
        place = etree.fromstring(packed.read(_CONTAINER), parser).find(".//{*}rootfile").get("full-path")
        book = etree.fromstring(packed.read(place), parser)
        hrefs = {item.get("id"): item.get("href") for item in book.iterfind(".//{*}manifest/{*}item")}
        spine = [hrefs.get(item.get("idref")) for item in book.iterfind(".//{*}spine/{*}itemref")]
        chapters = [posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(h))) for h in spine if h]
        locked = packed.read(_ENCRYPTION).decode() if _ENCRYPTION in packed.namelist() else ""
        if any(f'"{chapter}"' in unquote(locked) for chapter in chapters):
            raise CorpusError(f"{source!r} is locked by its seller: only books without such a lock can be read")
        text = "\n\n".join(filter(None, (_chapter(packed.read(chapter)) for chapter in chapters)))
        return text, (book.findtext(".//{*}metadata/{http://purl.org/dc/elements/1.1/}title") or "").strip()


def _chapter(data: bytes) -> str:
    from lxml import html

    lines = _lines(html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8")))
    runs = groupby(lines, lambda line: line.startswith(("- ", "| ")))
    return "\n\n".join(("\n" if together else "\n\n").join(run) for together, run in runs)


def _lines(node: "_Element", mark: str = "") -> Iterator[str]:
    """Yield headings, paragraphs, items and rows in order, the first one with a mark that stands for what is around."""
    if not isinstance(node.tag, str) or node.tag in _SKIPPED:
        return
    if node.tag == "tr":
        yield from row_lines([[_text(cell) for cell in node]])
        return
    mark, run = _MARKS.get(node.tag, mark), [node.text or ""]
    for child in node:
        if _is_block(child):
            if words := " ".join("".join(run).split()):
                yield mark + words
                mark = ""
            yield from _lines(child, mark)
            mark, run = "", []
        elif child.tag not in _SKIPPED:
            run.append("\n" if child.tag == "br" else _text(child))
        run.append(child.tail or "")
    if words := " ".join("".join(run).split()):
        yield mark + words


def _is_block(node: "_Element") -> bool:
    tags = (inner.tag for inner in node.iter())
    return any(isinstance(tag, str) and _BLOCK.fullmatch(tag) for tag in tags)


def _text(node: Any) -> str:
    return str(node.text_content()) if isinstance(node.tag, str) else ""
