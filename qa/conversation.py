"""Earlier turns and a question -> what is searched for, and which turns the reader sees. No model is called."""

import re
from collections.abc import Sequence

from qa.courtesy import without_courtesies
from qa.datatypes import Turn
from qa.errors import QuestionError
from qa.follow_ups import is_follow_up

TURNS_READ = 4
"""Messages of the history that a reader sees at most: two exchanges."""
TURN_CHARACTERS = 300
"""Characters of one earlier message that are read; the rest seldom says what a follow-up leans on."""

_ASKED = re.compile(r"[?？؟][\"'”’»)\s]*$")
_MARKS = re.compile(r"\s*(?:\[\d+\])+\s*")
_PROOF = re.compile(r"(?<=[.!?…。！？\"'”’)])\s+[“\"]")
"""Where a claim ends and the quote begins that proves it."""


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
    """Return the last turns but courtesies as a reader sees them: of an answer its claims; TURN_CHARACTERS of each."""
    return _as_read(without_courtesies(history))


def _as_read(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    return tuple(Turn(role=turn["role"], content=_said(turn)[:TURN_CHARACTERS]) for turn in turns[-TURNS_READ:])


def _said(turn: Turn) -> str:
    if turn["role"] == "user":
        return turn["content"].strip()
    parts = (_PROOF.split(part, maxsplit=1)[0].strip() for part in _MARKS.split(turn["content"]))
    return " ".join(filter(None, parts))


def leaned_on(question: str, history: Sequence[Turn], whole: bool = True) -> tuple[Turn, ...]:
    """Return the turns that a question leans on, as a reader sees them: of a follow-up the last exchange, else none.

    What does not belong to a question misleads a small model (tests/benchmarks/README.md) and takes time to read. Of a
    question that is not yet `whole` it does not count that it is short.
    """
    return last_exchange(history) if is_follow_up(question, whole) else ()


def last_exchange(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the last question and what came after it, as a reader sees them."""
    said = without_courtesies(history)
    last_question = max((at for at, turn in enumerate(said) if turn["role"] == "user"), default=len(said) - 1)
    return _as_read(said[max(0, last_question) :])


def looks_finished(typed: str) -> bool:
    """Say whether what is typed of a question looks like all of it: it ends with a question mark."""
    return bool(_ASKED.search(typed))


def search_question(question: str, history: Sequence[Turn], leans: bool = False) -> str:
    """Return what to search for: the question, after the last exchange when it leans on it, or is said to.

    No words are invented: a rewriting model drifts, while the exchange itself holds the names that are meant.
    """
    turns = last_exchange(history) if leans else leaned_on(question, history)
    return " ".join([*(turn["content"] for turn in turns), question])
