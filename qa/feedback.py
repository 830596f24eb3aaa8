"""Verdicts on answers, kept as lines of a local file, and the question set that `qa evaluate` makes of them."""

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from qa.datatypes import Answer, Turn

FILE_NAME = "feedback.jsonl"

_MARK = re.compile(r"\s*\[\d+\]")
_writing = threading.Lock()


def feedback_file(data_dir: Path) -> Path:
    """Return the file of the verdicts on answers from one index."""
    return data_dir / FILE_NAME


def record(
    file: Path,
    answer: Answer,
    verdict: Literal["up", "down"],
    remark: str = "",
    history: Sequence[Turn] = (),
    uploaded: bool = False,
) -> None:
    """Append a verdict on an answer as one line, in the form of a question set's row.

    A row's id comes from the question and its history, so a second verdict on the same question replaces the first
    when the file is read. `uploaded` says that a document outside the corpus was cited.
    """
    earlier = [{"role": turn["role"], "content": turn["content"]} for turn in history]
    key = json.dumps([answer.question, earlier], ensure_ascii=False).encode()
    row = {
        "id": "f" + hashlib.sha256(key).hexdigest()[:12],
        "kind": "feedback" if answer.answered else "unanswerable",
        "question": answer.question,
        "history": earlier,
        "answers": [_MARK.sub("", answer.text)] if answer.answered else [],
        "must_include": _claims(answer),
        "must_not_include": [],
        "evidence": [citation.quote for citation in answer.citations],
        "sources": [citation.source for citation in answer.citations],
        "uploaded": uploaded,
        "verdict": verdict,
        "remark": remark,
        "confidence": answer.confidence,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    line = json.dumps(row, ensure_ascii=False) + "\n"
    with _writing:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(line)


def _claims(answer: Answer) -> list[list[str]]:
    """Return a group for each cited statement: a right answer states it again, or repeats a quote that supports it."""
    groups: dict[str, list[str]] = {}
    for citation in answer.citations:
        statement = _MARK.sub("", answer.text[citation.answer_start : citation.answer_end]).strip()
        groups.setdefault(statement, [statement]).append(citation.quote)
    return list(groups.values())


def question_rows(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that a person called good, the last verdict on a question counting, as a question set has them.

    An answer called bad says what is wrong, not what is right: it stays in the file for a person to mend. One that
    cites an upload is left out too, since the upload is gone.
    """
    rows = {line["id"]: line for line in lines}
    return [
        {**row, "history": _exchanges(row["history"])}
        for row in rows.values()
        if row["verdict"] == "up" and not row.get("uploaded") and (row["evidence"] or row["kind"] == "unanswerable")
    ]


def question_set(file: Path) -> list[dict[str, Any]]:
    """Return `question_rows` of a file of verdicts."""
    with file.open(encoding="utf-8") as lines:
        return question_rows([json.loads(line) for line in lines if line.strip()])


def _exchanges(history: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Return (question, answer) pairs of a history of messages; a message without its counterpart is left out."""
    return [
        (asked["content"], told["content"])
        for asked, told in pairwise(history)
        if (asked["role"], told["role"]) == ("user", "assistant")
    ]
