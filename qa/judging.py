"""The last word on a reply: answer or decline, and how sure to be. Declining is decided here, in code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import exp

from qa.answering import Reply
from qa.calibration import RIGHT_WITHOUT_EVIDENCE, Calibration, Evidence, log_odds
from qa.citations import Cited, content_words
from qa.datatypes import Citation, RetrievedPassage

NOT_SAID = "The article does not say."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown: the text, the citations (none when declined) and the calibrated confidence (0..1)."""

    text: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    signals: dict[str, float] = field(default_factory=dict)


def stated(not_stated: float, passages: Sequence[RetrievedPassage], whole: bool, calibration: Calibration) -> float:
    """Return the calibrated probability (0..1) that the documents answer, from the reader's first probability."""
    evidence = Evidence(log_odds(not_stated), cosine=_best_cosine(passages), whole=float(whole))
    return calibration.stated.probability(evidence)


def must_decline(
    not_stated: float,
    passages: Sequence[RetrievedPassage],
    whole: bool,
    calibration: Calibration,
    threshold: float | None,
) -> bool:
    """Decide, before anything is written, whether to decline."""
    least = calibration.threshold if threshold is None else threshold
    return stated(not_stated, passages, whole, calibration) < least


def is_sure(reply: Reply, passages: Sequence[RetrievedPassage], whole: bool, calibration: Calibration) -> bool:
    """Say whether an answer may state things in its own words; without probabilities it may."""
    return reply.not_stated is None or stated(reply.not_stated, passages, whole, calibration) >= calibration.sure


def _best_cosine(passages: Sequence[RetrievedPassage]) -> float:
    return max((p.cosine for p in passages), default=0.0)


def evidence_of(reply: Reply, cited: Cited, passages: Sequence[RetrievedPassage], whole: bool) -> Evidence | None:
    """Return what the calibration looks at; None where the model told no probabilities."""
    if reply.not_stated is None:
        return None
    claimed = content_words(" ".join(s.text for s in reply.statements))
    proof = content_words(" ".join(c.quote for c in cited.citations))
    return Evidence(
        log_odds=log_odds(reply.not_stated),
        certainty=exp(reply.certainty or 0.0),
        cosine=_best_cosine(passages),
        overlap=len(claimed & proof) / len(claimed) if claimed else 0.0,
        whole=float(whole),
    )


def judge(
    reply: Reply,
    cited: Cited,
    passages: Sequence[RetrievedPassage],
    whole: bool,
    calibration: Calibration,
    threshold: float | None,
) -> Verdict:
    """Decline what no sentence supports and what `must_decline` declines; else answer."""
    evidence = evidence_of(reply, cited, passages, whole)
    if evidence is None or reply.not_stated is None:
        answered, confidence, signals = bool(cited.citations), RIGHT_WITHOUT_EVIDENCE, {}
    else:
        declined = must_decline(reply.not_stated, passages, whole, calibration, threshold)
        answered = bool(cited.citations) and not declined
        scale = calibration.right_answer if answered else calibration.right_decline
        confidence, signals = scale.probability(evidence), asdict(evidence)
    if not answered:
        return Verdict(NOT_SAID, False, confidence, (), signals)
    return Verdict(cited.text, True, confidence, cited.citations, signals)
