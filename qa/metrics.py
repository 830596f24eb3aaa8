"""Figures over judged predictions: pure functions, each saying what it does not count; nothing is asked here."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qa.scoring import Score

BINS = 10
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Bin:
    """Results whose confidence lies in [low, high): their number, mean confidence and share of right ones."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean, 0.0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value at `share` percent by nearest rank, 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] if ordered else 0.0


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share; (0, 1) when nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, spread = right / count, Z_95**2 / count
    centre = (share + spread / 2) / (1 + spread)
    half = Z_95 * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def reliability(scores: Iterable[Score]) -> tuple[float | None, list[Bin]]:
    """Return the Brier score and the filled ones of ten equal bins; predictions without confidence are left out."""
    told = [(score.prediction, score.right) for score in scores if score.prediction]
    pairs = [(said.confidence, right) for said, right in told if said.confidence is not None]
    if not pairs:
        return None, []
    filled: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        filled.setdefault(min(BINS - 1, int(confidence * BINS)), []).append((confidence, right))
    bins = [
        Bin(at / BINS, (at + 1) / BINS, len(held), mean([c for c, _ in held]), mean([r for _, r in held]))
        for at, held in sorted(filled.items())
    ]
    return mean([(confidence - right) ** 2 for confidence, right in pairs]), bins


def by_kind(scores: Iterable[Score]) -> Mapping[str, list[bool]]:
    """Return kind -> whether each of its questions was got right, kinds in order of first use."""
    kinds: dict[str, list[bool]] = {}
    for score in scores:
        kinds.setdefault(score.question.kind, []).append(score.right)
    return kinds


def figures(scores: Sequence[Score]) -> dict[str, Any]:
    """Return every figure as plain JSON values, in a fixed order.

    Accuracy, false abstention, citations, lengths and words count answerable questions only; seconds count every
    prediction that tells them. A missing prediction earns nothing: it is neither a right answer nor a decline.
    """
    kinds = by_kind(scores)
    answerable = [score for score in scores if score.question.answerable]
    seconds = [v.prediction.seconds for v in scores if v.prediction and v.prediction.seconds is not None]
    precision = mean([v.precision for v in answerable if v.precision is not None])
    recall = mean([v.recall for v in answerable if v.recall is not None])
    declined = sum(score.declined for score in answerable)
    brier, bins = reliability(scores)
    return {
        "accuracy_by_kind": {kind: mean(right) for kind, right in kinds.items()},
        "count_by_kind": {kind: len(right) for kind, right in kinds.items()},
        "accuracy_answerable": mean([score.right for score in answerable]),
        "false_abstain_rate": declined / len(answerable) if answerable else 0.0,
        "abstain_recall": mean([score.right for score in scores if not score.question.answerable]),
        "citation_precision": precision,
        "citation_recall": recall,
        "citation_f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "mean_citation_chars": mean([length for score in answerable for length in score.citation_lengths]),
        "mean_answer_words": mean([score.words for score in answerable]),
        "seconds_p50": percentile(seconds, 50),
        "seconds_p95": percentile(seconds, 95),
        "missing": [score.question.id for score in scores if score.prediction is None],
        "wrong": [score.question.id for score in scores if not score.right],
        "interval_by_kind": {kind: wilson(sum(right), len(right)) for kind, right in kinds.items()},
        "interval_answerable": wilson(sum(score.right for score in answerable), len(answerable)),
        "brier": brier,
        "reliability": [asdict(one) for one in bins],
    }
