"""A long document cut into parts, each short enough to be read whole; no text is copied apart."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from qa.datatypes import Document, Passage
from qa.passages import text_of
from qa.tables import with_columns

BYTES_PER_TOKEN = 4
"""UTF-8 bytes in a token of text, a little under what byte-pair vocabularies reach on news and encyclopedias."""
_PIECE = re.compile(r"\d|\s(?=\d)|[^\W\d_]{1,8}|[^\w\s]|_")
"""What is a token of its own where there are but figures and signs; by bytes, a table has a third of its tokens."""
NEAR = 1 / 16
"""Share of a part's length within which a cut is moved to where a paragraph begins."""


def tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return max(len(text.encode()) // BYTES_PER_TOKEN, sum(1 for _ in _PIECE.finditer(text))) + 1


def size(passage: Passage) -> int:
    """Return about how many tokens a reader sees of a passage."""
    return tokens("\n".join(with_columns(text_of(passage, span), passage.heading) for span in passage.sentences))


def cut(document: Document, passages: Sequence[Passage], most: int) -> list[Sequence[Passage]]:
    """Return the passages of a document in the fewest parts of about equal length.

    Args:
        document: the document with its text.
        passages: all of its passages, in the order of the text.
        most: tokens of a part, an eighth more at most where cuts are moved to the beginnings of paragraphs.
    """
    before = [0, *accumulate(size(passage) for passage in passages)]
    count = -(-before[-1] // most) if most else 0
    if count < 2:
        return [passages] if count else []
    length = before[-1] / count
    cuts = [0]
    for number in range(1, count):
        ideal = number * length
        least, ideal_at, most_at = (bisect_left(before, ideal + off * length) for off in (-NEAR, 0, NEAR))
        begins = [at for at in range(least, most_at) if _begins_paragraph(document, passages, at)]
        cuts.append(min(begins or (ideal_at - 1, ideal_at), key=lambda at: abs(before[at] - ideal)))
    return [passages[start:end] for start, end in zip(cuts, [*cuts[1:], len(passages)], strict=True) if start < end]


def beginning(starts: Sequence[int], place: int) -> int:
    """Return where the part begins that a place of the text lies in, of all `starts`."""
    return starts[bisect_right(starts, place) - 1]


def _begins_paragraph(document: Document, passages: Sequence[Passage], at: int) -> bool:
    return "\n" in document.text[passages[at - 1].end : passages[at].start]
