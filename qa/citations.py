"""Statements of a reply -> an answer's text with citations that are sentences of the source, verbatim by construction.

A statement stays only if the sentences it names, or others that were read, hold its names and numbers and enough of
its words; what fails is left out and counted. A provider's own citations are accepted only when found verbatim.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.datatypes import Citation, Document
from qa.reading import NumberedSentence, Statement

MOST_SENTENCES = 3
"""Sentences cited for one statement at most."""
LEAST_SHARED = 0.5
"""Share of a statement's words that its sentences must hold when the model named none."""
HARDLY_SHARED = 0.4
"""Share of a statement's words below which the sentences that the model named are doubted."""
MUCH_BETTER = 0.25
"""By how much more of a statement's words another sentence must hold to take the place of those the model named.

Small models write a fact in the words of its sentence and then get the sentence's number wrong by one or two."""

NAME_ROOT = 4
"""Letters by which two forms of a name are taken for the same."""
MOSTLY_SAID = 0.8
"""Share of a sentence's words from which a statement makes quoting the sentence beside it needless."""
LONGEST_ANSWER = 75
"""Words that quotes may fill an answer up to."""
AS_LIKELY = 0.25
"""Share in the probability of all sentences from which one that the model might have named first is quoted as well."""
LEAD = "The article does not say so directly. It says:"

_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_CAPITAL = re.compile(r"\b[A-ZÀ-ÞА-Я][\w’'-]*\w")
_NAME = re.compile(rf"(?<=[a-z,;’'\"”)\]]\s){_CAPITAL.pattern}")
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
    return {_stem(word) for word in _WORD.findall(text) if word.lower() not in _PLAIN}


def particulars(text: str, names: Collection[str] = ()) -> set[str]:
    """Return what must not be wrong: numbers, and names as stems.

    A name is a capitalised word that does not begin the text, or one that is among `names` wherever it stands. Words
    that carry no meaning, as in "Peace Be Upon Him" or "The Hague", are none.
    """
    inside = {_stem(name) for name in _NAME.findall(text)}
    known = {_stem(name) for name in _CAPITAL.findall(text)} & set(names)
    return set(_NUMBER.findall(text)) | ((inside | known) - _PLAIN)


def _stem(word: str) -> str:
    return word.lower().replace("’", "'").removesuffix("'s")[:6]


def _holds(text: str) -> set[str]:
    return content_words(text) | set(_NUMBER.findall(text))


def _found(missing: set[str], text: str) -> set[str]:
    """Return the names and numbers that a text holds; a name also in another form, such as Turkey for Turkish."""
    held = _holds(text)
    roots = {word[:NAME_ROOT] for word in held if len(word) >= NAME_ROOT}
    return {word for word in missing if word in held or (word.isalpha() and word[:NAME_ROOT] in roots)}


def _share(wanted: set[str], sentences: Iterable[NumberedSentence]) -> float:
    held = set().union(*(_holds(sentence.text) for sentence in sentences))
    return len(wanted & held) / len(wanted) if wanted else 0.0


def prove(statement: Statement, sentences: Sequence[NumberedSentence], known: str) -> tuple[NumberedSentence, ...]:
    """Return the sentences that support a statement, in the order of the text; none if it is not supported.

    Args:
        statement: what is claimed, with the numbers the model named.
        sentences: all sentences that were read.
        known: text that a statement may take names and numbers from without proof: the question and the titles.
    """
    wanted = content_words(statement.text)
    best = max(sentences, key=lambda s: _share(wanted, [s]), default=None)
    if best is None:
        return ()
    by_number = {sentence.number: sentence for sentence in sentences}
    chosen = [by_number[number] for number in statement.numbers if number in by_number][:MOST_SENTENCES]
    named = _share(wanted, chosen)
    least = named + MUCH_BETTER if chosen else LEAST_SHARED
    if named < HARDLY_SHARED and _share(wanted, [best]) >= least:
        chosen = [best]
    if not chosen:
        return ()
    names = {_stem(name) for sentence in sentences for name in _NAME.findall(sentence.text)}
    missing = particulars(statement.text, names)
    for text in (known, *(sentence.text for sentence in chosen)):
        missing -= _found(missing, text)
    while missing and len(chosen) < MOST_SENTENCES:
        helper = max(sentences, key=lambda s: (len(_found(missing, s.text)), _share(wanted, [s])))
        if not _found(missing, helper.text):
            break
        chosen.append(helper)
        missing -= _found(missing, helper.text)
    return () if missing else tuple(sorted(set(chosen), key=lambda s: s.number))


class Composer:
    """Builds an answer's text piece by piece; a sentence keeps one marker however often it is used."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        """Use the documents that the sentences stand in, by id."""
        self._documents = documents
        self._markers: dict[NumberedSentence, Citation] = {}
        self.text = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations so far, by marker."""
        return tuple(self._markers.values())

    @property
    def cited(self) -> Collection[NumberedSentence]:
        """The sentences cited so far."""
        return self._markers.keys()

    def add(self, words: str, proof: Sequence[NumberedSentence]) -> None:
        """Append words and the marks of the sentences that prove them."""
        start = len(self.text) + bool(self.text)
        for sentence in proof:
            if sentence not in self._markers:
                marker, span = len(self._markers) + 1, (start, start + len(words))
                self._markers[sentence] = _cite(sentence, marker, self._documents, span)
        marks = "".join(f"[{self._markers[sentence].marker}]" for sentence in proof)
        self.text += f"{' ' if self.text else ''}{words} {marks}"

    def has_room(self, words: str) -> bool:
        """Say whether the answer stays short with these words."""
        return len(self.text.split()) + len(words.split()) < LONGEST_ANSWER


def compose(
    statements: Iterable[Statement],
    sentences: Sequence[NumberedSentence],
    documents: Mapping[str, Document],
    known: str,
    sure: bool = True,
    also: Collection[int] = (),
    pointed: int = 0,
) -> Cited:
    """Return the answer's text and its citations; `also` numbers sentences to quote beside what is stated.

    The sentence numbered `pointed` is trusted more than the words of a statement that names it: where these are another
    sentence's, or prove nothing, it is quoted in their place. A small model points better than it writes.

    A sure answer states each fact and lets the sentence follow that proves it, unless the statement says nearly all
    of it. An unsure one states nothing of its own: it quotes the passages that come nearest, whole, so that a question
    which takes something false for granted meets what the source says instead.
    """
    composer = Composer(documents)
    said: set[str] = set()
    left_out = 0
    for statement in statements:
        proof = prove(statement, sentences, known)
        claim = _as_sentence(statement.text)
        adrift = [s for s in sentences if s.number == pointed in statement.numbers and s not in proof]
        left_out += bool(adrift) or not proof
        if not sure:
            _quote(composer, [s for s in sentences if s.passage_id in {p.passage_id for p in adrift or proof}])
        elif adrift:
            _quote(composer, adrift)
        elif proof and claim not in said:
            said.add(claim)
            _state(composer, claim, proof)
    if sure and composer.text:
        _quote(composer, [s for s in sentences if s.number in also and s not in composer.cited])
    text = composer.text if sure or not composer.text else f"{LEAD} {composer.text}"
    return Cited(text, _shifted(composer.citations, len(text) - len(composer.text)), left_out)


def _state(composer: Composer, claim: str, proof: Sequence[NumberedSentence]) -> None:
    quotes = " ".join(_quoted(s) for s in proof)
    spoken = content_words(composer.text) | content_words(claim)
    unsaid = set().union(*(content_words(s.text) for s in proof))
    full = len(unsaid & spoken) >= MOSTLY_SAID * len(unsaid)
    composer.add(claim if full or not composer.has_room(claim + " " + quotes) else f"{claim} {quotes}", proof)


def _quote(composer: Composer, passage: Sequence[NumberedSentence]) -> None:
    for sentence in passage:
        words = _quoted(sentence)
        if words not in composer.text and (not composer.text or composer.has_room(words)):
            composer.add(words, [sentence])


def _quoted(sentence: NumberedSentence) -> str:
    """Return a sentence in quotation marks, once where the source has them already."""
    return sentence.text if sentence.text.startswith(("“", '"')) else f"“{sentence.text}”"


def _shifted(citations: Iterable[Citation], by: int) -> tuple[Citation, ...]:
    return tuple(replace(c, answer_start=c.answer_start + by, answer_end=c.answer_end + by) for c in citations)


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
