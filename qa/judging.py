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


def evidence_of(reply: Reply, cited: Cited, passages: Sequence[RetrievedPassage], whole: bool) -> Evidence | None:
    """Return what the calibration looks at; None where the model told no probabilities."""
    if reply.not_stated is None:
        return None
    claimed = content_words(" ".join(s.text for s in reply.statements))
    proof = content_words(" ".join(c.quote for c in cited.citations))
    return Evidence(
        log_odds=log_odds(reply.not_stated),
        certainty=exp(reply.certainty or 0.0),
        cosine=max((p.cosine for p in passages), default=0.0),
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
    """Decline what no sentence supports and what is likelier not stated than the threshold allows; else answer."""
    evidence = evidence_of(reply, cited, passages, whole)
    if evidence is None:
        answered, confidence = bool(cited.citations), RIGHT_WITHOUT_EVIDENCE
    else:
        stated = calibration.stated.probability(evidence)
        least = calibration.threshold if threshold is None else threshold
        answered = bool(cited.citations) and stated >= least
        scale = calibration.right_answer if answered else calibration.right_decline
        confidence = scale.probability(evidence)
    signals = {} if evidence is None else asdict(evidence)
    if not answered:
        return Verdict(NOT_SAID, False, confidence, (), signals)
    return Verdict(cited.text, True, confidence, cited.citations, signals)
