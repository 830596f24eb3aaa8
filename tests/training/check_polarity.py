"""Ask whether something is so, and print how many answers begin with a right or a wrong "Yes" or "No".

    python tests/training/check_polarity.py

`yes_no/` holds ten such questions on each of twelve articles of unseen/, which no part was trained on, with what is
right ("yes", "no", or "claimed": one side says so) and the sentences that settle it.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from qa import QA, Answer, Settings
from qa.polarity import settled

HERE = Path(__file__).parent
_WORD = re.compile(r"(?:[^:\n]*:\s*)?(yes|no)[,.:;]", re.IGNORECASE)


def asked(path: Path) -> Iterator[tuple[dict[str, str], str, str, Answer]]:
    """Yield each question with the word that the reader began with, the word that was left of it, and the answer."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings.load(corpus=HERE / "unseen" / f"{path.stem}.txt", data_dir=Path(name))
        with QA.open(settings) as engine:
            engine.sync()
            for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
                with mock.patch("qa.single.settled", wraps=settled) as settling:
                    answer = engine.ask(row["question"])
                began = settling.call_args.args[1].text if settling.called else ""
                yield row, word(began), word(answer.text), answer


def word(text: str) -> str:
    """Return the yes or no that a reply or an answer begins with, or ""."""
    found = _WORD.match(text)
    return found[1].lower() if found else ""


def main() -> None:
    """Ask all and print a table."""
    counts: Counter[str] = Counter()
    for path in sorted((HERE / "yes_no").glob("*.jsonl")):
        for row, began, left, answer in asked(path):
            counts["questions"] += 1
            counts["declined"] += not answer.answered
            counts["a settling sentence cited"] += any(c.quote in row["evidence"] for c in answer.citations)
            for when, said in (("written", began), ("left", left)):
                if said:
                    counts[f"{when}, {'right' if said == row['answer'] else 'wrong'}"] += 1
            if began:
                print(row["answer"], began, left or "-", row["question"], "|", answer.text, flush=True)
        print(path.stem, dict(counts), flush=True)


if __name__ == "__main__":
    main()
