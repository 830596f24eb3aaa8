"""Earlier turns and a question -> what is searched for, and which turns the reader sees. No model is called."""

import re
from collections.abc import Sequence

from qa.datatypes import Turn
from qa.errors import QuestionError

TURNS_READ = 4
"""Messages of the history that the reader sees: two exchanges."""
TURN_CHARACTERS = 300
"""Characters of one earlier message that are read; the rest seldom says what a follow-up leans on."""

_LEANING = re.compile(
    r"\b(he|she|it|they|them|him|his|hers?|its|their|theirs|this|that|these|those|there|then|one|ones|other|others|"
    r"another|else|same|such|former|latter|either|both|again|instead|so)\b",
    re.IGNORECASE,
)
_CONTINUING = re.compile(
    r"^\W*(and|but|or|so|then|also|what about|how about|why|how so|how come|since when)\b", re.IGNORECASE
)
_ASKED = re.compile(r"[?？؟][\"'”’»)\s]*$")
_MARK = re.compile(r"\s*\[\d+\]")
_SHORT = 4


def check_question(question: str, longest: int) -> str:
    """Return the question without white space around it.

    Raises:
        QuestionError: it is empty, or longer than `longest` characters.
    """
    if not isinstance(question, str) or not question.strip():
        raise QuestionError("the question is empty: type a question about the documents")
    if len(question) > longest:
        raise QuestionError(
            f"the question has {len(question):,} characters, at most {longest:,} are read: "
            "shorten it, or add a long text as a document"
        )
    return question.strip()


def check_history(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the history as a tuple of turns.

    Raises:
        QuestionError: a turn is no {"role": "user" or "assistant", "content": text}.
    """
    for at, turn in enumerate(history):
        shaped = isinstance(turn, dict) and isinstance(turn.get("content"), str)
        if not shaped or turn.get("role") not in ("user", "assistant"):
            raise QuestionError(
                f"turn {at} of the history is {str(turn)[:80]!r}: give "
                '{"role": "user" or "assistant", "content": "text"}'
            )
    return tuple(history)


def recent(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the last turns as the reader sees them: citation marks taken out, each cut to TURN_CHARACTERS."""
    return tuple(
        Turn(role=turn["role"], content=_MARK.sub("", turn["content"])[:TURN_CHARACTERS])
        for turn in history[-TURNS_READ:]
    )


def is_follow_up(question: str) -> bool:
    """Say whether a question leans on what was said before: a pronoun, a continuing word, or very few words."""
    return bool(_LEANING.search(question) or _CONTINUING.search(question)) or len(question.split()) <= _SHORT


def looks_finished(typed: str) -> bool:
    """Say whether what is typed of a question looks like all of it: it ends with a question mark."""
    return bool(_ASKED.search(typed))


def search_question(question: str, history: Sequence[Turn]) -> str:
    """Return what to search for: the question, after the last exchange when it leans on it.

    No words are invented: a rewriting model drifts, while the exchange itself holds the names that are meant.
    """
    if not history or not is_follow_up(question):
        return question
    last_question = max((at for at, turn in enumerate(history) if turn["role"] == "user"), default=len(history) - 1)
    return " ".join([turn["content"].strip() for turn in recent(history[last_question:])] + [question])
