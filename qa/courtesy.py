"""Greetings, thanks, questions about the program and tasks that are not its own: no document, no model is asked."""

import re
from collections.abc import Sequence

from qa.datatypes import Turn

INTRODUCTION = (
    "Ask me about the documents here. Each statement of an answer comes with the sentence that proves it, and I tell "
    "you when they do not say."
)
WELCOME = "You are welcome."
ONLY_ANSWERS = "I answer with sentences of the documents; I do not translate them, and I write no texts of my own."

_WORDS = re.compile(r"[^\W_]+")
_THANKING = frozenset(
    _WORDS.findall("thanks thank thx ty cheers bye goodbye danke dank tschüss merci revoir gracias adiós")
)
_THANKS = _THANKING | frozenset(
    _WORDS.findall(
        """you ok okay great good perfect nice cool super very many much so a lot for your the help that was helpful see
        later vielen schön dir ihnen gut prima beaucoup bien parfait au muchas muy perfecto"""
    )
)
_GREETING = frozenset(
    _WORDS.findall("hi hello hey greetings good hallo guten bonjour bonsoir salut hola buenos buenas")
)
_GREETINGS = _GREETING | frozenset(
    _WORDS.findall("""there morning afternoon evening day everyone again how are you tag morgen abend días tardes""")
)
_ABOUT = re.compile(
    r"(?:who|what|how) are you|what(?:['’]s| is) your name|what (?:can|do) you do|how (?:do|does) (?:you|this) work|"
    r"what can i ask(?: you)?|(?:can you )?help(?: me)?(?: please)?|"
    r"wer bist du|was kannst du|hilfe|qui es-tu|que (?:peux|sais)-tu faire|aide(?:-moi)?|"
    r"quién eres|qué puedes hacer|ayuda",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"\W*(?:(?:please|can you|could you|would you|now)\W+)*(?:translate\b|"
    r"(?:write|compose|draft|create|generate|make|tell)\b (?:me |us )?(?:an?|some|another) (?:[\w-]+ ){0,3}"
    r"(?:poem|song|rap|haiku|limerick|joke|story|tale|novel|tweet|e-?mail|letter|essay|blog post|speech|sermon|"
    r"press release|quiz|presentation|program|script|function|code)\b).*",
    re.IGNORECASE | re.DOTALL,
)
"""Asks for a text in place of an answer."""


def courtesy(question: str) -> str:
    """Return what to say to a greeting, to thanks, to a question about the program, or to a task that is not its own.

    "" to any other question. In the page's languages, but for tasks. A greeting that holds any other word is a question
    about the documents.
    """
    if _ABOUT.fullmatch(question.strip(" \t\n.,!?¡¿")):
        return INTRODUCTION
    if _TASK.fullmatch(question):
        return ONLY_ANSWERS
    words = {word.lower() for word in _WORDS.findall(question)}
    if words & _THANKING and words <= _THANKS:
        return WELCOME
    return INTRODUCTION if words & _GREETING and words <= _GREETINGS else ""


def without_courtesies(history: Sequence[Turn]) -> list[Turn]:
    """Return the turns but for greetings and thanks with what was said to them: no question leans on these."""
    kept: list[Turn] = []
    polite = False
    for turn in history:
        if turn["role"] == "user":
            polite = bool(courtesy(turn["content"]))
        if not polite:
            kept.append(turn)
    return kept
