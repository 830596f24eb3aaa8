"""A conversation as a file: Markdown to read, JSON to work with; both with every citation."""

import json
from collections.abc import Sequence

from qa.datatypes import Answer
from qa.ui.messages import Words
from qa.ui.session import ChatTurn
from qa.ui.transcript import confidence_words

_SPECIAL = str.maketrans({character: "\\" + character for character in r"\`*_{}[]<>#+-!|~"})


def markdown_text(text: str) -> str:
    """Return text in one line that Markdown shows as it is: nothing in it becomes markup."""
    return " ".join(text.split()).translate(_SPECIAL)


def as_markdown(turns: Sequence[ChatTurn], words: Words) -> str:
    """Return the conversation as Markdown."""
    blocks = [f"# {words('title')}"]
    for turn in turns:
        blocks.append(f"## {markdown_text(turn.question)}")
        blocks.extend(_answer(turn.answer, words) if turn.answer else [markdown_text(turn.error or turn.text)])
    return "\n\n".join(blocks) + "\n"


def _answer(answer: Answer, words: Words) -> list[str]:
    lines = [markdown_text(line) for line in answer.text.splitlines() if line.strip()]
    quotes = [
        f"{citation.marker}. > {markdown_text(citation.quote)}  \n"
        f"   {markdown_text(citation.where)}, {citation.start}–{citation.end}"
        for citation in answer.citations
    ]
    return [*lines, f"*{confidence_words(answer, words)}*", *(["\n".join(quotes)] if quotes else [])]


def as_json(turns: Sequence[ChatTurn]) -> str:
    """Return the conversation as JSON: one object a turn, its answer as `qa ask --json` prints it."""
    records = [
        {
            "question": turn.question,
            "answer": turn.answer.to_json() if turn.answer else None,
            "text": turn.text,
            "error": turn.error,
            "verdict": turn.verdict,
        }
        for turn in turns
    ]
    return json.dumps({"turns": records}, ensure_ascii=False, indent=2) + "\n"
