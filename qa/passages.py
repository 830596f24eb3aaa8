"""Document text -> sentences and passages, by exact character offsets; no text is ever changed or copied apart.

Sentence boundaries come from sentencex (Wikimedia's multilingual segmenter), run on one block (paragraph) at a time,
so that a heading never runs into the paragraph under it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import sentencex

from qa.blocks import Block, blocks, heading_words, number_end, says_something, trim
from qa.datatypes import Document, Passage

Span = tuple[int, int]

LISTED = ("item", "row")
"""Kinds of blocks of which those that follow one another belong together."""

LONG_SENTENCE = 120
"""Characters from which a run of quoted sentences is cut into its sentences, so that a citation stays readable."""
_QUOTES = str.maketrans("“”„\"«»", "      ")
_EMPHASIS_ENDS = re.compile(r"([*_]{1,3})(?:\s+|$)")
"""Markdown's marks that close what stands before them, and belong to that sentence: "**Results.** With ..."."""
_LEAD_IN = re.compile(r"([*_]{2,3})[^*_]{1,60}\1")
"""Bold words that a paragraph begins with, which say nothing without the sentence after them."""
_ABBREVIATED = re.compile(
    r"\b(?:[Aa]pprox|Apt|Bldg|[Ee]xcl|[Ee]xt|[Ii]ncl|Inv|max|[Tt]el|[Tt]emp|Mon|Tues?|Wed|Thu(?:rs)?|Fri|Sat)\.$"
)
"""Abbreviations that sentencex takes for the end of a sentence, and that no sentence ends with if a figure or a word in
lower case follows."""
_OPENING = re.compile(r"""["'“‘«(\[]*[^\Wa-z_]""")


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
        found += [trim(text, a, b) for a, b in pairwise(kept) if text[a:b].strip()]
    return found


def _boundaries(text: str, offset: int, language: str) -> list[Span]:
    found: list[Span] = []
    for boundary in sentencex.get_sentence_boundaries(language, text):
        start, end = trim(text, boundary["start_index"], boundary["end_index"])
        before = found[-1] if found else None
        if before and (closing := _EMPHASIS_ENDS.match(text, start, end)):
            before = found[-1] = (before[0], closing.end(1))
            start = closing.end()
        if start < end:
            goes_on = text[start].isdigit() or text[start].islower() or text[start] in "£$€"
            if before and (_LEAD_IN.fullmatch(text, *before) or (goes_on and _ABBREVIATED.search(text, *before))):
                start = found.pop()[0]
            found.append((start, end))
    return [(start + offset, end + offset) for start, end in found]


def split(document: Document, longest: int) -> list[Passage]:
    """Cut a document into passages of whole sentences, each within one paragraph, list or table.

    Args:
        document: the source text.
        longest: characters that a passage holds at most; a single longer sentence is kept whole.

    Returns:
        Passages in the order of the text. Headings are no passages of their own unless the document holds nothing else,
        or they say something themselves below others; to the heading of a table's passages belongs its first row.
    """
    text = document.text
    found: list[Passage] = []
    heading = ""
    for at, run in enumerate(_runs(text)):
        if run[0].kind == "heading":
            heading = heading_words(text, run[0])
            if at and says_something(heading):
                start = text.index(heading, run[0].start)
                found.append(_passage(document, ((start, start + len(heading)),), heading))
            continue
        spans = [span for block in run for span in _spans(text, block)]
        rows = [text[block.start : block.end] for block in run if block.kind == "row"]
        above = ": ".join(filter(None, [heading, *rows[:1]]))
        found += [_passage(document, group, above) for group in _groups(spans, longest)]
    return found


def _runs(text: str) -> Iterator[list[Block]]:
    """Yield headings and paragraphs one by one, and lists and tables whole, with the words that introduce a list."""
    found = blocks(text)
    if all(block.kind == "heading" for block in found):
        found = [replace(block, kind="paragraph") for block in found]
    run: list[Block] = []
    for block in found:
        last = run[-1] if run else None
        introduces = last is not None and last.kind == "paragraph" and text[last.end - 1] == ":"
        if last and (block.kind not in LISTED or not (block.kind == last.kind or introduces)):
            yield run
            run = []
        run.append(block)
    if run:
        yield run


def _spans(text: str, block: Block) -> list[Span]:
    """Return a block's sentences, the number before the first one with it."""
    if block.kind == "row":
        return [(block.start, block.end)]
    (_, end), *rest = sentences(text, (number_end(text, block), block.end))
    return [(block.start, end), *rest]


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


def text_of(passage: Passage, span: Span) -> str:
    """Return the text of a sentence of a passage."""
    return passage.text[span[0] - passage.start : span[1] - passage.start]


def _passage(document: Document, group: tuple[Span, ...], heading: str) -> Passage:
    start, end = group[0][0], group[-1][1]
    identity = hashlib.sha256(f"{document.id}:{start}:{end}".encode()).hexdigest()[:24]
    return Passage(identity, document.id, start, end, document.text[start:end], group, heading)
