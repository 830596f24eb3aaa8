"""Who somebody is: the words with which a text introduces a name, found by their form; no model is asked.

The reader was trained on what sentences state, and takes "Defence Minister Khawaja Asif said ..." for saying nothing of
who he is, or what post he holds. This is looked at where it declines.
"""

import re
from collections.abc import Iterator

from qa.proving import PLAIN
from qa.reading import Reading, Statement

NAME = r"[A-ZÀ-Þ][\w’'-]*\w"
"""A word with a capital."""
HONORIFIC = r"(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Lord|Lady|Prof|Professor)\.?"
_NAMED = rf"(?:{HONORIFIC}\s+)?(?P<name>{NAME}(?:\s+{NAME})*)"
_POST = r"(?:post|position|job|role|title|office|portfolio|rank|profession|occupation)"
_WHO = [
    re.compile(rf"\W*{form}\s*\?*\W*")
    for form in (
        rf"[Ww]ho(?:['’]s|\s+is|\s+was)\s+{_NAMED}",
        rf"[Ww](?:hat|hich)\s+{_POST}\s+(?:does|did)\s+{_NAMED}\s+(?:hold|have|occupy)",
        rf"[Ww]hat(?:['’]s|\s+is|\s+was)\s+{_NAMED}(?<!['’]s)['’]s?\s+{_POST}",
    )
]
_INSIDE = r"(?:(?:of|for|at|in) (?:the|an?|its) )?(?!(?:the|an?|its|his|her|their|that)\b)[\w’'-]+"
_WHOSE = rf"\b(?:[Tt]he|[Aa]n?|[Ii]ts|[Hh]is|[Hh]er|[Tt]heir|whose|{NAME}[’']s?)"
BEGINNINGS = frozenset(
    re.findall(
        r"\w+",
        """when while after before then later today yesterday asked since although if once both even only unlike like
        until without under according through during instead meanwhile now because however where what how last this
        that these monday tuesday wednesday thursday friday saturday sunday january february march april may june july
        august september october november december""",
    )
)
"""Words that a sentence may begin with before a name, without being a title."""


def introduced(question: str, reading: Reading) -> Statement | None:
    """Return the words that introduce the name of which a question asks who that is, or what post; None without any.

    They stand between commas behind the name, between "the" or a possessive and the name ("the port’s chief executive,
    Ruth Ansgar,"), or are a title before it ("Judge Amina Holt").
    """
    asked = next(filter(None, (form.fullmatch(question) for form in _WHO)), None)
    if not asked:
        return None
    forename = "" if " " in asked["name"] else rf"(?:{NAME} )"
    name = rf"(?:{HONORIFIC} )?{forename}{re.escape(asked['name'])}\b"
    for sentence in reading.sentences:
        for words in _introductions(name, sentence.text):
            return Statement(words.removeprefix("whose "), (sentence.number,))
    return None


def _introductions(name: str, text: str) -> Iterator[str]:
    if found := re.search(rf"{_WHOSE} (?:{_INSIDE} ){{0,9}}?{_INSIDE}, {name}(?=[,.;:])", text):
        yield found[0]
    behind = r"(?:, \d{1,3})?, (?:(?:an?|the|then|formerly) |who(?:se)? )[^,.;:]+(?=[,.;:])"
    if found := re.search(name + behind, text):
        yield found[0]
    found = re.search(rf"{_WHOSE} (?:(?![A-Z]){_INSIDE} ){{0,3}}?(?![A-Z])({_INSIDE}) {name}", text)
    if found and found[1] not in PLAIN:
        yield found[0]
    found = re.search(rf"({NAME}(?: {NAME})*) {name}", text)
    if found and not re.fullmatch(HONORIFIC, found[1]) and found[1].split()[0].lower() not in PLAIN | BEGINNINGS:
        yield found[0]
