"""Bytes of a text file -> its text, in whatever common encoding it was saved."""

import codecs
import io
import re
from dataclasses import dataclass

from qa.errors import CorpusError

_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file and the encoding it was read with, "" where it was taken out of another format."""

    text: str
    encoding: str


def decode(data: bytes, source: str) -> Decoded:
    """Decode a file's bytes: UTF-8, UTF-16 with its mark, else Windows-1252 if that gives no control characters.

    Args:
        data: all bytes of the file.
        source: the name used in messages.

    Raises:
        CorpusError: the bytes are no text.
    """
    encodings = ("utf-16",) if data.startswith(_UTF16) else ("utf-8", "cp1252")
    for encoding in encodings:
        try:
            text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding).read()
        except UnicodeError:
            continue
        if "\0" not in text and (encoding != "cp1252" or not _CONTROL.search(text)):
            return Decoded(text, encoding)
    raise CorpusError(f"{source!r} is not a text file: save it as UTF-8 text")
