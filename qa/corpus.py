"""Files -> Documents: finding, reading and naming the texts of a corpus.

A text is never changed after decoding except as Python's own text reading does it (universal newlines), so offsets
count into exactly what `open(path, encoding="utf-8")` reads; for other formats they count into the text that formats.py
takes out of them. Nothing here splits or stores.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qa.datatypes import Document
from qa.decoding import Decoded, decode
from qa.errors import CorpusError
from qa.formats import READERS

TEXT_SUFFIXES = frozenset({"", ".txt", ".text", ".md", ".markdown", ".rst", ".org", ".adoc", ".log"})
KNOWN_SUFFIXES = TEXT_SUFFIXES | READERS.keys()
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of a corpus; `source` is its name inside the corpus, `size` in bytes, `modified` in nanoseconds."""

    path: Path
    source: str
    size: int
    modified: int


def title_of(source: str) -> str:
    """Return a readable title from a file name: 'old-town_fair.txt' gives 'Old town fair'."""
    name = PurePosixPath(source)
    stem = name.stem if name.suffix.lower() in KNOWN_SUFFIXES else name.name
    words = re.sub(r"[\s_-]+", " ", stem).strip() or source
    return words[:1].upper() + words[1:]


def make_document(title: str, source: str, text: str) -> Document:
    """Return a document whose id is a hash over source and text.

    Raises:
        CorpusError: the text holds no letters or digits.
    """
    if not any(character.isalnum() for character in text):
        raise CorpusError(f"{source!r} holds no words: give a text with at least one sentence")
    text = text.encode("utf-8", "replace").decode("utf-8")
    identity = hashlib.sha256(f"{source}\0{text}".encode()).hexdigest()[:24]
    return Document(identity, title.strip() or title_of(source), source, text)


def read_file(path: Path, source: str, max_megabytes: float) -> tuple[Document, Decoded]:
    """Read one file; see `read_document`. The second value tells the encoding."""
    suffix = path.suffix.lower()
    if suffix not in KNOWN_SUFFIXES:
        raise CorpusError(
            f"{source!r} is of a kind that is not read ({path.suffix}): save it as PDF, text, HTML or an Office file"
        )
    try:
        size = path.stat().st_size
        if size > max_megabytes * MEGABYTE:
            raise CorpusError(
                f"{source!r} has {size / MEGABYTE:.1f} MB, more than max_file_megabytes={max_megabytes:g}: "
                "split it or raise that setting"
            )
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot read {source!r}: {error.strerror or error}") from error
    if suffix in READERS:
        text, title = READERS[suffix](data, source)
        return make_document(title or title_of(source), source, text), Decoded(text, "")
    decoded = decode(data, source)
    return make_document(_heading(decoded.text, path) or title_of(source), source, decoded.text), decoded


def read_document(path: Path, source: str, max_megabytes: float) -> Document:
    """Read one file: text, or one of the kinds of formats.py.

    Args:
        path: the file.
        source: its name inside the corpus, shown with citations.
        max_megabytes: the largest size allowed, in millions of bytes.

    Raises:
        CorpusError: missing, unreadable, too large, of another format, not text, or without words.
    """
    return read_file(path, source, max_megabytes)[0]


def list_files(corpus: Path, exclude: Path | None = None) -> list[CorpusFile]:
    """List the files of a folder and the folders in it, sorted by source; hidden names are left out.

    Args:
        corpus: a folder, or one file (whose source is then its file name).
        exclude: a folder to leave out, such as the index's own.

    Raises:
        CorpusError: the path does not exist, cannot be read, or holds no file.
    """
    if corpus.is_file():
        return [_entry(corpus, corpus.name)]
    if not corpus.is_dir():
        raise CorpusError(f"no such file or folder: {str(corpus)!r}; set corpus to where the documents are")
    hidden = exclude.resolve() if exclude else None
    found: list[CorpusFile] = []

    def fail(error: OSError) -> None:
        raise CorpusError(f"cannot read the folder {error.filename!r}: {error.strerror}") from error

    for folder, folders, names in os.walk(corpus, onerror=fail):
        here = Path(folder)
        folders[:] = [name for name in folders if name[0] != "." and (here / name).resolve() != hidden]
        for name in names:
            path = here / name
            if name[0] != "." and path.is_file():
                found.append(_entry(path, path.relative_to(corpus).as_posix()))
    if not found:
        raise CorpusError(f"the folder {str(corpus)!r} holds no files: put documents into it")
    return sorted(found, key=lambda file: file.source)


def _entry(path: Path, source: str) -> CorpusFile:
    status = path.stat()
    return CorpusFile(path, source.encode("utf-8", "replace").decode(), status.st_size, status.st_mtime_ns)


def _heading(text: str, path: Path) -> str:
    """Return the title that a Markdown file opens with, or ''."""
    if path.suffix.lower() not in {".md", ".markdown"}:
        return ""
    match = re.match(r"[\s\ufeff]*#[ \t]+([^\r\n]{1,200})", text)
    return match[1].strip("# \t") if match else ""
