"""Does a sentence speak of what is asked, or in nearly the same words of its counterpart or its contrary?

Asked when the talks end, a small reader gives the day on which they began; asked for the third round, what became of
the second. This is found by words that go in pairs, numbers before the same word and units; no model is asked. Of the
1,081 unanswerable questions (SQuAD 2.0, six articles) 75 are told apart so from the nearest sentence of the paragraph,
of 10,302 answerable ones 5 from the sentence that answers.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum
from itertools import takewhile

from qa.numerals import numbers
from qa.proving import PLAIN, content_words
from qa.questions import asks_whether

SHARED = 0.5
"""Share of the question's other words that the sentence must hold, to be about the same."""
LEAST_SHARED = 2
"""Words of them, at least."""


class Conflict(StrEnum):
    """What a sentence says in place of what is asked."""

    ANOTHER = "another"
    """It tells of something beside it, as of a beginning where the end is asked for."""
    OPPOSITE = "opposite"
    """It tells the contrary, as of a refusal where the consent is taken for granted."""


Pairs = tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]

_COUNTERPARTS = r"""
beg[aiu]n(?:s|ning)?|start(?:s|ed|ing)?|commenc\w+|resum\w+ : end(?:s|ed|ing)?|finish\w*|(?:conclu[ds]|ceas|terminat)\w+
first|initial : last|final
before : after
above : below|beneath
enter(?:s|ed|ing)? : exit(?:s|ed|ing)?|leav(?:e|es|ing)|left
large|largest|big|biggest|great|greatest : small|smallest|tiniest
larger|bigger|greater : smaller
high|highest : low|lowest
higher : lower
long|longest|longer : short|shortest|shorter
old|oldest|older|elder|eldest|ancient : new|newest|newer|young|youngest|younger|modern
early|earliest|earlier : late|latest|later
fast|fastest|faster : slow|slowest|slower
strong|strongest|stronger : weak|weakest|weaker
heavy|heaviest|heavier : light|lightest|lighter
rich|richest : poor|poorest
best : worst
more : less|fewer
most : least|fewest
majority : minority
maximum : minimum
major : minor
north(?:ern)? : south(?:ern)?
east(?:ern)? : west(?:ern)?
male|males|men|man : female|females|women|woman
boys? : girls?
fathers?|sons?|brothers?|husbands? : mothers?|daughters?|sisters?|wife|wives
imports?|imported|importing : exports?|exported|exporting
internal|inner|indoor|inside : external|outer|outdoor|outside
upper : lower
public : private
positive : negative
offensive : defensive
hot|warm : cold|cool
wet : dry
summer : winter
straight : curved
"""
_OPPOSITES = r"""
accept(?:s|ed|ing)?|approv\w+|adopt(?:s|ed|ing)? : reject\w*|refus\w+|declin(?:e|es|ed|ing)
allow(?:s|ed|ing)?|permit(?:s|ted|ting)? : forb[ai]d\w*|ban(?:s|ned|ning)?|prohibit\w*|prevent\w*
help(?:s|ed|ing)?|enabl\w+ : prevent\w*|hinder\w*|inhibit\w*
rises?|rose|risen|rising|increas\w+|gr[eo]w(?:s|n|ing)? : fall(?:s|en|ing)?|fell|decreas\w+|declin\w+|shr[aiu]nk\w*
open(?:s|ed|ing)? : clos(?:e|es|ed|ing)|shut
succeed\w*|success\w* : fail\w*
win|wins|won|winning : los(?:e|es|ing)|lost
confirm\w* : den(?:y|ies|ied|ying)
remember\w* : forg[eo]t\w*
appear(?:s|ed|ing)? : disappear\w*|vanish\w*
build(?:s|ing)?|built : demolish\w*|destroy\w*
true|correct|right : false|wrong
same : different
always : never
permanent : temporary
easy|simple : difficult|hard|complex
safe : dangerous
cheap : expensive
full : empty
"""
_UNITS = frozenset(["second", "minute", "hour", "day", "week", "month", "year", "decade", "metre", "kilometre", "mile"])
_NEGATING = ("un", "in", "im", "ir", "il", "dis", "non", "non-")
_LEAST_NEGATED = 5
"""Letters of a word that another negates by its beginning."""
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)|first|second|third|\w+th")
_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*|[,;:()]")
_COMPARES = re.compile(r"\b(?:or|than|of the two)\b", re.IGNORECASE)
_WHAT_TIME = re.compile(
    r"(?:^\W*|\b(?:and|at|by|from|since|till|until|around|about)\s+)what\s+time"
    r"(?=\W*$|\s+(?:do|does|did|is|are|was|were|will|would|shall|should|must|can|could|may|has|have|had|on|in|to)\b)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d[:.]\d\d|\d\s?(?:[ap]\.?m|h)\b|o.clock|\b(?:at|by|from|to|until|till|about|around|past)\s+"
    r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?!\s+[A-Z])|"
    r"\b(?:noon|midday|midnight|dawn|dusk|sunrise|sunset|\w*mornings?|evenings?|afternoons?|\w*nights?|lunch|dinner|"
    r"breakfast|hours?|time|before|after|during|while|when|until|once)\b",
    re.IGNORECASE,
)
"""What may tell a time of the day, or in relation to what else happens; days of months do not."""
_NOT = frozenset(["not", "no", "never", "cannot", "nor", "neither", "without"])
_HOW = re.compile(r"\bhow\s+\w+", re.IGNORECASE)


def conflict(question: str, sentence: str) -> Conflict | None:
    """Return how a sentence speaks of something else than the question in nearly its words; None where it does not.

    Of questions whether something is so, which a sentence may deny, and of those that compare ("Which is longer, A or
    B?"), nothing is said.
    """
    if asks_whether(question) or _COMPARES.search(question):
        return None
    if _WHAT_TIME.search(question) and not _TIME.search(sentence):
        return Conflict.ANOTHER
    asked, told = _lowered(_HOW.sub("how", question)), _lowered(sentence)
    other = _numbered_otherwise(asked, told) or _counterpart(_OTHERS, asked, told)
    if other and _is_about_the_same(question, sentence, other):
        return Conflict.ANOTHER
    contrary = _counterpart(_CONTRARIES, asked, told) or _negated(asked, told) if _NOT.isdisjoint(asked + told) else ""
    if contrary and _is_about_the_same(question, sentence, contrary):
        return Conflict.OPPOSITE
    return None


def _lowered(text: str) -> list[str]:
    """Return the words in small letters, and "" for marks between them."""
    words = (re.sub(r".*n[’']t$", "not", word.lower()) for word in _WORD.findall(text))
    return [word if word[0].isalnum() else "" for word in words]


def _is_about_the_same(question: str, sentence: str, differing: str) -> bool:
    asked = content_words(_HOW.sub("", question)) - _ASKING - content_words(differing)
    shared = asked & content_words(sentence)
    return len(shared) >= max(LEAST_SHARED, SHARED * len(asked))


_ASKING = content_words("what which when where why how whose can could should would may might must does")


def _compiled(pairs: str) -> Pairs:
    lines = (line.split(" : ") for line in pairs.strip().splitlines())
    both = [(re.compile(one), re.compile(other)) for one, other in lines]
    return (*both, *((other, one) for one, other in both))


_OTHERS, _CONTRARIES = _compiled(_COUNTERPARTS), _compiled(_OPPOSITES)


def _counterpart(pairs: Pairs, asked: list[str], told: list[str]) -> str:
    """Return the word of the question of which the sentence has the counterpart, where neither has both; or ""."""
    for one, other in pairs:
        mine = [word for word in asked if one.fullmatch(word)]
        both = any(map(other.fullmatch, asked)) or any(map(one.fullmatch, told))
        if mine and not both and any(map(other.fullmatch, told)):
            return mine[0]
    return ""


def _numbered_otherwise(asked: list[str], told: list[str]) -> str:
    """Return what the question numbers, or the unit of its number, that the sentence numbers otherwise; or ""."""
    for number_of in (_ordinal, _cardinal):
        mine, theirs = _numbered(asked, number_of), _numbered(told, number_of)
        for word, counts in mine.items():
            others = {unit for unit in theirs.keys() & _UNITS if word in _UNITS and theirs[unit] & counts}
            if (others and word not in theirs) or (word in theirs and not counts & set(map(number_of, told))):
                return word
    return ""


def _numbered(words: list[str], number_of: Callable[[str], str]) -> dict[str, set[str]]:
    """Return for each word the numbers that stand up to two words before it."""
    found: dict[str, set[str]] = defaultdict(set)
    for at, number in enumerate(map(number_of, words)):
        for behind in takewhile(lambda word: word and word not in PLAIN, words[at + 1 : at + 3] if number else ()):
            found[_singular(behind)].add(number)
    return found


def _ordinal(word: str) -> str:
    return next(iter(numbers(word)), "") if _ORDINAL.fullmatch(word) else ""


def _cardinal(word: str) -> str:
    return "" if _ORDINAL.fullmatch(word) else "1" if word == "one" else next(iter(numbers(word)), "")


def _singular(word: str) -> str:
    return re.sub(r"ies$", "y", word).removesuffix("s")


def _negated(asked: list[str], told: list[str]) -> str:
    """Return the word of which one of the two has the negation, such as "correct" and "incorrect", alone; or ""."""
    for some, others in ((asked, told), (told, asked)):
        for word in (word for word in some if len(word) >= _LEAST_NEGATED and word not in others):
            negations = {f"{beginning}{word}" for beginning in _NEGATING} | {f"{word}less"}
            if negations & set(others) and not negations & set(some):
                return word
    return ""
