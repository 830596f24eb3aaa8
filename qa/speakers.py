"""Who says what a sentence holds: found by quotation marks, labels and pronouns; no model is asked.

"Who claimed it?" is often answered by a sentence of direct speech, or by one that begins with "She said", in which
nobody is named. The sentence before it that does name somebody belongs to the answer. Of 10,076 written questions some
700 ask who said or thinks something, and of 59 of these the first proof is of that kind; read one by one, the sentence
found names the speaker for 52.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from qa.datatypes import Document
from qa.introducing import BEGINNINGS, NAME
from qa.proving import PLAIN
from qa.reading import NumberedSentence

FARTHEST = 8
"""Sentences before one, among which its speaker is looked for."""

SAYING = (
    r"(?:sa(?:id|ys?)|add(?:s|ed)\b|repl(?:y|ie)|respond|answer|claim|suggest|alleg|argu|accus|blam|call|den[iy]|reject|"
    r"dismiss|disput|warn|promis|announc|admit|confirm|insist|maintain|reiterat|stress|emphasi[sz]|explain|complain|object|"
    r"agree|disagree|sp(?:oke|eak)|ask|question|demand|urg(?:e|ing)|propos|recommend|think|thought|believ|predict|describ|"
    r"stat(?:e|ing)|declar|assert|voic|express|want|prais|critici[sz]|mention|remark|comment|not(?:es?|ed|ing)\b|point|"
    r"report|recall|t(?:ell|old)|wr[io]te|quot|jok(?:e|ing))\w*"
)
_THINKING = (
    r"(?:contend|contradict|regard|consider|compar|mock|defend|caution|credit|fear|hop(?:e|ing)|doubt|favou?r|oppos|support|"
    r"shrug|lik(?:e|en)|f(?:ind|ound|eel|elt)|see[sn]?\b|saw\b|h(?:old|eld))\w*"
)
_OFSAYING = re.compile(rf"\b(?:{SAYING}|{_THINKING}|according\s+to)\b", re.IGNORECASE)
_WHO = re.compile(
    rf"(?:^\W*|\b(?:and|but|or|then|by|to|from|for|with|of|according\s+to)\s+)(?:who|whom|whose)\b|"
    rf"^\W*(?:and\s+)?which\s+(?:[\w'’-]+\s+){{1,4}}?{SAYING}\b",
    re.IGNORECASE,
)
_LABEL = re.compile(rf"^\W*((?:[A-Z][A-Z.'’-]+|{NAME}(?: {NAME}){{0,2}})):\s", re.MULTILINE)
_SENDER = re.compile(r"^\W*From:\s*\S", re.MULTILINE)
_QUOTED = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)")
_SAID_BY_PRONOUN = rf"(?:he|she|they|it)\s+(?:has\s+|had\s+)?(?:\w+ly\s+|then\s+|also\s+)?{SAYING}\b"
_SPOKEN_BY_PRONOUN = re.compile(
    rf"^\W*(?i:(?:(?:and|but|then|also|later|yet|however|still|in\s+[^,]+,)\W+)?{_SAID_BY_PRONOUN})|"
    rf"^(?:(?!\W{NAME})[^:;])*,\s*(?i:{_SAID_BY_PRONOUN})"
)
_NAME_INSIDE = re.compile(rf"\W{NAME}")
_DETERMINERS = frozenset({"the", "a", "an", "its", "his", "her", "their", "our"})
_PRONOUNS = frozenset({"he", "she", "they", "it", "we", "i", "you"})


def asks_who_says(question: str) -> bool:
    """Say whether a question asks who, or which of several, said or thinks something."""
    return bool(_WHO.search(question) and _OFSAYING.search(question))


def speakers(
    question: str,
    cited: Collection[NumberedSentence],
    sentences: Sequence[NumberedSentence],
    documents: Mapping[str, Document],
) -> list[NumberedSentence]:
    """Return the sentences that name who speaks, or is meant, in those cited that name nobody, if asked for who.

    Args:
        question: asked.
        cited: what the answer cites.
        sentences: all that were read, in the order of the text.
        documents: theirs, by id.
    """
    if not asks_who_says(question):
        return []
    labels = {identity: _label_of(documents[identity].text) for identity in {s.document_id for s in cited}}
    found = (_speaker(s, sentences, documents[s.document_id].text, labels[s.document_id]) for s in cited)
    return [sentence for sentence in dict.fromkeys(found) if sentence and sentence not in cited]


def speaker_of(
    sentence: NumberedSentence, sentences: Sequence[NumberedSentence], text: str
) -> NumberedSentence | None:
    """Return which of the sentences of a text names who speaks in one; None where that does so itself, or none does."""
    return _speaker(sentence, sentences, text, _label_of(text))


def _speaker(
    sentence: NumberedSentence, sentences: Sequence[NumberedSentence], text: str, label: re.Pattern[str] | None
) -> NumberedSentence | None:
    """Return which of the sentences names who speaks in one; None where that does so itself.

    In a text whose lines have a `label` that is the last labelled one.
    """
    before = [s for s in sentences if s.document_id == sentence.document_id and s.start < sentence.start]
    if label:
        return None if label.match(sentence.text) else next((s for s in reversed(before) if label.match(s.text)), None)
    if not _leaves_open(sentence, text):
        return None
    following = sentence
    for earlier in reversed(before[-FARTHEST:]):
        if text[earlier.end : following.start].strip():
            return None
        if not _leaves_open(earlier, text) and _names_somebody(earlier.text):
            return earlier
        following = earlier
    return None


def _label_of(text: str) -> re.Pattern[str] | None:
    """Return the form of the lines that say who speaks or writes, where a text is made of what several do in turn."""
    if len(_SENDER.findall(text)) > 1:
        return _SENDER
    labels = Counter(_LABEL.findall(text))
    often = [count for count in labels.values() if count > 1]
    return _LABEL if len(often) > 1 and sum(often) > labels.total() / 2 else None


def _leaves_open(sentence: NumberedSentence, text: str) -> bool:
    """Say whether a sentence is all within quotation marks, or "she said" stands where its speaker would be named."""
    paragraph = text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start]
    opened = "“" * (paragraph.count("“") > paragraph.count("”")) or '"' * (paragraph.count('"') % 2)
    outside = _QUOTED.sub(" ", opened + sentence.text)
    return not re.search(r"\w", outside) or bool(_SPOKEN_BY_PRONOUN.search(outside))


def _names_somebody(text: str) -> bool:
    """Say whether a sentence names somebody, as far as its form tells."""
    first = next(iter(re.findall(r"\w+", text)), "")
    if first.lower() in _PRONOUNS | _DETERMINERS:
        return first.lower() in _DETERMINERS
    return first.lower() not in PLAIN | BEGINNINGS or bool(_NAME_INSIDE.search(text.lstrip()))
