"""From what the reader tells to two probabilities: that the documents answer, and that the result is right.

Both are logistic regressions fitted on questions that no part was trained on (tests/training/calibrate.py), kept in
adapters/reader.json beside the adapter that they belong to. Without log-probabilities fixed values stand in.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from qa.datatypes import Extent
from qa.pointing import Pointing

RIGHT_WITHOUT_EVIDENCE = 0.7
"""Confidence where a model tells no probabilities: about the share of right answers among cited ones."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when a reply is judged; all but `log_odds` and `relevance` in 0..1.

    `log_odds` is the natural log-odds of "stated" at the reader's first token, `pointed` the share of the likeliest
    sentence in the probability of all that the reader might name first, `cosine` that of the best passage, `overlap`
    the share of the statements' words found in their proof, `whole` 1 if the whole corpus was read and 0 if only
    retrieved sentences were, `relevance` the natural log-odds by the cross-encoder that the sentence answers which it
    finds the best, 0 when unknown.
    """

    log_odds: float
    pointed: float = 1.0
    cosine: float = 0.0
    overlap: float = 1.0
    whole: float = 1.0
    relevance: float = 0.0


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression over named features of the evidence."""

    bias: float
    weights: dict[str, float] = field(default_factory=dict)

    def probability(self, evidence: Evidence) -> float:
        """Return the probability, 0..1."""
        score = self.bias + sum(weight * getattr(evidence, name) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """`pointing` weighs which sentence an answer begins from; those of `stated` decide whether to answer.

    That is from a threshold on, and in own words from `sure` on. Regression and threshold differ with what was read:
    sentences that retrieval chose may lack the proof, so the reader doubts more, and the same threshold would decline
    far too much. A part of a document is read like a whole one, but its threshold is higher, since what it declines may
    still be found elsewhere (attempts.py). Of a row of a table in what is read whole, of which the reader is less sure,
    it is `rows`. The other two give the confidence shown.
    """

    stated: Mapping[Extent, Logistic]
    threshold: Mapping[Extent, float]
    rows: float
    sure: float
    right_answer: Logistic
    right_decline: Logistic
    pointing: Pointing = field(default_factory=Pointing)

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        """Read a calibration; a missing file gives one that takes the reader's word."""
        if not path.is_file():
            plain = Logistic(0.0, {"log_odds": 1.0})
            extents = get_args(Extent)
            stated, threshold = dict.fromkeys(extents, plain), dict.fromkeys(extents, 0.5)
            return cls(stated, threshold, 0.5, 0.5, plain, Logistic(0.0, {"log_odds": -1.0}))
        record = json.loads(path.read_text(encoding="utf-8"))
        stated = {extent: Logistic(**scale) for extent, scale in record["stated"].items()}
        return cls(
            {**stated, "part": stated["whole"]},
            record["threshold"],
            record["rows"],
            record["sure"],
            Logistic(**record["right_answer"]),
            Logistic(**record["right_decline"]),
            Pointing(**record["pointing"]),
        )


def log_odds(not_stated: float) -> float:
    """Return the natural log-odds of "stated", kept within what six digits of a probability can tell."""
    chance = min(max(not_stated, 1e-6), 1 - 1e-6)
    return math.log((1 - chance) / chance)
