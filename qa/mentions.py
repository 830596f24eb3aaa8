"""Names, numbers and dates of a question that the documents do not hold anywhere: compared by words, no model is asked.

A question that names what its document never mentions takes something for granted, or is about something else.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import sentencex

from qa.conversation import looks_finished
from qa.introducing import NAME
from qa.numerals import numbers
from qa.proving import NAME_ROOT, PLAIN, stem

MOST_TOLD = 3
LEAST_NUMBER = 10
"""Smaller ones often say how much is wanted ("3 reasons")."""
NEAR = 20
"""Characters between the name of a month and a day of it."""
MOSTLY_CAPITALS = 0.6
"""Share of a question's words with capitals from which these say nothing, as in a headline."""

_NUMBER = r"(?<![\d.,:])\d+(?:[.,]\d+)*(?![\d:]|\w*s\b)"
_RUN = re.compile(rf"\b(?:{NAME}|{_NUMBER})(?: (?:{NAME}|{_NUMBER}))*")
_BOUND = re.compile(r"\b(?:before|after|between|and|than|over|under|above|below|about|around) \W*$", re.IGNORECASE)
_BEGINS = re.compile(r"(?:^|[.!?:…][\"”’)]*\s)\W*$")
_WANTED = re.compile(r"\W*(?:words?|sentences?|lines?|points?|bullets?|paragraphs?|examples?|reasons?)\b")
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:t|r?uary|ch|il|e|y|ust|t?ember|ober)?\b", re.IGNORECASE
)
_ENGLISH = re.compile(
    r"\b(?:the|who|whom|whose|what|when|where|why|how|which|did|does|do|was|were|is|are)\b", re.IGNORECASE
)
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_NO_NAME = re.compile(r"(?:[A-Z]{1,3}|Mr|Mrs|Ms|Dr|Sir|Lord|Lady|Prof)(?:['’]s)?|I['’](?:m|d|ve|ll)")


def unmentioned(question: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names, numbers and dates of an English question, as it writes them, that stand in none of the texts.

    It is told of a question that ends with its mark, and of what stands before it nothing ("I'm 74. How many may I
    take?"); orders are not repeated.

    A name counts as there in another form, too, such as Turkey for Turkish. The first word of a sentence, abbreviations
    of up to three letters, decades and numbers that only bound something ("before 1840") count as none. The texts are
    looked at only where there is something to look for; where there are none, nothing is told.
    """
    question = " ".join(s for s in sentencex.segment("en", question) if looks_finished(s))
    words = question.split()[1:]
    if not _ENGLISH.search(question) or sum(w[0].isupper() for w in words) > MOSTLY_CAPITALS * len(words):
        return ()
    runs = list(_runs(question))
    text = plain("\n".join(texts)) if runs else ""
    missing = (run for run in runs if text and _is_missing(run, text))
    return tuple(dict.fromkeys(missing))[:MOST_TOLD]


def _runs(question: str) -> Iterator[str]:
    """Yield names, numbers and dates, each as long as it goes on."""
    for found in _RUN.finditer(question):
        before, run = question[: found.start()], found[0]
        if _BEGINS.search(before):
            run = run.partition(" ")[2]
        bounds = run.isdigit() and _BOUND.search(before)
        if run and not bounds and not _WANTED.match(question, found.end()):
            yield run


def _is_missing(run: str, text: str) -> bool:
    month, told = _MONTH.search(run), numbers(run)
    if month:
        places = re.finditer(rf"\b{month[1]}", text, re.IGNORECASE)
        return not any(told <= numbers(text[max(0, at.start() - NEAR) : at.end() + NEAR]) for at in places)
    counted = {number for number in told if not number.isdigit() or int(number) >= LEAST_NUMBER}
    if counted and not counted <= numbers(text):
        return True
    return not all(mentions(text, name) for name in _names(run))


def names(question: str) -> list[str]:
    """Return the names in a text, word by word; the first word of a sentence is none."""
    return [name for run in _runs(question) for name in _names(run)]


def _names(run: str) -> list[str]:
    words = (word for word in run.split() if word[0].isupper() and not _NO_NAME.fullmatch(word))
    return [word for word in words if stem(word) not in PLAIN]


def mentions(text: str, name: str) -> bool:
    """Say whether a text without accents mentions a name, be it in another form: by its first four letters."""
    return bool(re.search(rf"\b{re.escape(stem(plain(name))[:NAME_ROOT])}", text, re.IGNORECASE))


def plain(text: str) -> str:
    """Return the text without accents."""
    return _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
