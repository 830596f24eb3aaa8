"""What sentences name: names by their capitals, and words of the calendar by their form; no model is asked."""

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.durations import dates_in
from qa.introducing import BEGINNINGS, HONORIFIC, NAME
from qa.proving import PLAIN
from qa.reading import NumberedSentence

_WORD = rf"(?:[A-Z]{{2,}}\b|{NAME})"
_RUN = re.compile(rf"\b{_WORD}(?:(?: |-|-[a-z]-| of the | of | for ){_WORD})*")
_POSSESSIVE = re.compile(r"['’]s$")
_SHORT_FORM = re.compile(r"\(([A-Z][\w.-]*)\)")
_TITLE = re.compile(rf"{HONORIFIC}\s+")
_MONTHS, _DAYS = calendar.month_name[1:], calendar.day_name[:]
_BEFORE_MONTH = r"(?:\d|\b(?:in|of|by|to|on|from|since|until|till|last|next|this|early|late|mid|and))[ -]"
_ALSO_WORDS = ("March", "May")
"""Months that are other words as well."""
_MONTH = re.compile(
    rf"\b(?:{'|'.join(set(_MONTHS) - set(_ALSO_WORDS))})\b|(?:(?<=\d )|\b)(?:{'|'.join(m[:3] for m in _MONTHS)}|Sept)"
    rf"\b(?=\.?\s\d)|(?:{'|'.join(_ALSO_WORDS)})\b(?=\s\d)"
)
_MONTH_BEHIND = re.compile(rf"{_BEFORE_MONTH}((?:{'|'.join(_ALSO_WORDS)}))\b")
_DAY = re.compile(rf"\b(?:{'|'.join(_DAYS)})\b")


@dataclass(frozen=True, slots=True)
class Named:
    """What is named, in the words of the sentence that names it."""

    words: str
    sentence: NumberedSentence


def names_in(sentences: Sequence[NumberedSentence]) -> list[Named]:
    """Return the names of a text, each where it first stands; short forms that the text explains are left out.

    A lone capitalised word that only ever begins sentences is no name, nor is a word of the calendar.
    """
    found = [(named, begins) for sentence in sentences for named, begins in _runs(sentence)]
    sure = {named.words for named, begins in found if not begins or " " in named.words}
    short = {form for sentence in sentences for form in _SHORT_FORM.findall(sentence.text)}
    return _first((named.words, named) for named, _ in found if named.words in sure - short)


def _runs(sentence: NumberedSentence) -> Iterator[tuple[Named, bool]]:
    """Yield the names in a sentence, and of each whether it begins it."""
    for run in _RUN.finditer(sentence.text):
        words, begins = _POSSESSIVE.sub("", run[0]), not re.search(r"\w", sentence.text[: run.start()])
        first, _, rest = words.partition(" ")
        if first.lower() in PLAIN | BEGINNINGS:
            words, begins = rest, False
        if words and words.lower() not in PLAIN | BEGINNINGS:
            yield Named(words, sentence), begins


def merged(people: Sequence[Named]) -> list[Named]:
    """Return people without the names by which the text also calls one that it names in full ("Asif", "Mr Asif")."""

    def full(named: Named) -> list[str]:
        return _TITLE.sub("", named.words).split()

    def shortens(short: list[str], long: list[str]) -> bool:
        return len(short) < len(long) and (long[-len(short) :] == short or long[: len(short)] == short)

    return [named for named in people if not any(shortens(full(named), full(other)) for other in people)]


def months_in(sentences: Sequence[NumberedSentence]) -> list[Named]:
    """Return the months that sentences name."""
    found = []
    for sentence in sentences:
        matches = [match for form in (_MONTH, _MONTH_BEHIND) for match in form.finditer(sentence.text)]
        months = (match[match.lastindex or 0] for match in sorted(matches, key=lambda match: match.end()))
        found += [(month[:3], Named(month, sentence)) for month in months]
    return _first(found)


def weekdays_in(sentences: Sequence[NumberedSentence]) -> list[Named]:
    """Return the days of the week that sentences name."""
    return _first((match[0], Named(match[0], s)) for s in sentences for match in _DAY.finditer(s.text))


def days_in(sentences: Sequence[NumberedSentence]) -> list[Named]:
    """Return the dates that sentences tell to the day."""
    return _first(((d.month, d.day, d.year), Named(d.words, s)) for s in sentences for d in dates_in(s.text) if d.day)


def years_in(sentences: Sequence[NumberedSentence]) -> list[Named]:
    """Return the years of the dates that sentences tell."""
    return _first((d.year, Named(str(d.year), s)) for s in sentences for d in dates_in(s.text) if d.year)


def _first(found: Iterable[tuple[object, Named]]) -> list[Named]:
    """Return what comes first under each key."""
    kept: dict[object, Named] = {}
    for key, named in found:
        kept.setdefault(key, named)
    return list(kept.values())
