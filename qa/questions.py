"""Several questions asked in one, told apart by their form; no model is called."""

import re

_PREPOSITIONS = "in to for by at of on with from under against about until since after before through into over near"
_AUXILIARY = r"(?:did|do|does|was|were|is|are|will|would|had|has|have|could|can)"
_TWO = [
    re.compile(form, re.IGNORECASE | re.DOTALL)
    for form in (
        r"(?P<first>.+?\?)\s+(?P<second>[^?]+\?)",
        rf"(?P<first>.+?)(?:,? and (?P<second>(?:(?:{'|'.join(_PREPOSITIONS.split())}) )?"
        r"(?:what|who|whom|whose|how|why|when|where|which)\b[^?]*\?)"
        rf"|, and (?P<whether>{_AUXILIARY}(?: [^\s?]+){{2}}[^?]*\?)"
        rf"|(?<=\w), (?P<also>(?:what|how|why|when|where) {_AUXILIARY}\b[^?]*\?))",
    )
]
_ASKS = re.compile(
    rf"\W*(?:(?:what|which|how|whose)\s+(?:[\w-]+\s+){{0,3}}|(?:who|whom|why|when|where)\s+)?{_AUXILIARY}\b",
    re.IGNORECASE,
)
_VERB = rf"(?:\b{_AUXILIARY}|\w+ed)\b"
_GAPPED = re.compile(
    rf"(?:what|who|when|where|which|how\s+(?:many|much|long|often))\s+"
    rf"(?P<rest>(?P<preposition>{'|'.join(_PREPOSITIONS.split())})\b(?!.*\b{_AUXILIARY}\b).*)",
    re.IGNORECASE | re.DOTALL,
)
_WHETHER = re.compile(rf"\W*(?:(?:and|but|so|then)\b\W*)?{_AUXILIARY}\b", re.IGNORECASE)
_HOW_LONG = r"(?:.+?,\s+)?(?:(?:and|for)\s+)*how\s+(?:long|much\s+time|many\s+(?:days|weeks|months|years))"
_PASSED = (
    rf"(?:\s+(?:{_AUXILIARY}|it|there|be|been|left|take|taken|took|lie|lies|lay|pass|passes|passed|go|goes|went|by|"
    r"elapse|elapsed))*"
)
_BETWEEN = [
    re.compile(form, re.IGNORECASE | re.DOTALL)
    for form in (
        rf"{_HOW_LONG}{_PASSED}\s+between\s+(?P<one>.+?)\s+and\s+(?P<other>[^,?]+)\?",
        rf"{_HOW_LONG}\s+separates?\s+(?P<one>.+?)\s+from\s+(?P<other>[^,?]+)\?",
        rf"{_HOW_LONG}{_PASSED}\s+from\s+(?P<one>.+?)\s+(?:to|until|till)\s+(?P<other>[^,?]+)\?",
        rf"{_HOW_LONG}{_PASSED}\s+(?:after|(?P<before>before))\s+(?P<one>.+)\s+(?P<other>{_AUXILIARY}\s+[^,?]+)\?",
    )
]
_CLAUSE = re.compile(rf"\b{_AUXILIARY}\b|^(?:it|he|she|they)\b", re.IGNORECASE)
_COUNTED = r"(?:(?:of|the|these|those|two|three|four|five)\s+)*"
_DOCUMENTS = re.compile(
    r"(?P<before>^|\b(?:do|does|did|are|is|have|has|in|across|to|from|between|by|what|how)\s+)"
    rf"(?:(?:both|all|every|each)\s+{_COUNTED}(?:articles?|documents?|texts?|files?|papers?|reports?|sources?)|"
    rf"(?:the|these|those)\s+{_COUNTED}(?:articles|documents|texts|files))\b"
    r"(?!\s+(?:that|which|they|of|on|about|by|from)\b)",
    re.IGNORECASE,
)
_ABOUT = [
    re.compile(form, re.IGNORECASE | re.DOTALL)
    for form in (
        rf"which\s+{_COUNTED}(?:articles?|documents?|texts?|files?)\s+"
        r"(?:(?:say|tell)s?\s+\w+\s+about|(?:talk|write)s?\s+(?:about|of)|(?:mention|discuss|describe|cover|name)(?:e?s)?)"
        r"\s+(?P<topic>[^?]+?)\W*",
        r".*\b(?:compar|differ|disagree|agree|contradict|in common)\w*\b.*?"
        r"\b(?:about|on|regarding|concerning|over)\s+(?P<topic>[^?]+?)\W*",
    )
]
_THE_TEXT = (
    r"(?:the|this|that|these|those|your|our)\s+(?:\w+\s+)?"
    r"(?:article|text|document|story|report|page|paper|file|piece|source|chapter|section|manual|guide|book|interview)s?"
)
_OF = r"(?:about|on|of|regarding|concerning)"
_SAY = r"(?:say|tell\s+(?:us|me)|report|write|mention|state)"
_SOMETHING = r"(?:anything|something|any\s+(?:information|details?|mention))"
_TOPIC = r"(?P<topic>.+?)"
_KEY = r"(?:(?:main|key|most\s+important|important|bullet|short|brief)\s+)"
_MANNER = (
    r"(?:,?\s+(?:in\s+(?:[\w'’]+\s+){1,2}(?:terms|words|language|english|sentences?|points|bullets|lines)|briefly|simply|"
    r"as\s+(?:bullet\s+points|bullets|a\s+list)|in\s+(?:short|brief|detail|full)|like\s+i(?:['’]?m|\s+am)\s+\w+|"
    r"(?:to|for)\s+(?:me|us|beginners|dummies|a\s+(?:child|kid|beginner|layman|[\w-]+[\s-]year[\s-]old))))*"
)
"""How something is to be told; it is told in the text's own words all the same."""
_TOPICS = [
    re.compile(
        rf"\W*(?:please\s+|(?:can|could|would)\s+you\s+(?:please\s+)?)?{form}{_TOPIC}"
        rf"(?:\s+(?:in|from|according\s+to)\s+{_THE_TEXT})?{_MANNER}(?:,?\s+please)?\W*",
        re.IGNORECASE | re.DOTALL,
    )
    for form in (
        r"tell\s+(?:me|us)\s+(?:(?:a\s+(?:bit|little)\s+)?(?:more|everything|something|anything|all)\s+)?about\s+",
        rf"what\s+(?:else\s+)?(?:does|do|did)\s+(?:{_THE_TEXT}|it|they)\s+{_SAY}\s+{_OF}\s+",
        rf"(?:does|do)\s+(?:{_THE_TEXT}|it|they)\s+{_SAY}\s+{_SOMETHING}\s+{_OF}\s+",
        rf"what\s+(?:is|was|has\s+been)\s+(?:said|told|reported|written|known|stated)\s+{_OF}\s+",
        rf"what\s+(?:do|can)\s+(?:we|you|i)\s+(?:know|learn|say|find\s+out|tell\s+(?:me|us))\s+{_OF}\s+",
        r"(?:what|how)\s+about\s+",
        r"(?:(?:give|write|make)\s+(?:me\s+|us\s+)?)?(?:an?\s+|the\s+)?(?:(?:short|brief|quick|concise)\s+)?"
        r"(?:summary|overview|recap|outline)\s+of\s+",
        r"(?:briefly\s+)?(?:summari[sz]e|sum\s+up|recap|outline|describe|elaborate\s+on|walk\s+(?:me|us)\s+through)\s+",
        r"explain\s+(?:(?:to\s+)?(?:me|us)\s+)?(?!(?:\S+\s+){8})",
        rf"(?:(?:give|list|tell|write|show|name|what\s+are)\s+)?(?:me\s+|us\s+)?(?:the\s+)?(?:\w+\s+)?{_KEY}+"
        rf"(?:points|bullets|facts|notes|highlights|details)\s+{_OF}\s+",
        rf"(?:is|are)\s+there\s+{_SOMETHING}\s+{_OF}\s+",
        rf"(?:{_SOMETHING}|everything|all|(?:more\s+)?(?:information|info|details))\s+{_OF}\s+",
    )
]
_NO_TOPIC = re.compile(
    r"(?:it|its|that|this|them|they|him|his|her|he|she|their|these|those|what|who|whom|whose|why|how|when|where|which|"
    r"whether|if)\b|.*[?!;]",
    re.IGNORECASE | re.DOTALL,
)
_WHAT_ABOUT = re.compile(r"\W*(?:what|how)\s+about\b", re.IGNORECASE)
_SINGULAR = {"do": "does", "are": "is", "have": "has"}
FEWEST_WORDS = 4
"""Words before "and"; "When and where did it begin?" is one question."""
MOST_ASKED = 3
MOST_BARE = 3
"""Words that are taken for a topic when they are all that is written."""


def asks_whether(question: str) -> bool:
    """Say whether a question is one to be answered with yes or no."""
    return bool(_WHETHER.match(question))


def asked_in(question: str) -> tuple[str, ...]:
    """Return the questions that are asked in one ("Who went, and why?"), each with its mark, at most three, or the one.

    A later one may lean on those before: it is to be read with them and their answers as what was said before.
    """
    asked = [question]
    while len(asked) < MOST_ASKED and (two := _two(asked[-1])):
        asked[-1:] = two
    return tuple(asked)


def _two(question: str) -> tuple[str, ...]:
    sentences, clauses = (form.fullmatch(question) for form in _TWO)
    found = sentences or clauses
    if not found or not (sentences or _may_be_first(found)):
        return ()
    first, second = found["first"].rstrip(" ,?"), next(filter(None, found.groups()[1:]))
    return f"{first}?", _completed(second[:1].upper() + second[1:], first)


def _completed(second: str, first: str) -> str:
    """Return a question that leaves out what it shares with the one before ("..., and how many in May?") with that."""
    gapped = _GAPPED.fullmatch(second)
    begins = rf"(.*?{_VERB}.*?\s){gapped['preposition']}\b.*" if gapped else ""
    shared = re.fullmatch(begins, first, re.IGNORECASE | re.DOTALL)
    return f"{shared[1]}{gapped['rest']}" if gapped and shared else second


def _may_be_first(found: re.Match[str]) -> bool:
    """Say whether the words before a further question are one: not "When he came, what did he say?"."""
    words = found["first"].split()
    asks = not found["also"] or (_ASKS.match(found["first"]) and "," not in found["first"])
    return bool(asks) and len(words) >= FEWEST_WORDS


def asked_of_one(question: str) -> str:
    """Return a question that is asked of several documents ("both articles", "each document") as it is asked of one.

    Of a comparison what is compared is asked for. "" if it is not asked of several.
    """
    which, compared = (form.fullmatch(question) for form in _ABOUT)
    if about := which or (compared if _DOCUMENTS.search(question) else None):
        return f"What does the article say about {about['topic']}?"
    one, found = _DOCUMENTS.subn(lambda several: f"{_of_one(several['before'])}the article", question)
    return one[:1].upper() + one[1:] if found else ""


def _of_one(before: str) -> str:
    verb = before.strip().lower()
    return f"{_SINGULAR[verb]} " if verb in _SINGULAR else before


def events_between(question: str) -> tuple[str, ...]:
    """Return when each was of two events, as questions, the earlier first, if asked how much time lay between them.

    "How many days after the raid was he caught?" gives "When was the raid?" and "When was he caught?"; any other
    question gives none.
    """
    for form in _BETWEEN:
        if found := form.fullmatch(question):
            first, then = _when(found["one"]), _when(found["other"])
            return (then, first) if found.groupdict().get("before") else (first, then)
    return ()


def _when(event: str) -> str:
    inverted = re.match(rf"{_AUXILIARY}\b", event, re.IGNORECASE)
    return f"When {event}?" if inverted else f"When was {'it that ' * bool(_CLAUSE.search(event))}{event}?"


def topic_asked(question: str) -> str:
    """Return what a question wants to hear everything on, in its words; "" if it asks for something of its own.

    "What does the text say about how it ended?" does, and what a pronoun stands for is not known here. A few words
    without a question mark are a topic, too.
    """
    return _topic_within(question) or bare_words(question)


def topic_named(question: str) -> str:
    """Return the topic of a request that says that it wants to hear on it, as "What about Qatar?" may not; or ""."""
    return "" if _WHAT_ABOUT.match(question) else _topic_within(question)


def bare_words(question: str) -> str:
    """Return the words of a question that has but a few, and neither asks nor points to anything; or ""."""
    bare = question.strip(" \t\n.,")
    few = len(bare.split()) <= MOST_BARE and not any(form.fullmatch(question) for form in _TOPICS)
    return bare if few and not _NO_TOPIC.match(bare) else ""


def _topic_within(question: str) -> str:
    found = next(filter(None, (form.fullmatch(question) for form in _TOPICS)), None)
    return found["topic"].strip(" \t\n.,") if found and not _NO_TOPIC.match(found["topic"]) else ""
