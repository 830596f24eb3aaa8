"""Whether one prediction is right, and how its citations lie on the gold evidence; no averages are taken here.

An answer is right when its text holds what the gold demands in at most LONGEST_ANSWER words and it did not decline;
for an unanswerable question, when it declined.
"""

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from qa.question_sets import GoldQuestion, Place

LONGEST_ANSWER = 80
"""Words past which a text counts as wrong: pouring out the article is no answer."""

_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "\xa0": " ", "‐": "-", "‑": "-"})
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


class CitedSpan(BaseModel, frozen=True):
    """A citation of a prediction; without a source it may lie in any document."""

    start: int
    end: int
    source: str | None = None
    marker: int | None = None
    quote: str | None = None


class Prediction(BaseModel, frozen=True):
    """What a system said to one question; `answered` None means that it did not tell whether it declined."""

    id: str
    answer: str | None = None
    answered: bool | None = None
    citations: tuple[CitedSpan, ...] | None = None
    seconds: float | None = None
    confidence: float | None = None
    search_question: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How one prediction compares with its gold.

    `precision` is None when nothing was cited; it and `recall` are None where no evidence is asked for.
    """

    question: GoldQuestion
    prediction: Prediction | None
    right: bool
    precision: float | None
    recall: float | None

    @property
    def declined(self) -> bool:
        """Whether the system said that the documents do not say."""
        return self.prediction is not None and self.prediction.answered is False

    @property
    def words(self) -> int:
        """Words of the answer's text."""
        return len(_text(self.prediction).split())

    @property
    def citation_lengths(self) -> list[int]:
        """Characters of each citation; none when declined."""
        return [span.end - span.start for span in _citations(self.prediction)]


def _text(prediction: Prediction | None) -> str:
    return (prediction.answer if prediction else None) or ""


def _citations(prediction: Prediction | None) -> tuple[CitedSpan, ...]:
    if prediction is None or prediction.answered is False:
        return ()
    return prediction.citations or ()


def normalise(text: str) -> str:
    """Return lower case text with straight quotes and hyphens and single spaces; the ends are not stripped."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).translate(_STRAIGHT).lower())


def normalise_squad(text: str) -> str:
    """Return text as SQuAD compares it: lower case, no punctuation, no English articles, single spaces."""
    return " ".join(_ARTICLES.sub(" ", normalise(text).translate(_PUNCTUATION)).split())


def includes(groups: Iterable[Iterable[str]], forbidden: Iterable[str], text: str) -> bool:
    """Say whether each group has an alternative in the text, padded by one space at each end, and nothing forbidden."""
    padded = normalise(f" {text} ")
    hit = [any(normalise(choice) in padded for choice in group) for group in groups]
    return all(hit) and not any(normalise(choice) in padded for choice in forbidden)


def contains_gold(answers: Iterable[str], text: str) -> bool:
    """Say whether a gold answer stands in the text as whole words, after SQuAD's normalisation."""
    padded = f" {normalise_squad(text)} "
    return any(f" {normalise_squad(answer)} " in padded for answer in answers)


def overlap(span: CitedSpan, place: Place) -> bool:
    """Say whether a citation shares a character with a place in the same document."""
    source, start, end = place
    return span.source in (None, source) and max(span.start, start) < min(span.end, end)


def citation_shares(question: GoldQuestion, spans: Sequence[CitedSpan]) -> tuple[float | None, float | None]:
    """Return (precision, recall): citations that touch gold evidence, gold evidence that a citation touches."""
    if not question.evidence:
        return None, None
    touched = [any(overlap(span, place) for places in question.evidence for place in places) for span in spans]
    found = [any(overlap(span, place) for place in places for span in spans) for places in question.evidence]
    precision = sum(touched) / len(touched) if touched else None
    return precision, float(any(found)) if question.any_evidence else sum(found) / len(found)


def score(question: GoldQuestion, prediction: Prediction | None) -> Score:
    """Compare one prediction, None when there is none, with its gold."""
    declined = prediction is not None and prediction.answered is False
    if not question.answerable:
        return Score(question, prediction, declined, None, None)
    text = _text(prediction)
    if question.must_include is not None:
        holds = includes(question.must_include, question.must_not_include, text)
    else:
        holds = contains_gold(question.answers, text)
    short = len(text.split()) <= LONGEST_ANSWER
    precision, recall = citation_shares(question, _citations(prediction))
    return Score(question, prediction, not declined and short and holds, precision, recall)
