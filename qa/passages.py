"""Document text -> sentences and passages, by exact character offsets; no text is ever changed or copied apart.

Sentence boundaries come from sentencex (Wikimedia's multilingual segmenter), run on one block (paragraph) at a time,
so that a heading never runs into the paragraph under it.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import pairwise

import sentencex

from qa.datatypes import Document, Passage

Span = tuple[int, int]

LONG_SENTENCE = 120
"""Characters from which a run of quoted sentences is cut into its sentences, so that a citation stays readable."""
WRAPPED_LINE = 55
"""Characters from which a line without closing punctuation counts as wrapped by hand, not as a heading."""

_LINE = re.compile(r"[^\r\n\ufeff]+")
_TERMINAL = re.compile(r"""[.!?:;…。！？।؟]["'”’»)\]]*\s*$""")
_QUOTES = str.maketrans("“”„\"«»", "      ")
_OPENING = re.compile(r"""["'“‘«(\[]*[^\Wa-z_]""")


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def blocks(text: str) -> Iterator[Span]:
    """Yield the spans of paragraphs and headings: lines, with hand-wrapped lines joined to one block."""
    start = end = -1
    for match in _LINE.finditer(text):
        line = _trim(text, *match.span())
        if line[0] == line[1]:
            continue
        if start >= 0:
            gap = text[end : line[0]]
            wrapped = (
                gap.count("\n") + gap.count("\r") - gap.count("\r\n") == 1
                and end - max(start, text.rfind("\n", start, end) + 1) >= WRAPPED_LINE
                and not _TERMINAL.search(text, start, end)
            )
            if wrapped:
                end = line[1]
                continue
            yield start, end
        start, end = line
    if start >= 0:
        yield start, end


def is_heading(text: str, block: Span) -> bool:
    """Say whether a block reads as a heading: Markdown's mark, or short and without closing punctuation."""
    words = text[block[0] : block[1]]
    return words.startswith("#") or (len(words) <= 80 and not _TERMINAL.search(words) and len(words.split()) <= 10)


def sentences(text: str, block: Span, language: str = "en") -> list[Span]:
    """Return the spans of a block's sentences, surrounding white space left out.

    A run of several sentences inside quotation marks counts to sentencex as one; from LONG_SENTENCE characters on
    it is cut at the sentence ends inside, which are found by blanking the marks (offsets stay as they are).
    """
    found: list[Span] = []
    for start, end in _boundaries(text[block[0] : block[1]], block[0], language):
        if end - start < LONG_SENTENCE:
            found.append((start, end))
            continue
        parts = _boundaries(text[start:end].translate(_QUOTES), start, language)
        cuts = [start] + [b for _, b in parts[:-1]] + [end]
        kept = [cuts[0]]
        for cut in cuts[1:-1]:
            rest = text[cut:end]
            closing = len(rest) - len(rest.lstrip("”\"’» "))
            if _OPENING.match(rest.lstrip("”\"’» ").lstrip()):
                kept.append(cut + (closing if rest[:1] in "”\"’»" else 0))
        kept.append(end)
        found += [_trim(text, a, b) for a, b in pairwise(kept) if text[a:b].strip()]
    return found


def _boundaries(text: str, offset: int, language: str) -> list[Span]:
    spans = (
        _trim(text, boundary["start_index"], boundary["end_index"])
        for boundary in sentencex.get_sentence_boundaries(language, text)
    )
    return [(start + offset, end + offset) for start, end in spans if start < end]


def split(document: Document, longest: int) -> list[Passage]:
    """Cut a document into passages of whole sentences, each within one block.

    Args:
        document: the source text.
        longest: characters that a passage holds at most; a single longer sentence is kept whole.

    Returns:
        Passages in the order of the text; headings are no passages of their own unless the document holds nothing else.
    """
    text = document.text
    found: list[Passage] = []
    heading = ""
    all_blocks = list(blocks(text))
    only_headings = all(is_heading(text, block) for block in all_blocks)
    for block in all_blocks:
        if is_heading(text, block) and not only_headings:
            heading = text[block[0] : block[1]].strip("# \t")
            continue
        for group in _groups(sentences(text, block), longest):
            found.append(_passage(document, group, heading))
    return found


def _groups(spans: list[Span], longest: int) -> Iterator[tuple[Span, ...]]:
    """Fill passages evenly: the fewest that `longest` allows, cut where the lengths come closest to equal."""
    if not spans:
        return
    total = spans[-1][1] - spans[0][0]
    target = total / max(1, -(-total // longest))
    group: list[Span] = []
    for span in spans:
        if group and (span[1] - group[0][0] > longest or span[0] - group[0][0] >= target):
            yield tuple(group)
            group = []
        group.append(span)
    yield tuple(group)


def _passage(document: Document, group: tuple[Span, ...], heading: str) -> Passage:
    start, end = group[0][0], group[-1][1]
    identity = hashlib.sha256(f"{document.id}:{start}:{end}".encode()).hexdigest()[:24]
    return Passage(identity, document.id, start, end, document.text[start:end], group, heading)
