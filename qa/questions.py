"""Several questions asked in one, told apart by their form; no model is called."""

import re

_PREPOSITIONS = "in to for by at of on with from under against about until since after before through into over near"
_AND = re.compile(
    rf"(?P<first>.+?),? and (?P<second>(?:(?:{'|'.join(_PREPOSITIONS.split())}) )?"
    r"(?:what|who|whom|whose|how|why|when|where|which)\b[^?]*\?)",
    re.IGNORECASE | re.DOTALL,
)
_TWO = re.compile(r"(?P<first>.+?\?)\s+(?P<second>[^?]+\?)", re.DOTALL)
FEWEST_WORDS = 4
"""Words before "and"; "When and where did it begin?" is one question."""


def asked_in(question: str) -> tuple[str, ...]:
    """Return the two questions that are asked in one ("Who went, and why?"), each with its mark, or the one.

    The second may lean on the first: it is to be read with that and its answer as what was said before.
    """
    match = _TWO.fullmatch(question)
    if not match:
        match = _AND.fullmatch(question)
        if not match or len(match["first"].split()) < FEWEST_WORDS:
            return (question,)
    first, second = match["first"].rstrip(" ,?"), match["second"]
    return f"{first}?", second[:1].upper() + second[1:]
