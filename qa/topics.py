"""What the documents say of a topic ("Tell me about Asif", "What does the article say about trade?"), quoted.

The reader is trained to name the one or two sentences that answer a question. Asked for a topic it is as unsure which
of several sentences to begin from as it should be, and that is what tells here which ones are on the topic.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.pointing import Likely, shared_words
from qa.reading import NumberedSentence, Reading

MOST_SENTENCES = 6
LEAST_CHANCE = 0.5
"""Probability of being on the topic from which a sentence is quoted."""
LEAST_POINTED = 0.001
WEIGHTS = (4.86, 1.12, 4.54, 2.77)
"""Logistic regression of being on the topic: the bias and the weights of `evidence` (tests/training/fit_topics.py)."""
MOST_BARE = 3
"""Words that are taken for a topic when they are all that is written."""
_BIAS, _POINTED, _SHARED, _SHARED_BEFORE = 3.56, 0.93, 4.45, 2.77
"""Logistic regression on the natural logarithm of a sentence's share in the reader's probability of all, and on the
shares of the topic's words in it and in the one before it in its passage (tests/training/fit_topics.py)."""

_TEXT = (
    r"(?:the|this|that|these|those|your|our)\s+(?:\w+\s+)?"
    r"(?:article|text|document|story|report|page|paper|file|piece|source|chapter|section|manual|guide|book|interview)s?"
)
_OF = r"(?:about|on|of|regarding|concerning)"
_SAY = r"(?:say|tell\s+(?:us|me)|report|write|mention|state)"
_SOMETHING = r"(?:anything|something|any\s+(?:information|details?|mention))"
_TOPIC = r"(?P<topic>.+?)"
_FORMS = [
    re.compile(
        rf"\W*(?:please\s+|(?:can|could|would)\s+you\s+(?:please\s+)?)?{form}{_TOPIC}"
        rf"(?:\s+(?:in|from|according\s+to)\s+{_TEXT})?(?:,?\s+please)?\W*",
        re.IGNORECASE | re.DOTALL,
    )
    for form in (
        r"tell\s+(?:me|us)\s+(?:(?:a\s+(?:bit|little)\s+)?(?:more|everything|something|anything|all)\s+)?about\s+",
        rf"what\s+(?:else\s+)?(?:does|do|did)\s+(?:{_TEXT}|it|they)\s+{_SAY}\s+{_OF}\s+",
        rf"(?:does|do)\s+(?:{_TEXT}|it|they)\s+{_SAY}\s+{_SOMETHING}\s+{_OF}\s+",
        rf"what\s+(?:is|was|has\s+been)\s+(?:said|told|reported|written|known|stated)\s+{_OF}\s+",
        rf"what\s+(?:do|can)\s+(?:we|you|i)\s+(?:know|learn|say|find\s+out|tell\s+(?:me|us))\s+{_OF}\s+",
        r"(?:what|how)\s+about\s+",
        r"(?:(?:give|write|make)\s+(?:me\s+|us\s+)?)?(?:an?\s+|the\s+)?(?:(?:short|brief|quick|concise)\s+)?"
        r"(?:summary|overview|recap|outline)\s+of\s+",
        r"(?:briefly\s+)?(?:summari[sz]e|sum\s+up|recap|outline|describe)\s+",
        rf"(?:is|are)\s+there\s+{_SOMETHING}\s+{_OF}\s+",
        rf"(?:{_SOMETHING}|everything|all|(?:more\s+)?(?:information|info|details))\s+{_OF}\s+",
    )
]
_LEANS = re.compile(r"\W*(?:what|how)\s+about\b", re.IGNORECASE)
_NO_TOPIC = re.compile(
    r"(?:it|its|that|this|them|they|him|his|her|he|she|their|these|those|what|who|whom|whose|why|how|when|where|which|"
    r"whether|if)\b|.*[?!;]",
    re.IGNORECASE | re.DOTALL,
)


def topic_asked(question: str) -> str:
    """Return what a question wants to hear everything on, in its words; "" if it asks for something of its own.

    "What does the text say about how it ended?" does, and what a pronoun stands for is not known here. A few words
    without a question mark are a topic, too.
    """
    for form in _FORMS:
        if found := form.fullmatch(question):
            return "" if _NO_TOPIC.match(found["topic"]) else found["topic"].strip(" \t\n.,")
    bare = question.strip(" \t\n.,")
    return bare if len(bare.split()) <= MOST_BARE and not _NO_TOPIC.match(bare) else ""


def stands_alone(question: str) -> bool:
    """Say whether a question names its topic so that it leans on nothing said before, as "What about Qatar?" may."""
    topic = topic_asked(question)
    return bool(topic) and not question.startswith(topic) and not _LEANS.match(question)


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
    best = sorted(range(len(chances)), key=lambda place: -chances[place])[:MOST_SENTENCES]
    chosen = [place for place in best if chances[place] >= LEAST_CHANCE] or best[:1]
    return OnTopic(
        tuple(reading.sentences[place] for place in sorted(chosen)),
        sum(chances[place] for place in chosen) / max(1, len(chosen)),
        any(math.isclose(shared, 1.0) for _, shared, _ in evidence),
    )


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
