"""Statements of a reply -> an answer's text with citations that are sentences of the source, verbatim by construction.

A statement stays only if the sentences it names, or others that were read, hold its names and numbers and enough of
its words (proving.py); what fails is left out and counted. A provider's own citations are accepted only when found
verbatim.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.blocks import without_number
from qa.datatypes import Citation, Document
from qa.disputes import denials
from qa.durations import asks_duration, duration
from qa.proving import content_words, prove, with_first_rows
from qa.reading import NumberedSentence, Statement
from qa.speakers import speakers
from qa.tables import with_row

MOSTLY_SAID = 0.8
"""Share of a sentence's words from which a statement makes quoting the sentence beside it needless."""
LONGEST_ANSWER = 75
"""Words that quotes may fill an answer up to."""
AS_LIKELY = 0.35
"""Share in the probability of all sentences from which one that the model might have named first is quoted as well."""
AS_LIKELY_AFTER = 0.4
"""The same for the second of two questions asked in one."""
RATHER = 1.0
"""Log-odds by which the sentence that the model pointed at must be likelier to answer than the one whose words it then
wrote, to be quoted in their place. Of 42 answers that strayed so, this mended 18 and spoilt 1; it left 8 whose words
were right and 4 whose sentence was."""
LEAD = "The article does not say so directly. It says:"

Relevance = Callable[[Sequence[int]], Mapping[int, float]]
"""Numbers of sentences -> the log-odds that each answers the question; empty when nothing can tell."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A composed answer: its text with marks, the citations behind them, and how many statements were left out."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: int


NOTHING_SAID = Cited("", (), 0)
Place = tuple[str, int, int]
"""A document's id, start and end in its text."""
Items = Iterable[tuple[str, Sequence[NumberedSentence]]]


class Composer:
    """Builds an answer's text piece by piece; a sentence keeps one marker however often it is used."""

    def __init__(self, documents: Mapping[str, Document], before: Cited = NOTHING_SAID, between: str = " ") -> None:
        """Begin with an empty text.

        Args:
            documents: those that the sentences stand in, by id.
            before: what is said already and shown above; its sentences keep their markers, its words count for room.
            between: what stands between two pieces.
        """
        self._documents = documents
        self._before = before.text
        self._markers = {_place(c): c.marker for c in before.citations}
        self._cited: dict[Place, Citation] = {}
        self._between = between
        self.stated: list[tuple[str, Sequence[NumberedSentence]]] = []
        self.text = ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of the text, in order of first use."""
        return tuple(self._cited.values())

    @property
    def spoken(self) -> str:
        """All that is said, before and in the text."""
        return f"{self._before} {self.text}"

    def cites(self, sentence: NumberedSentence) -> bool:
        """Say whether the text cites a sentence."""
        return _place(sentence) in self._cited

    def say(self, words: str) -> None:
        """Append words that no sentence proves."""
        self.text += f"{self._between if self.text else ''}{words}"

    def add(self, words: str, proof: Sequence[NumberedSentence], claim: str = "") -> None:
        """Append words, which hold a claim or are one, and the marks of the sentences that prove them."""
        self.stated.append((claim or words, proof))
        start = len(self.text) + (len(self._between) if self.text else 0)
        for sentence in proof:
            place, span = _place(sentence), (start, start + len(words))
            marker = self._markers.setdefault(place, len(self._markers) + 1)
            self._cited.setdefault(place, _cite(sentence, marker, self._documents, span))
        marks = "".join(f"[{self._markers[_place(sentence)]}]" for sentence in proof)
        self.say(f"{words} {marks}")

    def has_room(self, words: str) -> bool:
        """Say whether the answer stays short with these words."""
        return len(self.spoken.split()) + len(words.split()) < LONGEST_ANSWER


def compose(
    statements: Iterable[Statement],
    sentences: Sequence[NumberedSentence],
    documents: Mapping[str, Document],
    known: str,
    sure: bool = True,
    also: Collection[int] = (),
    pointed: int = 0,
    relevance: Relevance = lambda _: {},
    before: Cited = NOTHING_SAID,
    foreign: Collection[str] = (),
    question: str = "",
) -> Cited:
    """Return the answer's text and its citations; `also` numbers sentences to quote beside what is stated.

    Where the question asks whether something is so, who denies it is quoted as well; where it asks how long something
    was, the time between the two dates stated is worked out at the end.
    What was said `before`, of another question, is no part of it. `known` and `foreign` are those of `prove`.

    A small model may point at one sentence, numbered `pointed`, and write another's words behind it. Where `relevance`
    says that the first answers rather than the other, or no sentence holds the words, the first is quoted instead.

    A sure answer states each fact and lets the sentence follow that proves it, unless the statement says nearly all
    of it. An unsure one states nothing of its own: it quotes the passages that come nearest, whole, so that a question
    which takes something false for granted meets what the source says instead.
    """
    composer = Composer(documents, before)
    said: set[str] = set()
    left_out = 0
    for statement in statements:
        proof = prove(statement, sentences, known, foreign)
        claim = _as_sentence(with_row(statement.text, [(s.text, s.heading) for s in proof]))
        named = [s for s in sentences if s.number == pointed in statement.numbers]
        instead = [s for s in named if _answers_rather(s, proof, relevance)]
        left_out += bool(instead) or not proof
        if not sure:
            _quote(composer, [s for s in sentences if s.passage_id in {p.passage_id for p in instead or proof}])
        elif instead:
            _quote(composer, with_first_rows(instead, sentences))
        elif proof and claim not in said:
            said.add(claim)
            _state(composer, claim, proof)
    if sure and composer.text:
        likely = with_first_rows([s for s in sentences if s.number in also], sentences)
        _quote(composer, [s for s in likely if not composer.cites(s)])
        _quote(composer, denials(question, [s for s in sentences if composer.cites(s)], sentences))
        for speaker in speakers(question, [s for s in sentences if composer.cites(s)], sentences, documents):
            composer.add(quoted(speaker), [speaker])
        _work_out(composer, question)
    text = composer.text if sure or not composer.text else f"{LEAD} {composer.text}"
    return Cited(text, _shifted(composer.citations, len(text) - len(composer.text)), left_out)


def quoted_below(
    sections: Iterable[tuple[str, Iterable[tuple[str, NumberedSentence]]]],
    documents: Mapping[str, Document],
    before: Cited = NOTHING_SAID,
) -> Cited:
    """Return an answer of nothing but quotes, each on a line of its own, below the words that head its section.

    Before a quote stand words of it ("October 25: "), or none. What was said `before` is no part of it.
    """
    composer = Composer(documents, before, between="\n")
    for head, quotes in sections:
        composer.say(head)
        for words, sentence in quotes:
            if words not in sentence.text:
                raise AssertionError(f"{words!r} does not stand in sentence {sentence}")
            composer.add(f"• {words[:1].upper()}{words[1:]}{': ' * bool(words)}{quoted(sentence)}", [sentence])
    return Cited(composer.text, composer.citations, 0)


def listed(head: str, items: Items, documents: Mapping[str, Document], before: Cited = NOTHING_SAID) -> Cited:
    """Return an answer that lists words behind its head, each with the marks of its proof; `before` as for compose."""
    composer = Composer(documents, before, between=", ")
    for words, proof in items:
        if not any(words in sentence.text for sentence in proof):
            raise AssertionError(f"{words!r} stands in no sentence of {proof}")
        composer.add(words, proof)
    return Cited(f"{head} {composer.text}.", _shifted(composer.citations, len(head) + 1), 0)


def _answers_rather(pointed: NumberedSentence, proof: Sequence[NumberedSentence], relevance: Relevance) -> bool:
    """Say whether the sentence pointed at is none of the proof, and likelier to answer than that by RATHER."""
    if not proof:
        return True
    if pointed in proof:
        return False
    odds = relevance([s.number for s in (pointed, *proof)])
    return bool(odds) and odds[pointed.number] >= RATHER + max(odds[s.number] for s in proof)


def _state(composer: Composer, claim: str, proof: Sequence[NumberedSentence]) -> None:
    quotes = " ".join(quoted(s) for s in proof)
    spoken = content_words(composer.spoken) | content_words(claim)
    unsaid = set().union(*(content_words(without_number(s.text)) for s in proof))
    full = len(unsaid & spoken) >= MOSTLY_SAID * len(unsaid)
    words = claim if full or not composer.has_room(claim + " " + quotes) else f"{claim} {quotes}"
    composer.add(words, proof, claim)


def _work_out(composer: Composer, question: str) -> None:
    claims = [(claim, *(sentence.text for sentence in proof)) for claim, proof in composer.stated]
    if asks_duration(question) and (worked_out := duration(question, claims)):
        composer.add(worked_out, list(dict.fromkeys(s for _, proof in composer.stated for s in proof)))


def _quote(composer: Composer, passage: Sequence[NumberedSentence]) -> None:
    for sentence in passage:
        words = quoted(sentence)
        if words not in composer.text and (not composer.text or composer.has_room(words)):
            composer.add(words, [sentence])


def quoted(sentence: NumberedSentence) -> str:
    """Return a sentence in quotation marks; those that it has at its ends are not set again."""
    text = sentence.text if sentence.text.startswith(("“", '"')) else f"“{sentence.text}"
    closed = text.count("“") == text.count("”") + text.count('"') % 2
    return text if closed else f"{text}”"


def _shifted(citations: Iterable[Citation], by: int) -> tuple[Citation, ...]:
    return tuple(replace(c, answer_start=c.answer_start + by, answer_end=c.answer_end + by) for c in citations)


def _as_sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if re.search(r"[.!?…。！？][\"'”’)]*$", text) else text.rstrip(" ,;:") + "."


def _place(where: NumberedSentence | Citation) -> Place:
    return where.document_id, where.start, where.end


def _cite(
    sentence: NumberedSentence, marker: int, documents: Mapping[str, Document], span: tuple[int, int]
) -> Citation:
    document = documents[sentence.document_id]
    quote = document.text[sentence.start : sentence.end]
    if quote != sentence.text:
        raise AssertionError(f"sentence {sentence} is not what {document.source} holds there")
    place = (sentence.passage_id, sentence.start, sentence.end, quote)
    return Citation(marker, document.id, document.source, *place, *span, document.page(sentence.start))
