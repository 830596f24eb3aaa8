"""What the documents say of a topic ("Tell me about Asif", "What does the article say about trade?"), quoted.

The reader is trained to name the one or two sentences that answer a question. Asked for a topic it is as unsure which
of several sentences to begin from as it should be, and that is what tells here which ones are on the topic.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qa.pointing import Likely, shared_words
from qa.reading import NumberedSentence, Reading

MOST_SENTENCES = 6
LEAST_CHANCE = 0.5
"""Probability of being on the topic from which a sentence is quoted."""
LEAST_POINTED = 0.001
WEIGHTS = (4.86, 1.12, 4.54, 2.77)
"""Logistic regression of being on the topic: bias and weights of `evidence_of` (tests/training/fit_topics.py)."""


@dataclass(frozen=True, slots=True)
class OnTopic:
    """The sentences on a topic, in the order of the text, and the mean of their probabilities (0..1) to be on it.

    `named` says whether one sentence that was read holds all of the topic's words, so that it cannot be said that the
    documents say nothing of it.
    """

    sentences: tuple[NumberedSentence, ...]
    chance: float
    named: bool


def on_topic(topic: str, reading: Reading, likely: Likely) -> OnTopic:
    """Return the sentences of a reading that are on a topic; one at least where there are any.

    Args:
        topic: in the question's words.
        reading: what was read.
        likely: the sentences that the reader might name first, with its own probabilities.
    """
    evidence = evidence_of(topic, reading, likely)
    chances = [_chance(row) for row in evidence]
    places = chosen(chances)
    return OnTopic(
        tuple(reading.sentences[place] for place in places),
        sum(chances[place] for place in places) / max(1, len(places)),
        any(math.isclose(shared, 1.0) for _, shared, _ in evidence),
    )


def chosen(chances: Sequence[float]) -> list[int]:
    """Return the places of the sentences to quote, in their order, from the chance of each to be on the topic."""
    best = sorted(range(len(chances)), key=lambda place: -chances[place])[:MOST_SENTENCES]
    return sorted([place for place in best if chances[place] >= LEAST_CHANCE] or best[:1])


def evidence_of(topic: str, reading: Reading, likely: Likely) -> list[tuple[float, float, float]]:
    """Return what is known of each sentence of a reading.

    That is the natural logarithm of the reader's probability of naming it first, and the shares (0..1) of the topic's
    words that stand in it and in the one before it in its passage.
    """
    shares, pointed = shared_words(topic, reading), dict(likely)
    rows, before, passage = [], 0.0, ""
    for sentence, shared in zip(reading.sentences, shares, strict=True):
        before = before if sentence.passage_id == passage else 0.0
        rows.append((math.log(pointed.get(sentence.number, 0.0) + LEAST_POINTED), shared, before))
        before, passage = shared, sentence.passage_id
    return rows


def _chance(evidence: Sequence[float]) -> float:
    score = WEIGHTS[0] + sum(weight * value for weight, value in zip(WEIGHTS[1:], evidence, strict=True))
    return 1 / (1 + math.exp(-score))
