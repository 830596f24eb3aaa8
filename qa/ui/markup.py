"""Text to HTML, escaped: the only module that makes markup out of text that others wrote.

Every string from a document, a file name, a person or a model passes through `escaped` or `isolated`.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_STRONG = re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*")


def escaped(text: str) -> str:
    """Return text as HTML that shows it, fit for element content and for quoted attributes."""
    return html.escape(text.replace("\x00", "\ufffd"), quote=True)


def prose(text: str) -> str:
    """Return escaped text, words between two pairs of Markdown's stars set bold and these signs not shown."""
    sign = element("span", "**", class_="sign")
    return _STRONG.sub(lambda bold: f"{sign}{element('strong', bold[1])}{sign}", escaped(text))


def isolated(text: str) -> str:
    """Return escaped text, for the middle of our own sentences: its direction marks end where it ends.

    Block elements with `dir="auto"` need it not (they end overrides themselves), and would not look inside it.
    """
    return f"<bdi>{escaped(text)}</bdi>"


def element(name: str, content: str = "", **attributes: object) -> str:
    """Return an HTML element; `content` is HTML already, attribute values are text and are escaped here.

    Attribute names are written with underscores for hyphens (`data_turn`, `class_`); None and False leave one out,
    True writes its name alone.
    """
    written = [
        f" {key.strip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    ]
    return f"<{name}{''.join(written)}>{content}</{name}>"


def button(content: str, **attributes: object) -> str:
    """Return a button that submits no form."""
    return element("button", content, type="button", **attributes)


def shortened(text: str, longest: int) -> str:
    """Return text in one line, cut at a word after `longest` characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest].rsplit(" ", 1)[0] + " …"


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered span of characters, end exclusive; number 0 marks a place without being a quote."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch over which the same marks hold; `first` and `last` are those that begin and end in it."""

    start: int
    end: int
    marks: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]


def segments(start: int, end: int, marks: Iterable[Mark]) -> Iterator[Segment]:
    """Cut start..end at every mark's edge, so that overlapping marks need no nested elements."""
    inside: Sequence[Mark] = [mark for mark in marks if mark.start < end and mark.end > start and mark.start < mark.end]
    edges = {start, end} | {edge for mark in inside for edge in (mark.start, mark.end) if start < edge < end}
    ordered = sorted(edges)
    for left, right in pairwise(ordered):
        here = [mark for mark in inside if mark.start < right and mark.end > left]
        yield Segment(
            left,
            right,
            tuple(sorted({mark.number for mark in here})),
            tuple(sorted({mark.number for mark in here if mark.start == left})),
            tuple(sorted({mark.number for mark in here if mark.end == right})),
        )
