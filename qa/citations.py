"""Statements of a reply -> an answer's text with citations that are sentences of the source, verbatim by construction.

A statement stays only if the sentences it names, or others that were read, hold its names and numbers and enough of
its words; what fails is left out and counted. A provider's own citations are accepted only when found verbatim.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qa.datatypes import Citation, Document
from qa.reading import NumberedSentence, Statement

MOST_SENTENCES = 3
"""Sentences cited for one statement at most."""
LEAST_SHARED = 0.5
"""Share of a statement's words that its sentences must hold when the model named none."""

_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<=[a-z,;’'\"”)\]]\s)[A-ZÀ-ÞА-Я][\w’'-]+")
_PLAIN = frozenset(
    _WORD.findall(
        """a an and are as at be been but by did do does for from had has have he her his in into is it its no not of
        on or she so that the their them they this to was were which who whom will with would yes said says say"""
    )
)


@dataclass(frozen=True, slots=True)
class Cited:
    """A composed answer: its text with marks, the citations behind them, and how many statements were left out."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: int


def content_words(text: str) -> set[str]:
    """Return the words that carry meaning, lower case, cut to a stem of six letters."""
    words = (word.lower().replace("’", "'").removesuffix("'s") for word in _WORD.findall(text))
    return {word[:6] for word in words if word not in _PLAIN}


def particulars(text: str) -> set[str]:
    """Return what must not be wrong: numbers, and capitalised words that do not begin the text, as stems."""
    names = (name.lower().replace("’", "'").removesuffix("'s")[:6] for name in _NAME.findall(text))
    return set(_NUMBER.findall(text)) | set(names)


def _holds(text: str) -> set[str]:
    return content_words(text) | set(_NUMBER.findall(text))


def prove(statement: Statement, sentences: Sequence[NumberedSentence], known: str) -> tuple[NumberedSentence, ...]:
    """Return the sentences that support a statement, in the order of the text; none if it is not supported.

    Args:
        statement: what is claimed, with the numbers the model named.
        sentences: all sentences that were read.
        known: text that a statement may take names and numbers from without proof: the question and the titles.
    """
    by_number = {sentence.number: sentence for sentence in sentences}
    chosen = [by_number[number] for number in statement.numbers if number in by_number][:MOST_SENTENCES]
    wanted = content_words(statement.text)
    if not chosen:
        best = max(sentences, key=lambda s: len(wanted & _holds(s.text)), default=None)
        if best is None or not wanted or len(wanted & _holds(best.text)) < LEAST_SHARED * len(wanted):
            return ()
        chosen = [best]
    missing = particulars(statement.text) - _holds(known)
    for sentence in chosen:
        missing -= _holds(sentence.text)
    while missing and len(chosen) < MOST_SENTENCES:
        helper = max(sentences, key=lambda s: (len(missing & _holds(s.text)), len(wanted & _holds(s.text))))
        if not missing & _holds(helper.text):
            break
        chosen.append(helper)
        missing -= _holds(helper.text)
    return () if missing else tuple(sorted(set(chosen), key=lambda s: s.number))


def compose(
    statements: Iterable[Statement],
    sentences: Sequence[NumberedSentence],
    documents: Mapping[str, Document],
    known: str,
) -> Cited:
    """Return the answer's text and its citations; a sentence keeps one marker however often it is used."""
    text, unsupported = "", 0
    markers: dict[NumberedSentence, Citation] = {}
    for statement in statements:
        proof = prove(statement, sentences, known)
        if not proof:
            unsupported += 1
            continue
        claim = _as_sentence(statement.text)
        if claim in text:
            continue
        start = len(text) + bool(text)
        for sentence in proof:
            if sentence not in markers:
                markers[sentence] = _cite(sentence, len(markers) + 1, documents, (start, start + len(claim)))
        marks = "".join(f"[{markers[sentence].marker}]" for sentence in proof)
        text += f"{' ' if text else ''}{claim} {marks}"
    return Cited(text, tuple(markers.values()), unsupported)


def _as_sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if re.search(r"[.!?…。！？][\"'”’)]*$", text) else text.rstrip(" ,;:") + "."


def _cite(
    sentence: NumberedSentence, marker: int, documents: Mapping[str, Document], span: tuple[int, int]
) -> Citation:
    document = documents[sentence.document_id]
    quote = document.text[sentence.start : sentence.end]
    if quote != sentence.text:
        raise AssertionError(f"sentence {sentence} is not what {document.source} holds there")
    return Citation(
        marker, document.id, document.source, sentence.passage_id, sentence.start, sentence.end, quote, *span
    )
