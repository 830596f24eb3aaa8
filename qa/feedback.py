"""Verdicts on answers, kept as lines of a local file, and the question set that can be made of them."""

import hashlib
import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from qa.datatypes import Answer, Turn

FILE_NAME = "feedback.jsonl"

_writing = threading.Lock()


def feedback_file(data_dir: Path) -> Path:
    """Return the file of the verdicts on answers from one index."""
    return data_dir / FILE_NAME


def record(
    file: Path, answer: Answer, verdict: Literal["up", "down"], remark: str = "", history: Sequence[Turn] = ()
) -> None:
    """Append a verdict on an answer as one line, in the form of a question set's row.

    A row's id comes from the question and its history, so a second verdict on the same question replaces the first
    when the file is read.
    """
    earlier = [{"role": turn["role"], "content": turn["content"]} for turn in history]
    key = json.dumps([answer.question, earlier], ensure_ascii=False).encode()
    row = {
        "id": "f" + hashlib.sha256(key).hexdigest()[:12],
        "kind": "feedback" if answer.answered else "unanswerable",
        "question": answer.question,
        "history": earlier,
        "answers": [answer.text] if answer.answered else [],
        "must_include": [],
        "must_not_include": [],
        "evidence": [citation.quote for citation in answer.citations],
        "sources": [citation.source for citation in answer.citations],
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


def question_set(file: Path) -> list[dict[str, Any]]:
    """Return the rows that a person called good, the last verdict on a question counting.

    An answer called bad says what is wrong, not what is right: it stays in the file for a person to mend.
    """
    rows: dict[str, dict[str, Any]] = {}
    with file.open(encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            row = json.loads(line)
            rows[row["id"]] = row
    usable = (row for row in rows.values() if row["verdict"] == "up")
    return [row for row in usable if row["evidence"] or row["kind"] == "unanswerable"]
