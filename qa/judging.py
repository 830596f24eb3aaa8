"""The last word on a reply: answer or decline, in whose words, and how sure to be; all decided here, in code."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field

from qa.answering import Reply
from qa.calibration import RIGHT_WITHOUT_EVIDENCE, Calibration, Evidence, log_odds
from qa.citations import Cited, Relevance
from qa.conflicts import Conflict
from qa.datatypes import Citation, Extent, RetrievedPassage
from qa.pointing import Likely, considered, pointed
from qa.proving import content_words
from qa.reading import Statement

NOT_SAID = "The article does not say."

LATER = 0.0
"""Log-odds (probability 0.5) by the cross-encoder from which what an embedded reader states after its first statement
is kept. On the calibration's articles read whole: right 0.85 instead of 0.84 with 1.4, citation precision .91 instead
of .92; with all kept 0.86 and .90."""

UNRELATED = 0.1
"""Cosine of the best passage below which a question is about something else; of the 170 answerable ones of the
calibration none lies there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown: the text, the citations (none when declined) and the calibrated confidence (0..1)."""

    text: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    signals: dict[str, float] = field(default_factory=dict)


class Judge:
    """Judges the reply to one question.

    The reader asks `weigh` and `declines` before it writes (it is the reader's guide). From then on `likely` holds the
    sentences that it might name first with its own probabilities, `relevance` the cross-encoder's best log-odds (0 when
    unknown), `stated` the probability that the sentences answer, `declined` whether nothing is to be written, and
    `sure` whether the answer may state things in its own words: not where the sentence that it would begin from tells
    the opposite of what is asked; where that tells of something else, nothing is written. `relevance_of` asks the
    cross-encoder about any sentences. A reader that tells no probability is judged by what its reply proves alone.
    """

    def __init__(
        self,
        passages: Sequence[RetrievedPassage],
        extent: Extent,
        calibration: Calibration,
        threshold: float | None,
        shared: Sequence[float] = (),
        relevance: Relevance = lambda _: {},
        conflicts: Callable[[int], Conflict | None] = lambda _: None,
        rows: Collection[int] = (),
    ) -> None:
        """Judge on what was found and on whether all was read.

        Args:
            passages: what the search found.
            extent: how much was read.
            calibration: the reader's.
            threshold: takes the place of the calibrated ones.
            shared: of each sentence read, the share of the question's words (`shared_words`).
            relevance: asked about sentences that the reader finds likely, names, or takes its words from.
            conflicts: asked how a sentence, by its number, speaks of something else than the question.
            rows: numbers of the sentences that are rows of tables.
        """
        self._shared = shared
        self.relevance_of = relevance
        self._conflicts = conflicts
        self._conflict: Conflict | None = None
        self._cosine = max((p.cosine for p in passages), default=0.0)
        self._unrelated = bool(passages) and self._cosine < UNRELATED
        self._whole = float(extent != "sentences")
        self._calibration = calibration
        self._scale = calibration.stated[extent]
        self._threshold = calibration.threshold[extent] if threshold is None else threshold
        self._rows = rows if threshold is None and extent == "whole" else ()
        self.declined = False
        self.likely: Likely = ()
        self.relevance = 0.0
        self.stated = 1.0
        self.sure = True

    def weigh(self, likely: Likely) -> Likely:
        """Weigh the likeliest sentences of the reader with what the cross-encoder and shared words say of them."""
        self.likely, worth = likely, considered(likely)
        relevance = self.relevance_of([number for number, _ in worth])
        self.relevance = max(relevance.values(), default=0.0)
        return self._calibration.pointing.weigh(worth, self._shared, relevance)

    def declines(self, not_stated: float, likely: Likely) -> bool:
        """Decide from the reader's probability of "not stated" (0..1) and its likely sentences whether to decline."""
        evidence = Evidence(
            log_odds(not_stated), pointed(likely), cosine=self._cosine, whole=self._whole, relevance=self.relevance
        )
        self.stated = self._scale.probability(evidence)
        self._conflict = self._conflicts(likely[0][0]) if likely else None
        least = self._calibration.rows if likely and likely[0][0] in self._rows else self._threshold
        self.declined = self.stated < least or self._unrelated or self._conflict == Conflict.ANOTHER
        self.sure = self.stated >= self._calibration.sure and not self._conflict
        return self.declined

    def accept(self) -> None:
        """Take back that was declined, and answer in own words: what is stated was found without the reader."""
        self.declined, self.sure = False, True

    def kept(self, reply: Reply) -> tuple[Statement, ...]:
        """Return the statements but for later ones whose sentences the cross-encoder finds unlikely to answer.

        A reader that tells no probabilities is taken to know when to stop.
        """
        first, later = reply.statements[:1], reply.statements[1:]
        if reply.not_stated is None or not later:
            return reply.statements
        odds = self.relevance_of(sorted({number for statement in later for number in statement.numbers}))
        return (*first, *(s for s in later if max((odds.get(n, LATER) for n in s.numbers), default=LATER) >= LATER))

    def verdict(self, reply: Reply, cited: Cited) -> Verdict:
        """Decline what was declined before and what no sentence supports; else answer."""
        answered = bool(cited.citations) and not self.declined
        confidence, signals = RIGHT_WITHOUT_EVIDENCE, {}
        if evidence := self._evidence(reply, cited):
            scale = self._calibration.right_answer if answered else self._calibration.right_decline
            confidence, signals = scale.probability(evidence), asdict(evidence)
        if not answered:
            return Verdict(NOT_SAID, False, confidence, (), signals)
        return Verdict(cited.text, True, confidence, cited.citations, signals)

    def _evidence(self, reply: Reply, cited: Cited) -> Evidence | None:
        if reply.not_stated is None or self._conflict:
            return None
        claimed = content_words(" ".join(s.text for s in reply.statements))
        proof = content_words(" ".join(c.quote for c in cited.citations))
        return Evidence(
            log_odds=log_odds(reply.not_stated),
            pointed=pointed(reply.likely),
            cosine=self._cosine,
            overlap=len(claimed & proof) / len(claimed) if claimed else 0.0,
            whole=self._whole,
            relevance=self.relevance,
        )
