"""Who denies what is claimed: found by the verbs of claiming and denying; no model is asked.

A question whether something is so ("Did they shell the town?") is often answered by a claim. Its denial, which a report
puts right behind it, belongs to the answer. Of 28 such pairs found in 313 articles 24 were one, read one by one.
"""

import re
from collections.abc import Collection, Sequence

from qa.questions import asks_whether
from qa.reading import NumberedSentence

NEXT = 2
"""Sentences behind a claim that may deny it."""

_CLAIM = re.compile(r"\b(?:claim|alleg|accus)\w*|\b(?:insist|assert|contend)(?:s|ed)\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied)|rejects?|rejected|dismiss(?:es|ed)?|refute[sd]?|disputes?|disputed|contradict(?:s|ed)?)\s+"
    r"(?:(?:the|this|that|these|those|his|her|their|all|any|such|both)\s+)*"
    r"(?:claim|allegation|accusation|charge|report|statement|version|account|it|this|that|them|having|any)",
    re.IGNORECASE,
)


def denials(
    question: str, cited: Collection[NumberedSentence], sentences: Sequence[NumberedSentence]
) -> list[NumberedSentence]:
    """Return the sentences that deny the claims among those cited, if the question asks whether something is so."""
    if not asks_whether(question):
        return []
    found = []
    for claim in (sentence for sentence in cited if _CLAIM.search(sentence.text)):
        behind = [s for s in sentences if s.document_id == claim.document_id and s.start > claim.start]
        found += [s for s in sorted(behind, key=lambda s: s.start)[:NEXT] if _DENIAL.search(s.text)][:1]
    return [sentence for sentence in dict.fromkeys(found) if sentence not in cited]
