"""Lines of a page -> text: lines joined to paragraphs by where they stand, divided words made whole.

A form feed stands between two pages, as is the custom of text files, so that the page of every offset is known
(`Document.page`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from qa.blocks import TERMINAL, begins_item
from qa.datatypes import PAGE_BREAK

SAME_SIZE = 0.12
"""Heights of letters that differ by no larger share are of one size."""
LOOSE = 1.35
"""Times the usual distance of lines, up to which the next line is of the same paragraph."""
INDENT = 0.8
"""Heights of letters by which the first line of a paragraph is set in."""
FITS = 0.96
"""Share of the usual length of lines: where a line and the first word of the next are no longer than that, somebody
ended the line there; else it was full."""
NARROWEST = 0.25
"""Of the width of a page's words, what a full line has at least."""
LARGE = 1.12
"""Times the usual height of letters from which a paragraph is a heading."""
LONGEST_HEADING = 150
LONGEST_WORD = 60
HYPHENS = "-\u00ad\x02\ufffe"
"""What PDFium gives for a hyphen at the end of a line."""

_CLEANED: dict[int, str] = {
    **dict.fromkeys((*range(9), 11, *range(14, 32), 127, 173, 65279, 65534), ""),
    **{ord(one): two for one, two in zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)},
}
"""Control characters go, ligatures become letters."""
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, counted from 0; distances in points from the page's lower left corner.

    `row` says that it has the cells of a table, `marginal` that it stands where running heads do.
    """

    page: int
    text: str
    left: float
    right: float
    bottom: float
    height: float
    row: bool
    marginal: bool


def text_of(lines: Sequence[Line]) -> str:
    """Return the lines as text: one line for each paragraph, an empty one between two."""
    words = _words(lines)
    lengths, leading = _usual_lengths(lines), _leading(lines)
    large = LARGE * median(line.height for line in lines for _ in line.text)
    text, paragraph = [PAGE_BREAK] * lines[0].page, lines[0].text
    for at, (above, line) in enumerate(pairwise(lines)):
        turned = PAGE_BREAK * (line.page - above.page)
        if not _continues(above, line, _is_full(above, line, lengths[at]), leading):
            text += [_marked(paragraph, above, large), f"\n\n{turned}"]
            paragraph = line.text
            continue
        first, _, rest = line.text.partition(" ")
        if half := _half(paragraph, first):
            hyphen = "-" if _is_compound(half, first, words) else ""
            paragraph = f"{paragraph[:-1]}{hyphen}{first}{turned or ' '}{rest}"
        else:
            space = "" if _unspaced(paragraph[-1]) and _unspaced(line.text[0]) else " "
            paragraph += f"{turned or space}{line.text}"
    return "".join([*text, _marked(paragraph, lines[-1], large)]).translate(_CLEANED).strip(" ")


def _marked(paragraph: str, line: Line, large: float) -> str:
    """Return a paragraph that ends with this line, marked as Markdown marks a heading if its letters are large."""
    heading = line.height >= large and len(paragraph) <= LONGEST_HEADING and not line.row
    return f"# {paragraph}" if heading else paragraph


def _unspaced(character: str) -> bool:
    """Say whether a character is of a script without spaces between words: Chinese or Japanese."""
    return "\u2e80" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef"


def _usual_lengths(lines: Sequence[Line]) -> list[float]:
    """Return for each line how long the lines of its column are that are full, in points."""
    found = []
    for _, run in groupby(lines, lambda line: line.page):
        page = list(run)
        width = max(line.right for line in page) - min(line.left for line in page)
        for line in page:
            rights = sorted(other.right for other in page if abs(other.left - line.left) <= 2 * line.height)
            found.append(max(rights[len(rights) * 9 // 10] - line.left, NARROWEST * width))
    return found


def _is_full(line: Line, below: Line, usual: float) -> bool:
    """Say whether the first word of the line below would not have fitted into a line."""
    first = below.text[0] if _unspaced(below.text[0]) else below.text.partition(" ")[0]
    letter = (line.right - line.left) / len(line.text)
    return line.right - line.left + (len(first) + 1) * letter > FITS * usual


def _leading(lines: Sequence[Line]) -> float:
    """Return the usual distance of a line from the one above, in heights of its letters."""
    drops = [(above.bottom - line.bottom) / max(line.height, 1) for above, line in pairwise(lines)]
    return median([drop for drop in drops if 0.5 < drop < 3] or [1.2])


def _continues(above: Line, line: Line, full: bool, leading: float) -> bool:
    """Say whether a line goes on with the paragraph of the line above, which may be full."""
    if above.row or line.row:
        return False
    if abs(above.height - line.height) > SAME_SIZE * max(above.height, line.height):
        return False
    ended, drop = bool(TERMINAL.search(above.text)), above.bottom - line.bottom
    if above.page != line.page or drop < 0:
        return full and not ended
    # A number that begins a full line's successor may as well end a sentence: "a poet of 80."
    item = begins_item(line.text) and (ended or not full or not line.text[0].isdigit())
    if item or drop > LOOSE * leading * line.height:
        return False
    if ended:
        return full and line.left - above.left < INDENT * line.height
    return full or line.text[0].islower()


def _half(paragraph: str, first: str) -> str:
    """Return the beginning of a word that the end of a line divides, or ""."""
    divided = paragraph[-1] in HYPHENS and paragraph[-2:-1].isalpha() and first[0].islower()
    return _WORD.findall(paragraph[-LONGEST_WORD:-1])[-1] if divided else ""


def _is_compound(half: str, first: str, words: Counter[str]) -> bool:
    """Say whether a word that the end of a line divides has a hyphen there, as elsewhere or between two words."""
    other = _WORD.match(first)
    rest = other[0] if other else first
    hyphened, joined = words[f"{half}-{rest}".lower()], words[f"{half}{rest}".lower()]
    return hyphened > joined or (not joined and bool(words[half.lower()] and words[rest.lower()]))


def _words(lines: Sequence[Line]) -> Counter[str]:
    """Return how often each word occurs that is not divided."""
    found: Counter[str] = Counter()
    divided = False
    for line in lines:
        words = [word.lower() for word in _WORD.findall(line.text)]
        begin, divided = int(divided), line.text[-1] in HYPHENS
        found.update(words[begin : len(words) - divided])
    return found
