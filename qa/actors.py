"""Is it the one asked about who does or says what a sentence tells? Found by names before verbs; no model is asked.

Asked when Trieste admitted the ships, a small reader gives the month in which Marseille did, and what one politician
said for another's words. Of 890 written questions about what somebody named did, 3 are told apart so from the sentence
that answers, rightly, since somebody else did it; of 421 that are unanswerable 7 from the nearest sentence.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from qa.blocks import CELLS
from qa.conflicts import Conflict
from qa.introducing import BEGINNINGS, HONORIFIC, NAME
from qa.proving import PLAIN, content_words
from qa.reading import NumberedSentence
from qa.speakers import SAYING, speaker_of

LEAST_ROOT = 3
"""Letters of a verb up to which it keeps an e or y at its end."""
ALIKE = 0.75
"""Share of letters that two names have in common (`SequenceMatcher.ratio`) from which one may be meant by the other."""
LEAST_SHARED = 5
"""Letters of a name by which it is known again, as Pakistan in "Pakistani"."""

_NAMES = rf"(?:{HONORIFIC}\s+)?{NAME}(?:\s+{NAME}){{0,3}}"
_ADVERB = r"(?!reply|rely|apply|supply|imply|comply|fly)\w+ly|first|then|also|later"
_BEFORE_VERB = rf"(?:has\s+|had\s+|have\s+)?(?:(?:{_ADVERB})\s+)?"
_ASKED = re.compile(
    rf"\b(?:(?:did|does|do|would|will)|(?P<have>has|have|had))\s+(?:the\s+)?(?P<who>{_NAMES})(?:['’]s?)?\s+"
    rf"{_BEFORE_VERB}(?P<verb>[a-z]+(?(have)(?:ed|[ew]n|ne|[il]d|[nh]t|de)))\b"
)
_SAYS = re.compile(
    rf"(?P<who>{_NAMES})(?:,\s[^,]{{1,60}},)?\s+{_BEFORE_VERB}{SAYING}\b|"
    rf"\b(?:sa(?:id|ys)|added|replied)\s+(?P<after>{_NAMES})"
)
_IN_A_ROLE = re.compile(rf"\b[Tt]he\s+(?P<role>(?:[\w’'-]+\s+){{0,3}}?[\w’'-]+)\s+{_BEFORE_VERB}{SAYING}\b")
_PRONOUN = r"\b(?i:he|she|they|we|it|I)\b"
_CLAUSE = re.compile(r"\b(?:after|before|when|while|because|although|since|as|that|which|who|and|but)\b|;")
_ENDING = r"(?:e?s|ies|y|e|[a-z]?ed|ied|[a-z]?ing)?"
_IRREGULAR = dict(
    re.findall(
        r"(\w+):(\w+)",
        """say:said tell:told think:thought win:won lose:lost buy:bought sell:sold make:made give:gave take:took go:went
        find:found leave:left get:got begin:began write:wrote hold:held send:sent lead:led build:built become:became
        pay:paid meet:met bring:brought speak:spoke fall:fell rise:rose grow:grew see:saw know:knew come:came run:ran
        keep:kept choose:chose draw:drew drive:drove fight:fought teach:taught spend:spent break:broke""",
    )
)


def done_by_another(
    question: str, sentence: NumberedSentence, sentences: Sequence[NumberedSentence], text: str
) -> Conflict | None:
    """Return the conflict where a sentence tells what somebody else did, or said, than the one whom a question names.

    Args:
        question: asked.
        sentence: begins the answer.
        sentences: all that were read, in the order of the text.
        text: the document's.
    """
    asked = _ASKED.search(question)
    named = _known_by(asked["who"]) if asked else []
    if not asked or not named or _tells_of(named, sentence.text):
        return None
    says = re.fullmatch(SAYING, asked["verb"])
    about = content_words(question[asked.end() :])
    others = _who_did(asked["verb"], about, sentence.text) if says or asked["verb"] not in PLAIN else []
    if says and not others:
        speaker = speaker_of(sentence, sentences, text)
        others = [] if not speaker or _tells_of(named, speaker.text) else list(_who_said(speaker.text, text))
    if not others or _tells_of(named, " ".join(others)):
        return None
    return Conflict.OPPOSITE if re.match(r"\W*why\b", question, re.IGNORECASE) else Conflict.ANOTHER


def _known_by(names: str) -> list[str]:
    words = (re.sub(r"['’]s?$", "", word) for word in _without_beginnings(names))
    return [word for word in words if not re.fullmatch(HONORIFIC, word)]


def _without_beginnings(names: str) -> list[str]:
    """Return the words of names but for those that a sentence may begin with before them."""
    words = names.split()
    while words and words[0].lower() in PLAIN | BEGINNINGS:
        del words[0]
    return words


def _tells_of(named: Sequence[str], text: str) -> bool:
    """Say whether a text holds one of the names, in another form ("Pakistani"), with accents or misspelt as well."""
    found = re.findall(NAME, text)
    return any(
        name[:LEAST_SHARED].lower() in text.lower()
        or any(SequenceMatcher(None, name.lower(), other.lower()).ratio() >= ALIKE for other in found)
        for name in named
    )


def _who_did(verb: str, about: set[str], text: str) -> list[str]:
    """Return who does in a sentence what a verb says, to something that it is asked about, if to anything.

    That is nobody in a row of a table, or where a pronoun does it.
    """
    root = verb.rstrip("ey") if len(verb) > LEAST_ROOT else verb
    form = rf"(?:{_IRREGULAR.get(verb, verb)}|{root}{_ENDING})\b"
    if CELLS in text or re.search(rf"{_PRONOUN}\s+{_BEFORE_VERB}{form}", text):
        return []
    active = re.finditer(rf"({_NAMES})(?:,\s[^,]{{1,60}},)?\s+{_BEFORE_VERB}{form}([^;]*)", text)
    passive = re.findall(rf"\b{form}(?:\s+[\w’'-]+){{0,5}}?\s+by\s+(?:the\s+)?({_NAMES})", text)
    did = []
    for found in active:
        clause = f"{_CLAUSE.split(text[: found.start()])[-1]} {found[2]}"
        did += [found[1]] if not about or about & content_words(clause) else []
    return [who for who in (*did, *passive) if _is_somebody(who)]


def _is_somebody(names: str) -> bool:
    words = _without_beginnings(names)
    return bool(words) and not re.search(r"['’]s?$", words[-1])


def _who_said(text: str, document: str) -> Iterator[str]:
    """Yield who speaks in a sentence by name; of somebody in a role the name that stands behind it elsewhere."""
    for says in _SAYS.finditer(text):
        if _is_somebody(who := says["who"] or says["after"]):
            yield who
    for says in _IN_A_ROLE.finditer(text):
        if found := re.search(rf"\b(?i:{re.escape(says['role'])})\s+({NAME}(?:\s+{NAME})*)", document):
            yield found[1]
