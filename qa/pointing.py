"""Which sentence an answer begins from: the reader's probabilities, weighed with what else is known of its choice.

The reader knows what a question means, but among sentences on one theme it is surer of its choice than it should be.
The cross-encoder and the words that a sentence shares with the question know less, but they err elsewhere.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qa.proving import content_words
from qa.reading import Reading, number_of

Likely = tuple[tuple[int, float], ...]
"""Numbers of sentences with probabilities (0..1)."""

MOST_LIKELY = 6
"""Sentences that are weighed at most: one or two hundredths of a second each."""
LEAST_LIKELY = 0.005
"""Share in the likeliest sentence's probability below which none is weighed: of 934 questions on articles that nothing
was trained on, the weighed first was the same with all six."""


def likely_among(alternatives: Sequence[tuple[str, float]], count: int) -> Likely:
    """Return the sentences among `count` whose labels are alternatives of a token, given with log-probabilities."""
    found = [(number_of(token), math.exp(logprob)) for token, logprob in alternatives]
    return tuple((number, chance) for number, chance in found if 0 < number <= count)


def considered(likely: Likely) -> Likely:
    """Return the sentences that are worth weighing, likeliest first."""
    ordered = sorted(likely, key=lambda pair: -pair[1])[:MOST_LIKELY]
    return tuple(pair for pair in ordered if pair[1] >= LEAST_LIKELY * ordered[0][1])


@dataclass(frozen=True, slots=True)
class Pointing:
    """How the reader's choice among sentences is weighed.

    The sum is `sharpness` * natural log-probability + `words` * share of the question's words, rare ones counting more
    (`shared_words`), + `relevance` * the cross-encoder's log-odds; `sharpness` below 1 says that the reader is surer of
    its choice than it should be.
    """

    sharpness: float = 1.0
    words: float = 0.0
    relevance: float = 0.0

    def weigh(
        self, likely: Likely, shared: Sequence[float] = (), relevance: Mapping[int, float] | None = None
    ) -> Likely:
        """Return the sentences (number from 1, probability) weighed, likeliest first; the sum stays what it was.

        Args:
            likely: sentences with the reader's probabilities.
            shared: for each sentence that was read, the share of the question's words; empty when unknown.
            relevance: for each sentence in `likely`, the cross-encoder's log-odds; None when unknown.
        """
        scores = [
            self.sharpness * math.log(max(chance, 1e-9))
            + self.words * (shared[number - 1] if shared else 0.0)
            + self.relevance * (relevance[number] if relevance else 0.0)
            for number, chance in likely
        ]
        weights = [math.exp(score - max(scores)) for score in scores]
        scale = sum(chance for _, chance in likely) / sum(weights) if likely else 1.0
        weighed = [(number, weight * scale) for (number, _), weight in zip(likely, weights, strict=True)]
        return tuple(sorted(weighed, key=lambda pair: -pair[1]))


def shared_words(question: str, reading: Reading) -> tuple[float, ...]:
    """Return for each sentence the share (0..1) of the question's words that it holds, rare words counting more."""
    held = [content_words(sentence.text) for sentence in reading.sentences]
    often = Counter(word for words in held for word in words)
    weights = {word: math.log((len(held) + 1) / (often[word] + 0.5)) for word in content_words(question)}
    total = sum(weights.values())
    return tuple(sum(weights[word] for word in words & weights.keys()) / total if total else 0.0 for words in held)


def pointed(likely: Likely) -> float:
    """Return the share of the likeliest of sentences (number, probability) in the probability of all; 0 of none."""
    chances = [chance for _, chance in likely]
    return max(chances) / sum(chances) if chances else 0.0
